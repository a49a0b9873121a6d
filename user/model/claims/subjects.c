// SPDX-License-Identifier: GPL-2.0-only
/* subjects.c - names in claims about snapshots of control blocks */
#include <string.h>

#include "model/claims/inside.h"
#include "model/tasks/pcb.h"
#include "model/subjects.h"

static bool is_state(const char *word)
{
	for (enum pcb_state state = PCB_RUNNING; state < PCB_STATES; state++)
		if (!strcmp(word, pcb_state_name(state)))
			return true;
	return false;
}

static bool is_seen(const struct snapshot *snapshot, const char *name, const char *state)
{
	const struct pl_pcb_task *task;

	snapshot_for_each(snapshot,
			  task) if (name_matches(name, task->comm) &&
				    !strcmp(state, pcb_state_name(pcb_state(task)))) return true;
	return false;
}

/* seen[NAME,STATE]: in how many of the pictures such a task is in that state. */
static enum figure_result seen_figure(const struct model *model, const char *bracket,
				      long double *ret, struct because because)
{
	const char *comma = strchr(bracket, ',');
	const struct picture *picture;
	char name[CLAIM_NAME_MAX];
	uint64_t count = 0;

	if (!comma || !is_state(comma + 1))
		return FIGURE_NO_NAME;
	if (!model->subjects || !model->subjects->pictures.count)
		return unknown(because, "no snapshot of the tasks was taken in time");
	snprintf(name, sizeof(name), "%.*s", (int)(comma - bracket), bracket);
	vector_for_each (&model->subjects->pictures, picture)
		count += is_seen(picture->snapshot, name, comma + 1);
	return known(ret, count);
}

enum figure_result subject_figure(const struct model *model, const struct claim_name *name,
				  long double *ret, struct because because)
{
	if (!strcmp(name->head, "seen") && name->has_bracket && !*name->tail)
		return seen_figure(model, name->bracket, ret, because);
	if (strcmp(name->head, "pictures") || name->has_bracket || *name->tail)
		return FIGURE_NO_NAME;
	if (!model->subjects || !model->subjects->pictures.count)
		return unknown(because, "no snapshot of the tasks was taken in time");
	return known(ret, model->subjects->pictures.count);
}
