/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live_stack.h - the user stack of a thread that is blocked, without stopping it
 *
 * From the registers with which it entered the kernel and the memory as it is: as long as it is
 * blocked, neither changes.
 */
#ifndef SYMBOLS_LIVE_STACK_H
#define SYMBOLS_LIVE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct live_process;

/* DWARF's order: ax dx cx bx si di bp sp r8..r15 ip. */
#define LIVE_REGISTERS 17

struct live_frame {
	uint64_t address;
	char function[128], file[128], module[128]; /* "" if not known */
	unsigned int line;
};

/* Its modules, as they are mapped now. 0 or -errno. */
int live_process_open(pid_t pid, struct live_process **ret);
void live_process_close(struct live_process **process);

/* Up to `count` frames, the innermost first; how many there were. `*ret_whole`: the last is the
 * outermost. */
size_t live_stack(struct live_process *process, const uint64_t registers[LIVE_REGISTERS],
		  bool in_call, struct live_frame *frames, size_t count, bool *ret_whole);

#endif
