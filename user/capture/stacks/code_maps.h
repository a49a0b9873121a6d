/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * code_maps.h - what code each process has mapped, kept fresh for the kernel side
 *
 * A space is a list of mapped code as it stood at some moment, and never changes (bpf/stacks.h).
 * Its number comes with each stack that was unwound by it, however much later that is looked at.
 */
#ifndef CAPTURE_CODE_MAPS_H
#define CAPTURE_CODE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/kernel_side.h"
#include "capture/stacks/modules.h"

struct code_maps;

struct mapped_code {
	uint64_t begin, end;
	uint64_t bias;	       /* address - bias is what the module's symbols count from */
	struct module *module; /* NULL: memory in which code was made */
};

struct code_space {
	const struct mapped_code *list; /* in order of addresses */
	size_t count;
	pid_t pid;
	uint32_t python; /* number of the Python that it runs, 0: none */
};

/* Uses `shared` and `modules` for as long as it lives. 0 or -errno. */
int code_maps_new(const struct kernel_side_stacks *shared, struct modules *modules,
		  struct code_maps **ret);
void code_maps_free(struct code_maps **maps);
/* Is readable together with `epoll_fd` when much was mapped; else it is to be looked at often. */
int code_maps_watch(struct code_maps *maps, int epoll_fd);

/* From here on a process and its descendants count; what it has mapped so far is looked up. */
void code_maps_follow(struct code_maps *maps, pid_t pid);
/* A record of a process that begins or ends; others are passed over. */
void code_maps_life(struct code_maps *maps, const union pl_life *life);
/* Takes in what was mapped meanwhile, and tells the kernel side. */
void code_maps_update(struct code_maps *maps);
/* When a process last began another program or mapped code, or 0. */
uint64_t code_maps_changed(const struct code_maps *maps);

/* By number; false if there is none (any more). */
bool code_maps_space(const struct code_maps *maps, uint32_t number, struct code_space *ret);
/* What a process has mapped now. If `address` is not in it, it is looked up again. */
bool code_maps_process(struct code_maps *maps, pid_t pid, uint64_t address, struct code_space *ret);
/* The code at an address, or NULL. */
const struct mapped_code *code_space_at(const struct code_space *space, uint64_t address);

#endif
