// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - names in claims about page faults and resident memory */
#include <string.h>

#include "model/claims/inside.h"

enum fault_kind {
	FAULTS,
	MINOR_FAULTS,
	MAJOR_FAULTS,
	COW_FAULTS,
	FAULT_KINDS,
};

static enum fault_kind fault_kind_of(const char *field)
{
	static const char *const fields[FAULT_KINDS] = {
		[FAULTS] = "faults",
		[MINOR_FAULTS] = "minor_faults",
		[MAJOR_FAULTS] = "major_faults",
		[COW_FAULTS] = "cow_faults",
	};
	enum fault_kind kind = 0;

	while (kind < FAULT_KINDS && strcmp(field, fields[kind]))
		kind++;
	return kind;
}

static enum figure_result thread_faults(const struct thread *thread, enum fault_kind kind,
					long double *ret, struct because because)
{
	const struct pl_totals *totals = &thread->totals;

	if (!thread->has_totals)
		return unknown(because, "the totals of '%s' are missing", thread->name);
	if (kind == COW_FAULTS && !thread->has_cow)
		return unknown(because, "copy-on-write faults were not counted (--faults)");
	return known(ret, kind == MINOR_FAULTS	 ? totals->minor_faults
			  : kind == MAJOR_FAULTS ? totals->major_faults
			  : kind == COW_FAULTS
				  ? thread->cow_faults
				  : (long double)totals->minor_faults + totals->major_faults);
}

/* Of all threads that `wanted` accepts. */
static enum figure_result sum_of_faults(const struct model *model, enum fault_kind kind,
					const char *pattern, const struct process *process,
					long double *ret, struct because because)
{
	long double sum = 0, one = 0;
	const struct thread *thread;

	vector_for_each (&model->threads, thread) {
		if (pattern && !name_matches(pattern, thread->name))
			continue;
		if (process && &model->processes.items[thread->process] != process)
			continue;
		if (thread_faults(thread, kind, &one, because) != FIGURE_KNOWN)
			return FIGURE_UNKNOWN;
		sum += one;
	}
	return known(ret, sum);
}

static bool is_resident(const char *field)
{
	return !strcmp(field, "resident") || !strcmp(field, "resident_begin") ||
	       !strcmp(field, "resident_peak");
}

static enum figure_result resident_figure(const struct process *process, const char *field,
					  long double *ret, struct because because)
{
	const struct memory *memory = &process->memory;
	bool begin = !strcmp(field, "resident_begin"), peak = !strcmp(field, "resident_peak");

	if (begin ? !memory->has_begin : peak ? !memory->peak : !memory->has_end)
		return unknown(because, "how much memory '%s' had then was not recorded",
			       process->name);
	return known(ret, begin ? memory->begin : peak ? memory->peak : memory->end);
}

enum figure_result memory_figure(const struct model *model, const struct claim_name *name,
				 long double *ret, struct because because)
{
	enum fault_kind kind = fault_kind_of(name->tail);
	const struct process *process = NULL;
	const struct thread *thread = NULL;
	enum figure_result result;

	if (!name->has_bracket || (kind == FAULT_KINDS && !is_resident(name->tail)))
		return FIGURE_NO_NAME;
	if (strcmp(name->head, "process") &&
	    (kind == FAULT_KINDS ||
	     (strcmp(name->head, "thread") && strcmp(name->head, "threads"))))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	if (!strcmp(name->head, "threads"))
		return sum_of_faults(model, kind, name->bracket, NULL, ret, because);
	if (!strcmp(name->head, "thread")) {
		result = find_thread(model, name->bracket, &thread, because);
		return result == FIGURE_KNOWN ? thread_faults(thread, kind, ret, because) : result;
	}
	result = find_process(model, name->bracket, &process, because);
	if (result != FIGURE_KNOWN)
		return result;
	return kind < FAULT_KINDS ? sum_of_faults(model, kind, NULL, process, ret, because)
				  : resident_figure(process, name->tail, ret, because);
}
