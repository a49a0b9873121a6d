/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * python_records.h - what both sides know of Python programs
 *
 * Where an interpreter keeps its frames is user space's to find out, from a table of versions or
 * from what the interpreter says of itself.
 */
#ifndef PTRACE_LAB_PYTHON_RECORDS_H
#define PTRACE_LAB_PYTHON_RECORDS_H

#include "bpf/events.h"

#define PL_PYTHONS	 1024u /* programs whose Python is known; number 0: none */
#define PL_PYTHON_FRAMES 128u
#define PL_PYTHON_CODES	 65536u	 /* functions that are known to have been sent */
#define PL_PYTHON_HERE	 0xffffu /* frame_within: the thread state points to the frame itself */
#define PL_PYTHON_KEYS	 32u	 /* thread-specific data that every thread has at once */

/* How a frame says that the interpreter's loop began with it. */
enum pl_python_edge {
	PL_PYTHON_ENTRY_FLAG = 1, /* by a flag: the frame is the loop's first */
	PL_PYTHON_SHIM = 2, /* by its owner: it only stands for the loop, and is no function */
};

/* Offsets in bytes. */
struct pl_python {
	PL_U64 key;	     /* address of the key of the thread state: whether it is set, and it */
	PL_U32 number;	     /* which of the programs */
	PL_U16 specific;     /* from the thread pointer to the data of key 0 */
	PL_U16 frame;	     /* in the thread state */
	PL_U16 frame_within; /* in what that points to, or PL_PYTHON_HERE */
	PL_U16 bytecode;     /* in a code object */
	PL_U8 code, previous, instruction, edge; /* in a frame */
	PL_U8 edge_kind;			 /* enum pl_python_edge */
	PL_U8 edge_value;
	PL_U8 first_line, file, name, table; /* in a code object, from `looked_at` on */
	PL_U8 looked_at;
	PL_U8 text_ascii, text_other; /* where the characters are in a text */
	PL_U8 reserved[3];
};

/* What is read of a frame and of a code object in one piece each. */
#define PL_PYTHON_FRAME_BYTES 72u
#define PL_PYTHON_CODE_BYTES  128u

enum pl_python_flags {
	PL_PYTHON_EDGE = 1 << 0, /* the interpreter's loop began here */
};

struct pl_python_frame {
	PL_U64 code;	 /* names the code object, also when another takes its place */
	PL_S32 position; /* in its bytecode, in bytes; negative: before the first instruction */
	PL_U32 flags;	 /* enum pl_python_flags */
};

PL_ASSERT("pl_python", sizeof(struct pl_python) == 40);
PL_ASSERT("pl_python_frame", sizeof(struct pl_python_frame) == 16);

#endif
