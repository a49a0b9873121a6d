// SPDX-License-Identifier: GPL-2.0-only
/* processes.c - which process made which, what it executed, how it ended */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "show/derive.h"

#define LINES_DEFAULT 20
#define DEPTH_MAX     8 /* deeper ones are drawn at this depth */
#define ALIKE_MIN     4 /* so many childless children of a kind are told in one line */

struct node {
	uint32_t parent;			/* NO_THREAD: a root */
	uint32_t first_child, last_child, next; /* only those with lines of their own */
	uint32_t mark;				/* walk that came by: finds circles */
	bool leaf, hidden;
	bool listed; /* the reader wants to see it */
	/* Of all that this line stands for. */
	uint32_t count;
	uint64_t threads, cpu_ns, execs;
};

struct tree {
	struct text *text;
	const struct model *model;
	struct node *nodes;
	uint32_t count, listed;
	uint32_t first_root, last_root;
	struct table table;
};

enum column {
	NAME,
	PID,
	BEGAN,
	LIVED,
	THREADS,
	CPU,
	ENDED,
	PROGRAM,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "process", .min = 12},
	[PID] = {.head = "pid", .right = true, .drop = 1},
	[BEGAN] = {.head = "began", .right = true, .drop = 4},
	[LIVED] = {.head = "lived", .right = true, .drop = 2},
	[THREADS] = {.head = "threads", .right = true, .drop = 5},
	[CPU] = {.head = "cpu", .right = true, .drop = 3},
	[ENDED] = {.head = "ended"},
	[PROGRAM] = {.head = "program", .min = 12, .drop = 6},
};

static bool is_process(const struct tree *tree, uint32_t index)
{
	return index < tree->count;
}

/* A damaged recording may say that a process is its own grandmother: such a circle is opened. */
static void find_parents(struct tree *tree)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		uint32_t parent = tree->model->processes.items[i].parent;

		tree->nodes[i] = (struct node){
			.parent = is_process(tree, parent) && parent != i ? parent : NO_THREAD,
			.first_child = NO_THREAD,
			.last_child = NO_THREAD,
			.next = NO_THREAD,
			.mark = NO_THREAD,
			.leaf = true,
		};
	}
	for (uint32_t i = 0; i < tree->count; i++) {
		uint32_t at = i, up;

		while (tree->nodes[at].mark == NO_THREAD) {
			tree->nodes[at].mark = i;
			up = tree->nodes[at].parent;
			if (up == NO_THREAD)
				break;
			if (tree->nodes[up].mark == i) {
				tree->nodes[at].parent = NO_THREAD;
				break;
			}
			at = up;
		}
	}
}

/* Of a whole machine only those count that came or went. */
static void choose_listed(struct tree *tree)
{
	const struct thread *thread;

	for (uint32_t i = 0; i < tree->count; i++)
		tree->nodes[i].listed =
			tree->model->target || !tree->model->processes.items[i].alive_at_end;
	vector_for_each (&tree->model->threads, thread) {
		if (thread->leader && !thread->began_before && thread->process < tree->count)
			tree->nodes[thread->process].listed = true;
	}
	for (uint32_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->nodes[i];

		node->hidden = !node->listed;
		tree->listed += node->listed;
	}
	/* Children of what is not listed move up. A parent can only move to one of its own
	 * ancestors, so this ends. */
	for (uint32_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->nodes[i];

		while (node->parent != NO_THREAD && !tree->nodes[node->parent].listed)
			node->parent = tree->nodes[node->parent].parent;
		if (node->listed && node->parent != NO_THREAD)
			tree->nodes[node->parent].leaf = false;
	}
}

/* Orders childless siblings so that those alike lie side by side. */
static int compare_alike(const void *a, const void *b, void *data)
{
	const uint32_t *left = a, *right = b;
	const struct tree *tree = data;
	const struct node *x = &tree->nodes[*left], *y = &tree->nodes[*right];
	const struct process *p = &tree->model->processes.items[*left];
	const struct process *q = &tree->model->processes.items[*right];
	int order;

	if (x->leaf != y->leaf)
		return x->leaf ? -1 : 1;
	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	order = strcmp(p->name, q->name);
	if (!order)
		order = strcmp(p->path, q->path);
	if (order)
		return order;
	if (p->alive_at_end != q->alive_at_end)
		return p->alive_at_end ? -1 : 1;
	if (p->has_code != q->has_code)
		return p->has_code ? -1 : 1;
	if (p->has_code && p->code != q->code)
		return p->code < q->code ? -1 : 1;
	return 0;
}

static int compare_alike_then_index(const void *a, const void *b, void *data)
{
	const uint32_t *left = a, *right = b;
	int order = compare_alike(a, b, data);

	return order ? order : *left < *right ? -1 : *left > *right;
}

static void stand_for(struct tree *tree, uint32_t line, uint32_t index)
{
	const struct process *process = &tree->model->processes.items[index];
	struct node *node = &tree->nodes[line];

	node->count++;
	node->threads += process->threads;
	node->execs += process->execs;
	node->cpu_ns += process->running_ns;
	if (line != index)
		tree->nodes[index].hidden = true;
}

static int join_alike(struct tree *tree)
{
	uint32_t *order = calloc(tree->listed, sizeof(*order));
	uint32_t count = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree->count; i++) {
		if (tree->nodes[i].listed)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), compare_alike_then_index, tree);
	for (uint32_t begin = 0, end; begin < count; begin = end) {
		bool leaf = tree->nodes[order[begin]].leaf;

		for (end = begin + 1; end < count; end++) {
			if (!leaf || compare_alike(&order[begin], &order[end], tree))
				break;
		}
		for (uint32_t i = begin; i < end; i++)
			stand_for(tree, end - begin >= ALIKE_MIN ? order[begin] : order[i],
				  order[i]);
	}
	free(order);
	return 0;
}

static void link_lines(struct tree *tree)
{
	tree->first_root = tree->last_root = NO_THREAD;
	for (uint32_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->nodes[i];
		uint32_t *first = &tree->first_root, *last = &tree->last_root;

		if (node->hidden)
			continue;
		if (node->parent != NO_THREAD) {
			first = &tree->nodes[node->parent].first_child;
			last = &tree->nodes[node->parent].last_child;
		}
		if (*last == NO_THREAD)
			*first = i;
		else
			tree->nodes[*last].next = i;
		*last = i;
	}
}

/* The line after `at`: downwards, else sideways, else back up and sideways. */
static uint32_t next_line(const struct tree *tree, uint32_t at)
{
	if (tree->nodes[at].first_child != NO_THREAD)
		return tree->nodes[at].first_child;
	while (at != NO_THREAD && tree->nodes[at].next == NO_THREAD)
		at = tree->nodes[at].parent;
	return at == NO_THREAD ? NO_THREAD : tree->nodes[at].next;
}

/* The branches before a name, from the right to the left. */
static void draw_branches(const struct tree *tree, uint32_t index, char *ret, size_t size)
{
	const char *pieces[DEPTH_MAX];
	size_t depth = 0, used = 0;

	for (uint32_t at = index; depth < DEPTH_MAX; at = tree->nodes[at].parent) {
		bool last = tree->nodes[at].next == NO_THREAD;

		if (tree->nodes[at].parent == NO_THREAD)
			break;
		if (at == index)
			pieces[depth++] = last ? "└─ " : "├─ ";
		else
			pieces[depth++] = last ? "   " : "│  ";
	}
	ret[0] = '\0';
	while (depth--)
		used += (size_t)snprintf(ret + used, size - used, "%s", pieces[depth]);
}

static void put_end(struct tree *tree, const struct process *process)
{
	if (process->has_code)
		table_cell(&tree->table, ENDED, process->code ? STYLE_BAD : STYLE_PLAIN, "%s",
			   status_label(process->code).text);
	else if (process->alive_at_end)
		table_cell(&tree->table, ENDED, STYLE_DIM, "alive");
	else
		table_cell(&tree->table, ENDED, STYLE_DOUBT, "not known");
}

static void put_line(struct tree *tree, uint32_t index, bool show_threads)
{
	const struct process *process = &tree->model->processes.items[index];
	const struct node *node = &tree->nodes[index];
	struct table *table = &tree->table;
	char branches[DEPTH_MAX * 8];

	draw_branches(tree, index, branches, sizeof(branches));
	table_row(table);
	if (node->count > 1) {
		table_cell(table, NAME, STYLE_PLAIN, "%s%s × %s", branches,
			   format_count(node->count).text, process->name);
	} else {
		table_cell(table, NAME, STYLE_PLAIN, "%s%s", branches, process->name);
		table_cell(table, PID, STYLE_DIM, "%" PRIu32, process->tgid);
		table_cell(table, BEGAN, STYLE_PLAIN, "%s",
			   process->begin > tree->model->begin
				   ? format_duration(process->begin - tree->model->begin).text
				   : "0 ns");
		table_cell(table, LIVED, STYLE_PLAIN, "%s",
			   format_duration(process->end > process->begin
						   ? process->end - process->begin
						   : 0)
				   .text);
	}
	if (show_threads)
		table_cell(table, THREADS, STYLE_PLAIN, "%s", format_count(node->threads).text);
	table_cell(table, CPU, STYLE_PLAIN, "%s", format_duration(node->cpu_ns).text);
	put_end(tree, process);
	if (*process_program(tree->model, process))
		table_cell(table, PROGRAM, STYLE_DIM, "%s", process_program(tree->model, process));
}

static void put_tree(struct tree *tree)
{
	unsigned int limit =
		tree->text->options.threads ? tree->text->options.threads : LINES_DEFAULT;
	const struct process *process;
	bool show_threads = false;
	uint64_t told = 0;

	vector_for_each (&tree->model->processes, process)
		show_threads |= process->threads > 1;
	table_start(&tree->table, tree->text, columns, COLUMNS, 0);
	for (uint32_t at = tree->first_root; at != NO_THREAD && limit; limit--) {
		put_line(tree, at, show_threads);
		told += tree->nodes[at].count;
		at = next_line(tree, at);
	}
	if (told < tree->listed)
		table_line(&tree->table, STYLE_PLAIN, "… and %s more",
			   format_count(tree->listed - told).text);
	table_finish(&tree->table);
}

void show_processes(struct text *text, const struct model *model)
{
	struct tree tree = {.text = text, .model = model};

	if (model->processes.count < 2)
		return;
	tree.count = (uint32_t)model->processes.count;
	tree.nodes = calloc(tree.count, sizeof(*tree.nodes));
	if (!tree.nodes) {
		text->error = -ENOMEM;
		return;
	}
	find_parents(&tree);
	choose_listed(&tree);
	if (!tree.listed)
		goto out;
	if (join_alike(&tree)) {
		text->error = -ENOMEM;
	} else {
		link_lines(&tree);
		text_gap(text);
		put_tree(&tree);
	}
out:
	free(tree.nodes);
}
