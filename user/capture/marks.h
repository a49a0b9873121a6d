/* SPDX-License-Identifier: GPL-2.0-only */
/* marks.h - which USDT probes of the target are followed, and where they are */
#ifndef CAPTURE_MARKS_H
#define CAPTURE_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vector.h"

struct recording_writer;

/* The kernel side's programs for them. */
enum mark_program {
	MARK_PHASE = 0,
	MARK_UTHREAD_SWITCH = 1,
	MARK_UTHREAD_STATE = 2,
	MARK_OTHER = 3,
	MARK_PROGRAMS,
};

struct mark {
	enum mark_program program;
	uint32_t definition; /* OTHER: index into `others` */
	char *path;	     /* of the file that has it */
	char *provider, *name;
};

struct marks {
	VECTOR(struct mark) items;
	VECTOR(char *) others; /* "PROVIDER:NAME" */
};

struct marks_request {
	const char *program; /* path of the program, or its name to be looked up; may be NULL */
	int program_fd;	     /* or the program itself; -1: none */
	pid_t pid;	     /* or a process with all files that it has mapped; 0: none */
	const char *wanted;  /* "PROVIDER:NAME,...": besides those of ptrace_lab; may be NULL */
	const char *files;   /* "FILE:...": to look in as well; may be NULL */
};

/* An enum exit_status: 0, or after one sentence that says which probe is nowhere. */
int marks_find(const struct marks_request *request, struct marks *ret);
void marks_free(struct marks *marks);
bool marks_need(const struct marks *marks, enum mark_program program);
/* What the definitions in the records stand for. */
void marks_note(const struct marks *marks, struct recording_writer *writer);

#endif
