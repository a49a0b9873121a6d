/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * variable.h - from the name of a variable to its address
 *
 *	shared_number		a global or static variable, of any file
 *	queue.c:head		the one of that file
 *	queue.head		a member
 *	table[3].count		an element, and a member of it
 *	0x404040		an address, in the process
 *
 * each with :SIZE (1, 2, 4, 8 bytes) behind it, and :rw for reads as well.
 */
#ifndef SYMBOLS_VARIABLE_H
#define SYMBOLS_VARIABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/image.h"

#define VARIABLE_NAME_MAX 256

/* What was asked for, taken apart. */
struct variable_request {
	char text[VARIABLE_NAME_MAX];	/* the name as it was given, without size and rw */
	char file[VARIABLE_NAME_MAX];	/* "" if none was given */
	char symbol[VARIABLE_NAME_MAX]; /* without members and elements */
	char path[VARIABLE_NAME_MAX];	/* ".head", "[3].count", or "" */
	uint64_t address;		/* if `absolute` */
	uint32_t size;			/* 0: what the variable has */
	bool absolute;
	bool reads;
};

struct variable_error {
	char text[512]; /* a whole sentence without its full stop */
};

/* 0, or -EINVAL with the reason in `ret_error`. */
int variable_parse(const char *text, struct variable_request *ret,
		   struct variable_error *ret_error);

struct variable {
	uint64_t address; /* in the image */
	uint32_t size;
	char type[64];	/* "" if it is not known */
	char file[128]; /* where it is declared; "" if it is not known */
	unsigned int line;
};

/* 0; -ENOENT if the image has no such variable; or -EINVAL if it has one that cannot be watched.
 * In both cases with the reason. */
int variable_find(struct image *image, const struct variable_request *request, struct variable *ret,
		  struct variable_error *ret_error);

#endif
