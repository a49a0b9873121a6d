/* SPDX-License-Identifier: GPL-2.0-only */
/* tracing.h - what the commands that trace have in common */
#ifndef CLI_TRACING_H
#define CLI_TRACING_H

#include "capture/capture.h"
#include "cli/command.h"
#include "cli/present.h"

struct stack_settings {
	bool blocked, wakers, kernel;
	int64_t frequency;
	struct names_options names;
};

/* What concerns the flight recorder. */
struct ring_settings {
	const char *ring;
	struct option_texts triggers;
	int64_t dumps;
};

/* What the options below were given: the member `tracing` of a command's settings. */
struct tracing_settings {
	const char *output;
	uint64_t duration, buffer, pcb_every;
	const char *marks, *mark_files;
	const char *locks;
	bool faults;
	struct ring_settings ring;
	struct stack_settings stacks;
	struct option_texts watch;
	int64_t watch_limit;
};

#define TRACING_OPTIONS(settings)                                                                     \
	{.name = "output",                                                                            \
	 .letter = 'o',                                                                               \
	 .type = OPTION_TEXT,                                                                         \
	 .offset = offsetof(settings, tracing.output),                                                \
	 .argument = "FILE",                                                                          \
	 .help = "keep the recording in FILE (NAME.ptl by custom), for `report`"},                    \
		{.name = "pcb-every",                                                                 \
		 .type = OPTION_DURATION,                                                             \
		 .offset = offsetof(settings, tracing.pcb_every),                                     \
		 .argument = "TIME",                                                                  \
		 .help = "take a snapshot of the tasks every TIME (see `pcb`); with -o there is "     \
			 "one at the begin and one at the end in any case"},                          \
		{.name = "duration",                                                                  \
		 .letter = 'd',                                                                       \
		 .type = OPTION_DURATION,                                                             \
		 .offset = offsetof(settings, tracing.duration),                                      \
		 .argument = "TIME",                                                                  \
		 .help = "stop after TIME: 10 (seconds), 200ms, 2min"},                               \
		{.name = "mark",                                                                      \
		 .type = OPTION_TEXT,                                                                 \
		 .offset = offsetof(settings, tracing.marks),                                         \
		 .argument = "PROVIDER:NAME",                                                         \
		 .help = "follow this USDT probe too (several: A:B,C:D)"},                            \
		{.name = "mark-in",                                                                   \
		 .type = OPTION_TEXT,                                                                 \
		 .offset = offsetof(settings, tracing.mark_files),                                    \
		 .argument = "FILES",                                                                 \
		 .help = "look for probes in these too (FILE:FILE): libraries, other programs"},      \
		{.name = "locks",                                                                     \
		 .type = OPTION_TEXT,                                                                 \
		 .offset = offsetof(settings, tracing.locks),                                         \
		 .argument = "all",                                                                   \
		 .help = "count every lock that is taken: 5 to 10 us for each call"},                 \
		{.name = "faults",                                                                    \
		 .type = OPTION_FLAG,                                                                 \
		 .offset = offsetof(settings, tracing.faults),                                        \
		 .help = "count copy-on-write faults too (scenarios: always)"},                       \
		{.name = "ring",                                                                      \
		 .type = OPTION_TEXT,                                                                 \
		 .offset = offsetof(settings, tracing.ring.ring),                                     \
		 .argument = "TIME|SIZE",                                                             \
		 .help = "keep only the last TIME (30s) or SIZE (64M), in memory; Ctrl-backslash or " \
			 "SIGUSR1 writes it out"},                                                    \
		{.name = "trigger",                                                                   \
		 .type = OPTION_TEXTS,                                                                \
		 .offset = offsetof(settings, tracing.ring.triggers),                                 \
		 .argument = "WAIT=TIME",                                                             \
		 .help = "and so does a wait of TIME for a CPU (ready=10ms), for a lock (lock="       \
			 "50ms), in a system call (fsync=20ms)"},                                     \
		{.name = "dumps",                                                                     \
		 .type = OPTION_NUMBER,                                                               \
		 .offset = offsetof(settings, tracing.ring.dumps),                                    \
		 .argument = "N",                                                                     \
		 .help = "at most N times because of such waits (10)",                                \
		 .min = 1,                                                                            \
		 .max = 1000000},                                                                     \
	{                                                                                             \
		.name = "buffer", .type = OPTION_SIZE,                                                \
		.offset = offsetof(settings, tracing.buffer), .argument = "SIZE",                     \
		.help = "memory between kernel and tracer, all CPUs together (16M)"                   \
	}

#define STACK_OPTIONS(settings)                                                                    \
	{.name = "stacks",                                                                         \
	 .type = OPTION_FLAG,                                                                      \
	 .offset = offsetof(settings, tracing.stacks.blocked),                                     \
	 .help = "keep the stack with which each thread blocks"},                                  \
		{.name = "waker-stacks",                                                           \
		 .type = OPTION_FLAG,                                                              \
		 .offset = offsetof(settings, tracing.stacks.wakers),                              \
		 .help = "and the stack of the thread that wakes it"},                             \
		{.name = "kernel-stacks",                                                          \
		 .type = OPTION_FLAG,                                                              \
		 .offset = offsetof(settings, tracing.stacks.kernel),                              \
		 .help = "and where in the kernel it is (1 us each)"},                             \
		{.name = "frequency",                                                              \
		 .letter = 'F',                                                                    \
		 .type = OPTION_NUMBER,                                                            \
		 .offset = offsetof(settings, tracing.stacks.frequency),                           \
		 .argument = "HZ",                                                                 \
		 .help = "keep the stack of what runs on each CPU, HZ times a second (99)",        \
		 .min = 1,                                                                         \
		 .max = 10000},                                                                    \
		{.name = "inline",                                                                 \
		 .type = OPTION_FLAG,                                                              \
		 .offset = offsetof(settings, tracing.stacks.names.inlines),                       \
		 .help = "and the functions that the compiler put into others (slow)"},            \
	{                                                                                          \
		.name = "debuginfod", .type = OPTION_FLAG,                                         \
		.offset = offsetof(settings, tracing.stacks.names.debuginfod),                     \
		.help = "ask the servers of $DEBUGINFOD_URLS for missing names"                    \
	}

#define WATCH_OPTIONS(settings)                                                                    \
	{.name = "watch",                                                                          \
	 .letter = 'w',                                                                            \
	 .type = OPTION_TEXTS,                                                                     \
	 .offset = offsetof(settings, tracing.watch),                                              \
	 .argument = "NAME[:SIZE][:rw]",                                                           \
	 .help = "record every write to a variable (rw: reads too); up to four times"},            \
	{                                                                                          \
		.name = "watch-limit", .type = OPTION_NUMBER,                                      \
		.offset = offsetof(settings, tracing.watch_limit), .argument = "N",                \
		.help = "watch no longer after N accesses (1000000)", .min = 1, .max = INT64_MAX   \
	}

/* EXIT_OK, or another status after a sentence. The target must be there already. */
int tracing_options(const struct tracing_settings *settings, struct capture_options *ret);
int tracing_ring(const struct ring_settings *settings, struct capture_options *ret);

/* 0, or EXIT_NO_TARGET after saying which scenario may have been meant. */
int tracing_check_scenario(const char *name);

/* Captures and presents. `status_of` turns the target's end into our exit status; NULL: EXIT_OK. */
int tracing_report(const struct capture_options *options, const struct present_options *present,
		   int (*status_of)(const struct capture_result *result));

#endif
