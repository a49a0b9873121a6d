/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_fold.h - a stretch of a path, summed up
 *
 * What a path consists of, without its single pieces: exact sums for each contributor, and a
 * picture of who prevailed when. Its size does not depend on how many pieces went into it.
 */
#ifndef MODEL_PATH_FOLD_H
#define MODEL_PATH_FOLD_H

#include <stdint.h>

#include "base/vector.h"
#include "model/model.h"

/* Who did what, in one number. With PATH_CROWD it is not that thread alone: all of its kind that
 * are too many to tell apart; NO_THREAD: of any kind. */
#define PATH_CROWD (1u << 31)

static inline uint64_t path_key(uint32_t thread, enum path_what what, enum reason reason,
				uint16_t syscall)
{
	return (uint64_t)thread << 32 | (uint32_t)what << 24 | (uint32_t)reason << 16 | syscall;
}

static inline uint32_t path_key_thread(uint64_t key)
{
	return key >> 32;
}

static inline enum path_what path_key_what(uint64_t key)
{
	return key >> 24 & 0x7f;
}

static inline bool path_key_is_crowd(uint64_t key)
{
	return key & PATH_CROWD;
}

static inline enum reason path_key_reason(uint64_t key)
{
	return key >> 16 & 0xff;
}

static inline uint16_t path_key_syscall(uint64_t key)
{
	return key & 0xffff;
}

struct path_sum {
	uint64_t key;
	uint64_t ns;
	uint64_t count; /* pieces; 0: a free place */
	uint64_t rival; /* where in path_fold.rivals it may be found */
};

/* More contributors than these are summed up by kinds, and if there are more kinds than those of no
 * kind at all. */
#define PATH_SUMS_MAX	4096
#define PATH_CROWDS_MAX 1024
/* Who may contend for one cell of the picture. */
#define PATH_RIVALS 6

/* One cell of the picture: most of it, at least `main_ns`, was `key`. */
struct path_cell {
	uint64_t key;
	uint64_t main_ns;
	uint64_t ns; /* of it that the path fills */
	uint32_t cell;
};

struct path_fold {
	uint64_t end; /* the time up to which it reaches */
	struct path_sum *sums;
	uint32_t sum_count, sum_capacity;
	VECTOR(struct path_cell) cells; /* complete ones, in order */
	uint32_t cell;			/* the one at the end, which is not complete */
	uint64_t cell_end;		/* its end; 0: nothing drawn yet */
	uint64_t cell_ns;
	struct {
		uint64_t key, ns;
	} rivals[PATH_RIVALS];
};

struct path_setting {
	uint64_t begin, end; /* of the capture, which the picture shows in equal cells */
	/* The first thread of a thread's kind (name_kind.h); NO_THREAD if memory is out. */
	uint32_t (*first_of_kind)(void *context, uint32_t thread);
	void *context;
};

/* Pieces come in order of time. All return 0 or -ENOMEM. */
int path_fold_add(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
		  uint64_t begin, uint64_t end);
/* Adds what came after; `later` is empty then. */
int path_fold_join(struct path_fold *fold, const struct path_setting *setting,
		   struct path_fold *later);
/* Completes the picture. */
int path_fold_settle(struct path_fold *fold);
void path_fold_clear(struct path_fold *fold);

uint64_t path_cell_begin(const struct path_setting *setting, uint32_t cell);

#endif
