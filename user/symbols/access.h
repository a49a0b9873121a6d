/* SPDX-License-Identifier: GPL-2.0-only */
/* access.h - what an instruction does to the memory that it names */
#ifndef SYMBOLS_ACCESS_H
#define SYMBOLS_ACCESS_H

/* What becomes of the memory operand. Append-only: the numbers are in recordings. */
enum access_kind {
	ACCESS_UNKNOWN = 0, /* of an instruction that we do not understand: it may have written */
	ACCESS_READ = 1,    /* operand: the value read */
	ACCESS_READ_BLIND = 2, /* read, and the value is nowhere any more */
	ACCESS_WRITE = 3,      /* operand: the value written */
	ACCESS_ADD = 4,	       /* read, operand added, written; another CPU may come between */
	ACCESS_ATOMIC_ADD = 5, /* the same at once */
	ACCESS_FETCH_ADD = 6,  /* at once; operand: the value before, the addend is not known */
	ACCESS_EXCHANGE = 7,   /* at once; operand: the value before, the new one is not known */
	ACCESS_COMPARE = 8,    /* at once; operand: the new value, if the zero flag is set */
	ACCESS_MODIFY = 9,     /* read, changed, written; another CPU may come between */
	ACCESS_ATOMIC_MODIFY = 10, /* the same at once */
	ACCESS_SUBTRACT = 11,	   /* as ADD */
	ACCESS_ATOMIC_SUBTRACT = 12,
	ACCESS_KINDS
};

/* "write", "atomic add", ... */
const char *access_kind_name(enum access_kind kind);

#endif
