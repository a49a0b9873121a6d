// SPDX-License-Identifier: GPL-2.0-only
/* binary.c - opening ELF files; their symbols and unwind entries */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bus_guard.h"
#include "base/cleanup.h"
#include "symbols/binary_inside.h"

/* ---- guarding ------------------------------------------------------------------------------- */

struct guarded {
	struct binary *binary;
	void (*work)(struct binary *, void *);
	void *context;
};

static void call(void *context)
{
	struct guarded *guarded = context;

	guarded->work(guarded->binary, guarded->context);
}

bool binary_guarded(struct binary *binary, void (*work)(struct binary *, void *), void *context)
{
	struct guarded guarded = {binary, work, context};

	if (!binary->dwfl || binary->broken)
		return false;
	if (!bus_guarded(call, &guarded))
		binary->broken = true;
	return !binary->broken;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The library asks the servers whenever their addresses stand in the environment, which belongs to
 * the program that we trace as well. */
static int find_debuginfo_here(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			       const char *file, const char *link, GElf_Word checksum,
			       char **ret_file)
{
	CLEANUP_FREE char *servers = NULL;
	const char *set = getenv("DEBUGINFOD_URLS");
	int fd;

	if (set) {
		servers = strdup(set);
		if (!servers)
			return -1;
		unsetenv("DEBUGINFOD_URLS");
	}
	fd = dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum, ret_file);
	if (servers)
		setenv("DEBUGINFOD_URLS", servers, 1);
	return fd;
}

static const Dwfl_Callbacks callbacks_here = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_debuginfo_here,
	.section_address = dwfl_offline_section_address,
};

static const Dwfl_Callbacks callbacks_anywhere = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static void read_build_id(struct binary *binary)
{
	const unsigned char *bytes;
	GElf_Addr address;
	int size = dwfl_module_build_id(binary->module, &bytes, &address);

	if (size < 0 || (size_t)size * 2 >= sizeof(binary->build_id))
		return;
	for (int i = 0; i < size; i++)
		sprintf(binary->build_id + 2 * i, "%02x", bytes[i]);
}

static void read_segments(struct binary *binary)
{
	size_t count;

	if (elf_getphdrnum(binary->elf, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		struct segment_of_code *code;
		GElf_Phdr header;

		if (!gelf_getphdr(binary->elf, i, &header) || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X) || !header.p_filesz ||
		    header.p_vaddr + header.p_filesz < header.p_vaddr ||
		    header.p_offset + header.p_filesz < header.p_offset)
			continue;
		code = vector_add(&binary->code);
		if (!code)
			return;
		code->begin = header.p_vaddr;
		code->end = header.p_vaddr + header.p_filesz;
		code->offset = header.p_offset;
	}
}

static void look_into(struct binary *binary, void *unused)
{
	binary->elf = dwfl_module_getelf(binary->module, &binary->bias);
	if (!binary->elf)
		return;
	read_build_id(binary);
	read_segments(binary);
}

static void report(struct binary *binary, void *context)
{
	const char *name = strrchr(binary->path, '/');
	int *fd = context;

	dwfl_report_begin(binary->dwfl);
	name = name ? name + 1 : binary->path;
	binary->module = dwfl_report_offline(binary->dwfl, name, binary->path, *fd);
	if (binary->module)
		*fd = -1; /* the library has it now */
	dwfl_report_end(binary->dwfl, NULL, NULL);
}

static int open_binary(struct binary *binary, int fd, const char *path, bool debuginfod)
{
	CLEANUP_CLOSE int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return -errno;
	binary->path = strdup(path);
	if (!binary->path)
		return -ENOMEM;
	binary->dwfl = dwfl_begin(debuginfod ? &callbacks_anywhere : &callbacks_here);
	if (!binary->dwfl)
		return -ENOMEM;
	if (binary_guarded(binary, report, &copy) && binary->module &&
	    binary_guarded(binary, look_into, NULL) && binary->elf)
		return 0;
	/* Not ELF, or not one that can be used. */
	if (!binary->broken)
		dwfl_end(binary->dwfl);
	binary->dwfl = NULL;
	return 0;
}

int binary_open(int fd, const char *path, bool debuginfod, struct binary **ret)
{
	CLEANUP(binary_free)
	struct binary *binary = calloc(1, sizeof(*binary));
	int r;

	if (!binary)
		return -ENOMEM;
	r = open_binary(binary, fd, path, debuginfod);
	if (r)
		return r;
	*ret = take_pointer(&binary);
	return 0;
}

/* As a file without a name, as that is the way that the library is used to. */
int binary_open_image(const void *image, size_t size, const char *path, struct binary **ret)
{
	CLEANUP_CLOSE int fd = memfd_create("image", MFD_CLOEXEC);
	const char *at = image;

	if (fd < 0)
		return -errno;
	while (size) {
		ssize_t written = write(fd, at, size);

		if (written <= 0)
			return written ? -errno : -EIO;
		at += written;
		size -= written;
	}
	return binary_open(fd, path, false, ret);
}

void binary_free(struct binary **slot)
{
	struct binary *binary = *slot;

	if (!binary)
		return;
	if (binary->dwfl && !binary->broken)
		dwfl_end(binary->dwfl);
	symbol_table_free(&binary->symbols);
	vector_free(&binary->code);
	vector_free(&binary->entries);
	vector_free(&binary->plt);
	vector_free(&binary->units);
	free(binary->file);
	free(binary->path);
	free(binary);
	*slot = NULL;
}

/* ---- where code lies ------------------------------------------------------------------------ */

const char *binary_build_id(const struct binary *binary)
{
	return binary->build_id;
}

bool binary_code(const struct binary *binary, uint64_t *ret_begin, uint64_t *ret_end,
		 uint64_t *ret_offset)
{
	const struct segment_of_code *code, *first = NULL;
	uint64_t end = 0;

	vector_for_each (&binary->code, code) {
		if (!first || code->begin < first->begin)
			first = code;
		if (code->end > end)
			end = code->end;
	}
	if (!first)
		return false;
	*ret_begin = first->begin;
	*ret_end = end;
	*ret_offset = first->offset;
	return true;
}

/* ---- symbols -------------------------------------------------------------------------------- */

/* Lowest first: what other modules see, then what may be replaced, then what is private; labels
 * that somebody wrote without saying that they are functions last. */
static uint8_t rank_of(const GElf_Sym *symbol)
{
	unsigned int binding = GELF_ST_BIND(symbol->st_info);
	uint8_t rank = binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;

	return GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE ? rank + 3 : rank;
}

static bool lies_in_code(const struct binary *binary, uint64_t address)
{
	const struct segment_of_code *code;

	vector_for_each (&binary->code, code) {
		if (address >= code->begin && address < code->end)
			return true;
	}
	return false;
}

static void load_symbols(struct binary *binary, void *unused)
{
	int count = dwfl_module_getsymtab(binary->module);

	for (int i = 1; i < count && binary->symbols.symbols.count < SYMBOLS_MAX; i++) {
		GElf_Sym symbol;
		GElf_Addr value;
		const char *name = dwfl_module_getsym_info(binary->module, i, &symbol, &value, NULL,
							   NULL, NULL);
		unsigned int type;

		if (!name || symbol.st_shndx == SHN_UNDEF)
			continue;
		type = GELF_ST_TYPE(symbol.st_info);
		if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
			continue;
		value -= binary->bias;
		if (!lies_in_code(binary, value))
			continue;
		if (symbol_table_add(&binary->symbols, value, symbol.st_size, name,
				     rank_of(&symbol)))
			break;
	}
}

const struct symbol_table *binary_symbols(struct binary *binary)
{
	if (!binary->has_symbols) {
		binary->has_symbols = true;
		binary_guarded(binary, load_symbols, NULL);
		/* As far as it came. */
		symbol_table_sort(&binary->symbols);
	}
	return &binary->symbols;
}

/* ---- unwind entries ------------------------------------------------------------------------- */

/* The index in front of .eh_frame, which every linker makes: begins with its version and how its
 * numbers are written, and of these there is but one way in use. */
#define HEADER_SIZE	     12
#define HEADER_VERSION	     1
#define COUNT_UDATA4	     0x03
#define TABLE_DATAREL_SDATA4 0x3b

static int compare_addresses(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one < two ? -1 : one > two;
}

static void read_index(struct binary *binary, const uint8_t *bytes, size_t size, uint64_t base)
{
	uint32_t count;

	if (size < HEADER_SIZE || bytes[0] != HEADER_VERSION || bytes[2] != COUNT_UDATA4 ||
	    bytes[3] != TABLE_DATAREL_SDATA4)
		return;
	memcpy(&count, bytes + 8, sizeof(count));
	if (count > (size - HEADER_SIZE) / 8)
		count = (size - HEADER_SIZE) / 8;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t *entry = vector_add(&binary->entries);
		int32_t begin;

		if (!entry)
			break;
		memcpy(&begin, bytes + HEADER_SIZE + 8 * (size_t)i, sizeof(begin));
		*entry = base + begin;
	}
	if (binary->entries.count)
		qsort(binary->entries.items, binary->entries.count, sizeof(uint64_t),
		      compare_addresses);
}

/* 64 MiB of index are eight million functions. */
#define INDEX_MAX (64u << 20)

static void load_entries(struct binary *binary, void *unused)
{
	size_t count;

	if (elf_getphdrnum(binary->elf, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		Elf_Data *data;

		if (!gelf_getphdr(binary->elf, i, &header) || header.p_type != PT_GNU_EH_FRAME ||
		    header.p_filesz > INDEX_MAX)
			continue;
		data = elf_getdata_rawchunk(binary->elf, header.p_offset, header.p_filesz,
					    ELF_T_BYTE);
		if (data && data->d_buf)
			read_index(binary, data->d_buf, data->d_size, header.p_vaddr);
		return;
	}
}

struct covered {
	uint64_t address;
	bool is_covered;
};

/* The index tells where entries begin, not how far they reach. */
static void ask_whether_covered(struct binary *binary, void *context)
{
	struct covered *covered = context;
	Dwarf_Frame *frame = NULL;
	Dwarf_CFI *entries;
	GElf_Addr bias;

	entries = dwfl_module_eh_cfi(binary->module, &bias);
	covered->is_covered =
		entries &&
		!dwarf_cfi_addrframe(entries, covered->address + binary->bias - bias, &frame);
	free(frame);
}

bool binary_entry(struct binary *binary, uint64_t address, uint64_t *ret_begin)
{
	struct covered covered = {.address = address};
	size_t low = 0, high;

	if (!binary->has_entries) {
		binary->has_entries = true;
		binary_guarded(binary, load_entries, NULL);
	}
	high = binary->entries.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (binary->entries.items[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || !binary_guarded(binary, ask_whether_covered, &covered) || !covered.is_covered)
		return false;
	*ret_begin = binary->entries.items[low - 1];
	return true;
}

/* ---- jump tables ---------------------------------------------------------------------------- */

static void load_plt(struct binary *binary, void *unused)
{
	size_t names;
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(binary->elf, &names))
		return;
	while ((section = elf_nextscn(binary->elf, section))) {
		struct segment_of_code *plt;
		const char *name;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
			continue;
		name = elf_strptr(binary->elf, names, header.sh_name);
		if (!name || strncmp(name, ".plt", 4))
			continue;
		plt = vector_add(&binary->plt);
		if (!plt)
			return;
		plt->begin = header.sh_addr;
		plt->end = header.sh_addr + header.sh_size;
	}
}

bool binary_is_plt(struct binary *binary, uint64_t address)
{
	const struct segment_of_code *plt;

	if (!binary->has_plt) {
		binary->has_plt = true;
		binary_guarded(binary, load_plt, NULL);
	}
	vector_for_each (&binary->plt, plt) {
		if (address >= plt->begin && address < plt->end)
			return true;
	}
	return false;
}
