// SPDX-License-Identifier: GPL-2.0-only
/* tree.c - the tree itself: nodes, texts, sums */
#include "model/stacks/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const kind_names[TREE_KINDS] = {
	[TREE_ON_CPU] = "on-cpu",     [TREE_OFF_CPU] = "off-cpu", [TREE_WALL] = "wall",
	[TREE_LOCK] = "lock",	      [TREE_WAKEUP] = "wakeup",	  [TREE_RUN_QUEUE] = "run-queue",
	[TREE_SWITCHES] = "switches",
};

const char *tree_kind_name(enum tree_kind kind)
{
	return kind_names[kind];
}

bool tree_kind_parse(const char *name, enum tree_kind *ret)
{
	for (int i = 0; i < TREE_KINDS; i++) {
		if (!strcmp(kind_names[i], name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

int stack_tree_new(enum tree_kind kind, struct stack_tree **ret)
{
	CLEANUP(stack_tree_free)
	struct stack_tree *tree = calloc(1, sizeof(*tree));
	struct tree_node *root;

	if (!tree)
		return -ENOMEM;
	tree->kind = kind;
	root = vector_add(&tree->nodes);
	if (!root)
		return -ENOMEM;
	root->kind = NODE_ROOT;
	root->label = stack_tree_intern(tree, "all");
	if (!root->label)
		return -ENOMEM;
	*ret = take_pointer(&tree);
	return 0;
}

void stack_tree_free(struct stack_tree **slot)
{
	struct stack_tree *tree = *slot;

	if (!tree)
		return;
	vector_free(&tree->nodes);
	vector_free(&tree->weights);
	vector_free(&tree->texts);
	free(tree->node_table);
	free(tree->text_table);
	free(tree);
	*slot = NULL;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* An id is the text's offset + 1. */
const char *stack_tree_text(const struct stack_tree *tree, uint32_t id)
{
	return id ? tree->texts.items + id - 1 : "";
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ hash >> 29;
}

static uint32_t *text_slot(const struct stack_tree *tree, const char *text)
{
	size_t at = hash_text(text) & (tree->text_table_size - 1);

	while (tree->text_table[at] && strcmp(stack_tree_text(tree, tree->text_table[at]), text))
		at = (at + 1) & (tree->text_table_size - 1);
	return &tree->text_table[at];
}

static bool grow_text_table(struct stack_tree *tree)
{
	size_t size = tree->text_table_size;
	uint32_t *before = tree->text_table;

	if ((tree->text_count + 1) * 2 <= size)
		return true;
	tree->text_table = calloc(size ? size * 2 : 256, sizeof(*tree->text_table));
	if (!tree->text_table) {
		tree->text_table = before;
		return false;
	}
	tree->text_table_size = size ? size * 2 : 256;
	for (size_t i = 0; i < size; i++) {
		if (before[i])
			*text_slot(tree, stack_tree_text(tree, before[i])) = before[i];
	}
	free(before);
	return true;
}

static bool reserve_text(struct stack_tree *tree, size_t size)
{
	size_t capacity = tree->texts.capacity ? tree->texts.capacity : 1024;
	char *grown;

	while (capacity < tree->texts.count + size)
		capacity *= 2;
	if (capacity >= UINT32_MAX)
		return false;
	if (capacity == tree->texts.capacity)
		return true;
	grown = realloc(tree->texts.items, capacity);
	if (!grown)
		return false;
	tree->texts.items = grown;
	tree->texts.capacity = capacity;
	return true;
}

uint32_t stack_tree_intern(struct stack_tree *tree, const char *text)
{
	size_t size = strlen(text) + 1;
	uint32_t *slot;

	if (size == 1 || !grow_text_table(tree))
		return 0;
	slot = text_slot(tree, text);
	if (*slot)
		return *slot;
	if (!reserve_text(tree, size))
		return 0;
	memcpy(tree->texts.items + tree->texts.count, text, size);
	*slot = tree->texts.count + 1;
	tree->texts.count += size;
	tree->text_count++;
	return *slot;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static uint32_t *node_slot(const struct stack_tree *tree, const struct tree_node *wanted)
{
	uint64_t hash = ((uint64_t)wanted->parent << 32 | wanted->label) * 0x9e3779b97f4a7c15u;
	size_t at;

	hash = (hash ^ hash >> 32) + (uint64_t)wanted->told_apart * 0xc2b2ae3d27d4eb4fu +
	       wanted->kind;
	at = (hash ^ hash >> 31) & (tree->node_table_size - 1);
	for (; tree->node_table[at]; at = (at + 1) & (tree->node_table_size - 1)) {
		const struct tree_node *node = &tree->nodes.items[tree->node_table[at]];

		if (node->parent == wanted->parent && node->label == wanted->label &&
		    node->kind == wanted->kind && node->told_apart == wanted->told_apart)
			break;
	}
	return &tree->node_table[at];
}

static bool grow_node_table(struct stack_tree *tree)
{
	size_t size = tree->node_table_size ? tree->node_table_size * 2 : 256;
	uint32_t *grown;

	if ((tree->nodes.count + 1) * 2 <= tree->node_table_size)
		return true;
	grown = calloc(size, sizeof(*grown));
	if (!grown)
		return false;
	free(tree->node_table);
	tree->node_table = grown;
	tree->node_table_size = size;
	for (size_t i = 1; i < tree->nodes.count; i++)
		*node_slot(tree, &tree->nodes.items[i]) = i;
	return true;
}

uint32_t stack_tree_child(struct stack_tree *tree, uint32_t parent, const char *label,
			  enum node_kind kind, uint32_t line)
{
	struct tree_node wanted = {.parent = parent, .kind = kind, .told_apart = line}, *node;
	uint32_t *slot;

	wanted.label = stack_tree_intern(tree, label);
	if (!wanted.label || !grow_node_table(tree))
		return 0;
	slot = node_slot(tree, &wanted);
	if (*slot)
		return *slot;
	node = vector_add(&tree->nodes);
	if (!node)
		return 0;
	*node = wanted;
	*slot = tree->nodes.count - 1;
	return *slot;
}

/* ---- sums ----------------------------------------------------------------------------------- */

static int compare_weights(const void *a, const void *b)
{
	const struct tree_weight *one = a, *two = b;

	if (one->thread != two->thread)
		return one->thread < two->thread ? -1 : 1;
	return one->node < two->node ? -1 : one->node > two->node;
}

static void sum_up(struct stack_tree *tree)
{
	const struct tree_weight *weight;
	struct tree_node *nodes = tree->nodes.items;

	vector_for_each (&tree->weights, weight)
		nodes[weight->node].self += weight->weight;
	/* Children come after their parents. */
	for (size_t i = tree->nodes.count; i-- > 0;) {
		nodes[i].total += nodes[i].self;
		nodes[i].other_total += nodes[i].other_self;
		if (i) {
			nodes[nodes[i].parent].total += nodes[i].total;
			nodes[nodes[i].parent].other_total += nodes[i].other_total;
		}
	}
}

static int compare_by_name(const void *a, const void *b, void *context)
{
	const struct stack_tree *tree = context;
	const struct tree_node *one = &tree->nodes.items[*(const uint32_t *)a];
	const struct tree_node *two = &tree->nodes.items[*(const uint32_t *)b];
	int order = strcmp(stack_tree_label(tree, one), stack_tree_label(tree, two));

	if (order)
		return order;
	if (one->kind != two->kind)
		return one->kind < two->kind ? -1 : 1;
	return one->line < two->line ? -1 : one->line > two->line;
}

int stack_tree_finish(struct stack_tree *tree)
{
	CLEANUP_FREE uint32_t *order = calloc(tree->nodes.count, sizeof(*order));
	struct tree_node *nodes = tree->nodes.items;

	if (!order)
		return -ENOMEM;
	if (tree->weights.count)
		qsort(tree->weights.items, tree->weights.count, sizeof(struct tree_weight),
		      compare_weights);
	sum_up(tree);
	for (uint32_t i = 0; i < tree->nodes.count; i++)
		order[i] = i;
	qsort_r(order + 1, tree->nodes.count - 1, sizeof(*order), compare_by_name, tree);
	/* The last one first, as each is put in front of those that were there. */
	for (size_t i = tree->nodes.count; i-- > 1;) {
		struct tree_node *node = &nodes[order[i]];

		node->sibling = nodes[node->parent].child;
		nodes[node->parent].child = order[i];
	}
	return 0;
}
