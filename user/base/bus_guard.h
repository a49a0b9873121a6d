/* SPDX-License-Identifier: GPL-2.0-only */
/* bus_guard.h - reading mapped files that may be cut short meanwhile, or made to mislead */
#ifndef BASE_BUS_GUARD_H
#define BASE_BUS_GUARD_H

#include <stdbool.h>

/*
 * Calls `work`. False if it touched a page of a file that is not there any more (SIGBUS), or was
 * led by what stands in the file to an address that is none (SIGSEGV: libraries that read debug
 * information have such faults): it was left at that point, and what it held or had begun is lost,
 * so that whatever belongs to that file must not be touched again, not even to free it. Guards do
 * not nest.
 */
bool bus_guarded(void (*work)(void *context), void *context);

#endif
