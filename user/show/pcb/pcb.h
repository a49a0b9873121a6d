/* SPDX-License-Identifier: GPL-2.0-only */
/* pcb.h - control blocks as a person or a program reads them */
#ifndef SHOW_PCB_H
#define SHOW_PCB_H

#include <stdbool.h>
#include <stdio.h>

#include "model/tasks/pcb.h"
#include "show/show.h"

struct pcb_view {
	struct text_options text;
	const char *arch; /* whose system calls these are */
	bool registers;	  /* in cards */
	bool stacks;
	unsigned int cpus;
};

/* One line a task: threads below their process; as a tree, processes below their parents too. */
int show_pcb_table(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);
int show_pcb_tree(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);
/* All that is known of each task, under the nine heads of the textbooks. */
int show_pcb_cards(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);
int show_pcb_json(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);
/* What is different between two moments; most CPU time first. */
int show_pcb_changes(FILE *out, const struct snapshot *before, const struct snapshot *after,
		     const struct pcb_view *view);

/* The segments of each process's memory. */
int show_memory_text(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);
int show_memory_svg(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view);

/* As parts of another report. */
struct text;
void put_pcb_table(struct text *text, const struct snapshot *snapshot, const struct pcb_view *view);
/* Only what the program is made of: no kernel's areas, one line for all libraries. 0 or -ENOMEM. */
int put_own_memory(struct text *text, const struct snapshot *snapshot,
		   const struct pl_pcb_task *task);

/* "lock, held by 4711", "pipe", "nanosleep", "" into `out`. */
const char *pcb_wait_text(const struct pl_pcb_task *task, const char *arch, char *out, size_t size);
/* "nice 5", "fifo 50", "batch" */
const char *pcb_priority_text(const struct pl_pcb_task *task, char *out, size_t size);

#endif
