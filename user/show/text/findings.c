// SPDX-License-Identifier: GPL-2.0-only
/* findings.c - the sentences that matter, most costly first */
#include "show/text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "model/race/watch.h"
#include "show/derive.h"
#include "show/lock_names.h"

#define INDENT 2

static const char *thread_name(const struct model *model, uint32_t thread)
{
	return thread < model->threads.count ? model->threads.items[thread].name : "a thread";
}

/* "24.0 ms (50 %)" */
struct share_label {
	char text[80];
};

static struct share_label share_label(const struct model *model, uint64_t ns)
{
	struct share_label label;

	snprintf(label.text, sizeof(label.text), "%s (%s)", format_duration(ns).text,
		 format_share(ns, model_wall_ns(model)).text);
	return label;
}

/* " (at 1.20 ... 3.40 ms)" */
static struct share_label when_label(const struct model *model, const struct finding *finding)
{
	uint64_t begin = finding->begin > model->begin ? finding->begin - model->begin : 0;
	uint64_t end = finding->end > model->begin ? finding->end - model->begin : 0;
	struct share_label label;

	snprintf(label.text, sizeof(label.text), "from %s to %s", format_duration(begin).text,
		 format_duration(end).text);
	return label;
}

/* A condition is waited for at a word inside it; a fact names its beginning. */
#define CONDITION_SIZE 48

static struct lock_label thing_label(const struct model *model, const struct finding *finding)
{
	const struct lock *lock, *found = NULL;
	struct lock_label label;

	vector_for_each (&model->locks, lock) {
		if (lock->process == finding->process && lock->address == finding->address)
			found = lock;
	}
	label = lock_label(model, found, finding->address);
	if (finding->reason != REASON_CONDITION)
		return label;
	for (uint64_t offset = 8; offset < CONDITION_SIZE && !strncmp(label.text, "0x", 2);
	     offset += 8)
		label = lock_label(model, NULL, finding->address - offset);
	return strncmp(label.text, "0x", 2) ? label : lock_label(model, NULL, finding->address);
}

static int say_lock(char **ret, const struct model *model, const struct finding *finding)
{
	bool convoy = finding->kind == FINDING_CONVOY;
	struct lock_label lock = thing_label(model, finding);
	char because[96] = "", who[160] = "";

	if (finding->other < model->threads.count)
		snprintf(because, sizeof(because), ", while %s held it",
			 thread_name(model, finding->other));
	if (finding->thread < model->threads.count)
		snprintf(who, sizeof(who), ", %s for %s of it", thread_name(model, finding->thread),
			 format_duration(finding->thread_ns).text);
	/* One wait of one thread: said at once. */
	if (finding->count == 1 && *who)
		return asprintf(ret,
				"Serialised by `%s`: %s waited %s for it%s, %s. Without it the run "
				"would be %s shorter.",
				lock.text, thread_name(model, finding->thread),
				format_duration(finding->thread_ns).text, because,
				when_label(model, finding).text,
				share_label(model, finding->cost_ns).text);
	return asprintf(
		ret,
		"%s `%s`: %s wait%s for it, %s in all%s%s, %s. Without them the run would be %s shorter.",
		convoy ? "Convoy at" : "Serialised by", lock.text,
		format_count(finding->count).text, finding->count == 1 ? "" : "s",
		format_duration(finding->total_ns).text, who, because,
		when_label(model, finding).text, share_label(model, finding->cost_ns).text);
}

static int say_gil(char **ret, const struct model *model, const struct finding *finding)
{
	if (finding->reason == REASON_GIL)
		return asprintf(
			ret,
			"One at a time under the %s: threads waited for it %s times, %s in all, %s "
			"most (%s). If they could run together, the run would be %s shorter: with "
			"processes, or where the work is done outside of the "
			"interpreter.",
			thing_label(model, finding).text, format_count(finding->count).text,
			format_duration(finding->total_ns).text,
			thread_name(model, finding->thread),
			format_duration(finding->thread_ns).text,
			share_label(model, finding->cost_ns).text);
	return asprintf(
		ret,
		"One at a time under `%s`, as under an interpreter's lock: threads waited for "
		"it %s times, %s in all, and never ran together. If they could, the run "
		"would be %s shorter.",
		thing_label(model, finding).text, format_count(finding->count).text,
		format_duration(finding->total_ns).text, share_label(model, finding->cost_ns).text);
}

static int say_cpus(char **ret, const struct model *model, const struct finding *finding)
{
	char why[96];

	if (model->cpus_used && model->cpus_used < model->cpus)
		snprintf(why, sizeof(why),
			 "Kept to %u of the %u CPUs, as by an affinity or a cgroup: threads",
			 model->cpus_used, model->cpus);
	else
		snprintf(why, sizeof(why), "More threads could run than there were CPUs (%u): they",
			 model->cpus);
	return asprintf(
		ret,
		"%s waited for one %s times, %s in all, %s most. With a CPU for each the run "
		"would be %s shorter.",
		why, format_count(finding->count).text, format_duration(finding->total_ns).text,
		thread_name(model, finding->thread), share_label(model, finding->cost_ns).text);
}

static int say_others(char **ret, const struct model *model, const struct finding *finding)
{
	return asprintf(
		ret,
		"Kept off the CPUs from outside: the run lost %s waiting for a CPU, %s most, "
		"beyond what its own threads took from each other. Other programs, or an "
		"affinity, took them.",
		share_label(model, finding->cost_ns).text, thread_name(model, finding->thread));
}

static int say_starved(char **ret, const struct model *model, const struct finding *finding)
{
	return asprintf(ret, "Starved: %s was ready and waited %s for a CPU at a time.",
			thread_name(model, finding->thread),
			share_label(model, finding->longest_ns).text);
}

static int say_series(char **ret, const struct model *model, const struct finding *finding)
{
	return asprintf(ret,
			"In series: %s waited %s times one after the other for %s, %s in all. If "
			"those do not depend on each other, they could overlap: up to %s.",
			thread_name(model, finding->thread), format_count(finding->count).text,
			finding->reason == REASON_DISK ? "the disk" : "the network",
			share_label(model, finding->total_ns).text,
			format_duration(finding->cost_ns).text);
}

/* " -> a: waits for `x`, held by b", for each, as far as there is room. */
static void add_member(char *words, size_t size, const struct model *model,
		       const struct deadlock_member *member)
{
	struct finding thing = {.address = member->address, .reason = member->reason};
	size_t length = strlen(words);

	if (member->lock < model->locks.count)
		thing.process = model->locks.items[member->lock].process;
	if (member->reason == REASON_JOIN)
		snprintf(words + length, size - length, "%s%s waits for the end of %s",
			 length ? "; " : "", thread_name(model, member->thread),
			 thread_name(model, member->holder));
	else
		snprintf(words + length, size - length, "%s%s waits for `%s`, which %s holds",
			 length ? "; " : "", thread_name(model, member->thread),
			 thing_label(model, &thing).text, thread_name(model, member->holder));
}

#define MEMBERS_SAID 5

static int say_deadlock(char **ret, const struct model *model, const struct finding *finding)
{
	const struct deadlock *deadlock = &model->deadlocks.items[finding->index];
	static const char *const ends[] = {
		[DEADLOCK_GOES_ON] = ", and goes on",
		[DEADLOCK_TIMED_OUT] = ", until one gave up",
		[DEADLOCK_KILLED] = ", until the process was ended",
	};
	size_t count = deadlock->members.count;
	char words[1024] = "", more[48] = "";

	for (size_t i = 0; i < count && i < MEMBERS_SAID; i++)
		add_member(words, sizeof(words), model, &deadlock->members.items[i]);
	if (count > MEMBERS_SAID)
		snprintf(more, sizeof(more), "; and %zu more", count - MEMBERS_SAID);
	return asprintf(ret, "Deadlock: %s%s. From %s on, for %s%s.", words, more,
			format_duration(deadlock->begin - model->begin).text,
			share_label(model, finding->cost_ns).text, ends[deadlock->ended]);
}

static int say_race(char **ret, const struct model *model, const struct finding *finding)
{
	const struct watched *watched = &model->watch->variables.items[finding->index];
	uint64_t updates = watched->race.updates;
	const struct watch_thread *thread;
	unsigned int writers = 0;

	vector_for_each (&watched->threads, thread)
		writers += thread->writes > 0;
	return asprintf(ret, "Race: of %s updates of `%s` by %u threads %s%s were lost (%s). %s%s",
			format_count(updates).text, watched->name, writers,
			watched->race.exact ? "" : "at least ", format_count(finding->count).text,
			format_share(finding->count, updates).text,
			watched->locks_always ? "Though one lock was held at all of them."
					      : "No one lock was held at all of them.",
			model->watch->command ? " Seen in a run of its own, below." : "");
}

static int say_inversion(char **ret, const struct model *model, const struct finding *finding)
{
	char between[128] = "";

	if (finding->third < model->threads.count)
		snprintf(between, sizeof(between), " (between the two: %s, which ran %s)",
			 thread_name(model, finding->third),
			 format_duration(
				 model->threads.items[finding->third].state_ns[STATE_RUNNING])
				 .text);
	return asprintf(
		ret,
		"Priority inversion at `%s`: %s waited %s for it; %s of that %s, which held "
		"it and is less urgent, could run and got no CPU%s. A lock that lends its "
		"holder the priority of who waits for it prevents that.",
		thing_label(model, finding).text, thread_name(model, finding->thread),
		format_duration(finding->thread_ns).text,
		share_label(model, finding->total_ns).text, thread_name(model, finding->other),
		between);
}

static int say_herd(char **ret, const struct model *model, const struct finding *finding)
{
	char by[96] = "";

	if (finding->other < model->threads.count)
		snprintf(by, sizeof(by), "%s ", thread_name(model, finding->other));
	return asprintf(
		ret,
		"Thundering herd at `%s`: %s%s several at once that waited for it, %s times, "
		"%.1f threads each time; %s of those %s went back to sleep and had done "
		"nothing, %s. Waking as many as are needed would do.",
		thing_label(model, finding).text, by, *by ? "woke" : "woken",
		format_count(finding->count).text,
		finding->count ? (double)finding->woken / (double)finding->count : 0,
		format_count(finding->idle).text, format_count(finding->woken).text,
		when_label(model, finding).text);
}

static int say_polling(char **ret, const struct model *model, const struct finding *finding)
{
	uint64_t span = finding->end - finding->begin;
	uint64_t per_second = span ? (uint64_t)((double)finding->count * 1e9 / (double)span) : 0;

	return asprintf(
		ret,
		"Woken for nothing: %s woke itself %s times by a timer (%s), did nothing, and "
		"waited again, %s: %s of CPU time. Waiting for what it looks for would do.",
		thread_name(model, finding->thread), format_count(finding->count).text,
		format_count(per_second).text, when_label(model, finding).text,
		format_duration(finding->total_ns).text);
}

static int (*const sayings[FINDING_KINDS])(char **, const struct model *,
					   const struct finding *) = {
	[FINDING_SERIALISED] = say_lock,
	[FINDING_CONVOY] = say_lock,
	[FINDING_GIL] = say_gil,
	[FINDING_CPUS] = say_cpus,
	[FINDING_OTHERS] = say_others,
	[FINDING_STARVED] = say_starved,
	[FINDING_IO_IN_SERIES] = say_series,
	[FINDING_DEADLOCK] = say_deadlock,
	[FINDING_RACE] = say_race,
	[FINDING_INVERSION] = say_inversion,
	[FINDING_HERD] = say_herd,
	[FINDING_FOR_NOTHING] = say_polling,
};

char *finding_sentence(const struct model *model, const struct finding *finding)
{
	char *words = NULL;

	if ((unsigned int)finding->kind >= FINDING_KINDS || !sayings[finding->kind])
		return NULL;
	return sayings[finding->kind](&words, model, finding) < 0 ? NULL : words;
}

/* Nothing to complain of: then what the time went into. */
static void put_nothing(struct text *text, const struct model *model)
{
	uint64_t ns[PATH_WHATS] = {0}, wall = model_wall_ns(model);
	const struct path_part *part, *most = NULL;
	CLEANUP_FREE char *words = NULL;

	vector_for_each (&model->path.parts, part) {
		ns[part->what] += part->ns;
		if (part->what == PATH_WAITING && (!most || part->ns > most->ns))
			most = part;
	}
	if (ns[PATH_UNKNOWN] >= wall / 20)
		return; /* too little is known to say so */
	if (asprintf(&words,
		     "Nothing stood in its way: the critical path ran %s of the time%s%s%s%s.",
		     format_share(ns[PATH_RUNNING], wall).text,
		     most && most->ns >= wall / 20 ? " and waited " : "",
		     most && most->ns >= wall / 20 ? format_share(ns[PATH_WAITING], wall).text : "",
		     most && most->ns >= wall / 20 ? " from outside, mostly " : "",
		     most && most->ns >= wall / 20
			     ? reason_label(model, most->reason, most->syscall).text
			     : "") < 0) {
		text->error = -ENOMEM;
		words = NULL;
		return;
	}
	text_gap(text);
	text_spaces(text, INDENT);
	text_wrap(text, INDENT, STYLE_PLAIN, words);
	text_end(text);
}

void show_findings(struct text *text, const struct model *model)
{
	const struct finding *finding;
	unsigned int number = 0;

	if (!model->path.known)
		return;
	if (!model->findings.count) {
		/* What did stand in its way follows. */
		if (!model->deadlocks.count)
			put_nothing(text, model);
		return;
	}
	text_gap(text);
	vector_for_each (&model->findings, finding) {
		CLEANUP_FREE char *words = finding_sentence(model, finding);

		if (!words) {
			text->error = -ENOMEM;
			return;
		}
		text_spaces(text, INDENT);
		text_print(text, STYLE_DOUBT, "%u. ", ++number);
		text_wrap(text, INDENT + 3, STYLE_PLAIN, words);
		text_end(text);
	}
}
