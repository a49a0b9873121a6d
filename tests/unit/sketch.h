/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sketch.h - models put together by hand, for the tests of what shows them
 *
 * A thread is sketched as a row of pieces; sketch_finish() works out everything that follows from
 * the pieces: sums, bars, who ran together. Literals are never freed, so models only own what
 * sketch_free() gives back.
 */
#ifndef TESTS_UNIT_SKETCH_H
#define TESTS_UNIT_SKETCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

#define US 1000ull
#define MS 1000000ull

struct sketch_piece {
	uint32_t thread;
	enum state state;
	uint64_t begin, end;
};

struct sketch {
	struct model model;
	VECTOR(struct sketch_piece) pieces;
};

static inline void *sketch_must(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static inline struct sketch *sketch_new(const char *mode, uint64_t wall)
{
	struct sketch *sketch = sketch_must(calloc(1, sizeof(*sketch)));
	struct model *model = &sketch->model;

	model->version = "0.1.0";
	model->host = "testhost";
	model->kernel = "6.18.5";
	model->arch = "x86_64";
	model->mode = mode;
	model->cpus = 2;
	model->complete = true;
	model->realtime = 1767225600000000000ull;
	model->begin = 5000 * MS;
	model->end = model->begin + wall;
	return sketch;
}

static inline void sketch_fact(struct sketch *sketch, const char *name, const char *value)
{
	struct fact *fact = sketch_must(vector_add(&sketch->model.facts));

	fact->name = name;
	fact->value = value;
}

static inline void sketch_word(struct sketch *sketch, const char *word)
{
	const char **slot = sketch_must(vector_add(&sketch->model.command));

	*slot = word;
}

static inline void sketch_claim(struct sketch *sketch, enum verdict verdict, const char *text,
				const char *measured, const char *because)
{
	struct claim *claim = sketch_must(vector_add(&sketch->model.claims));

	claim->verdict = verdict;
	claim->text = (char *)text;
	claim->measured = (char *)measured;
	claim->because = (char *)because;
}

static inline uint32_t sketch_process(struct sketch *sketch, uint32_t tgid, const char *name,
				      const char *path, uint32_t parent)
{
	struct model *model = &sketch->model;
	struct process *process = sketch_must(vector_add(&model->processes));

	process->tgid = tgid;
	process->parent = parent;
	process->parent_tgid =
		parent < model->processes.count - 1 ? model->processes.items[parent].tgid : 1;
	snprintf(process->name, sizeof(process->name), "%.15s", name);
	snprintf(process->path, sizeof(process->path), "%s", path);
	process->execs = *path != '\0';
	process->begin = UINT64_MAX;
	return (uint32_t)model->processes.count - 1;
}

static inline void sketch_code(struct sketch *sketch, uint32_t process, uint32_t code)
{
	sketch->model.processes.items[process].has_code = true;
	sketch->model.processes.items[process].code = code;
}

/* `begin` counts from the beginning of the capture. */
static inline uint32_t sketch_thread(struct sketch *sketch, uint32_t process, uint32_t tid,
				     const char *name, uint64_t begin)
{
	struct model *model = &sketch->model;
	struct thread *thread = sketch_must(vector_add(&model->threads));

	thread->tid = tid;
	thread->process = process;
	thread->tgid = model->processes.items[process].tgid;
	thread->leader = tid == thread->tgid;
	thread->creator = NO_THREAD;
	snprintf(thread->name, sizeof(thread->name), "%.15s", name);
	snprintf(thread->first_name, sizeof(thread->first_name), "%.15s", name);
	thread->begin = thread->end = model->begin + begin;
	model->processes.items[process].threads++;
	return (uint32_t)model->threads.count - 1;
}

static inline void sketch_reason(struct thread *thread, enum reason reason, uint16_t syscall,
				 uint64_t ns)
{
	struct reason_total *total;
	size_t i;

	vector_for_each (&thread->reasons, total) {
		if (total->reason == reason && total->syscall == syscall)
			break;
	}
	i = (size_t)(total - thread->reasons.items);
	if (i == thread->reasons.count)
		total = sketch_must(vector_add(&thread->reasons));
	total->reason = reason;
	total->syscall = syscall;
	total->count++;
	total->total_ns += ns;
	total->max_ns = ns > total->max_ns ? ns : total->max_ns;
	for (; i && thread->reasons.items[i].total_ns > thread->reasons.items[i - 1].total_ns;
	     i--) {
		struct reason_total moved = thread->reasons.items[i];

		thread->reasons.items[i] = thread->reasons.items[i - 1];
		thread->reasons.items[i - 1] = moved;
	}
}

static inline void sketch_count(struct histogram *histogram, uint64_t ns)
{
	unsigned int bucket = ns ? 63 - (unsigned int)__builtin_clzll(ns) : 0;

	histogram->buckets[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
	histogram->count++;
	histogram->total_ns += ns;
	histogram->max_ns = ns > histogram->max_ns ? ns : histogram->max_ns;
}

/* The next piece of a thread's life. */
static inline void sketch_go(struct sketch *sketch, uint32_t index, enum state state,
			     enum reason reason, uint64_t ns)
{
	struct thread *thread = &sketch->model.threads.items[index];
	struct sketch_piece *piece = sketch_must(vector_add(&sketch->pieces));

	*piece = (struct sketch_piece){index, state, thread->end, thread->end + ns};
	thread->end += ns;
	thread->state_ns[state] += ns;
	if (state == STATE_RUNNING)
		return;
	if (state == STATE_READY_PREEMPTED)
		thread->switches_involuntary++;
	if (state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED) {
		thread->ready_max_ns = ns > thread->ready_max_ns ? ns : thread->ready_max_ns;
		sketch_count(&sketch->model.ready, ns);
	}
	if (state == STATE_BLOCKED || state == STATE_STOPPED) {
		thread->switches_voluntary++;
		thread->wakeups++;
		thread->wakers_known++;
		sketch_reason(thread, reason, PL_NO_SYSCALL, ns);
		sketch_count(&sketch->model.blocked, ns);
	}
}

static inline void sketch_fill_bar(struct sketch *sketch, const struct sketch_piece *piece,
				   struct bar_cell *cells)
{
	const struct model *model = &sketch->model;
	double cell_ns = (double)(model->end - model->begin) / BAR_CELLS;

	for (unsigned int c = 0; c < BAR_CELLS && cell_ns > 0; c++) {
		double begin = (double)(piece->begin - model->begin);
		double end = (double)(piece->end - model->begin);
		double from = c * cell_ns > begin ? c * cell_ns : begin;
		double to = (c + 1) * cell_ns < end ? (c + 1) * cell_ns : end;

		if (to > from)
			cells[c].ns[piece->state] += (float)(to - from);
	}
}

struct sketch_edge {
	uint64_t time;
	int step;
};

static inline int sketch_compare_edges(const void *a, const void *b)
{
	const struct sketch_edge *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->step - right->step;
}

static inline void sketch_concurrency(struct sketch *sketch)
{
	struct sketch_edge *edges =
		sketch_must(calloc(sketch->pieces.count * 2 + 1, sizeof(*edges)));
	const struct sketch_piece *piece;
	uint64_t last = sketch->model.begin;
	size_t count = 0;
	int running = 0;

	vector_for_each (&sketch->pieces, piece) {
		if (piece->state != STATE_RUNNING || piece->begin == piece->end)
			continue;
		edges[count++] = (struct sketch_edge){piece->begin, 1};
		edges[count++] = (struct sketch_edge){piece->end, -1};
	}
	qsort(edges, count, sizeof(*edges), sketch_compare_edges);
	for (size_t i = 0; i < count; i++) {
		sketch->model.concurrency[running > 64 ? 64 : running] += edges[i].time - last;
		last = edges[i].time;
		running += edges[i].step;
	}
	sketch->model.concurrency[0] += sketch->model.end - last;
	free(edges);
}

static inline void sketch_totals(struct thread *thread)
{
	struct pl_totals *totals = &thread->totals;

	thread->has_totals = true;
	thread->totals_agree = true;
	totals->begin = thread->begin;
	totals->running = thread->state_ns[STATE_RUNNING];
	totals->ready_woken = thread->state_ns[STATE_READY_WOKEN];
	totals->ready_preempted = thread->state_ns[STATE_READY_PREEMPTED];
	totals->blocked = thread->state_ns[STATE_BLOCKED] + thread->state_ns[STATE_STOPPED];
	totals->voluntary = totals->kernel_voluntary = thread->switches_voluntary;
	totals->involuntary = totals->kernel_involuntary = thread->switches_involuntary;
	totals->wakeups = thread->wakeups;
	totals->kernel_runtime = totals->running;
	totals->minor_faults = 3;
}

static inline void sketch_thread_sums(struct sketch *sketch, struct thread *thread)
{
	struct model *model = &sketch->model;
	struct process *process = &model->processes.items[thread->process];
	struct bar *bar = &thread->bar;
	uint64_t wall = model->end - model->begin;

	process->begin = thread->begin < process->begin ? thread->begin : process->begin;
	process->end = thread->end > process->end ? thread->end : process->end;
	process->running_ns += thread->state_ns[STATE_RUNNING];
	process->alive_at_end |= thread->end >= model->end && !process->has_code;
	thread->alive_at_end = process->alive_at_end;
	model->switches += thread->switches_voluntary + thread->switches_involuntary;
	model->wakeups += thread->wakeups;
	sketch_totals(thread);
	if (wall) {
		uint64_t last = ((thread->end - model->begin) * BAR_CELLS + wall - 1) / wall;

		bar->first = (uint16_t)((thread->begin - model->begin) * BAR_CELLS / wall);
		bar->first = bar->first < BAR_CELLS ? bar->first : BAR_CELLS - 1;
		bar->count = (uint16_t)((last > bar->first ? last : bar->first + 1u) - bar->first);
		bar->cells = sketch_must(calloc(BAR_CELLS, sizeof(*bar->cells)));
	}
}

static inline struct model *sketch_finish(struct sketch *sketch)
{
	struct model *model = &sketch->model;
	const struct sketch_piece *piece;
	struct thread *thread;

	vector_for_each (&model->threads, thread)
		sketch_thread_sums(sketch, thread);
	vector_for_each (&sketch->pieces, piece) {
		thread = &model->threads.items[piece->thread];
		if (thread->bar.cells)
			sketch_fill_bar(sketch, piece, thread->bar.cells);
		sketch_fill_bar(sketch, piece, model->strip);
	}
	vector_for_each (&model->threads, thread) {
		if (thread->bar.cells)
			memmove(thread->bar.cells, thread->bar.cells + thread->bar.first,
				thread->bar.count * sizeof(*thread->bar.cells));
	}
	sketch_concurrency(sketch);
	model->records = model->switches + model->wakeups / 4;
	model->tracer_cpu_ns = 3100 * US;
	model->file_bytes = 1200 + model->records * 7;
	return model;
}

static inline void sketch_free(struct sketch *sketch)
{
	struct thread *thread;

	vector_for_each (&sketch->model.threads, thread) {
		vector_free(&thread->reasons);
		free(thread->bar.cells);
	}
	vector_free(&sketch->model.threads);
	vector_free(&sketch->model.processes);
	vector_free(&sketch->model.locks);
	vector_free(&sketch->model.facts);
	vector_free(&sketch->model.command);
	vector_free(&sketch->model.claims);
	vector_free(&sketch->model.lost_lanes);
	vector_free(&sketch->model.what_ifs);
	vector_free(&sketch->model.findings);
	critical_path_clear(&sketch->model.path);
	vector_free(&sketch->pieces);
	free(sketch);
}

static inline struct sketch *sketch_scenario(const char *name, const char *title, uint64_t wall)
{
	struct sketch *sketch = sketch_new("run", wall);
	uint32_t process = sketch_process(sketch, 41077, name, "", NO_THREAD);

	sketch->model.scenario = name;
	sketch->model.scenario_title = title;
	sketch->model.target = 41077;
	sketch->model.has_status = true;
	sketch_word(sketch, name);
	sketch_code(sketch, process, 0);
	sketch_thread(sketch, process, 41077, name, 0);
	return sketch;
}

/* The next stretch of the critical path. */
static inline void sketch_path(struct sketch *sketch, uint32_t thread, enum path_what what,
			       enum reason reason, uint64_t ns)
{
	struct critical_path *path = &sketch->model.path;
	struct path_segment *segment = sketch_must(vector_add(&path->segments));
	uint64_t begin = sketch->model.begin;
	struct path_part *part;

	if (path->segments.count > 1)
		begin = path->segments.items[path->segments.count - 2].end;
	*segment =
		(struct path_segment){begin, begin + ns, ns, thread, what, reason, PL_NO_SYSCALL};
	path->known = path->segments_exact = true;
	path->last = thread;
	vector_for_each (&path->parts, part) {
		if (part->thread == thread && part->what == what && part->reason == reason)
			break;
	}
	if (part == path->parts.items + path->parts.count) {
		part = sketch_must(vector_add(&path->parts));
		*part = (struct path_part){thread, thread, what, reason, PL_NO_SYSCALL, 0, 0};
	}
	part->ns += ns;
	part->count++;
}

#endif
