// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/variable.h"

#include <ctype.h>
#include <dwarf.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "symbols/dies.h"

__attribute__((format(printf, 3, 4))) static int fail(struct variable_error *ret_error, int error,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_error->text, sizeof(ret_error->text), format, arguments);
	va_end(arguments);
	return error;
}

/* ---- the request ---------------------------------------------------------------------------- */

static bool is_size(const char *text, uint32_t *ret)
{
	if (strlen(text) != 1 || !strchr("1248", *text))
		return false;
	*ret = *text - '0';
	return true;
}

/* Takes :rw and :SIZE off the end. A number that is no size is an answer, not a name. */
static int take_suffixes(char *text, struct variable_request *request,
			 struct variable_error *ret_error)
{
	char *colon;

	while ((colon = strrchr(text, ':'))) {
		const char *word = colon + 1;

		if (!strcmp(word, "rw"))
			request->reads = true;
		else if (!strcmp(word, "w"))
			request->reads = false;
		else if (isdigit((unsigned char)*word) && !is_size(word, &request->size))
			return fail(ret_error, -EINVAL,
				    "the processor watches 1, 2, 4 or 8 bytes, not %.20s", word);
		else if (!isdigit((unsigned char)*word))
			return 0;
		*colon = '\0';
	}
	return 0;
}

static int take_address(const char *text, struct variable_request *request,
			struct variable_error *ret_error)
{
	char *end;

	errno = 0;
	request->address = strtoull(text, &end, 16);
	if (*end || errno || strlen(text) < 3)
		return fail(ret_error, -EINVAL, "'%.60s' is not an address", text);
	request->absolute = true;
	if (!request->size)
		request->size = 8;
	if (request->address % request->size)
		return fail(ret_error, -EINVAL,
			    "the processor watches %" PRIu32 " bytes only at a multiple of %" PRIu32
			    ": say %s:SIZE with a smaller one",
			    request->size, request->size, request->text);
	return 0;
}

static bool is_name(const char *text, size_t length)
{
	if (!length || isdigit((unsigned char)*text))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_$", text[i]) &&
		    !((unsigned char)text[i] & 0x80))
			return false;
	return true;
}

static bool is_path(const char *path)
{
	while (*path) {
		size_t length;

		if (*path == '.') {
			length = strcspn(++path, ".[");
			if (!is_name(path, length))
				return false;
		} else if (*path == '[') {
			length = strspn(++path, "0123456789");
			if (!length || length > 9 || path[length++] != ']')
				return false;
		} else {
			return false;
		}
		path += length;
	}
	return true;
}

static int take_name(char *text, struct variable_request *request, struct variable_error *ret_error)
{
	char *colon = strrchr(text, ':'), *symbol = colon ? colon + 1 : text;
	size_t length = strcspn(symbol, ".[");

	if (strstr(text, "->") || *symbol == '*')
		return fail(ret_error, -EINVAL,
			    "'%s' follows a pointer: where it points to changes as the program "
			    "runs; watch the address itself (0x...), or the pointer variable",
			    request->text);
	if (!is_name(symbol, length) || !is_path(symbol + length) || colon == text)
		return fail(ret_error, -EINVAL,
			    "'%s' is not the name of a variable: NAME, FILE.c:NAME, NAME.MEMBER, "
			    "NAME[3] and 0xADDRESS are understood, each with :SIZE and :rw behind "
			    "it",
			    request->text);
	if (colon) {
		*colon = '\0';
		snprintf(request->file, sizeof(request->file), "%s", text);
	}
	snprintf(request->path, sizeof(request->path), "%s", symbol + length);
	symbol[length] = '\0';
	snprintf(request->symbol, sizeof(request->symbol), "%s", symbol);
	return 0;
}

int variable_parse(const char *text, struct variable_request *ret, struct variable_error *ret_error)
{
	struct variable_request request = {.text = ""};
	char name[VARIABLE_NAME_MAX];
	int error;

	if (strlen(text) >= sizeof(name) / 4)
		return fail(ret_error, -EINVAL, "the name of the variable is too long");
	snprintf(name, sizeof(name), "%s", text);
	error = take_suffixes(name, &request, ret_error);
	if (error)
		return error;
	escape_text(request.text, sizeof(request.text), name);
	if (!strncmp(name, "0x", 2))
		error = take_address(name, &request, ret_error);
	else
		error = take_name(name, &request, ret_error);
	if (!error)
		*ret = request;
	return error;
}

/* ---- debug information ---------------------------------------------------------------------- */

struct match {
	Dwarf_Die die;
	struct die_location location;
	uint64_t offset;
	char function[64];
	char file[128];
	int line;
};

struct search {
	const struct variable_request *request;
	uint64_t offset;
	const char *unit_file;
	struct match fixed, elsewhere;
	unsigned int fixed_count, elsewhere_count;
	struct match other; /* a second one, for the message */
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct match match_of(const struct search *search, Dwarf_Die *die, Dwarf_Die *function)
{
	struct match match = {.die = *die, .location = die_location(die), .offset = search->offset};
	const char *file = dwarf_decl_file(die), *name = function ? dwarf_diename(function) : NULL;

	snprintf(match.file, sizeof(match.file), "%s",
		 last_part(file		       ? file
			   : search->unit_file ? search->unit_file
					       : ""));
	snprintf(match.function, sizeof(match.function), "%s", name ? name : "");
	dwarf_decl_line(die, &match.line);
	return match;
}

static bool in_wanted_file(const struct search *search, const struct match *match)
{
	const char *wanted = search->request->file;

	return !*wanted || !strcmp(match->file, last_part(wanted)) ||
	       (search->unit_file && !strcmp(last_part(search->unit_file), last_part(wanted)));
}

static bool compare(void *context, Dwarf_Die *die, Dwarf_Die *function)
{
	struct search *search = context;
	const char *name = dwarf_diename(die);
	struct match match;

	if (!name || strcmp(name, search->request->symbol) != 0)
		return true;
	match = match_of(search, die, function);
	if (!in_wanted_file(search, &match))
		return true;
	if (match.location.where == DIE_FIXED) {
		/* Several units may speak of the same one. */
		if (search->fixed_count && search->fixed.location.address == match.location.address)
			return true;
		if (search->fixed_count++)
			search->other = match;
		else
			search->fixed = match;
	} else if (match.location.where != DIE_NOWHERE ||
		   !dwarf_hasattr_integrate(die, DW_AT_external)) {
		if (!search->elsewhere_count++)
			search->elsewhere = match;
	}
	return true;
}

static void search_units(struct image *image, struct search *search)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(image->module, unit, &bias))) {
		search->offset = bias - image->bias;
		search->unit_file = dwarf_diename(unit);
		dies_variables(unit, compare, search);
	}
}

static int explain_elsewhere(const struct variable_request *request, const struct match *match,
			     struct variable_error *ret_error)
{
	char in[128] = "";

	if (*match->function)
		snprintf(in, sizeof(in), " of %s()", match->function);
	switch (match->location.where) {
	case DIE_THREAD:
		return fail(ret_error, -EINVAL,
			    "'%s' is thread-local: each thread has one of its own, so that threads "
			    "cannot race for it",
			    request->text);
	case DIE_STACK:
		return fail(ret_error, -EINVAL,
			    "'%s' is a local variable%s on the stack: it has no address before the "
			    "call; make it static, or watch its address (0x...)",
			    request->text, in);
	case DIE_REGISTER:
		return fail(ret_error, -EINVAL,
			    "'%s' is a local variable%s that lives in a register, at least for a "
			    "part of its life: there is no memory to watch",
			    request->text, in);
	default:
		return fail(ret_error, -EINVAL,
			    "'%s' was optimised away by the compiler: it is in no memory; volatile "
			    "keeps it, or -O0",
			    request->text);
	}
}

/* ---- members and elements ------------------------------------------------------------------- */

/* A place inside a variable, as the path is followed. */
struct inside {
	Dwarf_Die type;
	uint64_t address;
};

static const char *type_name(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return name ? name : "its type";
}

static bool find_member(Dwarf_Die *structure, const char *name, struct inside *inside)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset = 0;
	Dwarf_Die member;

	if (dwarf_child(structure, &member))
		return false;
	do {
		const char *its = dwarf_diename(&member);
		Dwarf_Die type;

		if (dwarf_tag(&member) != DW_TAG_member || !die_plain_type(&member, &type))
			continue;
		offset = 0;
		if (dwarf_attr(&member, DW_AT_data_member_location, &attribute))
			dwarf_formudata(&attribute, &offset);
		if (its && !strcmp(its, name)) {
			if (dwarf_hasattr(&member, DW_AT_data_bit_offset) ||
			    dwarf_hasattr(&member, DW_AT_bit_size))
				return false;
			inside->address += offset;
			inside->type = type;
			return true;
		}
		/* The members of a nameless one count as those of the one around it. */
		if (!its && find_member(&type, name, inside)) {
			inside->address += offset;
			return true;
		}
	} while (!dwarf_siblingof(&member, &member));
	return false;
}

static int step_member(const struct variable_request *request, const char *name,
		       struct inside *inside, struct variable_error *ret_error)
{
	int tag = dwarf_tag(&inside->type);

	if (tag == DW_TAG_pointer_type)
		return fail(ret_error, -EINVAL,
			    "'%s' follows a pointer: what it points to may be on the heap and "
			    "somewhere else each time; watch its address (0x...)",
			    request->text);
	if (tag != DW_TAG_structure_type && tag != DW_TAG_union_type && tag != DW_TAG_class_type)
		return fail(ret_error, -EINVAL, "'%s': %s has no members", request->text,
			    type_name(&inside->type));
	if (!find_member(&inside->type, name, inside))
		return fail(ret_error, -EINVAL,
			    "'%s': %s has no member '%s' that lies in bytes of its own",
			    request->text, type_name(&inside->type), name);
	return 0;
}

/* The number of elements in the first dimension, 0 if it is not known. */
static uint64_t elements_of(Dwarf_Die *array)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Die range;

	if (dwarf_child(array, &range))
		return 0;
	if (dwarf_attr_integrate(&range, DW_AT_count, &attribute) &&
	    !dwarf_formudata(&attribute, &number))
		return number;
	if (dwarf_attr_integrate(&range, DW_AT_upper_bound, &attribute) &&
	    !dwarf_formudata(&attribute, &number))
		return number + 1;
	return 0;
}

static int step_element(const struct variable_request *request, uint64_t index,
			struct inside *inside, struct variable_error *ret_error)
{
	uint64_t count;
	Dwarf_Word size;
	Dwarf_Die type;

	if (dwarf_tag(&inside->type) == DW_TAG_pointer_type)
		return fail(ret_error, -EINVAL,
			    "'%s' follows a pointer: what it points to may be on the heap and "
			    "somewhere else each time; watch its address (0x...)",
			    request->text);
	if (dwarf_tag(&inside->type) != DW_TAG_array_type ||
	    !die_plain_type(&inside->type, &type) || dwarf_aggregate_size(&type, &size))
		return fail(ret_error, -EINVAL, "'%s': %s has no elements", request->text,
			    type_name(&inside->type));
	count = elements_of(&inside->type);
	if (count && index >= count)
		return fail(ret_error, -EINVAL, "'%s': there are only %" PRIu64 " elements",
			    request->text, count);
	inside->address += index * size;
	inside->type = type;
	return 0;
}

static int follow_path(const struct variable_request *request, struct inside *inside,
		       struct variable_error *ret_error)
{
	const char *path = request->path;
	int error = 0;

	while (*path && !error) {
		char name[VARIABLE_NAME_MAX];
		size_t length = strcspn(path + 1, ".[");

		if (*path == '.') {
			snprintf(name, sizeof(name), "%.*s", (int)length, path + 1);
			error = step_member(request, name, inside, ret_error);
		} else {
			error = step_element(request, strtoull(path + 1, NULL, 10), inside,
					     ret_error);
		}
		path += length + 1;
	}
	return error;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static int check_size(const struct variable_request *request, struct variable *variable,
		      struct variable_error *ret_error)
{
	uint32_t whole = variable->size;

	if (request->size)
		variable->size = request->size;
	if (!variable->size)
		return fail(ret_error, -EINVAL,
			    "how large '%s' is stands nowhere: say %s:8 for 8 bytes", request->text,
			    request->text);
	if (variable->size > 8 || variable->size & (variable->size - 1))
		return fail(ret_error, -EINVAL,
			    "'%s' has %" PRIu32 " bytes, and the processor watches 1, 2, 4 or 8: "
			    "name a member or an element of it, or say %s:8",
			    request->text, whole, request->text);
	if (variable->address % variable->size)
		return fail(ret_error, -EINVAL,
			    "'%s' is not aligned to its %" PRIu32 " bytes, and the processor "
			    "watches only what is",
			    request->text, variable->size);
	return 0;
}

static int answer_match(const struct variable_request *request, const struct match *match,
			struct variable *ret, struct variable_error *ret_error)
{
	struct inside inside = {.address = match->location.address + match->offset};
	struct variable variable = {.line = match->line};
	Dwarf_Die die = match->die;
	Dwarf_Word size = 0;
	const char *name;
	int error;

	if (!die_plain_type(&die, &inside.type))
		return fail(ret_error, -EINVAL, "'%s' has no type in the debug information",
			    request->text);
	error = follow_path(request, &inside, ret_error);
	if (error)
		return error;
	if (!dwarf_aggregate_size(&inside.type, &size) && size <= UINT32_MAX)
		variable.size = size;
	variable.address = inside.address;
	name = dwarf_diename(&inside.type);
	snprintf(variable.type, sizeof(variable.type), "%s", name ? name : "");
	snprintf(variable.file, sizeof(variable.file), "%s", match->file);
	error = check_size(request, &variable, ret_error);
	if (!error)
		*ret = variable;
	return error;
}

static int explain_ambiguous(const struct variable_request *request, const struct search *search,
			     struct variable_error *ret_error)
{
	if (!strcmp(search->fixed.file, search->other.file))
		return fail(ret_error, -EINVAL,
			    "'%s' is ambiguous: %u variables of %s have that name (%s:%d and "
			    "%s:%d); watch its address (0x...)",
			    request->text, search->fixed_count, search->fixed.file,
			    search->fixed.file, search->fixed.line, search->other.file,
			    search->other.line);
	return fail(ret_error, -EINVAL,
		    "'%s' is ambiguous: %u variables have that name; say %s:%s%s or %s:%s%s",
		    request->text, search->fixed_count, search->fixed.file, request->symbol,
		    request->path, search->other.file, request->symbol, request->path);
}

/* ---- without debug information -------------------------------------------------------------- */

static int answer_symbol(struct image *image, const struct variable_request *request,
			 struct variable *ret, struct variable_error *ret_error)
{
	int count = dwfl_module_getsymtab(image->module), found = 0;
	struct variable variable = {0};

	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		GElf_Addr address;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(image->module, i, &symbol, &address,
							   &section, NULL, NULL);
		int type = GELF_ST_TYPE(symbol.st_info);

		if (!name || strcmp(name, request->symbol) != 0 || section == SHN_UNDEF)
			continue;
		if (type == STT_TLS) {
			struct match match = {.location.where = DIE_THREAD};

			return explain_elsewhere(request, &match, ret_error);
		}
		if (type == STT_FUNC || type == STT_GNU_IFUNC)
			return fail(ret_error, -EINVAL, "'%s' is a function, not a variable",
				    request->text);
		if (found && address - image->bias == variable.address)
			continue;
		variable.address = address - image->bias;
		variable.size = symbol.st_size;
		found++;
	}
	if (!found)
		return fail(ret_error, -ENOENT, "%s has no variable '%s'", image->name,
			    request->symbol);
	if (found > 1)
		return fail(ret_error, -EINVAL,
			    "'%s' is ambiguous: %d variables have that name, and without debug "
			    "information (-g) their files are not known; watch its address (0x...)",
			    request->text, found);
	if (*request->file)
		return fail(ret_error, -EINVAL, "'%s': %s has no such variable in a file '%s'",
			    request->text, image->name, request->file);
	if (*request->path)
		return fail(ret_error, -EINVAL,
			    "'%s' needs debug information (-g), and %s has none about it",
			    request->text, image->name);
	if (check_size(request, &variable, ret_error))
		return -EINVAL;
	*ret = variable;
	return 0;
}

int variable_find(struct image *image, const struct variable_request *request, struct variable *ret,
		  struct variable_error *ret_error)
{
	struct search search = {.request = request};
	int error;

	search_units(image, &search);
	if (search.fixed_count > 1)
		return explain_ambiguous(request, &search, ret_error);
	if (search.fixed_count == 1)
		return answer_match(request, &search.fixed, ret, ret_error);
	if (search.elsewhere_count)
		return explain_elsewhere(request, &search.elsewhere, ret_error);
	error = answer_symbol(image, request, ret, ret_error);
	return error;
}
