/* SPDX-License-Identifier: GPL-2.0-only */
/* listing.h - the scenarios by chapter, as several commands show them (cmd_list.c) */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

/* On standard output, with `hint` as the last line. An enum exit_status, after a sentence if it is
 * not EXIT_OK. */
int listing_print(const char *hint);

/* Never NULL; what has no chapter of its own is under "Further scenarios". */
const char *listing_chapter(unsigned int chapter);

#endif
