// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/python_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "capture/stacks/python_process.h"
#include "recording/stacks.h"
#include "symbols/frame_map.h"
#include "symbols/python_code.h"

/* More than the largest generated module has; what is beyond has no lines. */
#define TABLE_MAX (4ull << 20)

struct native {
	uint32_t stop;
	size_t count;
	struct splice_native frames[];
};

struct code {
	char *name, *file;
	uint8_t *table;
	size_t table_size;
	uint32_t first_line;
};

struct python_stacks {
	struct recording_writer *writer;
	struct frame_map native_ids, code_ids; /* index + 1 */
	struct frame_map frames;	       /* of code and line */
	VECTOR(struct native *) natives;
	VECTOR(struct code) codes;
};

int python_stacks_new(struct recording_writer *writer, struct python_stacks **ret)
{
	struct python_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return -ENOMEM;
	stacks->writer = writer;
	*ret = stacks;
	return 0;
}

void python_stacks_free(struct python_stacks **slot)
{
	struct python_stacks *stacks = *slot;
	struct native **native;
	struct code *code;

	if (!stacks)
		return;
	vector_for_each (&stacks->natives, native)
		free(*native);
	vector_for_each (&stacks->codes, code) {
		free(code->name);
		free(code->file);
		free(code->table);
	}
	vector_free(&stacks->natives);
	vector_free(&stacks->codes);
	frame_map_free(&stacks->native_ids);
	frame_map_free(&stacks->code_ids);
	frame_map_free(&stacks->frames);
	free(stacks);
	*slot = NULL;
}

void python_stacks_keep(struct python_stacks *stacks, uint32_t id,
			const struct splice_native *frames, size_t count, uint32_t stop)
{
	struct native *native = malloc(sizeof(*native) + count * sizeof(*frames)), **slot;

	slot = native ? vector_add(&stacks->natives) : NULL;
	if (!slot) {
		free(native);
		return;
	}
	native->stop = stop;
	native->count = count;
	memcpy(native->frames, frames, count * sizeof(*frames));
	*slot = native;
	frame_map_add(&stacks->native_ids, id, (uint32_t)stacks->natives.count);
}

/* ---- functions ------------------------------------------------------------------------------- */

/* As the kernel side told it, or the whole of it, while the process lives. */
static void take_table(struct code *code, const struct pl_python_code *told)
{
	bool is_cut = told->table_length > told->table_bytes && told->table_length <= TABLE_MAX;

	if (is_cut) {
		code->table = malloc(told->table_length);
		code->table_size = told->table_length;
		if (code->table && process_read((pid_t)told->head.tgid, told->table_address,
						code->table, code->table_size))
			return;
		free(code->table);
	}
	code->table = malloc(told->table_bytes + 1);
	code->table_size = code->table ? told->table_bytes : 0;
	if (code->table)
		memcpy(code->table, told->table, code->table_size);
}

static char *take_text(const uint8_t *bytes, const struct pl_python_text *text, size_t most)
{
	char out[4 * PL_PYTHON_FILE_MAX];

	python_text(bytes, text->bytes < most ? text->bytes : most, text->width, out, sizeof(out));
	return strdup(out);
}

void python_stacks_code(struct python_stacks *stacks, const struct pl_python_code *told)
{
	struct code *code;

	if (frame_map_find(&stacks->code_ids, told->code) ||
	    told->table_bytes > PL_PYTHON_TABLE_MAX)
		return;
	code = vector_add(&stacks->codes);
	if (!code)
		return;
	memset(code, 0, sizeof(*code));
	code->first_line = told->first_line;
	code->name = take_text(told->name, &told->name_text, PL_PYTHON_NAME_MAX);
	code->file = take_text(told->file, &told->file_text, PL_PYTHON_FILE_MAX);
	take_table(code, told);
	frame_map_add(&stacks->code_ids, told->code, (uint32_t)stacks->codes.count);
}

/* All places of a line are one frame. */
static int frame_of(struct python_stacks *stacks, const struct pl_python_frame *python,
		    uint32_t *ret_frame)
{
	uint32_t index = frame_map_find(&stacks->code_ids, python->code);
	struct recording_frame frame = {.kind = FRAME_PYTHON,
					.function = "[a function that was lost]"};
	uint64_t key;
	int error;

	if (index) {
		const struct code *code = &stacks->codes.items[index - 1];

		if (code->name && *code->name)
			frame.function = code->name;
		frame.file = code->file;
		frame.line = python_line(code->table, code->table_size, code->first_line,
					 python->position);
	}
	key = (python->code ^ frame.line) * 0x9e3779b97f4a7c15ull + !index;
	*ret_frame = frame_map_find(&stacks->frames, key);
	if (*ret_frame)
		return 0;
	error = recording_write_frame(stacks->writer, &frame, ret_frame);
	return error ? error : frame_map_add(&stacks->frames, key, *ret_frame);
}

int python_stacks_write(struct python_stacks *stacks, const struct pl_stack_python *python)
{
	uint32_t index = frame_map_find(&stacks->native_ids, python->native);
	struct splice_python frames[PL_PYTHON_FRAMES];
	uint32_t ids[SPLICE_MAX];
	const struct native *native;
	size_t count;

	if (!index)
		return 0;
	native = stacks->natives.items[index - 1];
	for (size_t i = 0; i < python->head.count; i++) {
		int error = frame_of(stacks, &python->frame[i], &frames[i].frame);

		if (error)
			return error;
		frames[i].is_edge = python->frame[i].flags & PL_PYTHON_EDGE;
	}
	count = python_splice(native->frames, native->count, native->stop == PL_STOP_ROOT, frames,
			      python->head.count, python->head.stop == PL_STOP_ROOT, ids);
	return recording_write_stack(stacks->writer, python->head.id, ids, count, native->stop);
}
