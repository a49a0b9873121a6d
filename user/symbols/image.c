// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/image.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbols/debug_info.h"
#include "symbols/dies.h"

/* Debug information may lie in files of its own; it is looked for where distributions put it. */
static char *no_path;
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &no_path,
};

static int read_header(struct image *image)
{
	Elf *elf = dwfl_module_getelf(image->module, &image->bias);
	GElf_Ehdr header;
	size_t count;

	if (!elf || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count))
		return -ENOEXEC;
	image->entry = header.e_entry;
	image->moves = header.e_type == ET_DYN;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, i, &segment) && segment.p_type == PT_INTERP)
			image->dynamic = true;
	}
	return 0;
}

int image_open(int fd, const char *name, struct image **ret)
{
	CLEANUP(image_close)
	struct image *image = calloc(1, sizeof(*image));
	int error;

	if (!image) {
		close(fd);
		return -ENOMEM;
	}
	image->name = strdup(name);
	image->dwfl = dwfl_begin(&callbacks);
	if (!image->name || !image->dwfl) {
		close(fd);
		return -ENOMEM;
	}
	image->module = dwfl_report_offline(image->dwfl, name, name, fd);
	if (!image->module) {
		close(fd);
		return -ENOEXEC;
	}
	dwfl_report_end(image->dwfl, NULL, NULL);
	error = read_header(image);
	if (error)
		return error;
	*ret = take_pointer(&image);
	return 0;
}

void image_close(struct image **slot)
{
	struct image *image = *slot;

	if (!image)
		return;
	if (image->dwfl)
		dwfl_end(image->dwfl);
	free(image->name);
	free(image);
	*slot = NULL;
}

uint64_t image_bias(struct image *image, uint64_t start)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(image->module, &bias);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), lowest = UINT64_MAX;
	size_t count;

	if (!elf || elf_getphdrnum(elf, &count))
		return start;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_vaddr < lowest)
			lowest = segment.p_vaddr;
	}
	return start - lowest / page * page;
}

/* ---- places --------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

void image_place(struct image *image, uint64_t address, struct image_place *ret)
{
	uint64_t there = address + image->bias;
	struct image_place place = {.function = ""};
	Dwfl_Line *line = debug_info_line(image->module, there);
	const char *file;
	int number;

	copy(place.function, sizeof(place.function), dwfl_module_addrname(image->module, there));
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (file) {
		copy(place.file, sizeof(place.file), last_part(file));
		place.line = number;
	}
	*ret = place;
}

/* A row of the unwinding tables begins behind an instruction that moved the stack. */
static uint64_t row_start(struct image *image, uint64_t address)
{
	Dwarf_Addr start = 0, end, bias = 0;
	Dwarf_Frame *frame = NULL;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(image->module, &bias);
	uint64_t there = address + image->bias;
	bool signal;

	if (!cfi || dwarf_cfi_addrframe(cfi, there - bias, &frame))
		cfi = dwfl_module_dwarf_cfi(image->module, &bias);
	if (!frame && (!cfi || dwarf_cfi_addrframe(cfi, there - bias, &frame)))
		return 0;
	if (dwarf_frame_info(frame, &start, &end, &signal) < 0)
		start = 0;
	free(frame);
	return start ? start + bias - image->bias : 0;
}

static uint64_t symbol_start(struct image *image, uint64_t address)
{
	GElf_Off offset;
	GElf_Sym symbol;

	if (!dwfl_module_addrinfo(image->module, address + image->bias, &offset, &symbol, NULL,
				  NULL, NULL) ||
	    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
		return 0;
	return address - offset;
}

uint64_t image_boundary(struct image *image, uint64_t address)
{
	uint64_t row = row_start(image, address), symbol = symbol_start(image, address);

	return row > symbol ? row : symbol;
}

size_t image_read(struct image *image, uint64_t address, void *out, size_t size)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(image->module, &bias);
	size_t count, file_size;
	const char *file = elf ? elf_rawfile(elf, &file_size) : NULL;

	if (!file || elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;
		uint64_t offset, left;

		if (!gelf_getphdr(elf, i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		offset = segment.p_offset + (address - segment.p_vaddr);
		left = segment.p_filesz - (address - segment.p_vaddr);
		if (offset > file_size || left > file_size - offset)
			return 0;
		if (size > left)
			size = left;
		memcpy(out, file + offset, size);
		return size;
	}
	return 0;
}

/* ---- variables of a type -------------------------------------------------------------------- */

struct search {
	const char *type;
	void (*found)(void *context, const char *name, uint64_t address);
	void *context;
	uint64_t offset; /* from the debug information's addresses to the file's */
};

static bool is_of_type(Dwarf_Die *variable, const char *type)
{
	Dwarf_Die at = *variable;

	while (die_type(&at, &at)) {
		const char *name = dwarf_diename(&at);

		if (name && !strcmp(name, type))
			return true;
		if (dwarf_tag(&at) != DW_TAG_typedef && dwarf_tag(&at) != DW_TAG_const_type &&
		    dwarf_tag(&at) != DW_TAG_volatile_type)
			return false;
	}
	return false;
}

static bool visit(void *context, Dwarf_Die *variable, Dwarf_Die *function)
{
	struct search *search = context;
	struct die_location location;

	if (!is_of_type(variable, search->type))
		return true;
	location = die_location(variable);
	if (location.where == DIE_FIXED)
		search->found(search->context, dwarf_diename(variable),
			      location.address + search->offset);
	return true;
}

void image_variables_of(struct image *image, const char *type,
			void (*found)(void *context, const char *name, uint64_t address),
			void *context)
{
	struct search search = {.type = type, .found = found, .context = context};
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(image->module, unit, &bias))) {
		search.offset = bias - image->bias;
		dies_variables(unit, visit, &search);
	}
}
