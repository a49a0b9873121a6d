// SPDX-License-Identifier: GPL-2.0-only
#include "model/claims/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/units.h"
#include "model/claims/inside.h"
#include "model/claims/locks.h"

bool name_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			/* Let the last star take one character more. */
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* ---- what the recording can be trusted with ------------------------------------------------ */

/* Figures that are worked out of the stream of records are only exact if it is whole. */
bool stream_is_whole(const struct model *model, struct because because)
{
	const struct losses *losses = &model->losses;
	uint64_t lost = losses->records + losses->life + losses->missed;

	if (!model->complete)
		unknown(because, "the recording is not complete");
	else if (lost)
		unknown(because, "%" PRIu64 " records were lost", lost);
	else if (losses->untracked)
		unknown(because, "%" PRIu64 " threads were not followed", losses->untracked);
	else if (losses->repaired)
		unknown(because, "the records do not fit together in %" PRIu64 " places",
			losses->repaired);
	else
		return true;
	return false;
}

/* The threads are known even where switches were lost, but not where births were. */
bool threads_are_known(const struct model *model, struct because because)
{
	const struct losses *losses = &model->losses;

	if (!model->complete)
		unknown(because, "the recording is not complete");
	else if (losses->life + losses->missed)
		unknown(because, "%" PRIu64 " records about the life of threads may be missing",
			losses->life + losses->missed);
	else if (losses->untracked)
		unknown(because, "%" PRIu64 " threads were not followed", losses->untracked);
	else
		return true;
	return false;
}

/* ---- facts --------------------------------------------------------------------------------- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Decimal or 0x..., whole, or with a decimal fraction. Not strtold: it would follow the locale,
 * and take "nan". */
static bool parse_fact(const char *text, long double *ret)
{
	long double value = 0, scale = 1;
	bool negative = *text == '-';
	int base = 10;

	text += negative;
	if (!strncmp(text, "0x", 2)) {
		base = 16;
		text += 2;
	}
	if (strlen(text) > 40 || digit_value(*text) >= base)
		return false;
	for (; digit_value(*text) < base; text++)
		value = value * base + digit_value(*text);
	if (base == 10 && text[0] == '.' && digit_value(text[1]) < 10)
		for (text++; digit_value(*text) < 10; text++) {
			value = value * 10 + digit_value(*text);
			scale *= 10;
		}
	if (*text)
		return false;
	*ret = (negative ? -value : value) / scale;
	return true;
}

static enum figure_result fact_figure(const struct model *model, const char *name, long double *ret,
				      struct because because)
{
	const char *value = NULL;
	const struct fact *fact;

	vector_for_each (&model->facts, fact)
		if (!strcmp(fact->name, name))
			value = fact->value;
	if (!value)
		return unknown(because, "the program did not report '%s'", name);
	if (!parse_fact(value, ret))
		return unknown(because, "what the program reported as '%s' is not a number", name);
	return FIGURE_KNOWN;
}

/* ---- threads ------------------------------------------------------------------------------- */

/* "page fault" is written page_fault. */
static bool is_reason(const char *word, enum reason reason)
{
	const char *name = reason_name(reason);

	for (; *name && *word; name++, word++)
		if (*word != (isalnum((unsigned char)*name) ? *name : '_'))
			return false;
	return !*name && !*word;
}

/* REASON_NONE if there is no such reason. */
enum reason reason_called(const char *word)
{
	for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		if (is_reason(word, reason))
			return reason;
	return REASON_NONE;
}

static uint64_t thread_blocked_for(const struct thread *thread, enum reason reason)
{
	const struct reason_total *total;
	uint64_t ns = 0;

	vector_for_each (&thread->reasons, total)
		if (total->reason == reason)
			ns += total->total_ns;
	return ns;
}

static uint64_t thread_blocked_times(const struct thread *thread, enum reason reason)
{
	const struct reason_total *total;
	uint64_t times = 0;

	vector_for_each (&thread->reasons, total)
		if (total->reason == reason)
			times += total->count;
	return times;
}

enum thread_field {
	THREAD_LIFE,
	THREAD_RUNNING,
	THREAD_READY,
	THREAD_BLOCKED,
	THREAD_SWITCHES,
	THREAD_VOLUNTARY,
	THREAD_INVOLUNTARY,
	THREAD_WAKEUPS,
	THREAD_MIGRATIONS,
	THREAD_BEGIN,
	THREAD_END,
	THREAD_STARTED,
	THREAD_FIELDS,
};

static const char *const thread_fields[THREAD_FIELDS] = {
	[THREAD_LIFE] = "life",
	[THREAD_RUNNING] = "running",
	[THREAD_READY] = "ready",
	[THREAD_BLOCKED] = "blocked",
	[THREAD_SWITCHES] = "switches",
	[THREAD_VOLUNTARY] = "voluntary",
	[THREAD_INVOLUNTARY] = "involuntary",
	[THREAD_WAKEUPS] = "wakeups",
	[THREAD_MIGRATIONS] = "migrations",
	[THREAD_BEGIN] = "begin",
	[THREAD_END] = "end",
	[THREAD_STARTED] = "started",
};

static uint64_t thread_field(const struct thread *thread, enum thread_field field)
{
	switch (field) {
	case THREAD_LIFE:
		return thread_life_ns(thread);
	case THREAD_RUNNING:
		return thread->state_ns[STATE_RUNNING];
	case THREAD_READY:
		return thread_ready_ns(thread);
	case THREAD_BLOCKED:
		return thread_blocked_ns(thread);
	case THREAD_SWITCHES:
		return (uint64_t)thread->switches_voluntary + thread->switches_involuntary;
	case THREAD_VOLUNTARY:
		return thread->switches_voluntary;
	case THREAD_INVOLUNTARY:
		return thread->switches_involuntary;
	case THREAD_WAKEUPS:
		return thread->wakeups;
	case THREAD_MIGRATIONS:
		return thread->migrations;
	default:
		return 0;
	}
}

/* Where in the recording, and whom it made: of this the totals say nothing, births and ends do. */
static enum figure_result life_field(const struct model *model, const struct thread *thread,
				     enum thread_field field, long double *ret,
				     struct because because)
{
	uint32_t self = (uint32_t)(thread - model->threads.items);
	const struct thread *other;
	uint64_t started = 0;

	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	if (field == THREAD_BEGIN)
		return thread->began_before
			       ? unknown(because, "'%s' was there before", thread->name)
			       : known(ret, (long double)thread->begin - model->begin);
	if (field == THREAD_END)
		return thread->alive_at_end ? unknown(because, "'%s' had not ended", thread->name)
					    : known(ret, (long double)thread->end - model->begin);
	vector_for_each (&model->threads, other)
		started += other->creator == self && other != thread;
	return known(ret, started);
}

/* Names longer than the kernel keeps are cut as it cuts them. */
static bool thread_is_called(const struct thread *thread, const char *name)
{
	return !strncmp(thread->name, name, PL_COMM_LEN - 1);
}

enum figure_result find_thread(const struct model *model, const char *name,
			       const struct thread **ret, struct because because)
{
	const struct thread *thread, *found = NULL;
	size_t count = 0;

	vector_for_each (&model->threads, thread)
		if (thread_is_called(thread, name)) {
			found = thread;
			count++;
		}
	if (!count)
		return unknown(because, "no thread is called '%s'", name);
	if (count > 1)
		return unknown(because, "%zu threads are called '%s'", count, name);
	*ret = found;
	return FIGURE_KNOWN;
}

/* What is asked of a thread: a field; or, for one reason, how long or how often it was blocked. */
struct thread_question {
	enum thread_field field; /* THREAD_FIELDS: of the reason */
	enum reason reason;
	bool times;
};

static bool read_question(const char *tail, struct thread_question *ret)
{
	static const char blocked_for[] = "blocked.", times_for[] = "times.";
	struct thread_question question = {0};

	while (question.field < THREAD_FIELDS && strcmp(tail, thread_fields[question.field]))
		question.field++;
	if (!strncmp(tail, blocked_for, strlen(blocked_for))) {
		question.reason = reason_called(tail + strlen(blocked_for));
	} else if (!strncmp(tail, times_for, strlen(times_for))) {
		question.reason = reason_called(tail + strlen(times_for));
		question.times = true;
	}
	if (question.field == THREAD_FIELDS && question.reason == REASON_NONE)
		return false;
	*ret = question;
	return true;
}

static enum figure_result answer(const struct model *model, const struct thread *thread,
				 const struct thread_question *question, long double *ret,
				 struct because because)
{
	bool by_reason = question->field == THREAD_FIELDS;

	if (!by_reason && question->field >= THREAD_BEGIN)
		return life_field(model, thread, question->field, ret, because);
	/* The kernel side's totals stay exact where the stream has gaps. They have no reasons. */
	if ((!thread->has_totals || by_reason) && !stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	return known(ret, !by_reason	    ? thread_field(thread, question->field)
			  : question->times ? thread_blocked_times(thread, question->reason)
					    : thread_blocked_for(thread, question->reason));
}

/* The name is looked at as a whole before the thread, so that a mistake in it is always found. */
static enum figure_result thread_figure(const struct model *model, const struct claim_name *name,
					long double *ret, struct because because)
{
	const struct thread *thread = NULL;
	struct thread_question question;
	enum figure_result result;

	if (!read_question(name->tail, &question))
		return FIGURE_NO_NAME;
	result = find_thread(model, name->bracket, &thread, because);
	if (result != FIGURE_KNOWN)
		return result;
	return answer(model, thread, &question, ret, because);
}

/* threads[PATTERN].X: of all of them together; least[PATTERN].X, most[PATTERN].X: of one. */
static enum figure_result group_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, struct because because)
{
	struct thread_question question;
	const struct thread *thread;
	long double figure = 0, sum = 0, least = 0, most = 0;
	size_t count = 0;

	if (!read_question(name->tail, &question))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->threads, thread) {
		if (!name_matches(name->bracket, thread->name))
			continue;
		if (answer(model, thread, &question, &figure, because) != FIGURE_KNOWN)
			return FIGURE_UNKNOWN;
		sum += figure;
		least = !count || figure < least ? figure : least;
		most = !count || figure > most ? figure : most;
		count++;
	}
	if (!count)
		return unknown(because, "no thread's name is like '%s'", name->bracket);
	return known(ret, !strcmp(name->head, "threads") ? sum
			  : !strcmp(name->head, "least") ? least
							 : most);
}

static enum figure_result threads_figure(const struct model *model, const struct claim_name *name,
					 long double *ret, struct because because)
{
	const struct thread *thread;
	uint64_t count = 0;

	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->threads, thread)
		count += name->has_bracket ? name_matches(name->bracket, thread->name)
					   : !thread->kernel;
	return known(ret, count);
}

static enum figure_result cpu_figure(const struct model *model, long double *ret,
				     struct because because)
{
	const struct thread *thread;
	uint64_t running = 0;

	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->threads, thread) {
		if (!thread->has_totals && !stream_is_whole(model, because))
			return FIGURE_UNKNOWN;
		running += thread->state_ns[STATE_RUNNING];
	}
	return known(ret, running);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static enum figure_result parallel_figure(const struct model *model, bool overlap, long double *ret,
					  struct because because)
{
	const size_t count = sizeof(model->concurrency) / sizeof(model->concurrency[0]);
	uint64_t any = 0, several = 0;

	if (!stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	for (size_t n = 1; n < count; n++) {
		any += model->concurrency[n];
		several += n >= 2 ? model->concurrency[n] : 0;
	}
	/* A little changes nothing. */
	if (model->unplaced_ns > any / 100)
		return unknown(because, "threads ran unseen for %s, it is not known beside whom",
			       format_duration(model->unplaced_ns).text);
	if (overlap)
		return known(ret, several);
	if (!any)
		return unknown(because, "no thread ran");
	return known(ret, model_parallelism(model));
}

static enum figure_result holder_running(const struct model *model, uint64_t waited,
					 long double *ret, struct because because)
{
	uint64_t held = 0, running = 0;
	const struct lock *lock;

	vector_for_each (&model->locks, lock) {
		if (lock->reason != REASON_LOCK && lock->reason != REASON_RWLOCK)
			continue;
		held += lock->main_holder_ns;
		running += lock->main_holder_running_ns;
	}
	if (held < waited)
		return unknown(because,
			       "the main holders explain %" PRIu64 " of %" PRIu64
			       " ns of the waiting only",
			       held, waited);
	return known(ret, running);
}

/* A condition variable or a semaphore is waited for as well, but is no lock. */
static enum figure_result lock_figure(const struct model *model, const char *tail, long double *ret,
				      struct because because)
{
	uint64_t locks = 0, waits = 0, wait = 0, wait_max = 0;
	const struct lock *lock;

	vector_for_each (&model->locks, lock) {
		if ((lock->reason != REASON_LOCK && lock->reason != REASON_RWLOCK) || !lock->waits)
			continue;
		locks++;
		waits += lock->waits;
		wait += lock->total_ns;
		if (lock->max_ns > wait_max)
			wait_max = lock->max_ns;
	}
	if (strcmp(tail, "locks") && strcmp(tail, "waits") && strcmp(tail, "wait") &&
	    strcmp(tail, "wait_max") && strcmp(tail, "holder_running"))
		return claim_lock_figure(model, "lock", tail, stream_is_whole(model, because), ret);
	if (!stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	if (!strcmp(tail, "locks"))
		return known(ret, locks);
	if (!strcmp(tail, "waits"))
		return known(ret, waits);
	if (!strcmp(tail, "wait"))
		return known(ret, wait);
	if (!strcmp(tail, "wait_max"))
		return known(ret, wait_max);
	return holder_running(model, wait, ret, because);
}

/* Names of one word. */
static enum figure_result plain_figure(const struct model *model, const struct claim_name *name,
				       long double *ret, struct because because)
{
	const char *word = name->head;

	if (!strcmp(word, "cpus"))
		return model->cpus ? known(ret, model->cpus)
				   : unknown(because, "how many CPUs there were was not recorded");
	if (!strcmp(word, "wall"))
		return known(ret, model->end - model->begin);
	if (!strcmp(word, "cpu"))
		return cpu_figure(model, ret, because);
	if (!strcmp(word, "parallelism") || !strcmp(word, "overlap"))
		return parallel_figure(model, word[0] == 'o', ret, because);
	if (!strcmp(word, "threads"))
		return threads_figure(model, name, ret, because);
	if (!strcmp(word, "processes"))
		return threads_are_known(model, because) ? known(ret, model->processes.count)
							 : FIGURE_UNKNOWN;
	if (!strcmp(word, "switches"))
		return stream_is_whole(model, because) ? known(ret, model->switches)
						       : FIGURE_UNKNOWN;
	if (!strcmp(word, "wakeups"))
		return stream_is_whole(model, because) ? known(ret, model->wakeups)
						       : FIGURE_UNKNOWN;
	if (!strcmp(word, "lost"))
		return known(ret, model->losses.records + model->losses.life);
	if (!strcmp(word, "locks"))
		return lock_figure(model, word, ret, because);
	if (!strcmp(word, "deadlocks"))
		return claim_deadlock_figure(model, word, stream_is_whole(model, because), ret);
	return FIGURE_NO_NAME;
}

/* Those that share a head, such as `thread`, with what is told here. */
static figure_function *const subjects[] = {
	signal_figure, watch_figure,   memory_figure, schedule_figure,
	mark_figure,   subject_figure, wake_figure,
};

enum figure_result claim_figure(const struct model *model, const struct claim_name *name,
				long double *ret, char *because, size_t because_size)
{
	struct because where = {because, because_size};
	enum figure_result result;

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		result = subjects[i](model, name, ret, where);
		if (result != FIGURE_NO_NAME)
			return result;
	}
	if (name->has_bracket) {
		if (!strcmp(name->head, "thread"))
			return thread_figure(model, name, ret, where);
		if (!strcmp(name->head, "process"))
			return process_figure(model, name, ret, where);
		if (!strcmp(name->head, "threads") && !*name->tail)
			return threads_figure(model, name, ret, where);
		if (!strcmp(name->head, "threads") || !strcmp(name->head, "least") ||
		    !strcmp(name->head, "most"))
			return group_figure(model, name, ret, where);
		return FIGURE_NO_NAME;
	}
	if (!*name->tail)
		return plain_figure(model, name, ret, where);
	if (!strcmp(name->head, "fact"))
		return fact_figure(model, name->tail, ret, where);
	if (!strcmp(name->head, "lock") && strcmp(name->tail, "locks"))
		return lock_figure(model, name->tail, ret, where);
	if (!strcmp(name->head, "condition"))
		return claim_lock_figure(model, name->head, name->tail,
					 stream_is_whole(model, where), ret);
	if (!strcmp(name->head, "deadlock") && strcmp(name->tail, "deadlocks"))
		return claim_deadlock_figure(model, name->tail, stream_is_whole(model, where), ret);
	return FIGURE_NO_NAME;
}
