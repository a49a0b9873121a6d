/* SPDX-License-Identifier: GPL-2.0-only */
/* debug_info.h - a module's DWARF, in the one way in which it is to be asked for */
#ifndef SYMBOLS_DEBUG_INFO_H
#define SYMBOLS_DEBUG_INFO_H

#include <elfutils/libdwfl.h>

/* NULL: it has none. Without memory for what is in it the program ends, with a sentence: libdw
 * cannot go on then, and would end it with a message that nobody could place. */
Dwarf *debug_info_of(Dwfl_Module *module, Dwarf_Addr *ret_bias);

/* The source line of that address, or NULL. */
Dwfl_Line *debug_info_line(Dwfl_Module *module, Dwarf_Addr address);

#endif
