/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path_tree.h - many paths through time that share their pasts
 *
 * Each node is a piece of a path, and the wait for a CPU before it, and knows the node before; a
 * path is what leads from its end back to its beginning. Going on makes a node, and taking over
 * another path is copying a number. What no path leads through any more is forgotten, and pieces
 * between which no path branches off are summed up (path_fold.h), so that the size depends on how
 * many paths there are, not on how long they are. This is done from time to time, by
 * path_tree_tidy().
 */
#ifndef MODEL_PATH_TREE_H
#define MODEL_PATH_TREE_H

#include "model/causes/path_fold.h"

#define NO_PATH UINT32_MAX

struct path_node {
	uint64_t time;	/* its end */
	uint64_t key;	/* see path_key(); of the first node of a path nothing but `time` counts */
	uint64_t ready; /* the first part of it, in which the thread waited for a CPU */
	uint32_t parent;
	uint32_t fold; /* index + 1 of what lies between the parent and this piece; 0: nothing */
};

struct path_tree {
	struct path_setting setting;
	struct path_node *nodes;
	uint32_t count, limit; /* more than `limit` are to be tidied up */
	VECTOR(struct path_fold) folds;
	VECTOR(uint32_t) free_folds;
	uint32_t *marks; /* while tidying */
	bool folded;	 /* pieces have been summed up */
};

/* Room for this many nodes between two tidyings; a safe moment comes at least as often as that. */
#define PATH_SLACK 16

int path_tree_init(struct path_tree *tree, const struct path_setting *setting);
void path_tree_free(struct path_tree *tree);

static inline bool path_tree_is_full(const struct path_tree *tree)
{
	return tree->count + PATH_SLACK > tree->limit;
}

/* The path that leads on from `parent` (NO_PATH: begins) up to `time`. There is room: see
 * path_tree_is_full(). */
static inline uint32_t path_tree_add(struct path_tree *tree, uint32_t parent, uint64_t key,
				     uint64_t ready, uint64_t time)
{
	tree->nodes[tree->count] =
		(struct path_node){.time = time, .key = key, .ready = ready, .parent = parent};
	return tree->count++;
}

/* Calls `visit` with each number of a node that is still needed; it may change it. */
typedef void (*path_visit)(struct path_tree *tree, uint32_t *node);
typedef void (*path_roots)(void *context, struct path_tree *tree, path_visit visit);
int path_tree_tidy(struct path_tree *tree, path_roots roots, void *context);

/* The whole path to a node, piece after piece, oldest first: as pieces, and where those were
 * summed up as folds, of which the receiver may take the contents. 0, or the receiver's error. */
struct path_receiver {
	void *context;
	int (*piece)(void *context, uint64_t key, uint64_t begin, uint64_t end);
	int (*fold)(void *context, uint64_t begin, struct path_fold *fold);
};
int path_tree_walk(struct path_tree *tree, uint32_t node, const struct path_receiver *receiver);

#endif
