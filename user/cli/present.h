/* SPDX-License-Identifier: GPL-2.0-only */
/* present.h - from a recording to the reports that were asked for */
#ifndef CLI_PRESENT_H
#define CLI_PRESENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/privilege.h"

struct model;
struct recording;

struct present_options {
	const char *report; /* file for the text report; NULL: standard output, "-" as well */
	const char *json;   /* file for the JSON report, "-" for standard output; NULL: none */
	const char *name;   /* what to call the recording in messages */
	const char *claims; /* judge by this scenario's claims; NULL: by the recording's own */
	struct invoker invoker;
};

/* What the options of every command that shows a report have in common. */
#define PRESENT_OPTIONS(settings)                                                                  \
	{.name = "report",                                                                         \
	 .type = OPTION_TEXT,                                                                      \
	 .offset = offsetof(settings, report),                                                     \
	 .argument = "FILE",                                                                       \
	 .help = "write the text report to FILE"},                                                 \
	{                                                                                          \
		.name = "json", .type = OPTION_TEXT, .offset = offsetof(settings, json),           \
		.argument = "FILE",                                                                \
		.help = "write everything known as JSON to FILE (- : instead of the text)"         \
	}

/* Both return an enum exit_status, after a sentence if it is not EXIT_OK. Takes over the fd. */
int present_recording(int recording_fd, const struct present_options *options);
/* One moment of it: so long after its begin, or INSTANT_END. */
int present_instant(int recording_fd, uint64_t at, const struct present_options *options);
int model_from_fd(int recording_fd, const char *name, struct recording **ret_recording,
		  struct model **ret_model);

/* For other things than a recording: opens `path` (NULL, "-": standard output), has `what` written
 * by a function that returns 0 or -errno, and closes it. An enum exit_status. */
int present_output(const char *path, const struct invoker *invoker,
		   int (*write)(FILE *out, const void *what), const void *what);
/* Not if JSON takes its place on standard output. */
bool present_wants_text(const struct present_options *options);

#endif
