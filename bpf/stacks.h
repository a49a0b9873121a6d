/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stacks.h - what both sides know of stacks: mappings, tables, and the records that tell stacks
 *
 * User space keeps the tables of all modules in one array of words, and for each process a list of
 * its mapped code (`pl_space`). A list is never changed: what is mapped anew makes a new one. So
 * the kernel side always sees one that is whole, and a stack is explained by the very list by which
 * it was unwound.
 */
#ifndef PTRACE_LAB_STACKS_H
#define PTRACE_LAB_STACKS_H

#include "bpf/python_records.h"
#include "bpf/unwind_rules.h"

/* Read-only for the kernel side, as pl_settings: what is not asked for costs nothing. */
struct pl_stack_settings {
	PL_U32 kinds; /* enum pl_stacks */
	PL_U32 ring_bytes;
	PL_U64 period; /* of samples, ns */
};

struct pl_stack_control {
	PL_U32 next_id;
	PL_S32 copies; /* how many copies may still be sent */
	PL_U32 owed;   /* stacks that still have to be looked at (pl_told.owed) */
	PL_U32 reserved;
	PL_U64 lost;   /* stacks that found no room */
	PL_U64 walked; /* stacks that were unwound frame by frame */
	PL_U64 known;  /* that were recognised */
};

/* pl_stack_settings.kinds */
enum pl_stacks {
	PL_STACKS_BLOCKED = 1 << 0, /* of threads that block */
	PL_STACKS_WAKERS = 1 << 1,  /* of who wakes them */
	PL_STACKS_SAMPLES = 1 << 2, /* of who runs when the sampling clock strikes */
	PL_STACKS_ORACLE = 1 << 3,  /* tests: a copy of the memory beside each stack */
	PL_STACKS_WATCHES = 1 << 4, /* of who touches a watched variable */
	PL_STACKS_KERNEL = 1 << 5,  /* beside those of BLOCKED and SAMPLES, inside the kernel */
};

/* Words of tables, in pieces within which the verifier lets them be indexed. The rows of a block
 * never straddle two. Room for 40 times the libraries of a python3. */
#define PL_CHUNK_SHIFT 16
#define PL_CHUNK_WORDS (1u << PL_CHUNK_SHIFT)
#define PL_CHUNK_BYTES (PL_CHUNK_WORDS * 4)
#define PL_CHUNKS      64u
#define PL_RULES_KEPT  32768u

#define PL_MAPPINGS  65536u
#define PL_STACK_IDS 65536u /* distinct stacks that are recognised by their hash */
#define PL_SPACES    2048u  /* number 0: none */

/* Mapped code. */
struct pl_mapping {
	PL_U64 begin, end;
	PL_U64 bias;   /* address - bias: relative to the module's first block */
	PL_U32 index;  /* number of the word for the first block */
	PL_U32 blocks; /* 0: there is no table */
};
#define PL_MAPPING_FRAME_POINTER 0xffffffffu /* `index` of code that was made at run time */

struct pl_space {
	PL_U32 first; /* mapping; in order of addresses */
	PL_U32 count;
	PL_U32 python; /* number of the struct pl_python that it runs, 0: none */
	PL_U32 reserved;
};

/* What a thread's last blocking stack was, so that it need not be told again. */
struct pl_told {
	PL_U32 stack;
	PL_U32 epoch;
	PL_U32 waker; /* stack of who woke it */
	PL_U32 owed;  /* id that was told before the stack itself was looked at */
};

/* How a thread came to where its instruction pointer points. */
enum pl_how {
	PL_HOW_INTERRUPTED = 0,
	PL_HOW_RETURNING = 1, /* that lies behind the call that counts, as in a system call */
	PL_HOW_TRAPPED = 2,   /* behind the instruction to tell of, which is done */
};

/* A stack that is recognised by what lies in its memory: what was read on the way up. */
#define PL_PLACES      4096u
#define PL_PLACE_WORDS 128u

struct pl_stack_place {
	PL_U32 tid; /* 0: nothing here, or it is being written */
	PL_U32 busy;
	PL_U64 ip, sp, bp, bx;
	PL_U32 space;
	PL_U32 stack;
	PL_U32 used; /* enum pl_used */
	PL_U32 how;  /* enum pl_how */
	PL_U32 words;
	PL_U32 bytes;			/* from sp to the end of the furthest word */
	PL_U32 offsets[PL_PLACE_WORDS]; /* from sp */
	PL_U64 values[PL_PLACE_WORDS];
};

/* ---- the ring of stacks ---------------------------------------------------------------------- */

enum pl_stack_record_kind {
	PL_STACK_BELL = 0,
	PL_STACK_FRAMES_OF = 1, /* a new stack */
	PL_STACK_COPY = 2,	/* one that could not be unwound for want of a table */
	PL_STACK_PYTHON = 3,	/* a stack with the frames of Python functions beside it */
	PL_STACK_CODE = 4,	/* a Python function */
	PL_STACK_KERNEL_FRAMES = 5,
};

struct pl_stack_head {
	PL_U8 kind; /* enum pl_stack_record_kind */
	PL_U8 stop; /* enum pl_stop */
	PL_U16 count;
	PL_U32 id;
	PL_U32 tgid;
	PL_U32 tid;
	PL_U32 space;
	PL_U32 reserved;
	PL_U64 time;
};

/* The addresses are those by which frames were looked up: of calls, not of where they return to. */
struct pl_stack_frames {
	struct pl_stack_head head;
	PL_U64 address[PL_STACK_FRAMES];
};

#define PL_KERNEL_FRAMES 64 /* what the deepest paths through file systems need */

#define PL_REGISTERS  17 /* by DWARF number; the last is rip */
#define PL_COPY_PAGE  4096u
#define PL_COPY_PAGES 4u

struct pl_stack_copy {
	struct pl_stack_head head;
	PL_U64 registers[PL_REGISTERS];
	PL_U64 thread; /* its thread pointer */
	PL_U64 begin;  /* address of the first byte */
	PL_U32 bytes;  /* how many could be copied */
	PL_U32 how;    /* enum pl_how */
	PL_U8 memory[PL_COPY_PAGES * PL_COPY_PAGE];
};

/* The same as stack `native`, and what the interpreter was executing in its frames. */
struct pl_stack_python {
	struct pl_stack_head head; /* stop: PL_STOP_ROOT if all of them are here */
	PL_U32 native;
	PL_U32 reserved;
	struct pl_python_frame frame[PL_PYTHON_FRAMES];
};

#define PL_PYTHON_NAME_MAX  256u
#define PL_PYTHON_FILE_MAX  512u
#define PL_PYTHON_TABLE_MAX 4096u

struct pl_python_text {
	PL_U32 bytes; /* of what follows; 0: it could not be read */
	PL_U32 width; /* of a character; 0: ASCII */
};

struct pl_python_code {
	struct pl_stack_head head;
	PL_U64 code;	/* as struct pl_python_frame names it */
	PL_U64 address; /* where it lay */
	PL_U32 first_line;
	PL_U32 table_bytes; /* of the line table, that are here */
	PL_U64 table_address;
	PL_U64 table_length; /* of the whole */
	struct pl_python_text name_text, file_text;
	PL_U8 name[PL_PYTHON_NAME_MAX];
	PL_U8 file[PL_PYTHON_FILE_MAX];
	PL_U8 table[PL_PYTHON_TABLE_MAX];
};

PL_ASSERT("pl_mapping", sizeof(struct pl_mapping) == 32);
PL_ASSERT("pl_space", sizeof(struct pl_space) == 16);
PL_ASSERT("pl_told", sizeof(struct pl_told) == 16);
PL_ASSERT("pl_stack_place", sizeof(struct pl_stack_place) == 1600);
PL_ASSERT("pl_stack_head", sizeof(struct pl_stack_head) == 32);

#endif
