// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/python_splice.h"

struct splice {
	const struct splice_python *python;
	size_t at, count; /* of python */
	uint32_t *out;
	size_t filled;
};

/* The functions that one run of the loop executes. */
static void put_run(struct splice *splice)
{
	while (splice->at < splice->count) {
		const struct splice_python *frame = &splice->python[splice->at++];

		splice->out[splice->filled++] = frame->frame;
		if (frame->is_edge)
			return;
	}
}

static size_t count_runs(const struct splice_python *python, size_t count)
{
	size_t runs = 0;

	for (size_t i = 0; i < count; i++)
		runs += python[i].is_edge || i + 1 == count;
	return runs;
}

static size_t count_loops(const struct splice_native *native, size_t count)
{
	size_t loops = 0;

	for (size_t i = 0; i < count; i++)
		loops += native[i].is_loop;
	return loops;
}

size_t python_splice(const struct splice_native *native, size_t native_count, bool native_whole,
		     const struct splice_python *python, size_t python_count, bool python_whole,
		     uint32_t ret[SPLICE_MAX])
{
	struct splice splice = {.python = python, .count = python_count, .out = ret};
	size_t runs = count_runs(python, python_count);
	size_t loops = count_loops(native, native_count), early = 0, more = 0;

	/* At the root they are sure to go together; at the leaf the loop may not have begun with
	 * its function yet, or be at its end with it. */
	if (native_whole && python_whole) {
		early = loops > runs ? loops - runs : 0;
		more = runs > loops ? runs - loops : 0;
	}
	for (size_t i = 0; i < native_count; i++) {
		if (!native[i].is_loop || early || splice.at == python_count) {
			early -= native[i].is_loop && early;
			ret[splice.filled++] = native[i].frame;
			continue;
		}
		for (; more; more--)
			put_run(&splice);
		put_run(&splice);
	}
	while (!native_whole && splice.at < python_count)
		put_run(&splice);
	return splice.filled;
}
