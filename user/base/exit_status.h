/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exit_status.h - how ptrace-lab itself ends
 *
 * `run` ends with the target's own status (128 + signal if a signal killed it), as timeout, strace
 * and perf do. Everything that keeps us from that has a status of its own, out of the way of what
 * programs commonly use.
 */
#ifndef BASE_EXIT_STATUS_H
#define BASE_EXIT_STATUS_H

enum exit_status {
	EXIT_OK = 0,
	EXIT_USAGE = 2,		 /* the command line could not be understood */
	EXIT_DEADLOCK = 117,	 /* the target is alive, and deadlocked */
	EXIT_NOT_HELD = 118,	 /* a claim did not hold, or a scenario failed */
	EXIT_NO_TARGET = 119,	 /* no such process or scenario, or it ended while attaching */
	EXIT_NO_PRIVILEGE = 120, /* not root, or a capability is missing */
	EXIT_NO_KERNEL = 121,	 /* the kernel lacks something that the tracer needs */
	EXIT_BAD_RECORDING = 122,
	EXIT_NO_OUTPUT = 123, /* a file could not be written */
	EXIT_INTERNAL = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* For help, the man page and tests: ends with a NULL sentence. */
struct exit_status_text {
	enum exit_status status;
	const char *sentence;
};
extern const struct exit_status_text exit_statuses[];
/* What any other status is. */
extern const char exit_status_of_target[];

#endif
