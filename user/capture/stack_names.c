// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stack_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/stacks.h"

/* A table with open addressing: frames are asked for again and again. */
struct known_frame {
	uint64_t address; /* in the module; outside of all modules: in memory */
	const struct module *module;
	pid_t pid; /* outside of modules */
	uint32_t frame;
};

struct stack_names {
	struct recording_writer *writer;
	struct known_frame *known;
	size_t count, capacity; /* a power of two */
};

int stack_names_new(struct recording_writer *writer, struct stack_names **ret)
{
	struct stack_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->writer = writer;
	names->capacity = 1024;
	names->known = calloc(names->capacity, sizeof(*names->known));
	if (!names->known) {
		free(names);
		return -ENOMEM;
	}
	*ret = names;
	return 0;
}

void stack_names_free(struct stack_names **slot)
{
	if (!*slot)
		return;
	free((*slot)->known);
	free(*slot);
	*slot = NULL;
}

static struct known_frame *find(const struct stack_names *names, const struct known_frame *wanted)
{
	uint64_t hash = (wanted->address ^ (uintptr_t)wanted->module ^
			 (uint64_t)(uint32_t)wanted->pid << 32) *
			0x9e3779b97f4a7c15ull;

	for (size_t i = hash >> 20;; i++) {
		struct known_frame *known = &names->known[i & (names->capacity - 1)];

		if (!known->frame || (known->address == wanted->address &&
				      known->module == wanted->module && known->pid == wanted->pid))
			return known;
	}
}

static int grow(struct stack_names *names)
{
	struct stack_names grown = {.capacity = names->capacity * 2};

	grown.known = calloc(grown.capacity, sizeof(*grown.known));
	if (!grown.known)
		return -ENOMEM;
	for (size_t i = 0; i < names->capacity; i++)
		if (names->known[i].frame)
			*find(&grown, &names->known[i]) = names->known[i];
	free(names->known);
	names->known = grown.known;
	names->capacity = grown.capacity;
	return 0;
}

static int record_module(struct stack_names *names, struct module *module)
{
	char build_id[BUILD_ID_TEXT] = "";
	struct recording_module record = {
		.kind = module->memory	  ? MODULE_VDSO
			: module->is_good ? MODULE_ELF
					  : MODULE_OTHER,
		.path = module->path,
		.build_id = build_id,
	};

	if (module->recorded)
		return 0;
	elf_image_build_id(&module->image, build_id);
	return recording_write_module(names->writer, &record, &module->recorded);
}

int stack_names_frame(struct stack_names *names, pid_t pid, const struct mapped_code *code,
		      uint64_t address, uint32_t *ret_frame)
{
	struct known_frame wanted = {.address = address, .pid = pid}, *known;
	struct recording_frame frame = {.kind = FRAME_NATIVE};
	int error = 0;

	if (code && code->module) {
		wanted = (struct known_frame){
			.address = address - code->bias,
			.module = code->module,
		};
	} else if (code) {
		frame.kind = FRAME_JIT;
	}
	known = find(names, &wanted);
	if (known->frame) {
		*ret_frame = known->frame;
		return 0;
	}
	if (names->count * 2 >= names->capacity)
		error = grow(names);
	if (!error && wanted.module)
		error = record_module(names, code->module);
	if (error)
		return error;
	frame.module = wanted.module ? wanted.module->recorded : 0;
	frame.address = wanted.address;
	error = recording_write_frame(names->writer, &frame, ret_frame);
	if (error || !*ret_frame)
		return error;
	names->count++;
	wanted.frame = *ret_frame;
	*find(names, &wanted) = wanted;
	return 0;
}
