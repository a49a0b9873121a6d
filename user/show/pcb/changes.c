// SPDX-License-Identifier: GPL-2.0-only
/* changes.c - what is different between two looks at the same tasks */
#include "show/pcb/pcb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "show/text/text.h"

struct change {
	const struct pl_pcb_task *before, *after; /* NULL: not there yet, not any more */
	uint64_t ran, switches, faults;
	int64_t resident;
};

enum column { NAME, TID, STATE, RAN, CPU, SWITCHES, FAULTS, RESIDENT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = {.head = "task", .min = 10},
	[TID] = {.head = "tid", .right = true},
	[STATE] = {.head = "state", .min = 12},
	[RAN] = {.head = "ran", .right = true},
	[CPU] = {.head = "of a CPU", .right = true, .drop = 2},
	[SWITCHES] = {.head = "switches", .right = true, .drop = 3},
	[FAULTS] = {.head = "faults", .right = true, .drop = 4},
	[RESIDENT] = {.head = "resident", .right = true, .drop = 1},
};

/* A tid may have passed to another task: the time of its start tells. */
static const struct pl_pcb_task *same_in(const struct snapshot *snapshot,
					 const struct pl_pcb_task *task)
{
	const struct pl_pcb_task *found = snapshot_task(snapshot, task->head.tid);

	return found && found->start_time == task->start_time ? found : NULL;
}

static uint64_t switches_of(const struct pl_pcb_task *task)
{
	return task->voluntary + task->involuntary;
}

static uint64_t faults_of(const struct pl_pcb_task *task)
{
	return task->minor_faults + task->major_faults;
}

static struct change change_of(const struct pl_pcb_task *before, const struct pl_pcb_task *after)
{
	struct change change = {.before = before, .after = after};

	if (!after)
		return change;
	change.ran = after->runtime - (before ? before->runtime : 0);
	change.switches = switches_of(after) - (before ? switches_of(before) : 0);
	change.faults = faults_of(after) - (before ? faults_of(before) : 0);
	if (pcb_is_leader(after))
		change.resident =
			(int64_t)(pcb_resident(after) - (before ? pcb_resident(before) : 0));
	return change;
}

static bool is_news(const struct change *change)
{
	return !change->before || !change->after || change->ran || change->switches ||
	       change->resident || pcb_state(change->before) != pcb_state(change->after);
}

static int by_activity(const void *a, const void *b)
{
	const struct change *one = a, *other = b;

	if (one->ran != other->ran)
		return one->ran > other->ran ? -1 : 1;
	return (one->switches < other->switches) - (one->switches > other->switches);
}

static void put_state(struct table *table, const struct change *change, const char *arch)
{
	char before[64] = "", after[64] = "", wait[48];

	if (change->before)
		snprintf(before, sizeof(before), "%s", pcb_state_name(pcb_state(change->before)));
	if (change->after) {
		pcb_wait_text(change->after, arch, wait, sizeof(wait));
		snprintf(after, sizeof(after), "%s%s%s", pcb_state_name(pcb_state(change->after)),
			 *wait ? ": " : "", wait);
	}
	if (!change->before)
		table_cell(table, STATE, STYLE_GOOD, "new → %s", after);
	else if (!change->after)
		table_cell(table, STATE, STYLE_DOUBT, "%s → gone", before);
	else if (pcb_state(change->before) != pcb_state(change->after))
		table_cell(table, STATE, STYLE_PLAIN, "%s → %s", before, after);
	else
		table_cell(table, STATE, STYLE_PLAIN, "%s", after);
}

static void add_row(struct table *table, const struct change *change, uint64_t elapsed,
		    const char *arch)
{
	const struct pl_pcb_task *task = change->after ? change->after : change->before;
	int64_t resident = change->resident;

	table_row(table);
	table_cell(table, NAME, STYLE_PLAIN, "%s", task->comm);
	table_cell(table, TID, STYLE_PLAIN, "%u", task->head.tid);
	put_state(table, change, arch);
	if (!change->after)
		return;
	table_cell(table, RAN, STYLE_PLAIN, "%s", format_duration(change->ran).text);
	table_cell(table, CPU, STYLE_PLAIN, "%s", format_share(change->ran, elapsed).text);
	table_cell(table, SWITCHES, STYLE_PLAIN, "%s", format_count(change->switches).text);
	table_cell(table, FAULTS, STYLE_PLAIN, "%s", format_count(change->faults).text);
	if (resident)
		table_cell(table, RESIDENT, STYLE_PLAIN, "%s%s", resident < 0 ? "−" : "+",
			   format_bytes((uint64_t)(resident < 0 ? -resident : resident)).text);
}

int show_pcb_changes(FILE *out, const struct snapshot *before, const struct snapshot *after,
		     const struct pcb_view *view)
{
	size_t most = before->tasks.count + after->tasks.count, count = 0;
	CLEANUP_FREE struct change *changes = calloc(most ? most : 1, sizeof(*changes));
	uint64_t elapsed = after->time - before->time;
	const struct pl_pcb_task *task;
	struct table table;
	struct text text;

	if (!changes)
		return -ENOMEM;
	snapshot_for_each(after, task)
	{
		changes[count] = change_of(same_in(before, task), task);
		count += is_news(&changes[count]);
	}
	snapshot_for_each(before, task) if (!same_in(after, task)) changes[count++] =
		change_of(task, NULL);
	qsort(changes, count, sizeof(*changes), by_activity);
	text_start(&text, out, &view->text);
	text_print(&text, STYLE_HEAD, "in %s: %s of %s tasks did something",
		   format_duration(elapsed).text, format_count(count).text,
		   format_count(snapshot_shown(after)).text);
	text_end(&text);
	table_start(&table, &text, columns, COLUMNS, 2);
	for (size_t i = 0; i < count; i++)
		add_row(&table, &changes[i], elapsed, view->arch);
	table_finish(&table);
	text_gap(&text);
	return text_finish(&text);
}
