// SPDX-License-Identifier: GPL-2.0-only
#include "capture/status_line.h"

#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "capture/capture.h"

#define DRAW_EVERY_NS (NS_PER_S / 4)

struct status_line status_line_start(const struct capture_options *options)
{
	bool target_writes = options->mode == CAPTURE_RUN && isatty(STDOUT_FILENO);

	return (struct status_line){
		.enabled = isatty(STDERR_FILENO) && !options->quiet && !target_writes,
	};
}

void status_line_show(struct status_line *line, uint64_t elapsed, uint64_t records, uint64_t lost)
{
	uint64_t since = elapsed - line->last;

	if (!line->enabled || elapsed < NS_PER_S / 2 || (line->shown && since < DRAW_EVERY_NS))
		return;
	fprintf(stderr, "\r\033[K%s  %s events  %s/s  %s lost", format_duration(elapsed).text,
		format_count(records).text,
		format_count(since ? (records - line->last_records) * NS_PER_S / since : 0).text,
		format_count(lost).text);
	fflush(stderr);
	line->shown = true;
	line->last = elapsed;
	line->last_records = records;
}

void status_line_clear(struct status_line *line)
{
	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = false;
}
