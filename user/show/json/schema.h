/* SPDX-License-Identifier: GPL-2.0-only */
/* schema.h - how the members of a JSON report are described; each section may be in a file of its
 * own */
#ifndef SHOW_SCHEMA_H
#define SHOW_SCHEMA_H

#include <stdbool.h>
#include <stdio.h>

enum member_kind {
	STRING,
	COUNT,	/* a whole number, never negative */
	SIGNED, /* a whole number */
	REAL,
	BOOLEAN,
	OBJECT,
	OBJECTS, /* an array of objects */
	STRINGS,
	COUNTS,
	CELLS,	 /* an array of arrays of STATE_COUNT counts */
	TEXTS,	 /* an object with any members, all strings */
	LIMITS,	 /* an object with any members, all of them soft and hard limits */
	REASON,	 /* one of the names of enum reason */
	VERDICT, /* one of the names of enum verdict */
};

struct member {
	const char *name;
	enum member_kind kind;
	const char *text;
	const struct member *members; /* OBJECT, OBJECTS */
	bool nullable;
	bool optional; /* may be missing */
};

#define MEMBER(name_, kind_, text_)                                                                \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_                                        \
	}
#define MEMBER_OR_NULL(name_, kind_, text_)                                                        \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .nullable = true                      \
	}
#define NESTED(name_, kind_, text_, members_)                                                      \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .members = members_                   \
	}
#define NESTED_OR_NULL(name_, kind_, text_, members_)                                              \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .members = members_, .nullable = true \
	}

#define MEMBER_IF_ANY(name_, kind_, text_)                                                         \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .optional = true                      \
	}
#define NESTED_IF_ANY(name_, kind_, text_, members_)                                               \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .members = members_, .optional = true \
	}

/* 0 or -errno. */
int schema_write(FILE *out, const char *title, const char *text, const struct member *members);

/* Sections with a file of their own, json/SUBJECT.c, which has them beside what writes them. */
extern const struct member place_members[];
extern const struct member signal_members[];
extern const struct member thread_end_members[];
extern const struct member finding_members[];
extern const struct member hold_members[];
extern const struct member path_members[];
extern const struct member what_if_members[];
extern const struct member ring_members[];
extern const struct member stacks_members[];
extern const struct member watch_members[];
extern const struct member moment_members[];
extern const struct member subject_members[];
extern const struct member process_memory_members[];
extern const struct member thread_schedule_members[];
extern const struct member preemption_members[];
extern const struct member phase_members[];
extern const struct member mark_members[];
extern const struct member uthread_members[];

#endif
