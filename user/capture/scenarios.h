/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scenarios.h - the scenarios that lie inside the ptrace-lab binary
 *
 * They are whole programs, put there by the build (workloads/embedded.S).
 */
#ifndef CAPTURE_SCENARIOS_H
#define CAPTURE_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/vector.h"

bool scenario_exists(const char *name);

/* The page that explains it (NAME.md beside its source), as Markdown; NULL if there is none. */
const char *scenario_page(const char *name);

/* Its title and claims (workloads/scenario.h). Lives as long as the program; NULL if there is no
 * such scenario, or no text in it. */
const char *scenario_text(const char *name);

/* The text of any program in memory, which is not trusted: a text inside of `image`, with its end
 * in there too, or NULL. `image` is aligned for 64-bit words. */
const char *scenario_text_in(const void *image, size_t size);

/* The program in a sealed memfd, for execveat() or fexecve() by any user, with /proc or without.
 * The caller's, closed on exec. -ENOENT if there is no such scenario, or another -errno; errno is
 * set to the same. */
int scenario_open(const char *name);

/* What is to be watched in a second run, and with which options; the caller frees. NULL: nothing.
 */
char *scenario_watch(const char *name);
/* Whether its report shows snapshots of its tasks. */
bool scenario_wants_pictures(const char *name);

struct scenario {
	const char *name;
	char *title; /* "" if it has none */
	unsigned int chapter, order;
};

struct scenario_list {
	VECTOR(struct scenario) items;
};

/* All of them by chapter, order and name. 0 or -ENOMEM. */
int scenario_list(struct scenario_list *ret);
void scenario_list_free(struct scenario_list *list);

#endif
