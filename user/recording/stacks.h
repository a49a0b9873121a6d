/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stacks.h - modules, frames and stacks in a recording
 *
 * Lane records name a stack by its id (PL_STACK, PL_SAMPLE); what that stack is, with names, stands
 * in tables of the same file, so that it needs neither the binaries nor the machine:
 *
 *	module	a file that code came from
 *	frame	a place in a module: function, file, line
 *	stack	frames, leaf first, and why it ends where it ends
 *
 * Texts are kept once each, and stacks as a tree: what they share towards the root is kept once.
 */
#ifndef RECORDING_STACKS_H
#define RECORDING_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording;
struct recording_writer;

/* Append-only, as are the two below: the numbers are in recordings. */
enum module_kind {
	MODULE_OTHER = 0,
	MODULE_ELF = 1,
	MODULE_KERNEL = 2,
	MODULE_VDSO = 3,
	MODULE_JIT = 4, /* memory that a program wrote code into */
};

enum frame_kind {
	FRAME_NATIVE = 0,
	FRAME_KERNEL = 1,
	FRAME_JIT = 2,
	FRAME_PYTHON = 3,
	FRAME_MARKER = 4, /* no code: its function is what there is to say */
};

/* Why a stack has no more frames. */
enum stack_stop {
	STOP_ROOT = 0,	    /* it is whole: this is where the thread began */
	STOP_UNKNOWN = 1,   /* nobody knows why */
	STOP_DEPTH = 2,	    /* deeper than is followed */
	STOP_NO_MODULE = 3, /* an address that lies in no mapped code */
	STOP_NO_TABLE = 4,  /* code of which it is not known, or not yet, how to leave it */
	STOP_NO_RULE = 5,   /* code without an unwind entry, such as hand-written assembly */
	STOP_RULE = 6,	    /* an unwind entry of a form that is not followed */
	STOP_READ = 7,	    /* its memory could not be read */
	STOP_FRAME_POINTER =
		8,	    /* code without unwind entries, and frame pointers that lead nowhere */
	STOP_NO_MEMORY = 9, /* the thread has no memory map any more */
	STOP_LATE = 10,	    /* the thread went on before its stack could be looked at */
	STOP_COUNT
};

/* "its memory could not be read"; of a number that is not known, STOP_UNKNOWN's. */
const char *stack_stop_text(enum stack_stop stop);

struct recording_module {
	enum module_kind kind;
	const char *path;     /* "" if it has none */
	const char *build_id; /* hexadecimal, "" if it has none */
	uint64_t begin, end;  /* addresses of its code, as `address` below counts them; 0 unknown */
	uint64_t offset;      /* where in the file the code at `begin` lies */
};

struct recording_frame {
	enum frame_kind kind;
	uint32_t module;      /* id, 0 none */
	uint64_t address;     /* in the module, as its own symbols count */
	const char *function; /* "" if it has no name */
	const char *file;     /* source, "" unknown */
	uint32_t line;	      /* 0 unknown */
	uint32_t
		outer; /* id of the frame that the compiler put this one's function into; 0: none */
};

/* Lengths of texts without their NUL: longer ones are cut short. */
#define STACK_TEXT_MAX	4095u
#define STACK_DEPTH_MAX 1024u

/* ---- writing -------------------------------------------------------------------------------- */

/*
 * As all of recording_write_*: 0 or -errno. Ids of modules and frames are given here, from 1, and
 * not looked for again: who writes the same frame twice gets two ids. A file has room for so many
 * (FORMAT.md); then *ret_id is 0, and recording_stacks_dropped() counts it. A frame without module
 * and a stack without its deepest frames are good all the same.
 */
int recording_write_module(struct recording_writer *writer, const struct recording_module *module,
			   uint32_t *ret_id);
/* NULL texts are "". `outer` must have been written before. */
int recording_write_frame(struct recording_writer *writer, const struct recording_frame *frame,
			  uint32_t *ret_id);
/* A stack under an id of the caller's (not 0), of the innermost frames, leaf first: `outer` leads
 * on from there. Of more than STACK_DEPTH_MAX frames those nearest the leaf are kept, and the stop
 * is STOP_DEPTH; frames of id 0 are left out. Of an id that comes again the newest counts. */
int recording_write_stack(struct recording_writer *writer, uint32_t id, const uint32_t *frames,
			  size_t count, enum stack_stop stop);
/* Modules, frames and stacks that found no room. */
uint64_t recording_stacks_dropped(const struct recording_writer *writer);

/* ---- reading -------------------------------------------------------------------------------- */

/* By id; false if there is none, which any file may have. Texts are any bytes but NUL, and hold as
 * long as the recording is open. A frame's `module` and `outer` are ids that there are. */
bool recording_module(const struct recording *recording, uint32_t id, struct recording_module *ret);
bool recording_frame(const struct recording *recording, uint32_t id, struct recording_frame *ret);

/* A stack is a node, its leaf; each node is a frame and the node that called it. */
struct recording_stack {
	uint32_t leaf;	/* node, 0: it has no frames */
	uint32_t depth; /* frames */
	enum stack_stop stop;
};

bool recording_stack(const struct recording *recording, uint32_t id, struct recording_stack *ret);
/* The frame of a node; `ret_caller` is the next node towards the root, 0 at the root, and always
 * less than `node`. Returns 0 if there is no such node. */
uint32_t recording_stack_frame(const struct recording *recording, uint32_t node,
			       uint32_t *ret_caller);

/* How many there are: ids go from 1 to these. */
uint32_t recording_module_count(const struct recording *recording);
uint32_t recording_frame_count(const struct recording *recording);
uint32_t recording_node_count(const struct recording *recording);
uint32_t recording_stack_count(const struct recording *recording); /* these have any id */

#endif
