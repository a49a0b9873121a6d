// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - who sent which signal to whom, what it did, and how threads and processes ended */
#include "model/signals.h"

#include <errno.h>
#include <stdio.h>

#include "model/locks/map.h"
#include "model/tasks/population.h"

/* A program knows a handful. Beyond this they are counted together. */
#define SUMS_MAX 4096

#define NUMBER_CONT    18
#define NUMBER_STOP    19
#define NUMBER_TTOU    22
#define NUMBER_RTMIN   34
#define NUMBER_RTMAX   64
#define EXIT_SIGNALLED 0x7f
#define UNSEEN	       0x80000000u

struct signals {
	struct timeline *timeline;
	VECTOR(struct signal_sum) sums;
	struct lock_map by_parties, by_arrival;
	uint64_t beyond;
	/* By thread and by process: what the life records said of their ends. */
	VECTOR(struct end) ends;
	VECTOR(struct process_end) process_ends;
	int error;
};

struct end {
	uint8_t how;
	uint16_t syscall;
	uint64_t time;
	uint64_t wait_ns;
	uint8_t wait_reason;
};

struct process_end {
	uint32_t killer; /* index of the sum + 1 */
	uint32_t exiter; /* index of the thread + 1 */
};

struct signal_label signal_label(unsigned int number)
{
	static const char *const names[] = {
		"0",	  "HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",
		"FPE",	  "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM",
		"STKFLT", "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",
		"XCPU",	  "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS",
	};
	struct signal_label label;

	if (number && number < sizeof(names) / sizeof(names[0]))
		snprintf(label.text, sizeof(label.text), "SIG%s", names[number]);
	else if (number == NUMBER_RTMIN)
		snprintf(label.text, sizeof(label.text), "SIGRTMIN");
	else if (number > NUMBER_RTMIN && number <= NUMBER_RTMAX)
		snprintf(label.text, sizeof(label.text), "SIGRTMIN+%u", number - NUMBER_RTMIN);
	else
		snprintf(label.text, sizeof(label.text), "signal %u", number);
	return label;
}

static void copy_comm(char to[PL_COMM_LEN + 1], const char *from)
{
	size_t length = strnlen(from, PL_COMM_LEN);

	if (!length)
		return;
	memcpy(to, from, length);
	to[length] = '\0';
}

/* ---- sums ---------------------------------------------------------------------------------- */

/* NULL: there are too many, or memory is out. */
static struct signal_sum *sum_at(struct signals *signals, uint32_t from, uint32_t to_tgid,
				 uint8_t number, uint8_t source)
{
	uint32_t fresh = signals->sums.count, place;
	struct signal_sum *sum;

	if (lock_map_at(&signals->by_parties, (uint64_t)from << 32 | to_tgid,
			(uint32_t)number << 8 | source, fresh < SUMS_MAX ? fresh : SUMS_MAX,
			&place)) {
		signals->error = -ENOMEM;
		return NULL;
	}
	if (place >= SUMS_MAX)
		return NULL;
	if (place < fresh)
		return &signals->sums.items[place];
	sum = vector_add(&signals->sums);
	if (!sum) {
		signals->error = -ENOMEM;
		return NULL;
	}
	sum->number = number;
	sum->source = source;
	sum->from_tid = from & UNSEEN ? 0 : from;
	sum->from = sum->handler = sum->faulter = NO_THREAD;
	sum->to_tgid = to_tgid;
	sum->to = population_find_process(timeline_population(signals->timeline), to_tgid);
	sum->resumes = number == NUMBER_CONT;
	sum->stops = number >= NUMBER_STOP && number <= NUMBER_TTOU;
	return sum;
}

static void touch(struct signal_sum *sum, uint64_t time)
{
	if (!sum->first || time < sum->first)
		sum->first = time;
	if (time > sum->last)
		sum->last = time;
}

static void note_fault(struct signal_sum *sum, const struct pl_life_signal *life, uint32_t thread)
{
	if (life->source != PL_SOURCE_FAULT || sum->fatal)
		return;
	sum->has_fault = true;
	sum->code = life->code;
	sum->address = life->address;
	sum->ip = life->ip;
	sum->faulter = thread;
}

static struct process_end *process_end_at(struct signals *signals, uint32_t process)
{
	while (signals->process_ends.count <= process) {
		if (!vector_add(&signals->process_ends)) {
			signals->error = -ENOMEM;
			return NULL;
		}
	}
	return &signals->process_ends.items[process];
}

/* The first one that is fatal is the one that counts. */
static void note_fatal(struct signals *signals, struct signal_sum *sum, uint64_t time)
{
	struct process_end *end;

	if (sum->to == NO_THREAD)
		return;
	end = process_end_at(signals, sum->to);
	if (!end || end->killer)
		return;
	end->killer = (uint32_t)(sum - signals->sums.items) + 1;
	sum->fatal = true;
	sum->fatal_time = time;
}

/* Where arrivals are looked for, which know the sender's process only. */
static uint32_t arrival_place(struct signals *signals, uint32_t to_tgid,
			      const struct pl_life_signal *life, uint32_t fresh)
{
	uint32_t key = (uint32_t)life->number << 1 | (life->source == PL_SOURCE_FAULT), place;

	if (!lock_map_at(&signals->by_arrival, (uint64_t)life->sender_tgid << 32 | to_tgid, key,
			 fresh, &place))
		return place;
	signals->error = -ENOMEM;
	return fresh;
}

static void feed_sent(struct signals *signals, const struct pl_life_signal *life, uint32_t thread)
{
	struct signal_sum *sum =
		sum_at(signals, life->sender, life->head.tgid, life->number, life->source);
	struct population *population = timeline_population(signals->timeline);

	if (!sum) {
		signals->beyond += life->count;
		return;
	}
	touch(sum, life->head.time);
	copy_comm(sum->from_name, life->sender_comm);
	copy_comm(sum->to_name, life->comm);
	if (life->sender_tgid)
		sum->from_tgid = life->sender_tgid;
	if (sum->from == NO_THREAD && life->sender)
		sum->from = population_find(population, life->sender);
	sum->sent += life->count;
	if (life->result == PL_SIGNAL_IGNORED)
		sum->ignored += life->count;
	else if (life->result == PL_SIGNAL_PENDING)
		sum->merged += life->count;
	else if (life->result == PL_SIGNAL_OVERFLOW)
		sum->overflowed += life->count;
	if (life->action == PL_ACTION_HANDLER)
		sum->resumes = sum->stops = false;
	arrival_place(signals, life->head.tgid, life, (uint32_t)(sum - signals->sums.items));
	note_fault(sum, life, thread);
	if (life->flags & PL_SIGNAL_FATAL)
		note_fatal(signals, sum, life->head.time);
}

static struct signal_sum *sum_of_arrival(struct signals *signals, const struct pl_life_signal *life,
					 uint32_t to_tgid)
{
	uint32_t fresh = signals->sums.count;
	uint32_t place = arrival_place(signals, to_tgid, life, fresh);
	struct signal_sum *sum;

	if (place < fresh)
		return &signals->sums.items[place];
	/* Of no tid that there is, and of one sender each. */
	sum = sum_at(signals, UNSEEN | life->sender_tgid, to_tgid, life->number, life->source);
	if (sum)
		sum->from_tgid = life->sender_tgid;
	return sum;
}

static void feed_delivered(struct signals *signals, const struct pl_life_signal *life,
			   uint32_t thread)
{
	struct population *population = timeline_population(signals->timeline);
	uint32_t tgid = life->head.tgid;
	struct signal_sum *sum;

	if (!tgid && thread != NO_THREAD)
		tgid = population->threads.items[thread].tgid;
	sum = sum_of_arrival(signals, life, tgid);
	if (!sum)
		return;
	copy_comm(sum->to_name, life->comm);
	if (!sum->sent)
		touch(sum, life->head.time);
	note_fault(sum, life, thread);
	if (life->action == PL_ACTION_HANDLER) {
		sum->handled += life->count;
		sum->handler = thread;
	} else if (life->action == PL_ACTION_DEFAULT && sum->stops) {
		sum->stopped += life->count;
	} else if (life->action == PL_ACTION_DEFAULT && !sum->resumes) {
		note_fatal(signals, sum, life->head.time);
	}
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void feed_exit(struct signals *signals, const struct pl_life_exit *exit, uint32_t thread)
{
	struct population *population = timeline_population(signals->timeline);
	struct process_end *process;
	struct interval wait;
	struct end *end;

	if (thread == NO_THREAD)
		return;
	while (signals->ends.count <= thread) {
		if (!vector_add(&signals->ends)) {
			signals->error = -ENOMEM;
			return;
		}
	}
	end = &signals->ends.items[thread];
	end->how = exit->how;
	end->syscall = exit->syscall;
	end->time = exit->head.time;
	/* It was fetched out of the system call in which it waited last: that wait was never over.
	 */
	if ((exit->how == PL_END_TAKEN || exit->how == PL_END_EXEC) &&
	    exit->syscall != PL_NO_SYSCALL &&
	    timeline_last_wait(signals->timeline, thread, &wait) &&
	    (wait.syscall == exit->syscall || wait.state == STATE_STOPPED)) {
		end->wait_reason = wait.reason;
		end->wait_ns = wait.end - wait.begin;
	}
	if (exit->how != PL_END_EXITED)
		return;
	process = process_end_at(signals, population->threads.items[thread].process);
	if (process && !process->exiter)
		process->exiter = thread + 1;
}

static void feed(void *context, const union pl_life *life, uint32_t thread)
{
	struct signals *signals = context;

	if (life->head.kind == PL_LIFE_EXIT)
		feed_exit(signals, &life->exit, thread);
	else if (life->head.kind == PL_LIFE_SIGNAL && life->signal.step == PL_SIGNAL_SENT)
		feed_sent(signals, &life->signal, thread);
	else if (life->head.kind == PL_LIFE_SIGNAL && life->signal.step == PL_SIGNAL_DELIVERED)
		feed_delivered(signals, &life->signal, thread);
}

/* ---- the result ---------------------------------------------------------------------------- */

static void finish_process(const struct signals *signals, struct process *process, uint32_t index)
{
	const struct process_end *end;

	process->killer = NO_SIGNAL;
	process->exiter = NO_THREAD;
	if (index >= signals->process_ends.count || process->alive_at_end)
		return;
	end = &signals->process_ends.items[index];
	process->exiter = end->exiter - 1; /* NO_THREAD + 1 is 0 */
	if (end->killer && process->has_code &&
	    (process->code & EXIT_SIGNALLED) == signals->sums.items[end->killer - 1].number)
		process->killer = end->killer - 1;
}

/* Whoever called exit() first ended the others that did not end by themselves. */
static void finish_thread(const struct signals *signals, const struct population *population,
			  struct thread *thread, uint32_t index)
{
	const struct process *process = &population->processes.items[thread->process];
	const struct end *end;

	thread->ended_by = NO_THREAD;
	thread->ended_syscall = PL_NO_SYSCALL;
	if (index >= signals->ends.count || thread->alive_at_end)
		return;
	end = &signals->ends.items[index];
	thread->end_how = end->how;
	if (end->wait_reason) {
		thread->ended_in = end->wait_reason;
		thread->ended_syscall = end->syscall;
		thread->ended_wait_ns = end->wait_ns;
	}
	if (end->how == PL_END_TAKEN && process->has_code && !(process->code & EXIT_SIGNALLED))
		thread->ended_by = process->exiter;
}

int signals_finish(struct signals *signals, struct model *model)
{
	struct population *population = timeline_population(signals->timeline);
	struct signal_sum *sum;
	uint32_t index = 0;

	if (signals->error)
		return signals->error;
	vector_for_each (&signals->sums, sum) {
		if (sum->to != NO_THREAD && !*sum->to_name)
			copy_comm(sum->to_name, population->processes.items[sum->to].name);
	}
	for (index = 0; index < population->processes.count; index++)
		finish_process(signals, &population->processes.items[index], index);
	for (index = 0; index < population->threads.count; index++)
		finish_thread(signals, population, &population->threads.items[index], index);
	model->signals.items = signals->sums.items;
	model->signals.count = signals->sums.count;
	model->signals.capacity = signals->sums.capacity;
	memset(&signals->sums, 0, sizeof(signals->sums));
	model->signals_beyond = signals->beyond;
	return 0;
}

int signals_new(struct timeline *timeline, struct signals **ret)
{
	struct signals *signals = calloc(1, sizeof(*signals));
	struct timeline_visitor visitor = {.context = signals, .life = feed};

	if (!signals)
		return -ENOMEM;
	signals->timeline = timeline;
	if (timeline_add_visitor(timeline, &visitor)) {
		free(signals);
		return -ENOMEM;
	}
	*ret = signals;
	return 0;
}

void signals_free(struct signals **signals)
{
	if (!*signals)
		return;
	vector_free(&(*signals)->sums);
	vector_free(&(*signals)->ends);
	vector_free(&(*signals)->process_ends);
	lock_map_free(&(*signals)->by_parties);
	lock_map_free(&(*signals)->by_arrival);
	free(*signals);
	*signals = NULL;
}
