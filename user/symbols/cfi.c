// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/cfi_inside.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"

/* How a pointer is written: the low four bits say how wide, the next three relative to what. */
#define POINTER_INDIRECT 0x80
#define POINTER_RELATIVE 0x70
#define POINTER_TO_HERE	 0x10

/* ---- bytes ---------------------------------------------------------------------------------- */

uint64_t cursor_bytes(struct cursor *cursor, size_t width)
{
	uint64_t value = 0;

	if (cursor->end - cursor->at < width) {
		cursor->bad = true;
		cursor->at = cursor->end;
		return 0;
	}
	memcpy(&value, cursor->section->bytes + cursor->at, width);
	cursor->at += width;
	return value;
}

void cursor_skip(struct cursor *cursor, uint64_t size)
{
	if (size > cursor->end - cursor->at) {
		cursor->bad = true;
		size = cursor->end - cursor->at;
	}
	cursor->at += size;
}

/* LEB128. What does not fit into 64 bits is cut off, as everywhere. */
static uint64_t get_leb(struct cursor *cursor, unsigned int *ret_bits)
{
	unsigned int shift = 0;
	uint64_t value = 0;
	uint8_t byte;

	do {
		byte = cursor_bytes(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !cursor->bad);
	*ret_bits = byte & 0x40 ? shift : 64; /* of the sign */
	return value;
}

uint64_t cursor_unsigned(struct cursor *cursor)
{
	unsigned int bits;

	return get_leb(cursor, &bits);
}

int64_t cursor_signed(struct cursor *cursor)
{
	unsigned int bits;
	uint64_t value = get_leb(cursor, &bits);

	return (int64_t)(bits < 64 ? value | ~0ull << bits : value);
}

uint64_t cursor_pointer(struct cursor *cursor, uint8_t encoding)
{
	uint64_t here = cursor->section->address + cursor->at, value;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = cursor_bytes(cursor, 8);
		break;
	case DW_EH_PE_uleb128:
		value = cursor_unsigned(cursor);
		break;
	case DW_EH_PE_udata2:
		value = cursor_bytes(cursor, 2);
		break;
	case DW_EH_PE_udata4:
		value = cursor_bytes(cursor, 4);
		break;
	case DW_EH_PE_sleb128:
		value = (uint64_t)cursor_signed(cursor);
		break;
	case DW_EH_PE_sdata2:
		value = (uint64_t)(int16_t)cursor_bytes(cursor, 2);
		break;
	case DW_EH_PE_sdata4:
		value = (uint64_t)(int32_t)cursor_bytes(cursor, 4);
		break;
	default:
		cursor->bad = true;
		return 0;
	}
	if ((encoding & POINTER_RELATIVE) == POINTER_TO_HERE)
		value += here;
	else if (encoding & (POINTER_RELATIVE | POINTER_INDIRECT))
		cursor->bad = true;
	return value;
}

/* ---- entries -------------------------------------------------------------------------------- */

bool cfi_entry(const struct cfi_section *section, size_t at, struct entry *ret)
{
	struct cursor cursor = {.section = section, .at = at, .end = section->size};
	uint64_t length = cursor_bytes(&cursor, 4);

	if (length == 0xffffffff)
		length = cursor_bytes(&cursor, 8);
	if (cursor.bad || length < 4 || length > cursor.end - cursor.at)
		return false;
	ret->id_at = cursor.at;
	ret->end = cursor.at + length;
	ret->id = cursor_bytes(&cursor, 4);
	ret->is_common = !ret->id;
	ret->body = cursor.at;
	return true;
}

/* "zRS" and the like: a letter each for what follows. */
static void take_augmentation(struct cursor *cursor, const char *letters, struct common *common)
{
	uint64_t size = cursor_unsigned(cursor);
	size_t end = cursor->at + size;

	if (size > cursor->end - cursor->at) {
		cursor->bad = true;
		return;
	}
	for (; *letters && !cursor->bad; letters++) {
		if (*letters == 'R')
			common->pointer = cursor_bytes(cursor, 1);
		else if (*letters == 'L')
			cursor_bytes(cursor, 1);
		else if (*letters == 'S')
			common->signal = true;
		else if (*letters == 'P')
			/* Who handles exceptions does not matter, only how long it is. */
			cursor_pointer(cursor, cursor_bytes(cursor, 1) & 0x0f);
		else if (*letters != 'B')
			break; /* the rest has a length, and is skipped by it */
	}
	cursor->at = end;
}

static bool read_common(const struct cfi_section *section, const struct entry *entry,
			struct common *ret)
{
	struct cursor cursor = {.section = section, .at = entry->body, .end = entry->end};
	uint8_t version = cursor_bytes(&cursor, 1);
	const char *letters = (const char *)section->bytes + cursor.at;
	struct common common = {.end = entry->end};

	if (!memchr(letters, '\0', cursor.end - cursor.at))
		return false;
	cursor_skip(&cursor, strlen(letters) + 1);
	if (version == 4)
		cursor_skip(&cursor, 2);
	common.code_unit = cursor_unsigned(&cursor);
	common.data_unit = cursor_signed(&cursor);
	common.ra = version == 1 ? cursor_bytes(&cursor, 1) : cursor_unsigned(&cursor);
	if (*letters == 'z') {
		common.augmented = true;
		take_augmentation(&cursor, letters + 1, &common);
	} else if (*letters) {
		return false;
	}
	common.program = cursor.at;
	if (cursor.bad || (version != 1 && version != 3 && version != 4))
		return false;
	*ret = common;
	return true;
}

bool cfi_common(const struct cfi_section *section, const struct entry *entry, struct common *ret)
{
	struct entry common;

	return entry->id <= entry->id_at && cfi_entry(section, entry->id_at - entry->id, &common) &&
	       common.is_common && read_common(section, &common, ret);
}

/* ---- functions ------------------------------------------------------------------------------ */

static int by_begin(const void *left, const void *right)
{
	const struct cfi_function *a = left, *b = right;

	return a->begin < b->begin ? -1 : a->begin > b->begin;
}

int cfi_functions(const struct cfi_section *section, struct cfi_functions *ret)
{
	VECTOR(struct cfi_function) list = {0};
	size_t at = 0, common_at = SIZE_MAX;
	struct common common = {0};
	bool good = false;
	struct entry entry;

	for (; cfi_entry(section, at, &entry); at = entry.end) {
		struct cursor cursor = {.section = section, .at = entry.body, .end = entry.end};
		struct cfi_function *function;
		uint64_t begin, size;

		if (entry.is_common)
			continue;
		if (entry.id_at - entry.id != common_at) {
			common_at = entry.id_at - entry.id;
			good = cfi_common(section, &entry, &common);
		}
		begin = good ? cursor_pointer(&cursor, common.pointer) : 0;
		size = good ? cursor_pointer(&cursor, common.pointer & 0x0f) : 0;
		/* The linker leaves entries at 0 for functions that it threw away. */
		if (!good || cursor.bad || !begin || !size || begin + size < begin)
			continue;
		function = vector_add(&list);
		if (!function) {
			vector_free(&list);
			return -ENOMEM;
		}
		*function = (struct cfi_function){begin, begin + size, at};
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_begin);
	ret->list = list.items;
	ret->count = list.count;
	return 0;
}

void cfi_functions_free(struct cfi_functions *functions)
{
	free(functions->list);
	*functions = (struct cfi_functions){0};
}
