// SPDX-License-Identifier: GPL-2.0-only
#include "show/derive.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void sums_add(struct sums *sums, const struct thread *thread)
{
	sums->threads++;
	sums->kernel_threads += thread->kernel;
	sums->life_ns += thread_life_ns(thread);
	for (int state = 0; state < STATE_COUNT; state++)
		sums->state_ns[state] += thread->state_ns[state];
	sums->voluntary += thread->switches_voluntary;
	sums->involuntary += thread->switches_involuntary;
	sums->migrations += thread->migrations;
	sums->wakeups += thread->wakeups;
	sums->wakers_known += thread->wakers_known;
	sums->wakers_unknown += thread->wakers_unknown;
	if (!thread->has_totals)
		return;
	sums->with_totals++;
	sums->disagree += !thread->totals_agree;
	sums->minor_faults += thread->totals.minor_faults;
	sums->major_faults += thread->totals.major_faults;
}

struct sums sums_of(const struct model *model)
{
	struct sums sums = {0};
	const struct thread *thread;

	vector_for_each (&model->threads, thread)
		sums_add(&sums, thread);
	return sums;
}

uint64_t sums_ready(const struct sums *sums)
{
	return sums->state_ns[STATE_READY_WOKEN] + sums->state_ns[STATE_READY_PREEMPTED];
}

uint64_t sums_blocked(const struct sums *sums)
{
	return sums->state_ns[STATE_BLOCKED] + sums->state_ns[STATE_STOPPED];
}

uint64_t model_wall_ns(const struct model *model)
{
	return model->end > model->begin ? model->end - model->begin : 0;
}

uint64_t model_overlap_ns(const struct model *model)
{
	uint64_t ns = 0;

	for (size_t n = 2; n < sizeof(model->concurrency) / sizeof(*model->concurrency); n++)
		ns += model->concurrency[n];
	return ns;
}

static bool has_owner(enum reason reason)
{
	return reason == REASON_LOCK || reason == REASON_RWLOCK;
}

uint64_t model_lock_wait_ns(const struct model *model)
{
	const struct lock *lock;
	uint64_t ns = 0;

	vector_for_each (&model->locks, lock)
		ns += has_owner(lock->reason) ? lock->total_ns : 0;
	return ns;
}

uint64_t model_lock_waits(const struct model *model)
{
	const struct lock *lock;
	uint64_t waits = 0;

	vector_for_each (&model->locks, lock)
		waits += has_owner(lock->reason) ? lock->waits : 0;
	return waits;
}

/* A scenario has no file: it is executed from a descriptor, whose number is nobody's business. */
const char *process_program(const struct model *model, const struct process *process)
{
	bool nameless = !strncmp(process->path, "/dev/fd/", strlen("/dev/fd/"));

	return model->scenario && nameless ? "" : process->path;
}

const char *model_fact(const struct model *model, const char *name)
{
	const struct fact *fact;

	vector_for_each (&model->facts, fact) {
		if (!strcmp(fact->name, name))
			return fact->value;
	}
	return NULL;
}

static bool whole_number(const char *text, int64_t *ret)
{
	char *end;
	long long value;

	if (!text || !*text)
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end)
		return false;
	*ret = value;
	return true;
}

struct result model_result(const struct model *model)
{
	struct result result = {0};

	if (!whole_number(model_fact(model, "expected"), &result.expected) ||
	    !whole_number(model_fact(model, "actual"), &result.actual))
		return (struct result){0};
	result.known = true;
	result.exact = result.expected == result.actual;
	result.difference = result.expected > result.actual
				    ? (uint64_t)result.expected - (uint64_t)result.actual
				    : (uint64_t)result.actual - (uint64_t)result.expected;
	return result;
}

static int compare_sums(const void *a, const void *b)
{
	const struct reason_sum *left = a, *right = b;
	bool left_idle = left->reason == REASON_IDLE, right_idle = right->reason == REASON_IDLE;

	if (left_idle != right_idle)
		return left_idle ? 1 : -1;
	if (left->total_ns != right->total_ns)
		return left->total_ns > right->total_ns ? -1 : 1;
	if (left->reason != right->reason)
		return left->reason < right->reason ? -1 : 1;
	return (int)left->syscall - (int)right->syscall;
}

static int reason_sums_add(struct reason_sums *sums, uint32_t thread,
			   const struct reason_total *total)
{
	uint16_t syscall = total->reason == REASON_SYSCALL ? total->syscall : PL_NO_SYSCALL;
	struct reason_sum *sum;

	vector_for_each (&sums->items, sum) {
		if (sum->reason == total->reason && sum->syscall == syscall)
			break;
	}
	if (!sums->items.count || sum == sums->items.items + sums->items.count) {
		sum = vector_add(&sums->items);
		if (!sum)
			return -ENOMEM;
		sum->reason = total->reason;
		sum->syscall = syscall;
		sum->most = NO_THREAD;
	}
	sum->count += total->count;
	sum->total_ns += total->total_ns;
	sum->max_ns = total->max_ns > sum->max_ns ? total->max_ns : sum->max_ns;
	sum->threads++;
	if (sum->most == NO_THREAD || total->total_ns > sum->most_ns) {
		sum->most = thread;
		sum->most_ns = total->total_ns;
	}
	return 0;
}

int reason_sums_of(const struct model *model, struct reason_sums *ret)
{
	struct reason_sums sums = {0};

	for (size_t i = 0; i < model->threads.count; i++) {
		const struct reason_total *total;

		vector_for_each (&model->threads.items[i].reasons, total) {
			if (reason_sums_add(&sums, (uint32_t)i, total)) {
				vector_free(&sums.items);
				return -ENOMEM;
			}
		}
	}
	if (sums.items.count)
		qsort(sums.items.items, sums.items.count, sizeof(*sums.items.items), compare_sums);
	*ret = sums;
	return 0;
}

struct ratio_label ratio_label(double ratio)
{
	struct ratio_label label = {"-"};
	uint64_t hundredths;

	if (!(ratio >= 0 && ratio < 1e15))
		return label;
	hundredths = (uint64_t)llround(ratio * 100);
	snprintf(label.text, sizeof(label.text), "%" PRIu64 ".%02" PRIu64, hundredths / 100,
		 hundredths % 100);
	return label;
}

struct reason_label reason_label(const struct model *model, enum reason reason, uint16_t syscall)
{
	struct reason_label label;
	const char *name = NULL;

	if (reason != REASON_SYSCALL) {
		snprintf(label.text, sizeof(label.text), "%s", reason_name(reason));
		return label;
	}
	if (model->arch)
		name = syscall_name(model->arch, syscall);
	if (name)
		snprintf(label.text, sizeof(label.text), "%s", name);
	else
		snprintf(label.text, sizeof(label.text), "system call %u", syscall);
	return label;
}

struct status_label status_label(uint32_t status)
{
	struct status_label label;
	int number = WTERMSIG((int)status);
	const char *name = sigabbrev_np(number);
	const char *core = WCOREDUMP((int)status) ? ", core dumped" : "";

	if (!WIFSIGNALED((int)status))
		snprintf(label.text, sizeof(label.text), "status %d", WEXITSTATUS((int)status));
	else if (name)
		snprintf(label.text, sizeof(label.text), "signal %d (SIG%s)%s", number, name, core);
	else
		snprintf(label.text, sizeof(label.text), "signal %d%s", number, core);
	return label;
}

static bool needs_quotes(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./=:,+@%";

	return !*word || word[strspn(word, plain)];
}

/* Without backslashes of our own, which would be escaped on their way to the terminal. */
static void put_quoted(FILE *out, const char *word)
{
	if (strchr(word, '\'') && !strpbrk(word, "\"$`\\!")) {
		fprintf(out, "\"%s\"", word);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\"'\"'", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

char *command_line(const struct model *model)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < model->command.count; i++) {
		const char *word = model->command.items[i];

		if (i)
			fputc(' ', out);
		if (needs_quotes(word))
			put_quoted(out, word);
		else
			fputs(word, out);
	}
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}
