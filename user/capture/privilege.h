/* SPDX-License-Identifier: GPL-2.0-only */
/* privilege.h - what we may do, and as whom the target runs and files are written */
#ifndef CAPTURE_PRIVILEGE_H
#define CAPTURE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

/* 0, or EXIT_NO_PRIVILEGE after one sentence that says what is missing. */
int privilege_check(void);
/* Whether the process has a capability (its number from linux/capability.h) in effect. */
bool privilege_has(int capability);

/* The person behind sudo. */
struct invoker {
	bool known; /* false: there is nobody but us */
	uid_t uid;
	gid_t gid;
};

struct invoker invoker_find(void);
/* For good, in the target's process before its exec: user, groups, and the variables that sudo had
 * changed. 0 or -errno. */
int invoker_become(const struct invoker *invoker);
/* Opens a file to write with the invoker's rights, so that it is theirs and sudo opens nothing to
 * them that was not. A file descriptor or -errno. */
int invoker_create(const struct invoker *invoker, const char *path);

#endif
