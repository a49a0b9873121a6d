// SPDX-License-Identifier: GPL-2.0-only
/* subjects.c - what a scenario is about: tables of figures, snapshots of its tasks */
#include "model/tasks/pcb.h"
#include "model/subjects.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

static const struct member row_members[] = {
	MEMBER("name", STRING, "What the row is about."),
	MEMBER("cells", STRINGS, "Its figures; \"\" is not known."),
	{0},
};

static const struct member picture_task_members[] = {
	MEMBER("tid", COUNT, "Its number."),
	MEMBER("tgid", COUNT, "Its process."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("state", STRING, "running, ready, blocked, stopped, zombie, ..."),
	MEMBER("memory", COUNT,
	       "Equal numbers in one snapshot: the same address space; 0: none any more."),
	MEMBER("files", COUNT, "The same of its table of open files."),
	MEMBER("folder", COUNT, "The same of its working folder and root."),
	MEMBER("handlers", COUNT, "The same of its signal handlers."),
	{0},
};

static const struct member picture_members[] = {
	MEMBER("phase", STRING, "During which phase of the program it was taken."),
	MEMBER("time_ns", COUNT, "When, since the begin."),
	MEMBER("duration_ns", COUNT, "From its first task to its last."),
	NESTED("tasks", OBJECTS, "The tasks in it.", picture_task_members),
	{0},
};

static const struct member subject_item_members[] = {
	MEMBER("kind", STRING, "states, tasks, memory, sharing, or figures."),
	MEMBER_OR_NULL("phase", STRING, "The phase that its snapshot is of; null: it needs none."),
	MEMBER_OR_NULL("picture", COUNT, "Which snapshot is shown; null: none."),
	MEMBER_OR_NULL("title", STRING, "figures: what its rows are; null otherwise."),
	MEMBER("columns", STRINGS, "figures: the heads of its columns."),
	NESTED("rows", OBJECTS, "figures: its rows.", row_members),
	{0},
};

const struct member subject_members[] = {
	NESTED("items", OBJECTS, "What is shown, in that order.", subject_item_members),
	NESTED("pictures", OBJECTS, "Snapshots of the tasks' control blocks.", picture_members),
	{0},
};

static void put_words(struct json *json, const char *name, char *const *words, size_t count)
{
	json_array(json, name);
	for (size_t i = 0; i < count; i++)
		json_string(json, NULL, words[i]);
	json_array_end(json);
}

static void put_subject(struct json *json, const struct subject *subject)
{
	const struct subject_row *row;

	json_object(json, NULL);
	json_string(json, "kind", subject_kind_name(subject->kind));
	json_string(json, "phase", subject->phase);
	if (subject->picture == NO_PICTURE)
		json_null(json, "picture");
	else
		json_unsigned(json, "picture", subject->picture);
	json_string(json, "title", subject->title);
	put_words(json, "columns", subject->heads.items, subject->heads.count);
	json_array(json, "rows");
	vector_for_each (&subject->rows, row) {
		json_object(json, NULL);
		json_string(json, "name", row->cells.count ? row->cells.items[0] : "");
		put_words(json, "cells", row->cells.items + 1,
			  row->cells.count ? row->cells.count - 1 : 0);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static void put_task(struct json *json, const struct pl_pcb_task *task)
{
	json_object(json, NULL);
	json_unsigned(json, "tid", task->head.tid);
	json_unsigned(json, "tgid", task->head.tgid);
	json_string(json, "name", task->comm);
	json_string(json, "state", pcb_state_name(pcb_state(task)));
	json_unsigned(json, "memory", task->mm);
	json_unsigned(json, "files", task->files);
	json_unsigned(json, "folder", task->fs);
	json_unsigned(json, "handlers", task->handlers);
	json_object_end(json);
}

static void put_picture(struct json *json, const struct model *model, const struct picture *picture)
{
	const struct snapshot *snapshot = picture->snapshot;
	const struct pl_pcb_task *task;

	json_object(json, NULL);
	json_string(json, "phase", picture->phase);
	json_unsigned(json, "time_ns",
		      snapshot->time > model->begin ? snapshot->time - model->begin : 0);
	json_unsigned(json, "duration_ns", snapshot->duration_ns);
	json_array(json, "tasks");
	snapshot_for_each(snapshot, task) put_task(json, task);
	json_array_end(json);
	json_object_end(json);
}

void json_subjects(struct json *json, const struct model *model)
{
	const struct subject *subject;
	const struct picture *picture;

	if (!model->subjects) {
		json_null(json, "about");
		return;
	}
	json_object(json, "about");
	json_array(json, "items");
	vector_for_each (&model->subjects->items, subject)
		put_subject(json, subject);
	json_array_end(json);
	json_array(json, "pictures");
	vector_for_each (&model->subjects->pictures, picture)
		put_picture(json, model, picture);
	json_array_end(json);
	json_object_end(json);
}
