// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/live_stack.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "symbols/debug_info.h"
#include "symbols/demangle.h"

struct live_process {
	Dwfl *dwfl;
	pid_t pid;
	/* Of the stack that is being followed. */
	const uint64_t *registers;
	struct live_frame *frames;
	size_t count, room;
};

/* ---- what libdwfl asks for ------------------------------------------------------------------ */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *argument, void **thread)
{
	struct live_process *process = argument;

	if (*thread)
		return 0;
	*thread = process;
	return process->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *argument, void **thread)
{
	*thread = argument;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *argument)
{
	struct live_process *process = argument;
	struct iovec here = {ret, sizeof(*ret)}, there = {(void *)address, sizeof(*ret)};

	return process_vm_readv(process->pid, &here, 1, &there, 1, 0) == sizeof(*ret);
}

static bool set_registers(Dwfl_Thread *thread, void *argument)
{
	struct live_process *process = argument;
	Dwarf_Word registers[LIVE_REGISTERS];

	for (size_t i = 0; i < LIVE_REGISTERS; i++)
		registers[i] = process->registers[i];
	return dwfl_thread_state_registers(thread, 0, LIVE_REGISTERS, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

/* ---- frames --------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void name_frame(const struct live_process *process, struct live_frame *frame)
{
	Dwfl_Module *module = dwfl_addrmodule(process->dwfl, frame->address);
	const char *name, *file;
	Dwfl_Line *line;
	int number = 0;

	if (!module)
		return;
	name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	snprintf(frame->module, sizeof(frame->module), "%s", name ? last_part(name) : "");
	name = dwfl_module_addrname(module, frame->address);
	if (name)
		demangle(name, frame->function, sizeof(frame->function));
	line = debug_info_line(module, frame->address);
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (!file)
		return;
	snprintf(frame->file, sizeof(frame->file), "%s", last_part(file));
	frame->line = number > 0 ? (unsigned int)number : 0;
}

static int take_frame(Dwfl_Frame *frame, void *argument)
{
	struct live_process *process = argument;
	struct live_frame *slot;
	bool is_exact;
	Dwarf_Addr pc;

	if (process->count == process->room || !dwfl_frame_pc(frame, &pc, &is_exact))
		return DWARF_CB_ABORT;
	slot = &process->frames[process->count++];
	memset(slot, 0, sizeof(*slot));
	/* A call may be the last instruction of its function. */
	slot->address = pc - (is_exact ? 0 : 1);
	name_frame(process, slot);
	return DWARF_CB_OK;
}

size_t live_stack(struct live_process *process, const uint64_t registers[LIVE_REGISTERS],
		  bool in_call, struct live_frame *frames, size_t count, bool *ret_whole)
{
	uint64_t copy[LIVE_REGISTERS];
	int result;

	memcpy(copy, registers, sizeof(copy));
	/* libdwfl takes the innermost frame for interrupted. In a system call the instruction that
	 * counts is the one before. */
	copy[LIVE_REGISTERS - 1] -= in_call;
	process->registers = copy;
	process->frames = frames;
	process->count = 0;
	process->room = count;
	result = dwfl_getthread_frames(process->dwfl, process->pid, take_frame, process);
	*ret_whole = !result;
	/* Without modules, there is no frame, but the address is known. */
	if (!process->count && count) {
		memset(frames, 0, sizeof(*frames));
		frames->address = copy[LIVE_REGISTERS - 1];
		name_frame(process, frames);
		process->count = 1;
	}
	return process->count;
}

/* ---- a process ------------------------------------------------------------------------------ */

int live_process_open(pid_t pid, struct live_process **ret)
{
	struct live_process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	process->pid = pid;
	process->dwfl = dwfl_begin(&callbacks);
	if (process->dwfl) {
		dwfl_report_begin(process->dwfl);
		if (!dwfl_linux_proc_report(process->dwfl, pid) &&
		    !dwfl_report_end(process->dwfl, NULL, NULL) &&
		    dwfl_attach_state(process->dwfl, NULL, pid, &thread_callbacks, process)) {
			*ret = process;
			return 0;
		}
	}
	live_process_close(&process);
	return -ESRCH;
}

void live_process_close(struct live_process **slot)
{
	if (!*slot)
		return;
	if ((*slot)->dwfl)
		dwfl_end((*slot)->dwfl);
	free(*slot);
	*slot = NULL;
}
