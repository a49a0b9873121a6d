// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/python_layout.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Where glibc keeps the data of the first keys in its struct pthread, and the data in each. */
#define GLIBC_SPECIFIC (0x310 + 8)

#define LOOP_BYTES_MAX (1u << 20)
/* Jumps to a place that is not far from all others: so many make it the loop's other part. */
#define COLD_JUMPS_MIN 16
#define COLD_NEAR      4096u

struct version {
	unsigned int minor;
	uint16_t key; /* in _PyRuntime */
	struct pl_python offsets;
};

/* Measured with the debug information of these versions, and seen in use. Functions begin to be
 * looked at at their byte 64: `first_line` and what follows it count from there. */
static const struct version known[] = {
	{
		.minor = 11,
		.key = 592,
		.offsets = {.frame = 56,
			    .frame_within = 8,
			    .bytecode = 184,
			    .code = 32,
			    .previous = 48,
			    .instruction = 56,
			    .edge = 68,
			    .edge_kind = PL_PYTHON_ENTRY_FLAG,
			    .edge_value = 1,
			    .looked_at = 64,
			    .first_line = 72 - 64,
			    .file = 112 - 64,
			    .name = 128 - 64,
			    .table = 136 - 64,
			    .text_ascii = 48,
			    .text_other = 72},
	},
	{
		.minor = 12,
		.key = 1544,
		.offsets = {.frame = 56,
			    .frame_within = 0,
			    .bytecode = 192,
			    .code = 0,
			    .previous = 8,
			    .instruction = 56,
			    .edge = 70,
			    .edge_kind = PL_PYTHON_SHIM,
			    .edge_value = 3,
			    .looked_at = 64,
			    .first_line = 68 - 64,
			    .file = 112 - 64,
			    .name = 128 - 64,
			    .table = 136 - 64,
			    .text_ascii = 40,
			    .text_other = 56},
	},
};

/* ---- what 3.13 says of itself ---------------------------------------------------------------- */

#define COOKIE "xdebugpy"

/* Places in _Py_DebugOffsets. */
enum told {
	TOLD_VERSION = 8,
	TOLD_FREE_THREADED = 16,
	TOLD_THREAD_FRAME = 184,
	TOLD_FRAME_PREVIOUS = 232,
	TOLD_FRAME_CODE = 240,
	TOLD_FRAME_INSTRUCTION = 248,
	TOLD_FRAME_OWNER = 264,
	TOLD_CODE_FILE = 280,
	TOLD_CODE_QUALNAME = 296,
	TOLD_CODE_TABLE = 304,
	TOLD_CODE_FIRST_LINE = 312,
	TOLD_CODE_BYTECODE = 344,
	TOLD_TEXT_ASCII = 560,
};

/* The key is not among them; the owner that stands for the interpreter's loop neither. */
#define KEY_13	2160
#define SHIM_13 3
/* A text that is not ASCII has two words more in front of its characters. */
#define TEXT_MORE 16

static uint64_t told(const uint8_t *runtime, enum told at)
{
	uint64_t value;

	memcpy(&value, runtime + at, sizeof(value));
	return value;
}

/* What is within the pieces that are read at once. */
static bool fits(uint64_t offset, uint64_t piece)
{
	return offset <= piece - sizeof(uint64_t);
}

static bool take_told(const uint8_t *runtime, uint32_t version, struct pl_python *ret)
{
	const uint8_t looked_at = 64;
	uint64_t in_code[] = {told(runtime, TOLD_CODE_FIRST_LINE) - looked_at,
			      told(runtime, TOLD_CODE_FILE) - looked_at,
			      told(runtime, TOLD_CODE_QUALNAME) - looked_at,
			      told(runtime, TOLD_CODE_TABLE) - looked_at};
	uint64_t in_frame[] = {told(runtime, TOLD_FRAME_CODE), told(runtime, TOLD_FRAME_PREVIOUS),
			       told(runtime, TOLD_FRAME_INSTRUCTION)};

	if (memcmp(runtime, COOKIE, strlen(COOKIE)) || told(runtime, TOLD_VERSION) != version ||
	    told(runtime, TOLD_FREE_THREADED))
		return false;
	for (size_t i = 0; i < sizeof(in_code) / sizeof(in_code[0]); i++)
		if (!fits(in_code[i], PL_PYTHON_CODE_BYTES))
			return false;
	for (size_t i = 0; i < sizeof(in_frame) / sizeof(in_frame[0]); i++)
		if (!fits(in_frame[i], PL_PYTHON_FRAME_BYTES))
			return false;
	if (told(runtime, TOLD_FRAME_OWNER) >= PL_PYTHON_FRAME_BYTES ||
	    told(runtime, TOLD_THREAD_FRAME) > UINT16_MAX ||
	    told(runtime, TOLD_CODE_BYTECODE) > UINT16_MAX ||
	    told(runtime, TOLD_TEXT_ASCII) > UINT8_MAX - TEXT_MORE)
		return false;
	*ret = (struct pl_python){
		.key = KEY_13,
		.frame = (uint16_t)told(runtime, TOLD_THREAD_FRAME),
		.frame_within = PL_PYTHON_HERE,
		.bytecode = (uint16_t)told(runtime, TOLD_CODE_BYTECODE),
		.code = (uint8_t)in_frame[0],
		.previous = (uint8_t)in_frame[1],
		.instruction = (uint8_t)in_frame[2],
		.edge = (uint8_t)told(runtime, TOLD_FRAME_OWNER),
		.edge_kind = PL_PYTHON_SHIM,
		.edge_value = SHIM_13,
		.looked_at = looked_at,
		.first_line = (uint8_t)in_code[0],
		.file = (uint8_t)in_code[1],
		.name = (uint8_t)in_code[2],
		.table = (uint8_t)in_code[3],
		.text_ascii = (uint8_t)told(runtime, TOLD_TEXT_ASCII),
		.text_other = (uint8_t)(told(runtime, TOLD_TEXT_ASCII) + TEXT_MORE),
	};
	return true;
}

bool python_layout_of(uint32_t version, const uint8_t runtime[PYTHON_OFFSETS_BYTES],
		      struct pl_python *ret)
{
	struct pl_python offsets = {0};

	if (version >> 24 != 3)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].minor != (version >> 16 & 0xff))
			continue;
		offsets = known[i].offsets;
		offsets.key = known[i].key;
	}
	if (!offsets.key &&
	    ((version >> 16 & 0xff) != 13 || !take_told(runtime, version, &offsets)))
		return false;
	offsets.specific = GLIBC_SPECIFIC;
	*ret = offsets;
	return true;
}

/* ---- the file -------------------------------------------------------------------------------- */

struct symbols {
	GElf_Sym runtime, version, loop, cold;
	bool is_debug;
};

/* "libpython3.11.so.1.0", "python3.11": other files need not be looked into. */
static bool is_python(const char *path, unsigned int *ret_minor)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!strncmp(name, "lib", 3))
		name += 3;
	*ret_minor = 0;
	return sscanf(name, "python3.%u", ret_minor) == 1 || !strcmp(name, "python3") ||
	       !strcmp(name, "python");
}

static void take_symbol(struct symbols *symbols, const char *name, const GElf_Sym *symbol)
{
	if (!strcmp(name, "_PyRuntime"))
		symbols->runtime = *symbol;
	else if (!strcmp(name, "Py_Version"))
		symbols->version = *symbol;
	else if (!strcmp(name, "_PyEval_EvalFrameDefault"))
		symbols->loop = *symbol;
	else if (!strcmp(name, "_PyEval_EvalFrameDefault.cold"))
		symbols->cold = *symbol;
	else if (!strcmp(name, "_Py_GetRefTotal") || !strcmp(name, "_Py_GetGlobalRefTotal"))
		symbols->is_debug = true;
}

static void take_section(struct symbols *symbols, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol))
			return;
		name = symbol.st_value ? elf_strptr(elf, header->sh_link, symbol.st_name) : NULL;
		if (name)
			take_symbol(symbols, name, &symbol);
	}
}

/* Without memory mapping, as the file may be cut short meanwhile. */
static void read_symbols(int fd, struct symbols *symbols)
{
	Elf_Scn *section = NULL;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while (elf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			take_section(symbols, elf, section, &header);
	}
	elf_end(elf);
}

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The middle of where most of them are near one another, as far as those reach. */
static void find_crowd(struct python_layout *layout, uint64_t *targets, size_t count)
{
	size_t best = 0, best_first = 0, first = 0;

	qsort(targets, count, sizeof(*targets), by_value);
	for (size_t i = 0; i < count; i++) {
		if (i > first && targets[i] - targets[i - 1] > COLD_NEAR)
			first = i;
		if (i + 1 - first > best) {
			best = i + 1 - first;
			best_first = first;
		}
	}
	if (best < COLD_JUMPS_MIN)
		return;
	layout->loops[1].begin = targets[best_first];
	layout->loops[1].end = targets[best_first + best - 1] + COLD_NEAR / 16;
}

/* Compilers put what is seldom executed elsewhere, and a stripped file does not name it. But the
 * loop is full of conditional jumps into it, and no other function is jumped to on a condition.
 * (Bytes that only look like such jumps lead anywhere.) */
static void find_cold_part(const struct elf_image *image, struct python_layout *layout)
{
	uint64_t begin = layout->loops[0].begin, size = layout->loops[0].end - begin, count = 0;
	CLEANUP_FREE uint64_t *targets = NULL;
	CLEANUP_FREE uint8_t *code = NULL;

	if (size < 8 || size > LOOP_BYTES_MAX)
		return;
	code = malloc(size);
	targets = calloc(size / 6 + 1, sizeof(*targets));
	if (!code || !targets || elf_image_read(image, begin, code, size))
		return;
	for (size_t at = 0; at + 6 <= size; at++) {
		int32_t distance;
		uint64_t target;

		if (code[at] != 0x0f || (code[at + 1] & 0xf0) != 0x80)
			continue;
		memcpy(&distance, code + at + 2, sizeof(distance));
		target = begin + at + 6 + (uint64_t)(int64_t)distance;
		at += 5;
		if (target - begin >= size)
			targets[count++] = target;
	}
	find_crowd(layout, targets, count);
}

static void set_loops(const struct elf_image *image, const struct symbols *symbols,
		      struct python_layout *layout)
{
	layout->loops[0].begin = symbols->loop.st_value;
	layout->loops[0].end = symbols->loop.st_value + symbols->loop.st_size;
	layout->loops[1].begin = symbols->cold.st_value;
	layout->loops[1].end = symbols->cold.st_value + symbols->cold.st_size;
	if (!symbols->cold.st_size)
		find_cold_part(image, layout);
}

int python_layout_find(int fd, const struct elf_image *image, const char *path,
		       struct python_layout *ret)
{
	uint8_t runtime[PYTHON_OFFSETS_BYTES];
	struct python_layout layout = {0};
	struct symbols symbols = {0};
	uint32_t version;

	if (!is_python(path, &layout.minor))
		return 0;
	read_symbols(fd, &symbols);
	if (!symbols.runtime.st_value)
		return 0;
	*ret = layout;
	if (!symbols.version.st_value || !symbols.loop.st_size || symbols.is_debug ||
	    elf_image_read(image, symbols.version.st_value, &version, sizeof(version)))
		return -ENOTSUP;
	layout.minor = version >> 16 & 0xff;
	*ret = layout;
	memset(runtime, 0, sizeof(runtime));
	elf_image_read(image, symbols.runtime.st_value, runtime, sizeof(runtime));
	if (!python_layout_of(version, runtime, &layout.offsets))
		return -ENOTSUP;
	layout.offsets.key += symbols.runtime.st_value;
	set_loops(image, &symbols, &layout);
	*ret = layout;
	return 1;
}

bool python_layout_is_loop(const struct python_layout *layout, uint64_t address)
{
	for (size_t i = 0; i < PYTHON_LOOPS; i++)
		if (address >= layout->loops[i].begin && address < layout->loops[i].end)
			return true;
	return false;
}
