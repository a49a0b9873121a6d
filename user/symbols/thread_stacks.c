// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/thread_stacks.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* 0: it runs, or has ended. */
static uint64_t stack_pointer(pid_t pid, const char *tid)
{
	CLEANUP_FCLOSE FILE *in = NULL;
	char path[64], line[256], *last, *before;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/syscall", pid, tid);
	in = fopen(path, "re");
	/* "202 0x... (6 arguments) SP PC" or "-1 SP PC" */
	if (!in || !fgets(line, sizeof(line), in) || !(last = strrchr(line, ' ')))
		return 0;
	*last = '\0';
	before = strrchr(line, ' ');
	return before ? strtoull(before + 1, NULL, 16) : 0;
}

static int by_pointer(const void *a, const void *b)
{
	const struct thread_stack *one = a, *two = b;

	return one->pointer < two->pointer ? -1 : one->pointer > two->pointer;
}

/* With too little memory fewer are known. */
static void learn(struct thread_stacks *stacks, pid_t pid)
{
	CLEANUP_CLOSEDIR DIR *folder = NULL;
	const struct dirent *entry;
	char path[64];

	stacks->items.count = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		uint64_t pointer = isdigit((unsigned char)*entry->d_name)
					   ? stack_pointer(pid, entry->d_name)
					   : 0;
		struct thread_stack *stack = pointer ? vector_add(&stacks->items) : NULL;

		if (stack)
			*stack = (struct thread_stack){pointer,
						       (pid_t)strtol(entry->d_name, NULL, 10)};
	}
	if (stacks->items.count)
		qsort(stacks->items.items, stacks->items.count, sizeof(*stacks->items.items),
		      by_pointer);
}

pid_t thread_stacks_find(struct thread_stacks *stacks, pid_t pid, uint64_t begin, uint64_t end)
{
	uint64_t now = monotonic_ns();
	size_t low = 0, high;

	if (stacks->pid != pid || seldom_is_due(&stacks->seldom, now)) {
		learn(stacks, pid);
		stacks->pid = pid;
		seldom_learnt(&stacks->seldom, now);
	}
	high = stacks->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stacks->items.items[middle].pointer < begin)
			low = middle + 1;
		else
			high = middle;
	}
	return low < stacks->items.count && stacks->items.items[low].pointer < end
		       ? stacks->items.items[low].tid
		       : 0;
}

void thread_stacks_free(struct thread_stacks *stacks)
{
	vector_free(&stacks->items);
}
