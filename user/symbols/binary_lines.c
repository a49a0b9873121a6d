// SPDX-License-Identifier: GPL-2.0-only
/* binary_lines.c - source lines and inlined functions, from DWARF */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbols/binary_inside.h"
#include "symbols/debug_info.h"
#include "symbols/demangle.h"

static void load_dwarf(struct binary *binary, void *unused)
{
	binary->dwarf = debug_info_of(binary->module, &binary->dwarf_bias);
}

/* ---- which compilation unit an address lies in ---------------------------------------------- */

static int compare_ranges(const void *a, const void *b)
{
	const struct unit_range *one = a, *two = b;

	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

static bool add_unit(struct binary *binary, Dwarf_Die *unit)
{
	Dwarf_Addr base, begin, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(unit, at, &base, &begin, &end)) > 0) {
		struct unit_range *range;

		if (begin >= end)
			continue;
		range = vector_add(&binary->units);
		if (!range)
			return false;
		*range = (struct unit_range){begin, end, dwarf_dieoffset(unit)};
	}
	return true;
}

/* Clang leaves out the index that gcc writes: then each unit has to be asked. */
static void load_units(struct binary *binary)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (dwarf_get_units(binary->dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		if (!add_unit(binary, &die))
			break;
	}
	if (binary->units.count)
		qsort(binary->units.items, binary->units.count, sizeof(struct unit_range),
		      compare_ranges);
}

static bool unit_of(struct binary *binary, Dwarf_Addr address, Dwarf_Die *ret)
{
	size_t low = 0, high;

	if (dwarf_addrdie(binary->dwarf, address, ret))
		return true;
	if (!binary->has_units) {
		binary->has_units = true;
		load_units(binary);
	}
	high = binary->units.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (binary->units.items[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < binary->units.items[low - 1].end &&
	       dwarf_offdie(binary->dwarf, binary->units.items[low - 1].unit, ret);
}

/* ---- lines ---------------------------------------------------------------------------------- */

struct line_search {
	uint64_t address;
	const char *file; /* the library's */
	int line;
};

static void search_line(struct binary *binary, void *context)
{
	struct line_search *search = context;
	Dwarf_Addr address = search->address + binary->bias - binary->dwarf_bias;
	Dwarf_Line *line;
	Dwarf_Die unit;

	if (!unit_of(binary, address, &unit))
		return;
	line = dwarf_getsrc_die(&unit, address);
	if (!line)
		return;
	search->file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_lineno(line, &search->line))
		search->line = 0;
}

static bool has_dwarf(struct binary *binary)
{
	if (!binary->has_dwarf) {
		binary->has_dwarf = true;
		binary_guarded(binary, load_dwarf, NULL);
	}
	return binary->dwarf && !binary->broken;
}

bool binary_line(struct binary *binary, uint64_t address, struct source_line *ret)
{
	struct line_search search = {.address = address};
	char *file;

	if (!has_dwarf(binary) || !binary_guarded(binary, search_line, &search) || !search.file)
		return false;
	file = strdup(search.file);
	if (!file)
		return false;
	free(binary->file);
	binary->file = file;
	ret->file = file;
	ret->line = search.line > 0 ? search.line : 0;
	return true;
}

/* ---- inlined functions ---------------------------------------------------------------------- */

struct inlined_search {
	uint64_t address;
	struct inlined *found;
	size_t count;
};

static void copy(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	if (length)
		memcpy(to, from, length);
	to[length] = '\0';
}

/* The linker's name says more than the author's: in which class, with which arguments. */
static void name_function(Dwarf_Die *die, char *out, size_t size)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	if (name)
		demangle(name, out, size);
	else
		copy(out, size, dwarf_diename(die));
}

/* Where in the next one out the call stood. */
static void place_of_call(Dwarf_Die *unit, Dwarf_Die *die, struct inlined *outer)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Files *files;
	size_t count;

	if (dwarf_attr(die, DW_AT_call_line, &attribute) && !dwarf_formudata(&attribute, &number))
		outer->line = number <= UINT32_MAX ? number : 0;
	if (dwarf_attr(die, DW_AT_call_file, &attribute) && !dwarf_formudata(&attribute, &number) &&
	    !dwarf_getsrcfiles(unit, &files, &count) && number < count)
		copy(outer->file, sizeof(outer->file), dwarf_filesrc(files, number, NULL, NULL));
}

static void search_inlined(struct binary *binary, void *context)
{
	struct inlined_search *search = context;
	Dwarf_Addr address = search->address + binary->bias - binary->dwarf_bias;
	CLEANUP_FREE Dwarf_Die *scopes = NULL, *inside = NULL;
	struct inlined *found = search->found;
	Dwarf_Line *line;
	Dwarf_Die unit;
	int count;

	if (!unit_of(binary, address, &unit))
		return;
	memset(&found[0], 0, sizeof(found[0]));
	line = dwarf_getsrc_die(&unit, address);
	if (line) {
		int number = 0;

		copy(found[0].file, sizeof(found[0].file), dwarf_linesrc(line, NULL, NULL));
		if (!dwarf_lineno(line, &number) && number > 0)
			found[0].line = number;
	}
	search->count = 1;
	/* From an inlined function these lead on to where it was defined; its parents are where it
	 * was put. */
	if (dwarf_getscopes(&unit, address, &inside) <= 0)
		return;
	count = dwarf_getscopes_die(&inside[0], &scopes);
	for (int i = 0; i < count && search->count < INLINED_MAX; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram)
			break;
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		name_function(&scopes[i], found[search->count - 1].function,
			      sizeof(found[0].function));
		memset(&found[search->count], 0, sizeof(found[0]));
		place_of_call(&unit, &scopes[i], &found[search->count]);
		search->count++;
	}
}

size_t binary_inlined(struct binary *binary, uint64_t address, struct inlined ret[INLINED_MAX])
{
	struct inlined_search search = {.address = address, .found = ret};

	if (!has_dwarf(binary) || !binary_guarded(binary, search_inlined, &search))
		return 0;
	return search.count;
}
