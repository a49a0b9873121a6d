// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/python_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/cleanup.h"

bool process_read(pid_t pid, uint64_t address, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)address, size};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

bool thread_waits_at(pid_t pid, pid_t tid, uint64_t sp, uint64_t pc)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	uint64_t its_sp, its_pc;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
	file = fopen(path, "re");
	/* Its number, six arguments, and the two. */
	return file &&
	       fscanf(file, "%*d %*s %*s %*s %*s %*s %*s %" SCNx64 " %" SCNx64, &its_sp, &its_pc) ==
		       2 &&
	       its_sp == sp && its_pc == pc;
}

static inline int python_read(void *memory, void *to, uint32_t size, uint64_t address)
{
	return process_read(*(pid_t *)memory, address, to, size) ? 0 : -1;
}

#include "bpf/python_frames.h"

static void read_text(pid_t pid, const struct pl_python *python, uint64_t address,
		      struct pl_python_text *text, uint8_t *to, uint64_t most)
{
	uint64_t head[5], bytes;
	uint32_t width;

	*text = (struct pl_python_text){0};
	if (!process_read(pid, address, head, sizeof(head)))
		return;
	width = head[4] >> 2 & 7;
	if (!(head[4] >> 5 & 1) || width > 4)
		return;
	bytes = head[2] < most ? head[2] * width : most;
	if (bytes > most)
		bytes = most;
	address += head[4] >> 6 & 1 ? python->text_ascii : python->text_other;
	if (!process_read(pid, address, to, bytes))
		return;
	text->bytes = (uint32_t)bytes;
	text->width = head[4] >> 6 & 1 ? 0 : width;
}

/* The line table is left to whoever takes it. */
static void read_code(pid_t pid, const struct pl_python *python, const struct python_walk *walk,
		      struct pl_python_code *code)
{
	uint64_t table = python_word(walk->code_words, python->table);

	code->code = walk->found.code;
	code->address = walk->code_object;
	code->first_line = (uint32_t)(python_word(walk->code_words, python->first_line) >>
				      8 * (python->first_line & 7));
	read_text(pid, python, python_word(walk->code_words, python->name), &code->name_text,
		  code->name, PL_PYTHON_NAME_MAX);
	read_text(pid, python, python_word(walk->code_words, python->file), &code->file_text,
		  code->file, PL_PYTHON_FILE_MAX);
	code->table_address = table + 32;
	code->table_bytes = 0;
	if (!process_read(pid, table + 16, &code->table_length, sizeof(code->table_length)))
		code->table_length = 0;
}

bool python_process_frames(pid_t pid, uint64_t thread, const struct pl_python *python,
			   void (*take)(void *context, const struct pl_python_code *code),
			   void *context, struct pl_stack_python *ret)
{
	CLEANUP_FREE struct pl_python_code *code = calloc(1, sizeof(*code));
	struct python_walk walk = {0};
	uint16_t count = 0;

	if (!code || !python_first(&pid, python, thread, &walk))
		return false;
	code->head.tgid = (uint32_t)pid;
	ret->head.stop = PL_STOP_ROOT;
	/* A chain that leads round has an end all the same. */
	for (unsigned int steps = 0; walk.frame; steps++) {
		enum python_step step = PYTHON_BROKEN;

		if (count < PL_PYTHON_FRAMES && steps < 2 * PL_PYTHON_FRAMES)
			step = python_step(&pid, python, &walk);
		if (step == PYTHON_BROKEN) {
			ret->head.stop = PL_STOP_DEPTH;
			break;
		}
		if (step == PYTHON_NO_FRAME) {
			if (count)
				ret->frame[count - 1].flags |= PL_PYTHON_EDGE;
			continue;
		}
		ret->frame[count++] = walk.found;
		read_code(pid, python, &walk, code);
		take(context, code);
	}
	ret->head.count = count;
	return count > 0;
}
