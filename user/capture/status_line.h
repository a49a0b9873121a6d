/* SPDX-License-Identifier: GPL-2.0-only */
/* status_line.h - one line on the terminal while a long capture goes on */
#ifndef CAPTURE_STATUS_LINE_H
#define CAPTURE_STATUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct capture_options;

struct status_line {
	bool enabled;
	bool shown;
	uint64_t last;	       /* when it was drawn */
	uint64_t last_records; /* what it said */
};

/* Enabled only on a terminal that the target does not write to. */
struct status_line status_line_start(const struct capture_options *options);
void status_line_show(struct status_line *line, uint64_t elapsed, uint64_t records, uint64_t lost);
void status_line_clear(struct status_line *line);

#endif
