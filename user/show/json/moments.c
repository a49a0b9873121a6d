// SPDX-License-Identifier: GPL-2.0-only
/* moments.c - the snapshots of a recording, each in a few figures */
#include "model/tasks/moments.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

const struct member moment_members[] = {
	MEMBER("at_ns", COUNT, "When it was taken, from the begin of the capture."),
	MEMBER("processes", COUNT, "Processes of the target that there were."),
	MEMBER("tasks", COUNT, "Threads of the target that there were."),
	MEMBER("running", COUNT, "Of these: on a CPU."),
	MEMBER("ready", COUNT, "Of these: waiting for one."),
	MEMBER("blocked", COUNT, "Of these: blocked."),
	MEMBER("stopped", COUNT, "Of these: stopped, by a signal or a debugger."),
	MEMBER("zombie", COUNT, "Of these: ended, and nobody has asked for it yet."),
	MEMBER("resident_bytes", COUNT, "Memory that they had, in all."),
	MEMBER("open_files", COUNT, "Descriptors that they had open."),
	MEMBER("minor_faults", COUNT, "Page faults so far, of those that live."),
	MEMBER("major_faults", COUNT, "Those of them that waited for a disk."),
	MEMBER("switches", COUNT, "Times that they left a CPU so far."),
	MEMBER("ran_ns", COUNT, "How long they have run so far."),
	{0},
};

void json_moments(struct json *json, const struct model *model)
{
	const struct moment *moment;

	json_array(json, "snapshots");
	if (model->moments) {
		vector_for_each (&model->moments->items, moment) {
			json_object(json, NULL);
			json_unsigned(json, "at_ns", moment->at);
			json_unsigned(json, "processes", moment->processes);
			json_unsigned(json, "tasks", moment->tasks);
			json_unsigned(json, "running", moment->running);
			json_unsigned(json, "ready", moment->ready);
			json_unsigned(json, "blocked", moment->blocked);
			json_unsigned(json, "stopped", moment->stopped);
			json_unsigned(json, "zombie", moment->zombies);
			json_unsigned(json, "resident_bytes", moment->resident);
			json_unsigned(json, "open_files", moment->open_files);
			json_unsigned(json, "minor_faults", moment->minor_faults);
			json_unsigned(json, "major_faults", moment->major_faults);
			json_unsigned(json, "switches", moment->voluntary + moment->involuntary);
			json_unsigned(json, "ran_ns", moment->ran_ns);
			json_object_end(json);
		}
	}
	json_array_end(json);
}
