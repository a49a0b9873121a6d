// SPDX-License-Identifier: GPL-2.0-only
/* path_tree.c - many paths through time that share their pasts */
#include <errno.h>

#include "base/cleanup.h"
#include "model/causes/path_tree.h"

/* Enough that tidying, whose cost is that of the nodes, is rare; small enough for a CPU's cache. */
#define LIMIT_FIRST (1u << 14)

/* Marks: how many children lead on from a node, whether it is needed as it is, and whether it stays
 * a node of its own, because of either or as the beginning of a path. */
#define NEEDED	 (1u << 31)
#define KEPT	 (1u << 30)
#define CHILDREN (KEPT - 1)

int path_tree_init(struct path_tree *tree, const struct path_setting *setting)
{
	memset(tree, 0, sizeof(*tree));
	tree->setting = *setting;
	tree->nodes = calloc(LIMIT_FIRST, sizeof(*tree->nodes));
	if (!tree->nodes)
		return -ENOMEM;
	tree->limit = LIMIT_FIRST;
	return 0;
}

void path_tree_free(struct path_tree *tree)
{
	struct path_fold *fold;

	vector_for_each (&tree->folds, fold)
		path_fold_clear(fold);
	vector_free(&tree->folds);
	vector_free(&tree->free_folds);
	free(tree->nodes);
	free(tree->marks);
	memset(tree, 0, sizeof(*tree));
}

/* ---- folds --------------------------------------------------------------------------------- */

/* Index + 1, as in a node; 0 when memory is out. */
static uint32_t new_fold(struct path_tree *tree)
{
	if (tree->free_folds.count)
		return tree->free_folds.items[--tree->free_folds.count];
	return vector_add(&tree->folds) ? (uint32_t)tree->folds.count : 0;
}

static struct path_fold *fold_at(struct path_tree *tree, uint32_t fold)
{
	return &tree->folds.items[fold - 1];
}

static int drop_fold(struct path_tree *tree, uint32_t fold)
{
	uint32_t *place;

	if (!fold)
		return 0;
	path_fold_clear(fold_at(tree, fold));
	place = vector_add(&tree->free_folds);
	if (!place)
		return -ENOMEM;
	*place = fold;
	return 0;
}

/* Where the piece of its own begins. */
static uint64_t own_begin(struct path_tree *tree, const struct path_node *node)
{
	if (node->fold)
		return fold_at(tree, node->fold)->end;
	return tree->nodes[node->parent].time;
}

static uint64_t ready_key(const struct path_node *node)
{
	return path_key(path_key_thread(node->key), PATH_READY, REASON_NONE, PL_NO_SYSCALL);
}

/* `node` takes over what its parent, which only it needs, stood for. */
static int fold_parent(struct path_tree *tree, struct path_node *node)
{
	struct path_node *parent = &tree->nodes[node->parent];
	uint64_t begin = own_begin(tree, parent);
	uint32_t fold = parent->fold;
	int error = 0;

	if (!fold)
		fold = new_fold(tree);
	if (!fold)
		return -ENOMEM;
	if (parent->ready)
		error = path_fold_add(fold_at(tree, fold), &tree->setting, ready_key(parent), begin,
				      begin + parent->ready);
	if (!error)
		error = path_fold_add(fold_at(tree, fold), &tree->setting, parent->key,
				      begin + parent->ready, parent->time);
	if (!error && node->fold) {
		error = path_fold_join(fold_at(tree, fold), &tree->setting,
				       fold_at(tree, node->fold));
		if (!error)
			error = drop_fold(tree, node->fold);
	}
	parent->fold = 0;
	node->fold = fold;
	node->parent = parent->parent;
	tree->folded = true;
	return error;
}

/* ---- tidying ------------------------------------------------------------------------------- */

static void mark(struct path_tree *tree, uint32_t *node)
{
	if (*node != NO_PATH)
		tree->marks[*node] |= NEEDED;
}

static void renumber(struct path_tree *tree, uint32_t *node)
{
	if (*node != NO_PATH)
		*node = tree->marks[*node];
}

/* Parents have smaller numbers than their children: one pass from the end finds all that lives. */
static void count_children(struct path_tree *tree)
{
	for (uint32_t i = tree->count; i > 0; i--) {
		uint32_t parent = tree->nodes[i - 1].parent, *mark = &tree->marks[i - 1];

		if (!*mark)
			continue;
		if (parent != NO_PATH)
			tree->marks[parent]++;
		if (parent == NO_PATH || *mark & NEEDED || (*mark & CHILDREN) > 1)
			*mark |= KEPT;
	}
}

/* Where the pieces between kept nodes go. The parent of a node is one that is kept after this. */
static int fold_all(struct path_tree *tree)
{
	int error;

	for (uint32_t i = 0; i < tree->count; i++) {
		struct path_node *node = &tree->nodes[i];

		if (!tree->marks[i]) {
			error = drop_fold(tree, node->fold);
			if (error)
				return error;
			continue;
		}
		if (node->parent == NO_PATH || tree->marks[node->parent] & KEPT)
			continue;
		error = fold_parent(tree, node);
		if (error)
			return error;
	}
	return 0;
}

/* Moves what is kept to the front; `marks` holds the new numbers then. */
static void compact(struct path_tree *tree)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < tree->count; i++) {
		struct path_node *node = &tree->nodes[i];

		if (!(tree->marks[i] & KEPT))
			continue;
		if (node->parent != NO_PATH)
			node->parent = tree->marks[node->parent];
		tree->nodes[to] = *node;
		tree->marks[i] = to++;
	}
	tree->count = to;
}

static int reserve(struct path_tree *tree)
{
	struct path_node *nodes;
	uint32_t limit = tree->limit;

	while (tree->count > limit / 2 && limit < KEPT / 2)
		limit *= 2;
	if (limit == tree->limit)
		return 0;
	nodes = reallocarray(tree->nodes, limit, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	tree->nodes = nodes;
	tree->limit = limit;
	return 0;
}

int path_tree_tidy(struct path_tree *tree, path_roots roots, void *context)
{
	int error;

	tree->marks = calloc(tree->limit, sizeof(*tree->marks));
	if (!tree->marks)
		return -ENOMEM;
	roots(context, tree, mark);
	count_children(tree);
	error = fold_all(tree);
	if (!error) {
		compact(tree);
		roots(context, tree, renumber);
		error = reserve(tree);
	}
	free(tree->marks);
	tree->marks = NULL;
	return error;
}

/* ---- a path -------------------------------------------------------------------------------- */

int path_tree_walk(struct path_tree *tree, uint32_t node, const struct path_receiver *receiver)
{
	CLEANUP_FREE uint32_t *chain = NULL;
	size_t length = 0;
	int error = 0;

	for (uint32_t i = node; i != NO_PATH; i = tree->nodes[i].parent)
		length++;
	chain = calloc(length + 1, sizeof(*chain));
	if (!chain)
		return -ENOMEM;
	for (size_t i = length; i > 0; i--, node = tree->nodes[node].parent)
		chain[i - 1] = node;
	/* The first one only says when. */
	for (size_t i = 1; i < length && !error; i++) {
		const struct path_node *it = &tree->nodes[chain[i]];
		uint64_t begin = own_begin(tree, it);

		if (it->fold)
			error = receiver->fold(receiver->context, tree->nodes[it->parent].time,
					       fold_at(tree, it->fold));
		if (!error && it->ready)
			error = receiver->piece(receiver->context, ready_key(it), begin,
						begin + it->ready);
		if (!error)
			error = receiver->piece(receiver->context, it->key, begin + it->ready,
						it->time);
	}
	return error;
}
