/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * child.h - child processes of a scenario
 *
 * A child has a name that the kernel knows, and never outlives the scenario, however that ends.
 */
#ifndef WORKLOADS_CHILD_H
#define WORKLOADS_CHILD_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/scenario.h"
#include "workloads/sleep.h"

/* Zeroed memory that the children share; there is no name for it that could stay behind. */
static inline void *child_shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		scenario_fail(errno, "no shared memory");
	return memory;
}

/* The child does its work and ends. To be called by the main thread, with whose end it ends. */
static inline pid_t child_start(void (*work)(void *argument), void *argument, const char *name)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		scenario_fail(errno, "the process %s cannot be created", name);
	if (child)
		return child;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NAME, name))
		scenario_fail(errno, "the process %s cannot be set up", name);
	/* It may have ended before it could be followed. */
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	work(argument);
	_exit(scenario_end());
}

/* Waits until `count` more children have ended, whichever come first. If one did not end well the
 * others may wait for it without end; then all is over. */
static inline void child_wait(unsigned int count)
{
	while (count) {
		int status;
		pid_t child = waitpid(-1, &status, 0);

		if (child < 0 && errno == EINTR)
			continue;
		if (child < 0)
			scenario_fail(errno, "a child process cannot be waited for");
		if (WIFSIGNALED(status))
			scenario_fail(0, "the child process %d was ended by signal %d", (int)child,
				      WTERMSIG(status));
		if (WEXITSTATUS(status))
			scenario_fail(0, "the child process %d failed", (int)child);
		count--;
	}
}

/* Returns how it ended, as waitpid() has it. */
static inline int child_join(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			scenario_fail(errno, "the child cannot be waited for");
	return status;
}

#endif
