/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind_rules.h - how to leave a frame
 *
 * User space compiles each module's .eh_frame into a table of such rules
 * (user/symbols/unwind_table.h); bpf/unwind.h follows them.
 */
#ifndef PTRACE_LAB_UNWIND_RULES_H
#define PTRACE_LAB_UNWIND_RULES_H

#include "bpf/events.h"

#ifndef __bpf__
#define PL_S16 int16_t
#else
#define PL_S16 __s16
#endif

#define PL_STACK_FRAMES 128 /* of the deepest stack that is followed */

/* Why a stack ends. Numbers are those of enum stack_stop in recordings. */
enum pl_stop {
	PL_STOP_ROOT = 0,	   /* it is whole: this is where the thread began */
	PL_STOP_DEPTH = 2,	   /* deeper than is followed */
	PL_STOP_NO_MODULE = 3,	   /* an address that lies in no mapped code */
	PL_STOP_NO_TABLE = 4,	   /* code without a table */
	PL_STOP_NO_RULE = 5,	   /* code without an unwind entry */
	PL_STOP_RULE = 6,	   /* an unwind entry of a form that is not followed */
	PL_STOP_READ = 7,	   /* memory that could not be read */
	PL_STOP_FRAME_POINTER = 8, /* a frame pointer that leads nowhere */
	PL_STOP_NO_MEMORY = 9,	   /* the thread has no memory map any more */
	PL_STOP_LATE = 10,	   /* the thread went on before it could be looked at */
	PL_STOP_NONE = 255,	   /* goes on */
};

/* Registers as DWARF counts them on x86-64. */
#define PL_REG_RBX 3
#define PL_REG_RBP 6
#define PL_REG_RSP 7
#define PL_REG_RIP 16

enum pl_unwind_kind {
	PL_UNWIND_NONE = 0,	     /* no function is known to be there */
	PL_UNWIND_ROOT = 1,	     /* it has no caller */
	PL_UNWIND_CFA = 2,	     /* the frame ends at base + offset */
	PL_UNWIND_DEREF = 3,	     /* at *(base + offset) + addend */
	PL_UNWIND_PLT = 4,	     /* at rsp + 8, or 16 from byte `offset` of each 16 on */
	PL_UNWIND_SIGNAL = 5,	     /* the kernel pushed a struct ucontext here */
	PL_UNWIND_ODD = 6,	     /* something that the other kinds cannot express */
	PL_UNWIND_FRAME_POINTER = 7, /* by rbp, as a JIT compiler's code is expected to have it */
};

enum pl_unwind_flags {
	PL_UNWIND_RBP_BY_RBP = 1 << 0, /* rbp was saved at rbp + saved_rbp, not CFA + saved_rbp */
	PL_UNWIND_RBX_BY_RBP = 1 << 1,
	PL_UNWIND_RA_IN_REGISTER = 1 << 2, /* the return address is not at CFA - 8 */
};

/* Registers that decided the way to the root, besides the instruction and stack pointers. */
enum pl_used {
	PL_USED_BP = 1 << 0,
	PL_USED_BX = 1 << 1,
	PL_USED_OTHER = 1 << 2, /* one that is not kept: not to be recognised */
};

/* How to leave a frame. Tables have few different ones, and refer to them by number. */
struct pl_unwind_rule {
	PL_U8 kind;  /* enum pl_unwind_kind */
	PL_U8 base;  /* register */
	PL_U8 flags; /* enum pl_unwind_flags */
	PL_U8 ra;    /* RA_IN_REGISTER: which */
	PL_S32 offset;
	PL_S32 addend;
	PL_S16 saved_rbp; /* where the caller's is; 0: it is still in the register */
	PL_S16 saved_rbx;
};

/*
 * A table: the code in blocks, for each block a word of the index, for each place from which
 * another rule holds a row. The first row of a block is always at its beginning, so that no search
 * leaves it.
 */
#define PL_BLOCK_SHIFT 9
#define PL_BLOCK_SIZE  (1u << PL_BLOCK_SHIFT)
/* An index word: number of the block's first row, and how many more it has. */
#define PL_BLOCK_ROWS_BITS 9
#define PL_BLOCK_ROWS_MASK ((1u << PL_BLOCK_ROWS_BITS) - 1)
/* A row: from which byte of the block on, and the number of the rule. */
#define PL_ROW(offset, rule) ((PL_U32)(rule) << 16 | (offset))
#define PL_ROW_OFFSET(row)   ((row)&0xffff)
#define PL_ROW_RULE(row)     ((row) >> 16)
#define PL_RULES_MAX	     65536u

#define PL_UNWIND_LOST ((PL_S16)0x7fff) /* saved where it cannot be found again */

PL_ASSERT("pl_unwind_rule", sizeof(struct pl_unwind_rule) == 16);

#endif
