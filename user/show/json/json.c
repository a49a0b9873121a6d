// SPDX-License-Identifier: GPL-2.0-only
/* json.c - the report for programs: all that is known, by stable names; schema.c describes them */
#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sys/wait.h>

#include "model/timeline/transitions.h"
#include "show/derive.h"
#include "show/json/sections.h"
#include "show/report_format.h"
#include "show/show.h"

/* More threads than that, and the pictures would outweigh all the rest. */
#define BARS_MAX 64

static uint64_t since_begin(const struct model *model, uint64_t time)
{
	return time > model->begin ? time - model->begin : 0;
}

static void put_status(struct json *json, bool known, uint32_t status)
{
	if (!known) {
		json_null(json, "status");
		return;
	}
	json_object(json, "status");
	json_unsigned(json, "wait", status);
	if (WIFSIGNALED((int)status)) {
		json_null(json, "exited");
		json_signed(json, "signal", WTERMSIG((int)status));
	} else {
		json_signed(json, "exited", WEXITSTATUS((int)status));
		json_null(json, "signal");
	}
	json_bool(json, "core_dumped", WIFSIGNALED((int)status) && WCOREDUMP((int)status));
	json_object_end(json);
}

static void put_run(struct json *json, const struct model *model)
{
	const char *const *word;

	json_object(json, "host");
	json_string(json, "name", model->host);
	json_string(json, "kernel", model->kernel);
	json_string(json, "arch", model->arch);
	json_unsigned(json, "cpus", model->cpus);
	json_object_end(json);
	json_string(json, "mode", model->mode);
	json_array(json, "command");
	vector_for_each (&model->command, word)
		json_string(json, NULL, *word);
	json_array_end(json);
	if (model->scenario) {
		json_object(json, "scenario");
		json_string(json, "name", model->scenario);
		json_string(json, "title", model->scenario_title);
		json_object_end(json);
	} else {
		json_null(json, "scenario");
	}
	if (model->target) {
		json_object(json, "target");
		json_unsigned(json, "pid", model->target);
		put_status(json, model->has_status, model->status);
		json_object_end(json);
	} else {
		json_null(json, "target");
	}
}

static void put_result(struct json *json, const struct model *model)
{
	struct result result = model_result(model);
	const struct fact *fact;

	json_object(json, "facts");
	vector_for_each (&model->facts, fact)
		json_string(json, fact->name, fact->value);
	json_object_end(json);
	if (!result.known) {
		json_null(json, "result");
		return;
	}
	json_object(json, "result");
	json_signed(json, "expected", result.expected);
	json_signed(json, "actual", result.actual);
	json_unsigned(json, "difference", result.difference);
	json_bool(json, "exact", result.exact);
	json_object_end(json);
}

static void put_time(struct json *json, const struct model *model)
{
	json_object(json, "time");
	json_unsigned(json, "begin_ns", model->begin);
	json_unsigned(json, "end_ns", model->end);
	json_unsigned(json, "realtime_ns", model->realtime);
	json_unsigned(json, "wall_ns", model_wall_ns(model));
	json_object_end(json);
}

static void put_states(struct json *json, const uint64_t ns[STATE_COUNT])
{
	json_unsigned(json, "running_ns", ns[STATE_RUNNING]);
	json_unsigned(json, "ready_ns", ns[STATE_READY_WOKEN] + ns[STATE_READY_PREEMPTED]);
	json_unsigned(json, "ready_woken_ns", ns[STATE_READY_WOKEN]);
	json_unsigned(json, "ready_preempted_ns", ns[STATE_READY_PREEMPTED]);
	json_unsigned(json, "blocked_ns", ns[STATE_BLOCKED] + ns[STATE_STOPPED]);
	json_unsigned(json, "stopped_ns", ns[STATE_STOPPED]);
	json_unsigned(json, "unknown_ns", ns[STATE_UNKNOWN]);
}

static void put_summary(struct json *json, const struct model *model)
{
	size_t levels = sizeof(model->concurrency) / sizeof(*model->concurrency);
	struct sums sums = sums_of(model);

	json_object(json, "summary");
	json_unsigned(json, "threads", sums.threads);
	json_unsigned(json, "processes", model->processes.count);
	json_unsigned(json, "cpu_ns", sums.state_ns[STATE_RUNNING]);
	json_real(json, "parallelism", model_parallelism(model));
	json_unsigned(json, "cpus_used", model->cpus_used);
	json_unsigned(json, "overlap_ns", model_overlap_ns(model));
	json_array(json, "concurrency");
	while (levels && !model->concurrency[levels - 1])
		levels--;
	for (size_t n = 0; n < levels; n++)
		json_unsigned(json, NULL, model->concurrency[n]);
	json_array_end(json);
	json_unsigned(json, "unplaced_ns", model->unplaced_ns);
	json_unsigned(json, "life_ns", sums.life_ns);
	put_states(json, sums.state_ns);
	json_unsigned(json, "switches", model->switches);
	json_unsigned(json, "switches_voluntary", sums.voluntary);
	json_unsigned(json, "switches_involuntary", sums.involuntary);
	json_unsigned(json, "migrations", sums.migrations);
	json_unsigned(json, "wakeups", model->wakeups);
	json_unsigned(json, "wakers_known", sums.wakers_known);
	json_unsigned(json, "wakers_unknown", sums.wakers_unknown);
	json_unsigned(json, "unseen_switches", model->unseen_switches);
	json_unsigned(json, "lock_waits", model_lock_waits(model));
	json_unsigned(json, "lock_wait_ns", model_lock_wait_ns(model));
	json_unsigned(json, "minor_faults", sums.minor_faults);
	json_unsigned(json, "major_faults", sums.major_faults);
	json_object_end(json);
}

static void put_processes(struct json *json, const struct model *model)
{
	const struct process *process;

	json_array(json, "processes");
	vector_for_each (&model->processes, process) {
		json_object(json, NULL);
		json_unsigned(json, "pid", process->tgid);
		json_string(json, "name", process->name);
		json_string(json, "path", *process->path ? process->path : NULL);
		json_unsigned(json, "parent_pid", process->parent_tgid);
		if (process->parent < model->processes.count)
			json_unsigned(json, "parent", process->parent);
		else
			json_null(json, "parent");
		json_unsigned(json, "begin_ns", since_begin(model, process->begin));
		json_unsigned(json, "end_ns", since_begin(model, process->end));
		json_bool(json, "alive_at_end", process->alive_at_end);
		put_status(json, process->has_code, process->code);
		json_unsigned(json, "threads", process->threads);
		json_unsigned(json, "execs", process->execs);
		json_process_memory(json, process);
		if (process->killer < model->signals.count)
			json_unsigned(json, "killer", process->killer);
		else
			json_null(json, "killer");
		if (process->exiter < model->threads.count)
			json_unsigned(json, "exiter", process->exiter);
		else
			json_null(json, "exiter");
		json_unsigned(json, "running_ns", process->running_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_syscall(struct json *json, const struct model *model, uint16_t number)
{
	struct reason_label label = reason_label(model, REASON_SYSCALL, number);

	json_string(json, "syscall", number == PL_NO_SYSCALL ? NULL : label.text);
}

static void put_reasons(struct json *json, const struct model *model, const struct thread *thread)
{
	const struct reason_total *total;

	json_array(json, "reasons");
	vector_for_each (&thread->reasons, total) {
		json_object(json, NULL);
		json_string(json, "reason", reason_name(total->reason));
		put_syscall(json, model,
			    total->reason == REASON_SYSCALL ? total->syscall : PL_NO_SYSCALL);
		json_unsigned(json, "count", total->count);
		json_unsigned(json, "total_ns", total->total_ns);
		json_unsigned(json, "max_ns", total->max_ns);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_cells(struct json *json, const char *name, const struct bar_cell *cells,
		      unsigned int first, unsigned int count)
{
	json_object(json, name);
	json_unsigned(json, "first", first);
	json_array(json, "cells");
	for (unsigned int c = 0; c < count; c++) {
		json_array(json, NULL);
		for (int state = 0; state < STATE_COUNT; state++) {
			double ns = cells[c].ns[state];

			json_unsigned(json, NULL, ns > 0 ? (uint64_t)llround(ns) : 0);
		}
		json_array_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_kernel(struct json *json, const struct thread *thread)
{
	const struct pl_totals *totals = &thread->totals;

	if (!thread->has_totals) {
		json_null(json, "kernel");
		json_null(json, "totals_agree");
		return;
	}
	json_object(json, "kernel");
	json_unsigned(json, "runtime_ns", totals->kernel_runtime);
	json_unsigned(json, "switches_voluntary", totals->kernel_voluntary);
	json_unsigned(json, "switches_involuntary", totals->kernel_involuntary);
	json_unsigned(json, "minor_faults", totals->minor_faults);
	json_unsigned(json, "major_faults", totals->major_faults);
	json_object_end(json);
	json_bool(json, "totals_agree", thread->totals_agree);
}

static void put_thread(struct json *json, const struct model *model, const struct thread *thread)
{
	json_object(json, NULL);
	json_unsigned(json, "tid", thread->tid);
	json_unsigned(json, "pid", thread->tgid);
	json_string(json, "name", thread->name);
	json_string(json, "first_name", thread->first_name);
	if (thread->creator < model->threads.count)
		json_unsigned(json, "creator", thread->creator);
	else
		json_null(json, "creator");
	json_bool(json, "leader", thread->leader);
	json_bool(json, "kernel_thread", thread->kernel);
	json_bool(json, "began_before", thread->began_before);
	json_bool(json, "alive_at_end", thread->alive_at_end);
	json_unsigned(json, "begin_ns", since_begin(model, thread->begin));
	json_unsigned(json, "end_ns", since_begin(model, thread->end));
	json_unsigned(json, "life_ns", thread_life_ns(thread));
	put_states(json, thread->state_ns);
	json_unsigned(json, "overlap_ns", thread->both_ns);
	json_unsigned(json, "ready_max_ns", thread->ready_max_ns);
	json_unsigned(json, "switches_voluntary", thread->switches_voluntary);
	json_unsigned(json, "switches_involuntary", thread->switches_involuntary);
	json_unsigned(json, "migrations", thread->migrations);
	json_unsigned(json, "wakeups", thread->wakeups);
	json_object(json, "transitions");
	for (int arrow = 0; arrow < ARROW_COUNT; arrow++)
		json_unsigned(json, arrow_name(arrow), thread->arrows[arrow]);
	json_object_end(json);
	json_unsigned(json, "wakers_known", thread->wakers_known);
	json_unsigned(json, "wakers_unknown", thread->wakers_unknown);
	put_reasons(json, model, thread);
	put_kernel(json, thread);
	if (thread->has_cow)
		json_unsigned(json, "cow_faults", thread->cow_faults);
	else
		json_null(json, "cow_faults");
	json_thread_schedule(json, thread);
	json_thread_end(json, model, thread);
	if (model->threads.count <= BARS_MAX && thread->bar.cells)
		put_cells(json, "bar", thread->bar.cells, thread->bar.first, thread->bar.count);
	else
		json_null(json, "bar");
	json_object_end(json);
}

static void put_threads(struct json *json, const struct model *model)
{
	const struct thread *thread;

	json_array(json, "threads");
	vector_for_each (&model->threads, thread)
		put_thread(json, model, thread);
	json_array_end(json);
	put_cells(json, "strip", model->strip, 0, BAR_CELLS);
}

static int put_all_reasons(struct json *json, const struct model *model)
{
	const struct reason_sum *sum;
	struct reason_sums sums;
	int error = reason_sums_of(model, &sums);

	if (error)
		return error;
	json_array(json, "reasons");
	vector_for_each (&sums.items, sum) {
		json_object(json, NULL);
		json_string(json, "reason", reason_name(sum->reason));
		put_syscall(json, model, sum->syscall);
		json_unsigned(json, "count", sum->count);
		json_unsigned(json, "total_ns", sum->total_ns);
		json_unsigned(json, "max_ns", sum->max_ns);
		json_unsigned(json, "threads", sum->threads);
		json_object_end(json);
	}
	json_array_end(json);
	vector_free(&sums.items);
	return 0;
}

static void put_distribution(struct json *json, const char *name, const struct histogram *histogram)
{
	json_object(json, name);
	json_unsigned(json, "count", histogram->count);
	json_unsigned(json, "total_ns", histogram->total_ns);
	json_unsigned(json, "p50_ns", histogram_quantile(histogram, 0.50));
	json_unsigned(json, "p95_ns", histogram_quantile(histogram, 0.95));
	json_unsigned(json, "p99_ns", histogram_quantile(histogram, 0.99));
	json_unsigned(json, "max_ns", histogram->max_ns);
	json_array(json, "histogram");
	for (unsigned int b = 0; b < HISTOGRAM_BUCKETS; b++) {
		if (!histogram->buckets[b])
			continue;
		json_object(json, NULL);
		json_unsigned(json, "from_ns", b ? 1ull << b : 0);
		json_unsigned(json, "count", histogram->buckets[b]);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_claims(struct json *json, const struct model *model)
{
	const struct claim *claim;

	json_array(json, "claims");
	vector_for_each (&model->claims, claim) {
		json_object(json, NULL);
		json_string(json, "text", claim->text ? claim->text : "");
		json_string(json, "verdict", verdict_name(claim->verdict));
		json_string(json, "measured", claim->measured ? claim->measured : "");
		json_string(json, "because", claim->because ? claim->because : "");
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_trust(struct json *json, const struct model *model)
{
	const struct losses *losses = &model->losses;
	const struct lost_lane *lane;

	json_object(json, "losses");
	json_unsigned(json, "records", losses->records);
	json_array(json, "lanes");
	vector_for_each (&model->lost_lanes, lane) {
		json_object(json, NULL);
		json_unsigned(json, "cpu", lane->cpu);
		json_unsigned(json, "records", lane->records);
		json_object_end(json);
	}
	json_array_end(json);
	json_unsigned(json, "life", losses->life);
	json_unsigned(json, "missed", losses->missed);
	json_unsigned(json, "untracked", losses->untracked);
	json_unsigned(json, "repaired", losses->repaired);
	json_unsigned(json, "marks", losses->marks);
	json_bool(json, "marks_refused", losses->marks_refused);
	json_string(json, "target_only", losses->target_only);
	json_unsigned(json, "totals_disagree", losses->totals_disagree);
	json_object_end(json);
	json_object(json, "tracer");
	json_unsigned(json, "cpu_ns", model->tracer_cpu_ns);
	json_object_end(json);
	json_object(json, "recording");
	json_unsigned(json, "bytes", model->file_bytes);
	json_bool(json, "complete", model->complete);
	json_unsigned(json, "records", model->records);
	json_object_end(json);
}

int show_json(FILE *out, const struct model *model)
{
	struct json json = json_start(out, false);
	int error, written;

	json_object(&json, NULL);
	json_string(&json, "format", REPORT_FORMAT);
	json_unsigned(&json, "schema_version", REPORT_SCHEMA_VERSION);
	json_string(&json, "version", model->version);
	put_run(&json, model);
	put_result(&json, model);
	put_time(&json, model);
	json_findings(&json, model);
	put_summary(&json, model);
	put_processes(&json, model);
	put_threads(&json, model);
	error = put_all_reasons(&json, model);
	json_causes(&json, model);
	json_places(&json, model);
	json_marks(&json, model);
	json_subjects(&json, model);
	json_preemptions(&json, model);
	json_put_locks(&json, model);
	json_holds(&json, model);
	json_put_deadlocks(&json, model);
	json_put_wakes(&json, model);
	json_signals(&json, model);
	put_distribution(&json, "latency", &model->ready);
	put_distribution(&json, "blocked", &model->blocked);
	put_claims(&json, model);
	json_stacks(&json, model);
	json_watch(&json, model);
	json_moments(&json, model);
	json_ring(&json, model);
	put_trust(&json, model);
	json_object_end(&json);
	written = json_finish(&json);
	return error ? error : written;
}
