/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshot.h - the control blocks of tasks, read from the running kernel */
#ifndef CAPTURE_SNAPSHOT_H
#define CAPTURE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct snapshot;

/* The loaded iterators: loading takes 50 ms, each use of them microseconds per task. */
struct snapshot_reader;

struct snapshot_options {
	pid_t process; /* only this one's tasks; 0: all */
	bool files, areas;
	bool stacks;	     /* in the kernel */
	bool with_ourselves; /* our own process is in it too; for tests */
};

/* All that can fail says why in one sentence and returns an enum exit_status. */
int snapshot_reader_new(const struct snapshot_options *options, struct snapshot_reader **ret);
/* `ret` is settled, and to be freed by the caller. A process that is not there gives none. */
int snapshot_read(struct snapshot_reader *reader, struct snapshot *ret);
/* All tasks, but files and memory of some processes alone: that takes as long as there are of
 * those, not as long as there are on the machine. */
int snapshot_read_some(struct snapshot_reader *reader, const uint32_t *tgids, size_t count,
		       struct snapshot *ret);
void snapshot_reader_free(struct snapshot_reader **reader);

#endif
