// SPDX-License-Identifier: GPL-2.0-only
/*
 * stacks.c - the kernel side's stacks against libdwfl's
 *
 *	stacks blocked|samples COMMAND...
 *
 * Each stack comes with a copy of the registers and of the memory from which it was made, and
 * elfutils unwinds that as well: with its own reading of .eh_frame, its own evaluation of what
 * stands there, and the process's modules as it finds them. Prints what differed, as JSON.
 */
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/vector.h"
#include "capture/capture.h"

#define SHOWN_MAX 8

struct process {
	pid_t pid;
	Dwfl *dwfl;
};

struct oracle {
	VECTOR(struct process) processes;
	const struct pl_stack_copy *copy; /* being unwound */
	uint64_t address[PL_STACK_FRAMES + 1];
	size_t count;
	bool ran_out; /* the copy ends before the stack */
	unsigned long stacks, same, differ, beyond, unknown, frames, stops[256];
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

/* ---- what libdwfl asks for ------------------------------------------------------------------- */

static pid_t next_thread(Dwfl *dwfl, void *argument, void **thread)
{
	struct oracle *oracle = argument;

	if (*thread)
		return 0;
	*thread = oracle;
	return oracle->copy->head.tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *argument, void **thread)
{
	*thread = argument;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *argument)
{
	struct oracle *oracle = argument;
	const struct pl_stack_copy *copy = oracle->copy;

	if (address < copy->begin || address + sizeof(*ret) > copy->begin + copy->bytes) {
		oracle->ran_out = true;
		return false;
	}
	memcpy(ret, copy->memory + (address - copy->begin), sizeof(*ret));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *argument)
{
	struct oracle *oracle = argument;
	Dwarf_Word registers[PL_REGISTERS];

	for (size_t i = 0; i < PL_REGISTERS; i++)
		registers[i] = oracle->copy->registers[i];
	/* libdwfl takes the innermost frame for interrupted. In a system call the instruction that
	 * counts is the one before, which may be the last of its function. */
	registers[PL_REG_RIP] -= (oracle->copy->how == PL_HOW_RETURNING);
	return dwfl_thread_state_registers(thread, 0, PL_REGISTERS, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static int take_frame(Dwfl_Frame *frame, void *argument)
{
	struct oracle *oracle = argument;
	bool interrupted;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, &interrupted) || oracle->count == PL_STACK_FRAMES)
		return DWARF_CB_ABORT;
	oracle->address[oracle->count++] = pc - (interrupted ? 0 : 1);
	return DWARF_CB_OK;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool report(Dwfl *dwfl, pid_t pid)
{
	bool good;

	dwfl_report_begin(dwfl);
	good = !dwfl_linux_proc_report(dwfl, pid);
	return !dwfl_report_end(dwfl, NULL, NULL) && good;
}

/* The process's modules; looked up anew if there is one that was not there the last time. */
static Dwfl *dwfl_of(struct oracle *oracle, pid_t pid, const struct pl_stack_frames *frames)
{
	struct process *process;
	Dwfl *dwfl;

	vector_for_each (&oracle->processes, process) {
		if (process->pid != pid)
			continue;
		for (size_t i = 0; i < frames->head.count; i++)
			if (!dwfl_addrmodule(process->dwfl, frames->address[i]))
				return report(process->dwfl, pid) ? process->dwfl : NULL;
		return process->dwfl;
	}
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return NULL;
	if (!report(dwfl, pid) || !dwfl_attach_state(dwfl, NULL, pid, &thread_callbacks, oracle)) {
		dwfl_end(dwfl);
		return NULL;
	}
	process = vector_add(&oracle->processes);
	if (process)
		*process = (struct process){pid, dwfl};
	return dwfl;
}

static void show(const struct oracle *oracle, const struct pl_stack_frames *frames, size_t common)
{
	fprintf(stderr, "differs after %zu frames (stop %d, %d of ours, %zu of libdwfl's):", common,
		frames->head.stop, frames->head.count, oracle->count);
	for (size_t i = common ? common - 1 : 0; i < common + 2; i++)
		fprintf(stderr, " %llx/%llx",
			i < frames->head.count ? (unsigned long long)frames->address[i] : 0,
			i < oracle->count ? (unsigned long long)oracle->address[i] : 0);
	fprintf(stderr, "\n");
}

static void compare(void *context, const struct pl_stack_copy *copy,
		    const struct pl_stack_frames *frames)
{
	struct oracle *oracle = context;
	Dwfl *dwfl = dwfl_of(oracle, copy->head.tgid, frames);
	size_t common = 0, ours = frames->head.count;

	oracle->stacks++;
	oracle->stops[frames->head.stop]++;
	if (!dwfl) {
		oracle->unknown++;
		return;
	}
	oracle->copy = copy;
	oracle->count = 0;
	oracle->ran_out = false;
	dwfl_getthread_frames(dwfl, copy->head.tid, take_frame, oracle);
	while (common < ours && common < oracle->count &&
	       frames->address[common] == oracle->address[common])
		common++;
	oracle->frames += common;
	if (common == ours && common == oracle->count)
		oracle->same++;
	else if (common == oracle->count && oracle->ran_out)
		oracle->beyond++;
	else if (oracle->differ++ < SHOWN_MAX)
		show(oracle, frames, common);
}

int main(int argc, char **argv)
{
	struct oracle oracle = {0};
	struct capture_options options = {
		.mode = CAPTURE_RUN,
		.argv = argv + 2,
		.stacks = PL_STACKS_ORACLE,
		.sample_rate = 499,
		.stack_options = {.observer = compare, .observer_context = &oracle},
		.invoker = invoker_find(),
		.silent_target = true,
		.quiet = true,
	};
	struct capture_result result = {.recording_fd = -1};
	struct process *process;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: stacks blocked|samples COMMAND...\n");
		return 2;
	}
	options.stacks |= strcmp(argv[1], "samples") ? PL_STACKS_BLOCKED : PL_STACKS_SAMPLES;
	status = capture(&options, &result);
	if (status)
		return status;
	close(result.recording_fd);
	printf("{\"stacks\": %lu, \"same\": %lu, \"differ\": %lu, \"beyond\": %lu, "
	       "\"unknown\": %lu, \"frames\": %lu, \"stops\": {",
	       oracle.stacks, oracle.same, oracle.differ, oracle.beyond, oracle.unknown,
	       oracle.frames);
	for (size_t i = 0, shown = 0; i < 256; i++)
		if (oracle.stops[i])
			printf("%s\"%zu\": %lu", shown++ ? ", " : "", i, oracle.stops[i]);
	printf("}}\n");
	vector_for_each (&oracle.processes, process)
		dwfl_end(process->dwfl);
	vector_free(&oracle.processes);
	return 0;
}
