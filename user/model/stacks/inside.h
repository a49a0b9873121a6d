/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what the files have in common that feed a recording into a tree */
#ifndef MODEL_STACK_TREE_INSIDE_H
#define MODEL_STACK_TREE_INSIDE_H

#include "model/locks/map.h"
#include "model/stacks/tree.h"
#include "model/timeline/timeline.h"

/* The node of the last interval of a kind: the next one is mostly for the same reason and at the
 * same place. */
struct feed_last {
	uint32_t node; /* 0: none */
	uint32_t stack, kernel_stack;
	enum state state;
	enum reason reason;
	uint16_t syscall;
};

struct feed_thread {
	uint32_t node; /* where its stacks begin; 0: not yet, or not wanted */
	bool is_wanted;
	struct feed_last blocked, ready[2];
	uint32_t stack, kernel_stack; /* with which it blocked last */
	uint64_t running_ns;	      /* within the wanted time */
};

/* Which node of the tree a node of the recording is below some other, or which weight. */
struct known {
	uint64_t key;
	uint32_t value; /* 0: free */
};

struct known_table {
	struct known *slots;
	size_t size, count;
};

#define UNKNOWN_LOCK (UINT32_MAX - 2)

struct feed {
	struct stack_tree *tree;
	struct recording *recording;
	const struct model *model;
	const struct tree_options *options;
	struct timeline *timeline;
	uint64_t begin, end;
	bool is_filtered; /* then the sums are not the model's */
	bool has_samples;
	struct feed_thread *threads;
	struct known_table nodes, weight_index;
	struct lock_map locks; /* index of the model's, or UNKNOWN_LOCK */
	VECTOR(struct tree_weight) weights;
	int error;
};

/* The child of `parent`; 0 when memory is out, which feed->error then says. */
uint32_t feed_child(struct feed *feed, uint32_t parent, const char *label, enum node_kind kind);
uint32_t feed_node_of_thread(struct feed *feed, uint32_t index);
/* The node of a stack's leaf below `base`; `base` itself for a stack that is not there. */
uint32_t feed_stack(struct feed *feed, uint32_t base, uint32_t id);
/* What a thread did at a place. With stacks it is the leaf; without, state and cause are parted, so
 * that each state is in one piece. */
uint32_t feed_state(struct feed *feed, uint32_t place, enum node_kind kind, const char *state,
		    const char *cause);
/* Whether the tree has what threads did while they ran. */
bool feed_shows_running(const struct feed *feed);

/* What was waited for, who held it, and where that gave it back. */
uint32_t feed_lock(struct feed *feed, uint32_t node, const struct interval *interval);
/* Makes each thread's weights add up to what the model says. 0 or -ENOMEM. */
int feed_fit(struct feed *feed);

#endif
