/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unwind_cache.h - unwind tables on disk, by build-id
 *
 * In $XDG_CACHE_HOME/ptrace-lab; without that variable in /var/cache/ptrace-lab for root, and in
 * ~/.cache/ptrace-lab for others. A folder that somebody else could write to is not used.
 */
#ifndef SYMBOLS_UNWIND_CACHE_H
#define SYMBOLS_UNWIND_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind_table;

/* The folder, made if need be. False: there is none that can be used. */
bool unwind_cache_folder(char ret_path[PATH_MAX]);

/* 0 or -errno. A table of another file, of another version, or a damaged one is as good as none. */
int unwind_cache_load(const char *folder, const char *build_id, uint64_t key,
		      struct unwind_table **ret);
int unwind_cache_save(const char *folder, const char *build_id, uint64_t key,
		      const struct unwind_table *table);

#endif
