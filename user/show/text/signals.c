// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - who sent which signal to whom, what it did, and which ends need a word */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "model/signals.h"
#include "show/derive.h"

#define LINES_DEFAULT 12
#define ENDS_DEFAULT  6
#define NOISE_MAX     3

/* Of which the kernel tells something by their codes. */
#define NUMBER_ILL  4
#define NUMBER_TRAP 5
#define NUMBER_BUS  7
#define NUMBER_FPE  8
#define NUMBER_SEGV 11
#define NUMBER_CHLD 17
#define NUMBER_SYS  31
#define CODE_KERNEL 0x80

enum column {
	AT,
	SIGNAL,
	FROM,
	TO,
	TIMES,
	EFFECT,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[AT] = {.head = "at", .right = true, .drop = 2},
	[SIGNAL] = {.head = "signal"},
	[FROM] = {.head = "from", .min = 8},
	[TO] = {.head = "to", .min = 8},
	[TIMES] = {.head = "times", .right = true, .drop = 1},
	[EFFECT] = {.head = "what it did", .min = 20},
};

static struct figure since_begin(const struct model *model, uint64_t time)
{
	return format_duration(time > model->begin ? time - model->begin : 0);
}

/* What the instruction did wrong, as far as the kernel's code tells. */
static const char *fault_words(const struct signal_sum *sum)
{
	switch (sum->number) {
	case NUMBER_SEGV:
		return sum->code == 1		  ? "nothing is mapped there"
		       : sum->code == 2		  ? "the mapping there does not allow it"
		       : sum->code == CODE_KERNEL ? "not an address at all"
						  : "no access";
	case NUMBER_BUS:
		return sum->code == 1	? "not aligned"
		       : sum->code == 2 ? "behind the end of the mapped file"
					: "no memory behind it";
	case NUMBER_FPE:
		return sum->code == 1 ? "an integer divided by zero" : "arithmetic without result";
	case NUMBER_ILL:
		return "no such instruction";
	case NUMBER_TRAP:
		return "a breakpoint";
	case NUMBER_SYS:
		return "a system call that is forbidden here";
	}
	return "a fault";
}

static bool address_matters(const struct signal_sum *sum)
{
	return (sum->number == NUMBER_SEGV && sum->code != CODE_KERNEL) ||
	       sum->number == NUMBER_BUS;
}

static void put_from(struct table *table, const struct model *model, const struct signal_sum *sum)
{
	if (sum->source == PL_SOURCE_FAULT)
		table_cell(table, FROM, STYLE_PLAIN, "its own doing");
	else if (sum->from < model->threads.count)
		table_cell(table, FROM, STYLE_PLAIN, "%s", model->threads.items[sum->from].name);
	else if (*sum->from_name)
		table_cell(table, FROM, STYLE_PLAIN, "%s %" PRIu32, sum->from_name, sum->from_tgid);
	else if (sum->from_tgid)
		table_cell(table, FROM, STYLE_PLAIN, "pid %" PRIu32, sum->from_tgid);
	else
		table_cell(table, FROM, STYLE_DIM, "the kernel");
}

static bool has_namesake(const struct model *model, const struct process *process)
{
	const struct process *other;

	vector_for_each (&model->processes, other) {
		if (other != process && !strcmp(other->name, process->name))
			return true;
	}
	return false;
}

static void put_to(struct table *table, const struct model *model, const struct signal_sum *sum)
{
	const struct process *process =
		sum->to < model->processes.count ? &model->processes.items[sum->to] : NULL;
	const char *name = process ? process->name : *sum->to_name ? sum->to_name : "?";

	if (process && !has_namesake(model, process))
		table_cell(table, TO, STYLE_PLAIN, "%s", name);
	else
		table_cell(table, TO, STYLE_PLAIN, "%s %" PRIu32, name, sum->to_tgid);
}

/* What becomes of a signal that neither ended nor stopped anybody, and for which no handler ran. */
static const char *quiet_effect(const struct signal_sum *sum)
{
	if (sum->resumes)
		return "lets it go on";
	if (sum->ignored == sum->sent)
		return "ignored";
	if (sum->stops)
		return "nothing: it did not get that far";
	return "waits, or sigwait() took it";
}

static void put_effect(struct table *table, const struct model *model, const struct signal_sum *sum)
{
	char rest[96] = "";

	if (sum->merged)
		snprintf(rest, sizeof(rest), "; %s merged", format_count(sum->merged).text);
	else if (sum->ignored && sum->ignored < sum->sent && !sum->resumes)
		snprintf(rest, sizeof(rest), "; %s ignored", format_count(sum->ignored).text);
	if (sum->fatal && sum->handled)
		table_cell(table, EFFECT, STYLE_BAD, "%s handled, then ended it%s",
			   format_count(sum->handled).text, rest);
	else if (sum->fatal)
		table_cell(table, EFFECT, STYLE_BAD, "ended it%s", rest);
	else if (sum->handled && sum->handler < model->threads.count)
		table_cell(table, EFFECT, STYLE_PLAIN, "%s handled it%s%s%s",
			   model->threads.items[sum->handler].name, sum->handled > 1 ? ", " : "",
			   sum->handled > 1 ? format_count(sum->handled).text : "",
			   sum->handled > 1 ? " times" : "");
	else if (sum->stopped)
		table_cell(table, EFFECT, STYLE_PLAIN, "stopped it%s", rest);
	else
		table_cell(table, EFFECT, STYLE_PLAIN, "%s%s", quiet_effect(sum), rest);
}

/* One line of the table: signals of one kind, or of all children of a process. */
struct line {
	struct signal_sum sum;
	uint32_t senders;
};

struct lines {
	VECTOR(struct line) items;
};

static void join(struct line *line, const struct signal_sum *sum)
{
	line->senders++;
	line->sum.sent += sum->sent;
	line->sum.ignored += sum->ignored;
	line->sum.merged += sum->merged;
	line->sum.handled += sum->handled;
	if (sum->handled)
		line->sum.handler = sum->handler;
}

/* The ends of its children are one line for each parent, or they would bury all else. */
static int collect(struct lines *lines, const struct model *model)
{
	const struct signal_sum *sum;
	struct line *line;

	vector_for_each (&model->signals, sum) {
		bool joined = false;

		if (sum->number == NUMBER_CHLD && !sum->fatal) {
			vector_for_each (&lines->items, line) {
				if (line->sum.number != sum->number ||
				    line->sum.to_tgid != sum->to_tgid || line->sum.fatal)
					continue;
				join(line, sum);
				joined = true;
				break;
			}
		}
		if (joined)
			continue;
		line = vector_add(&lines->items);
		if (!line)
			return -ENOMEM;
		line->sum = *sum;
		line->senders = 1;
	}
	return 0;
}

/* Shells get these by the dozen. */
static bool line_is_noise(const struct line *line)
{
	return line->sum.number == NUMBER_CHLD && !line->sum.fatal;
}

static bool line_matters(const struct line *line)
{
	return line->sum.fatal || line->sum.has_fault || line->sum.stopped;
}

static void put_line(struct table *table, const struct model *model, const struct line *line)
{
	const struct signal_sum *sum = &line->sum;

	table_row(table);
	table_cell(table, AT, STYLE_PLAIN, "%s", since_begin(model, sum->first).text);
	table_cell(table, SIGNAL, STYLE_PLAIN, "%s", signal_label(sum->number).text);
	if (line->senders > 1)
		table_cell(table, FROM, STYLE_PLAIN, "%s children",
			   format_count(line->senders).text);
	else
		put_from(table, model, sum);
	put_to(table, model, sum);
	table_cell(table, TIMES, STYLE_PLAIN, "%s", format_count(sum->sent).text);
	put_effect(table, model, sum);
}

static uint64_t count_noise(const struct lines *lines)
{
	const struct line *line;
	uint64_t noise = 0;

	vector_for_each (&lines->items, line)
		noise += line_is_noise(line);
	return noise;
}

static void put_lines(struct text *text, const struct model *model, const struct lines *lines)
{
	uint64_t limit = text->options.threads ? text->options.threads : LINES_DEFAULT;
	uint64_t important = 0, others = 0, noise = count_noise(lines), told = 0;
	const struct line *line;
	struct table table;

	vector_for_each (&lines->items, line)
		important += line_matters(line);
	table_start(&table, text, columns, COLUMNS, 0);
	/* In order of time; when there are too many, those without consequences stay away. */
	vector_for_each (&lines->items, line) {
		if (told == limit)
			break;
		if (!line_matters(line) && important + others >= limit)
			continue;
		if (line_is_noise(line) && noise > NOISE_MAX)
			continue;
		others += !line_matters(line);
		told++;
		put_line(&table, model, line);
	}
	if (told < lines->items.count)
		table_line(&table, STYLE_PLAIN, "… and %s more kinds",
			   format_count(lines->items.count - told).text);
	table_finish(&table);
}

/* ---- ends ---------------------------------------------------------------------------------- */

/* "terminal, in read" */
static void name_wait(char *ret, size_t size, const struct model *model,
		      const struct thread *thread)
{
	struct reason_label reason = reason_label(model, thread->ended_in, thread->ended_syscall);
	struct reason_label syscall = reason_label(model, REASON_SYSCALL, thread->ended_syscall);
	bool both = thread->ended_in != REASON_SYSCALL && thread->ended_syscall != PL_NO_SYSCALL;

	snprintf(ret, size, "%s%s%s", reason.text, both ? ", in " : "", both ? syscall.text : "");
}

/* The faults that ended somebody, with what they were about. */
static void put_faults(struct text *text, const struct model *model)
{
	const struct signal_sum *sum;
	uint64_t told = 0;

	vector_for_each (&model->signals, sum) {
		const char *name = sum->faulter < model->threads.count
					   ? model->threads.items[sum->faulter].name
					   : sum->to_name;

		if (!sum->fatal || !sum->has_fault || told++ >= ENDS_DEFAULT)
			continue;
		if (address_matters(sum))
			text_paragraph(text, "", STYLE_PLAIN,
				       "%s used the address 0x%" PRIx64
				       ": %s (the instruction at 0x%" PRIx64 ")",
				       name, sum->address, fault_words(sum), sum->ip);
		else
			text_paragraph(text, "", STYLE_PLAIN,
				       "%s: %s (the instruction at 0x%" PRIx64 ")", name,
				       fault_words(sum), sum->ip);
	}
}

static bool was_taken_from_wait(const struct thread *thread)
{
	return (thread->end_how == PL_END_TAKEN || thread->end_how == PL_END_EXEC) &&
	       thread->ended_in != REASON_NONE;
}

static void put_taken(struct text *text, const struct model *model, const struct thread *thread)
{
	const struct process *process = &model->processes.items[thread->process];
	struct figure length = format_duration(thread->ended_wait_ns);
	char wait[128];

	name_wait(wait, sizeof(wait), model, thread);
	if (thread->end_how == PL_END_EXEC)
		text_paragraph(text, "", STYLE_PLAIN,
			       "%s did not end by itself: it had waited for %s (%s) when another "
			       "thread of its process executed a new program",
			       thread->name, length.text, wait);
	else if (process->killer < model->signals.count)
		text_paragraph(text, "", STYLE_PLAIN,
			       "%s was waiting when %s ended it: for %s (%s)", thread->name,
			       signal_label(model->signals.items[process->killer].number).text,
			       length.text, wait);
	else if (thread->ended_by < model->threads.count)
		text_paragraph(text, "", STYLE_PLAIN,
			       "%s did not end by itself: it had waited for %s (%s) when %s ended "
			       "the process",
			       thread->name, length.text, wait,
			       model->threads.items[thread->ended_by].name);
}

/* Its first thread ended by itself, and was not the last one. */
static bool outlived(const struct model *model, const struct thread *leader)
{
	const struct process *process = &model->processes.items[leader->process];

	return leader->leader && leader->end_how == PL_END_ITSELF && process->threads > 1 &&
	       process->end > leader->end;
}

static bool end_matters(const struct model *model, const struct thread *thread)
{
	return thread->process < model->processes.count &&
	       (was_taken_from_wait(thread) || outlived(model, thread));
}

static void put_ends(struct text *text, const struct model *model, uint64_t count)
{
	unsigned int limit = text->options.threads ? text->options.threads : ENDS_DEFAULT;
	const struct thread *thread;
	uint64_t told = 0;

	vector_for_each (&model->threads, thread) {
		if (told == limit)
			break;
		if (!end_matters(model, thread))
			continue;
		told++;
		if (was_taken_from_wait(thread))
			put_taken(text, model, thread);
		else
			text_paragraph(text, "", STYLE_PLAIN,
				       "the first thread of %s ended at %s, and the others went on "
				       "for %s",
				       thread->name, since_begin(model, thread->end).text,
				       format_duration(model->processes.items[thread->process].end -
						       thread->end)
					       .text);
	}
	if (told < count)
		text_paragraph(text, "", STYLE_PLAIN, "… and %s more",
			       format_count(count - told).text);
}

void show_signals(struct text *text, const struct model *model)
{
	const struct thread *thread;
	struct lines lines = {0};
	uint64_t ends = 0;
	bool signals;

	if (collect(&lines, model))
		text->error = -ENOMEM;
	vector_for_each (&model->threads, thread)
		ends += end_matters(model, thread);
	signals = count_noise(&lines) < lines.items.count;
	if (signals || ends)
		text_gap(text);
	if (signals)
		put_lines(text, model, &lines);
	put_faults(text, model);
	put_ends(text, model, ends);
	vector_free(&lines.items);
}
