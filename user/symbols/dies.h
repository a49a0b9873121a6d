/* SPDX-License-Identifier: GPL-2.0-only */
/* dies.h - walking through the entries of debug information */
#ifndef SYMBOLS_DIES_H
#define SYMBOLS_DIES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

enum die_where {
	DIE_NOWHERE = 0, /* no place at all: optimised away, or defined elsewhere */
	DIE_FIXED = 1,	 /* an address */
	DIE_THREAD = 2,	 /* one for each thread */
	DIE_STACK = 3,
	DIE_REGISTER = 4, /* or now here, now there */
	DIE_CONSTANT = 5,
};

struct die_location {
	enum die_where where;
	uint64_t address;
};

struct die_location die_location(Dwarf_Die *variable);
/* The type of an entry, itself possibly a typedef or qualified. `ret` may be `die`. */
bool die_type(Dwarf_Die *die, Dwarf_Die *ret);
/* The same without typedefs and qualifiers. */
bool die_plain_type(Dwarf_Die *die, Dwarf_Die *ret);

/* Calls `visit` for each variable of a unit, with the function that it is in (NULL: none), until
 * that returns false. Declarations without a place are among them. */
void dies_variables(Dwarf_Die *unit,
		    bool (*visit)(void *context, Dwarf_Die *variable, Dwarf_Die *function),
		    void *context);

#endif
