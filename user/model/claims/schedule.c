// SPDX-License-Identifier: GPL-2.0-only
/* schedule.c - names in claims about slices, shares, priorities, preemptions */
#include <string.h>

#include "model/claims/inside.h"
#include "model/schedule.h"

enum field {
	SHARE,
	SLICES,
	SLICE_MEAN,
	SLICE_MEDIAN,
	SLICE_MAX,
	PREEMPTIONS,
	NICE,
	RT_PRIORITY,
	WEIGHT,
	FIELDS,
};

static const char *const fields[FIELDS] = {
	[SHARE] = "share",
	[SLICES] = "slices",
	[SLICE_MEAN] = "slice_mean",
	[SLICE_MEDIAN] = "slice_median",
	[SLICE_MAX] = "slice_max",
	[PREEMPTIONS] = "preemptions",
	[NICE] = "nice",
	[RT_PRIORITY] = "rt_priority",
	[WEIGHT] = "weight",
};

static enum figure_result priority_figure(const struct thread *thread, enum field field,
					  long double *ret, struct because because)
{
	const struct pl_priority *priority = &thread->priority_last;
	unsigned int weight = priority_weight(priority);

	if (!priority->known)
		return unknown(because, "the priority of '%s' was not recorded", thread->name);
	if (field == NICE)
		return known(ret, priority->nice);
	if (field == RT_PRIORITY)
		return known(ret, priority->rt_priority);
	return weight ? known(ret, weight)
		      : unknown(because, "'%s' is not scheduled by weight", thread->name);
}

static enum figure_result slice_figure(const struct thread *thread, enum field field,
				       long double *ret, struct because because)
{
	const struct slices *slices = &thread->slices;

	if (field == SLICES)
		return known(ret, slices->count);
	if (field == PREEMPTIONS)
		return known(ret, slices->preemptions);
	if (!slices->count)
		return unknown(because, "'%s' never ran", thread->name);
	return known(ret, field == SLICE_MEAN	  ? (long double)slices->total_ns / slices->count
			  : field == SLICE_MEDIAN ? slices->median_ns
						  : slices->max_ns);
}

/* Of the CPU time of all threads. */
static enum figure_result share_figure(const struct model *model, const struct thread *of,
				       long double *ret, struct because because)
{
	const struct thread *thread;
	long double running = 0;

	vector_for_each (&model->threads, thread) {
		if (!thread->has_totals && !stream_is_whole(model, because))
			return FIGURE_UNKNOWN;
		running += thread->state_ns[STATE_RUNNING];
	}
	if (running <= 0)
		return unknown(because, "no thread ran");
	return known(ret, of->state_ns[STATE_RUNNING] / running);
}

static enum figure_result thread_figure(const struct model *model, const struct thread *thread,
					enum field field, long double *ret, struct because because)
{
	if (field >= NICE)
		return priority_figure(thread, field, ret, because);
	if (field == SHARE)
		return share_figure(model, thread, ret, because);
	if (!stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	return slice_figure(thread, field, ret, because);
}

/* preempted[NAME,BY]: how often a thread that matches the one lost its CPU to one that matches the
 * other; `others` are those that are not the target's. */
static enum figure_result preempted_figure(const struct model *model, const char *names,
					   long double *ret, struct because because)
{
	const char *comma = strchr(names, ','), *by;
	char name[CLAIM_NAME_MAX] = "";
	const struct preemption *pair;
	uint64_t count = 0;

	if (!comma || comma == names || !comma[1])
		return FIGURE_NO_NAME;
	memcpy(name, names, (size_t)(comma - names));
	if (!stream_is_whole(model, because))
		return FIGURE_UNKNOWN;
	vector_for_each (&model->preemptions, pair) {
		by = pair->by < model->threads.count ? model->threads.items[pair->by].name
						     : "others";
		if (name_matches(name, model->threads.items[pair->thread].name) &&
		    name_matches(comma + 1, by))
			count += pair->count;
	}
	return known(ret, count);
}

enum figure_result schedule_figure(const struct model *model, const struct claim_name *name,
				   long double *ret, struct because because)
{
	const struct thread *thread = NULL;
	enum figure_result result;
	enum field field = 0;

	if (!name->has_bracket)
		return FIGURE_NO_NAME;
	if (!strcmp(name->head, "preempted") && !*name->tail)
		return preempted_figure(model, name->bracket, ret, because);
	while (field < FIELDS && strcmp(name->tail, fields[field]))
		field++;
	if (strcmp(name->head, "thread") || field == FIELDS)
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	result = find_thread(model, name->bracket, &thread, because);
	return result == FIGURE_KNOWN ? thread_figure(model, thread, field, ret, because) : result;
}
