// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/stacks.h"
#include "symbols/frame_map.h"
#include "symbols/names.h"

struct stack_names {
	struct recording_writer *writer;
	struct names *names;
	struct frame_map nowhere; /* addresses that lie in no mapped code */
};

int stack_names_new(struct recording_writer *writer, const struct names_options *options,
		    struct stack_names **ret)
{
	struct stack_names *names = calloc(1, sizeof(*names));
	int error;

	if (!names)
		return -ENOMEM;
	names->writer = writer;
	error = names_new(options, &names->names);
	if (error) {
		free(names);
		return error;
	}
	*ret = names;
	return 0;
}

void stack_names_free(struct stack_names **slot)
{
	if (!*slot)
		return;
	names_free(&(*slot)->names);
	frame_map_free(&(*slot)->nowhere);
	free(*slot);
	*slot = NULL;
}

static int open_module(struct stack_names *names, struct module *module)
{
	if (module->named)
		return 0;
	if (module->fd >= 0)
		return names_open(names->names, module->fd, module->path, &module->named);
	/* Of a file that is gone nothing is known but its path. */
	return names_open_image(names->names, module->memory, module->memory ? module->size : 0,
				module->path, &module->named);
}

static int frame_of_nowhere(struct stack_names *names, uint64_t address, uint32_t *ret_frame)
{
	struct recording_frame frame = {.kind = FRAME_NATIVE, .address = address};
	int error;

	*ret_frame = frame_map_find(&names->nowhere, address);
	if (*ret_frame)
		return 0;
	error = recording_write_frame(names->writer, &frame, ret_frame);
	return error ? error : frame_map_add(&names->nowhere, address, *ret_frame);
}

int stack_names_frame(struct stack_names *names, pid_t pid, const struct mapped_code *code,
		      uint64_t address, uint32_t *ret_frame)
{
	int error;

	if (!code)
		return frame_of_nowhere(names, address, ret_frame);
	if (!code->module)
		return names_jit_frame(names->names, pid, address, names->writer, ret_frame);
	error = open_module(names, code->module);
	if (error)
		return error;
	return names_frame(names->names, code->module->named, address - code->bias, names->writer,
			   ret_frame);
}

void stack_names_forget(struct stack_names *names, pid_t pid)
{
	names_forget_process(names->names, pid);
}

int stack_names_kernel_frame(struct stack_names *names, uint64_t address, uint32_t *ret_frame)
{
	return names_kernel_frame(names->names, address, names->writer, ret_frame);
}

bool stack_names_is_tracing(struct stack_names *names, uint64_t address)
{
	static const char *const prefixes[] = {"bpf_",		"__bpf_trace_", "__traceiter_",
					       "__perf_event_", "perf_",	"___bpf_"};
	const char *function = names_kernel_function(names->names, address);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(function, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}
