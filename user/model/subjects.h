/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * subjects.h - what a scenario is about, to be shown in its report besides what all reports show
 *
 * Its text (workloads/scenario.h) says so in lines of its own: the states of the textbooks with
 * counted arrows, the memory or the states of its tasks as snapshots of their control blocks show
 * them, who shares what, or a table of figures that are worked out like those of claims.
 */
#ifndef MODEL_SUBJECTS_H
#define MODEL_SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"

struct model;
struct recording;
struct snapshot;

enum subject_kind {
	SUBJECT_STATES = 0,  /* "states" */
	SUBJECT_TASKS = 1,   /* "tasks during PHASE [until PHASE]": which state each is in */
	SUBJECT_MEMORY = 2,  /* "memory during PHASE": what lies where */
	SUBJECT_SHARING = 3, /* "sharing during PHASE": which of them have the same objects */
	SUBJECT_FIGURES = 4, /* a table */
	SUBJECT_UNKNOWN = 5, /* of a newer version */
};

const char *subject_kind_name(enum subject_kind kind);

/* A snapshot that lies within the phase that it is to show. */
struct picture {
	struct snapshot *snapshot;
	char *phase;
};

#define NO_PICTURE	    SIZE_MAX
#define SUBJECT_COLUMNS_MAX 8

struct subject_row {
	VECTOR(char *) cells; /* the name of the row first; "" is not known */
};

struct subject {
	enum subject_kind kind;
	char *phase;	/* TASKS, MEMORY, SHARING: during which */
	size_t picture; /* of these: which one; NO_PICTURE: none was taken then */
	char *title;	/* FIGURES */
	VECTOR(char *) heads;
	VECTOR(struct subject_row) rows;
};

struct subjects {
	VECTOR(struct subject) items;
	VECTOR(struct picture) pictures; /* in order of time, those of one phase together */
};

/* NULL if the text says of none. 0 or -ENOMEM: what cannot be read in the recording is missing. */
int subjects_build(struct recording *recording, const struct model *model, const char *text,
		   struct subjects **ret);
void subjects_free(struct subjects **subjects);
/* Whether such a text wants snapshots. */
bool subjects_want_pictures(const char *text);

#endif
