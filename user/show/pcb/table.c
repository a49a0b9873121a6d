// SPDX-License-Identifier: GPL-2.0-only
/* table.c - one line a task */
#include "show/pcb/pcb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "show/text/text.h"

#define DEPTH_MAX 12 /* deeper ones are drawn at this depth */
#define NONE	  SIZE_MAX

enum column { NAME, TID, STATE, WAITS, PRIORITY, CPU, RAN, SWITCHES, RESIDENT, FILES, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "task", .min = 22},
	[TID] = {.head = "tid", .right = true},
	[STATE] = {.head = "state"},
	[WAITS] = {.head = "waits for", .min = 14},
	[PRIORITY] = {.head = "priority", .drop = 3},
	[CPU] = {.head = "cpu", .right = true, .drop = 5},
	[RAN] = {.head = "ran", .right = true, .drop = 2},
	[SWITCHES] = {.head = "switches", .right = true, .drop = 4},
	[RESIDENT] = {.head = "resident", .right = true, .drop = 1},
	[FILES] = {.head = "files", .right = true, .drop = 6},
};

static enum style style_of(enum pcb_state state)
{
	switch (state) {
	case PCB_RUNNING:
		return STYLE_RUNNING;
	case PCB_READY:
		return STYLE_READY;
	case PCB_STOPPED:
	case PCB_TRACED:
	case PCB_ZOMBIE:
		return STYLE_DOUBT;
	default:
		return STYLE_PLAIN;
	}
}

static void add_row(struct table *table, const struct pl_pcb_task *task, const char *indent,
		    const struct pcb_view *view)
{
	enum pcb_state state = pcb_state(task);
	char words[64];

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s%s", indent, task->comm);
	table_cell(table, TID, STYLE_PLAIN, "%u", task->head.tid);
	table_cell(table, STATE, style_of(state), "%s", pcb_state_name(state));
	table_cell(table, WAITS, STYLE_PLAIN, "%s",
		   pcb_wait_text(task, view->arch, words, sizeof(words)));
	table_cell(table, PRIORITY, STYLE_PLAIN, "%s",
		   pcb_priority_text(task, words, sizeof(words)));
	table_cell(table, CPU, STYLE_PLAIN, "%u", task->cpu);
	table_cell(table, RAN, STYLE_PLAIN, "%s", format_duration(task->runtime).text);
	table_cell(table, SWITCHES, STYLE_PLAIN, "%s",
		   format_count(task->voluntary + task->involuntary).text);
	/* Memory and files belong to the process: said once. */
	if (pcb_is_leader(task) && task->flags & PL_PCB_HAS_MEMORY)
		table_cell(table, RESIDENT, STYLE_PLAIN, "%s",
			   format_bytes(pcb_resident(task)).text);
	if (pcb_is_leader(task) && task->files)
		table_cell(table, FILES, STYLE_PLAIN, "%s%u",
			   task->flags & PL_PCB_FILES_CUT ? ">" : "", task->open_files);
}

static void sum_up(struct text *text, const struct snapshot *snapshot)
{
	uint32_t counts[PCB_STATES] = {0}, processes = 0;
	const struct pl_pcb_task *task;
	size_t shown = snapshot_shown(snapshot);
	const char *comma = ":";

	snapshot_for_each(snapshot, task)
	{
		counts[pcb_state(task)]++;
		processes += pcb_is_leader(task);
	}
	text_gap(text);
	text_print(text, STYLE_PLAIN, "%s task%s of %s process%s", format_count(shown).text,
		   shown == 1 ? "" : "s", format_count(processes).text, processes == 1 ? "" : "es");
	for (int state = 0; state < PCB_STATES; state++) {
		if (!counts[state])
			continue;
		text_print(text, STYLE_PLAIN, "%s %u %s", comma, counts[state],
			   pcb_state_name(state));
		comma = ",";
	}
	text_print(text, STYLE_PLAIN, " · read in %s", format_duration(snapshot->duration_ns).text);
	text_end(text);
}

static int finish(struct text *text, struct table *table, const struct snapshot *snapshot)
{
	table_finish(table);
	sum_up(text, snapshot);
	return text_finish(text);
}

void put_pcb_table(struct text *text, const struct snapshot *snapshot, const struct pcb_view *view)
{
	const struct pl_pcb_task *task;
	struct table table;

	table_start(&table, text, columns, COLUMNS, 2);
	snapshot_for_each(snapshot, task)
		add_row(&table, task, pcb_is_leader(task) ? "" : "  ", view);
	table_finish(&table);
}

int show_pcb_table(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	const struct pl_pcb_task *task;
	struct table table;
	struct text text;

	text_start(&text, out, &view->text);
	table_start(&table, &text, columns, COLUMNS, 0);
	snapshot_for_each(snapshot, task)
		add_row(&table, task, pcb_is_leader(task) ? "" : "  ", view);
	return finish(&text, &table, snapshot);
}

/* ---- as a tree ----------------------------------------------------------------------------- */

struct node {
	size_t parent, first_child, last_child, next; /* indices of tasks, or NONE */
};

struct tree {
	const struct snapshot *snapshot;
	const struct pcb_view *view;
	struct table *table;
	struct node *nodes;
	size_t first, last; /* roots */
};

static void hang(struct tree *tree, size_t index, size_t parent)
{
	struct node *node = &tree->nodes[index];
	size_t *first = parent == NONE ? &tree->first : &tree->nodes[parent].first_child;
	size_t *last = parent == NONE ? &tree->last : &tree->nodes[parent].last_child;

	node->parent = parent;
	if (*first == NONE)
		*first = index;
	else
		tree->nodes[*last].next = index;
	*last = index;
}

/* Whether `index` is above `below`: a recording may be made up, and its families circles. */
static bool is_above(const struct tree *tree, size_t index, size_t below)
{
	for (size_t steps = 0; below != NONE && steps <= tree->snapshot->tasks.count; steps++) {
		if (below == index)
			return true;
		below = tree->nodes[below].parent;
	}
	return below != NONE;
}

static size_t parent_of(const struct tree *tree, size_t index)
{
	const struct pl_pcb_task *task = &tree->snapshot->tasks.items[index];
	const struct pl_pcb_task *parent =
		snapshot_task(tree->snapshot, pcb_is_leader(task) ? task->parent : task->head.tgid);

	if (!parent || parent == task || snapshot_hides(tree->snapshot, parent))
		return NONE;
	return (size_t)(parent - tree->snapshot->tasks.items);
}

/* "│  ├─ ": whether each ancestor has a brother still to come, down from the root. */
static void indent_of(const struct tree *tree, size_t index, char *out, size_t size)
{
	size_t line[DEPTH_MAX], depth = 0, used = 0;

	for (size_t at = index; tree->nodes[at].parent != NONE && depth < DEPTH_MAX;
	     at = tree->nodes[at].parent)
		line[depth++] = at;
	out[0] = '\0';
	while (depth-- > 0) {
		bool last = tree->nodes[line[depth]].next == NONE;

		used += (size_t)snprintf(out + used, size - used, "%s",
					 depth ? (last ? "   " : "│  ") : (last ? "└─ " : "├─ "));
	}
}

/* Without recursion: a chain of parents may be as long as there are tasks. */
static size_t after(const struct tree *tree, size_t index)
{
	if (tree->nodes[index].first_child != NONE)
		return tree->nodes[index].first_child;
	while (index != NONE && tree->nodes[index].next == NONE)
		index = tree->nodes[index].parent;
	return index == NONE ? NONE : tree->nodes[index].next;
}

static void draw(const struct tree *tree)
{
	char indent[DEPTH_MAX * 8 + 8];

	for (size_t at = tree->first; at != NONE; at = after(tree, at)) {
		indent_of(tree, at, indent, sizeof(indent));
		add_row(tree->table, &tree->snapshot->tasks.items[at], indent, tree->view);
	}
}

int show_pcb_tree(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	size_t count = snapshot->tasks.count;
	CLEANUP_FREE struct node *nodes = calloc(count ? count : 1, sizeof(*nodes));
	struct table table;
	struct text text;
	struct tree tree = {.snapshot = snapshot, .view = view, .table = &table, .nodes = nodes};

	if (!nodes)
		return -ENOMEM;
	tree.first = tree.last = NONE;
	for (size_t i = 0; i < count; i++)
		nodes[i] = (struct node){NONE, NONE, NONE, NONE};
	for (size_t i = 0; i < count; i++) {
		size_t parent = parent_of(&tree, i);

		if (snapshot_hides(snapshot, &snapshot->tasks.items[i]))
			continue;
		hang(&tree, i, parent != NONE && !is_above(&tree, i, parent) ? parent : NONE);
	}
	text_start(&text, out, &view->text);
	table_start(&table, &text, columns, COLUMNS, 0);
	draw(&tree);
	return finish(&text, &table, snapshot);
}
