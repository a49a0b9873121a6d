/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * launch.h - starting the target, held before its first instruction
 *
 * The child waits just before its exec until everything is attached. If the tracer dies meanwhile,
 * the child sees the end of the pipe and goes away.
 */
#ifndef CAPTURE_LAUNCH_H
#define CAPTURE_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "capture/privilege.h"

struct launch_options {
	char **argv;	   /* argv[0] is looked up in PATH, unless program_fd is given */
	int program_fd;	   /* the program itself, or -1 */
	int result_fd;	   /* handed on as PTRACE_LAB_RESULT_FD, or -1 */
	bool silent;	   /* standard output goes nowhere, standard input is at its end */
	bool ignores_quit; /* SIGQUIT does nothing to it */
	struct invoker runs_as;
	const sigset_t *signals; /* the signal mask to restore in the child */
};

struct launched {
	pid_t pid;
	int pidfd;	/* readable when it has ended */
	int release_fd; /* private */
	int outcome_fd; /* private */
};

/* 0 or -errno, with nothing left behind. */
int launch(const struct launch_options *options, struct launched *ret);
/* Lets it go, and waits until its exec has succeeded or failed: 0, or the exec's -errno. */
int launch_release(struct launched *launched);
/* Ends a child that was not released, and closes what is open. */
void launch_cleanup(struct launched *launched);

#endif
