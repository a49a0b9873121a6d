// SPDX-License-Identifier: GPL-2.0-only
#include "model/tasks/moments.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "model/model.h"
#include "model/tasks/pcb.h"
#include "recording/recording.h"
#include "recording/snapshots.h"

static int by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

struct followed {
	uint32_t *tids;
	size_t count;
};

static bool is_followed(const struct pl_pcb_head *head, void *context)
{
	const struct followed *followed = context;

	return followed->count && bsearch(&head->tid, followed->tids, followed->count,
					  sizeof(*followed->tids), by_number);
}

static int add_record(void *context, const void *record, size_t size)
{
	return snapshot_add(context, record, size);
}

static void count_state(struct moment *moment, enum pcb_state state)
{
	moment->running += state == PCB_RUNNING;
	moment->ready += state == PCB_READY;
	moment->blocked += state == PCB_BLOCKED || state == PCB_IDLE;
	moment->stopped += state == PCB_STOPPED || state == PCB_TRACED;
	moment->zombies += state == PCB_ZOMBIE || state == PCB_DEAD;
}

static void sum_up(const struct snapshot *snapshot, struct moment *moment)
{
	const struct pl_pcb_task *task;

	snapshot_for_each(snapshot, task)
	{
		moment->tasks++;
		count_state(moment, pcb_state(task));
		moment->ran_ns += task->runtime;
		moment->minor_faults += task->minor_faults;
		moment->major_faults += task->major_faults;
		moment->voluntary += task->voluntary;
		moment->involuntary += task->involuntary;
		if (!pcb_is_leader(task))
			continue;
		moment->processes++;
		moment->resident += pcb_resident(task);
		moment->open_files += task->open_files;
	}
}

static int read_one(struct recording *recording, size_t index, struct followed *followed,
		    struct snapshot *ret, struct recording_error *ret_error)
{
	struct snapshot snapshot = {0};
	int error = recording_read_snapshot(recording, index, add_record, &snapshot, ret_error);

	if (!error)
		error = snapshot_settle(&snapshot);
	if (!error)
		error = snapshot_choose(&snapshot, is_followed, followed);
	if (error) {
		snapshot_free(&snapshot);
		return error;
	}
	*ret = snapshot;
	return 0;
}

static int add_moment(struct moments *moments, const struct model *model, struct snapshot *snapshot)
{
	struct moment *moment;

	if (!snapshot_shown(snapshot)) {
		snapshot_free(snapshot);
		return 0;
	}
	moment = vector_add(&moments->items);
	if (!moment) {
		snapshot_free(snapshot);
		return -ENOMEM;
	}
	moment->at = snapshot->time > model->begin ? snapshot->time - model->begin : 0;
	sum_up(snapshot, moment);
	snapshot_free(moments->last);
	*moments->last = *snapshot;
	return 0;
}

int moments_build(struct recording *recording, const struct model *model, struct moments **ret,
		  struct recording_error *ret_error)
{
	size_t count = recording_snapshots(recording);
	CLEANUP_FREE uint32_t *tids = calloc(model->threads.count + 1, sizeof(*tids));
	struct followed followed = {.tids = tids};
	const struct thread *thread;
	struct moments *moments;
	int error = 0;

	if (!count)
		return 0;
	moments = calloc(1, sizeof(*moments));
	if (moments)
		moments->last = calloc(1, sizeof(*moments->last));
	if (!tids || !moments || !moments->last) {
		moments_free(&moments);
		return -ENOMEM;
	}
	vector_for_each (&model->threads, thread)
		tids[followed.count++] = thread->tid;
	if (followed.count)
		qsort(tids, followed.count, sizeof(*tids), by_number);
	for (size_t i = 0; i < count && !error; i++) {
		struct snapshot snapshot = {0};

		error = read_one(recording, i, &followed, &snapshot, ret_error);
		if (!error)
			error = add_moment(moments, model, &snapshot);
	}
	/* What was read before a damaged one is good. */
	if (error != -ENOMEM)
		error = 0;
	if (error || !moments->items.count)
		moments_free(&moments);
	*ret = moments;
	return error;
}

void moments_free(struct moments **slot)
{
	if (!*slot)
		return;
	vector_free(&(*slot)->items);
	if ((*slot)->last)
		snapshot_free((*slot)->last);
	free((*slot)->last);
	free(*slot);
	*slot = NULL;
}
