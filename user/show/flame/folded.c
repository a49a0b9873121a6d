// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/stacks/tree.h"
#include "show/flame/flame.h"

struct flame_name flame_name(const struct stack_tree *tree, uint32_t node,
			     const struct flame_options *options)
{
	const struct tree_node *it = &tree->nodes.items[node];
	const char *file = stack_tree_text(tree, it->file);
	struct flame_name name;
	size_t length;

	escape_text(name.text, sizeof(name.text), stack_tree_label(tree, it));
	if (!options->lines || !it->line)
		return name;
	file = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	length = strlen(name.text);
	if (length + 40 < sizeof(name.text)) {
		char place[256];

		escape_text(place, sizeof(place), file);
		snprintf(name.text + length, sizeof(name.text) - length, " (%s:%" PRIu32 ")", place,
			 it->line);
	}
	return name;
}

bool flame_is_owner(const struct stack_tree *tree, uint32_t node)
{
	enum node_kind kind = tree->nodes.items[node].kind;

	/* There it is the waker's, while the account is that of whom it woke. */
	return tree->kind != TREE_WAKEUP && (kind == NODE_PROCESS || kind == NODE_THREAD);
}

/* As the tools that draw such lines colour them. */
static const char *suffix_of(enum node_kind kind)
{
	return kind == NODE_KERNEL    ? "_[k]"
	       : kind == NODE_INLINED ? "_[i]"
	       : kind == NODE_JIT     ? "_[j]"
				      : "";
}

/* Frames are parted by semicolons. */
static void put_frame(FILE *out, const struct stack_tree *tree, uint32_t node,
		      const struct flame_options *options)
{
	struct flame_name name = flame_name(tree, node, options);

	for (const char *at = name.text; *at; at++) {
		if (*at == ';')
			fputs("\\x3b", out);
		else
			putc(*at, out);
	}
	fputs(suffix_of(tree->nodes.items[node].kind), out);
}

static void put_stack(FILE *out, const struct stack_tree *tree, uint32_t node, uint32_t *path,
		      const struct flame_options *options)
{
	const struct tree_node *it = &tree->nodes.items[node];
	size_t depth = 0;

	for (uint32_t at = node; at; at = tree->nodes.items[at].parent)
		path[depth++] = at;
	while (depth-- > 0) {
		put_frame(out, tree, path[depth], options);
		if (depth)
			putc(';', out);
	}
	if (options->diff)
		fprintf(out, " %" PRIu64 " %" PRIu64 "\n", it->other_self, it->self);
	else
		fprintf(out, " %" PRIu64 "\n", it->self);
}

int show_flame_folded(FILE *out, const struct stack_tree *tree, const struct flame_options *options)
{
	CLEANUP_FREE uint32_t *path = calloc(tree->nodes.count, sizeof(*path));

	if (!path)
		return -ENOMEM;
	errno = 0;
	/* Depth first, children by name: the same recording gives the same text. */
	for (uint32_t node = tree->nodes.items[0].child; node;) {
		const struct tree_node *it = &tree->nodes.items[node];

		if (it->self || (options->diff && it->other_self))
			put_stack(out, tree, node, path, options);
		if (it->child) {
			node = it->child;
			continue;
		}
		while (node && !tree->nodes.items[node].sibling)
			node = tree->nodes.items[node].parent;
		node = node ? tree->nodes.items[node].sibling : 0;
	}
	return ferror(out) ? (errno ? -errno : -EIO) : 0;
}
