/* SPDX-License-Identifier: GPL-2.0-only */
/* path_lines.h - the parts of the critical path as lines of a table */
#ifndef SHOW_TEXT_PATH_LINES_H
#define SHOW_TEXT_PATH_LINES_H

#include "model/model.h"

/* What one thread, or several of a kind, did on the path: its running is one line, whatever it
 * ended with. */
struct path_line {
	uint32_t thread; /* NO_THREAD: several */
	uint32_t kind;	 /* several: they are named like that one; NO_THREAD: of all kinds */
	size_t threads;	 /* so many, 0: not known how many */
	enum path_what what;
	enum reason reason; /* WAITING: for what */
	uint16_t syscall;
	uint64_t ns;
	uint64_t awaited_ns[REASON_COUNT]; /* RUNNING: of it, for what others waited */
};

struct path_lines {
	VECTOR(struct path_line) items;
};

/* Those with most time first; what is left of small ones stands for several where there are many of
 * a kind. 0 or -ENOMEM; the caller frees `items` either way. */
int path_lines_collect(const struct model *model, struct path_lines *lines);
/* What is less is not told by itself: a hundredth of the run. */
uint64_t path_lines_small(const struct model *model);

#endif
