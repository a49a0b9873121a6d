/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tree.h - where time went, as one tree: process, thread, frames from root to leaf, state
 *
 * A pure function of the recording. What a tree says in all is what the model says, to the
 * nanosecond: time without a stack lies under a frame that says so.
 */
#ifndef MODEL_STACK_TREE_H
#define MODEL_STACK_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vector.h"
#include "model/model.h"

enum tree_kind {
	TREE_ON_CPU = 0,    /* running */
	TREE_OFF_CPU = 1,   /* blocked and stopped */
	TREE_WALL = 2,	    /* the whole life of each thread */
	TREE_LOCK = 3,	    /* blocked for something that another thread held */
	TREE_WAKEUP = 4,    /* blocked, by who ended it and where */
	TREE_RUN_QUEUE = 5, /* ready, waiting for a CPU */
	TREE_SWITCHES = 6,  /* times that a thread left its CPU, not ns */
	TREE_KINDS
};

/* "on-cpu", ... */
const char *tree_kind_name(enum tree_kind kind);
/* False if there is none of that name. */
bool tree_kind_parse(const char *name, enum tree_kind *ret);

/* What a node stands for; its colour. */
enum node_kind {
	NODE_ROOT = 0,
	NODE_PROCESS = 1,
	NODE_THREAD = 2,
	NODE_NATIVE = 3,
	NODE_KERNEL = 4,
	NODE_INLINED = 5,
	NODE_JIT = 6,
	NODE_PYTHON = 7,
	NODE_MARKER = 8, /* what is not known: "[no stack]" */
	NODE_RUNNING = 9,
	NODE_READY = 10,
	NODE_BLOCKED = 11,
	NODE_KINDS
};

struct tree_node {
	uint32_t parent, child, sibling; /* 0: none, as no node leads to the root */
	uint32_t label;			 /* see stack_tree_text() */
	uint32_t file, module; /* texts of the first frame that became this node, 0 none */
	uint32_t line;
	uint32_t told_apart; /* the line, where the lines of one function are told apart */
	enum node_kind kind;
	uint64_t self, total;
	uint64_t other_self, other_total; /* of the recording that it is compared with */
};

/* What one thread has at one node; of one state, as the model accounts for these apart. */
struct tree_weight {
	uint32_t thread; /* of the model */
	uint32_t node;
	enum state state;
	uint64_t weight;
};

struct stack_tree {
	enum tree_kind kind;
	bool has_stacks;		    /* the recording has any */
	VECTOR(struct tree_node) nodes;	    /* parents before children; 0 is the root */
	VECTOR(struct tree_weight) weights; /* by thread, then node */
	VECTOR(char) texts;
	/* Tables for finding nodes and texts again; not for others. */
	uint32_t *node_table, *text_table;
	size_t node_table_size, text_table_size, text_count;
};

struct tree_options {
	enum tree_kind kind;
	const char *thread;  /* a tid, or a pattern with * and ? for names; NULL: all */
	const char *reason;  /* only what was blocked for that; NULL: all */
	uint64_t begin, end; /* ns from the begin of the capture; end 0: to its end */
	bool tids;	     /* threads and processes of one name are told apart */
	bool lines;	     /* lines of one function are told apart */
	bool no_inlines;     /* functions that were put into others are not shown */
};

int stack_tree_new(enum tree_kind kind, struct stack_tree **ret);
void stack_tree_free(struct stack_tree **tree);
/* Adds what a recording has, of which `model` was made, as the main one or the one that it is
 * compared with. 0 or -errno. */
int stack_tree_add(struct stack_tree *tree, struct recording *recording, const struct model *model,
		   const struct tree_options *options, bool other);
/* Sums up, and puts children in the order of their names. */
int stack_tree_finish(struct stack_tree *tree);

const char *stack_tree_text(const struct stack_tree *tree, uint32_t id);
static inline const char *stack_tree_label(const struct stack_tree *tree,
					   const struct tree_node *node)
{
	return stack_tree_text(tree, node->label);
}

/* What the model says that a thread has in all, of this kind. */
uint64_t tree_expected(const struct model *model, const struct thread *thread, enum tree_kind kind);
/* For whom it counts as waiting for what another thread held. */
bool reason_is_lock(enum reason reason);

/* ---- for feed.c ------------------------------------------------------------------------------ */

/* The id of a text, from 1; 0 when memory is out, and for "". */
uint32_t stack_tree_intern(struct stack_tree *tree, const char *text);
/* The child of `parent` with that label and kind (and line, where these are told apart); made if
 * need be. 0 when memory is out. */
uint32_t stack_tree_child(struct stack_tree *tree, uint32_t parent, const char *label,
			  enum node_kind kind, uint32_t line);

#endif
