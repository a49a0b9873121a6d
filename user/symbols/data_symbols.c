// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/data_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* A file that claims more than this is broken, or none that we want to wait for. */
#define SYMBOLS_MAX (4u << 20)

static int add_name(struct data_symbols *symbols, const char *name, uint32_t *ret)
{
	*ret = symbols->names.count;
	do {
		char *place = vector_add(&symbols->names);

		if (!place)
			return -ENOMEM;
		*place = *name;
	} while (*name++);
	return 0;
}

static int read_table(struct data_symbols *symbols, Elf *elf, Elf_Scn *section,
		      const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count && i < SYMBOLS_MAX; i++) {
		struct data_symbol *symbol;
		const char *name;
		GElf_Sym sym;
		int error;

		if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
		    sym.st_shndx == SHN_UNDEF || !sym.st_size)
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (!name || !*name)
			continue;
		symbol = vector_add(&symbols->symbols);
		if (!symbol)
			return -ENOMEM;
		symbol->address = sym.st_value;
		symbol->size = sym.st_size;
		symbol->global = GELF_ST_BIND(sym.st_info) != STB_LOCAL;
		error = add_name(symbols, name, &symbol->name);
		if (error)
			return error;
	}
	return 0;
}

/* .symtab has all that .dynsym has, and the static ones. */
static int read_symbols(struct data_symbols *symbols, Elf *elf)
{
	static const GElf_Word types[] = {SHT_SYMTAB, SHT_DYNSYM};
	int error = 0;

	for (size_t i = 0; i < 2 && !error && !symbols->symbols.count; i++) {
		Elf_Scn *section = NULL;

		while (!error && (section = elf_nextscn(elf, section))) {
			GElf_Shdr header;

			if (gelf_getshdr(section, &header) && header.sh_type == types[i])
				error = read_table(symbols, elf, section, &header);
		}
	}
	return error;
}

static bool has_table(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

static int read_segments(struct data_symbols *symbols, Elf *elf)
{
	size_t count = 0;

	if (elf_getphdrnum(elf, &count))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		struct data_segment *segment;
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		segment = vector_add(&symbols->segments);
		if (!segment)
			return -ENOMEM;
		segment->offset = header.p_offset;
		segment->address = header.p_vaddr;
		segment->size = header.p_filesz;
		segment->executable = header.p_flags & PF_X;
	}
	return 0;
}

/* "/usr/lib/debug/.build-id/ab/cdef....debug", where distributions put what they strip. */
static bool debug_path(Elf *elf, char *path, size_t size)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;
		GElf_Nhdr note;
		size_t name, content;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE ||
		    !(data = elf_getdata(section, NULL)) ||
		    !gelf_getnote(data, 0, &note, &name, &content) ||
		    note.n_type != NT_GNU_BUILD_ID || note.n_descsz < 2 || note.n_descsz > 64)
			continue;
		for (size_t i = 0, at = 0; i < note.n_descsz; i++)
			at += (size_t)snprintf(path + at, size - at,
					       i == 0	? "/usr/lib/debug/.build-id/%02x"
					       : i == 1 ? "/%02x"
							: "%02x",
					       ((unsigned char *)data->d_buf)[content + i]);
		strncat(path, ".debug", size - strlen(path) - 1);
		return true;
	}
	return false;
}

static int read_debug_file(struct data_symbols *symbols, Elf *elf)
{
	char path[256] = "";
	CLEANUP_CLOSE int fd = -1;
	Elf *debug;
	int error;

	if (has_table(elf) || !debug_path(elf, path, sizeof(path)))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	debug = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	if (!debug)
		return 0;
	error = read_symbols(symbols, debug);
	elf_end(debug);
	return error;
}

static int by_address(const void *a, const void *b)
{
	const struct data_symbol *one = a, *two = b;

	if (one->address != two->address)
		return one->address < two->address ? -1 : 1;
	/* Of several names for one place the global one is searched for last, and so found. */
	if (one->global != two->global)
		return one->global ? 1 : -1;
	return one->name < two->name ? -1 : one->name > two->name;
}

int data_symbols_read(int fd, struct data_symbols *ret)
{
	struct data_symbols symbols = {0};
	Elf *elf;
	int error;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return -ENOEXEC;
	error = elf_kind(elf) == ELF_K_ELF ? read_segments(&symbols, elf) : -ENOEXEC;
	if (!error)
		error = read_debug_file(&symbols, elf);
	if (!error && !symbols.symbols.count)
		error = read_symbols(&symbols, elf);
	elf_end(elf);
	if (error) {
		data_symbols_free(&symbols);
		return error;
	}
	if (symbols.symbols.count)
		qsort(symbols.symbols.items, symbols.symbols.count, sizeof(struct data_symbol),
		      by_address);
	*ret = symbols;
	return 0;
}

void data_symbols_free(struct data_symbols *symbols)
{
	vector_free(&symbols->symbols);
	vector_free(&symbols->segments);
	vector_free(&symbols->names);
}

const struct data_symbol *data_symbols_at(const struct data_symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->symbols.count;
	const struct data_symbol *symbol;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbols.items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &symbols->symbols.items[low - 1];
	return address - symbol->address < symbol->size ? symbol : NULL;
}

const struct data_symbol *data_symbols_called(const struct data_symbols *symbols, const char *name)
{
	const struct data_symbol *symbol;

	vector_for_each (&symbols->symbols, symbol)
		if (!strcmp(data_symbol_name(symbols, symbol), name))
			return symbol;
	return NULL;
}

const char *data_symbol_name(const struct data_symbols *symbols, const struct data_symbol *symbol)
{
	return symbols->names.items + symbol->name;
}

bool data_symbols_bias(const struct data_symbols *symbols, uint64_t start, uint64_t offset,
		       uint64_t *ret)
{
	const struct data_segment *segment;

	vector_for_each (&symbols->segments, segment) {
		/* Mapped from the page on in which the segment begins. */
		uint64_t first = segment->offset & ~0xfffull;

		if (offset < first || offset >= segment->offset + segment->size)
			continue;
		*ret = start - offset - (segment->address - segment->offset);
		return true;
	}
	return false;
}

bool data_symbols_program_bias(const struct data_symbols *symbols, uint64_t code, uint64_t *ret)
{
	const struct data_segment *segment;
	uint64_t lowest = UINT64_MAX;

	vector_for_each (&symbols->segments, segment)
		if (segment->executable && segment->address < lowest)
			lowest = segment->address;
	*ret = code - lowest;
	return lowest != UINT64_MAX;
}
