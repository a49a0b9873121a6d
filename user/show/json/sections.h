/* SPDX-License-Identifier: GPL-2.0-only */
/* sections.h - sections of the JSON report that have a file of their own */
#ifndef SHOW_JSON_SECTIONS_H
#define SHOW_JSON_SECTIONS_H

#include "base/json.h"
#include "model/model.h"

void json_places(struct json *json, const struct model *model);
void json_moments(struct json *json, const struct model *model);
void json_watch(struct json *json, const struct model *model);
void json_put_locks(struct json *json, const struct model *model);
void json_put_deadlocks(struct json *json, const struct model *model);
void json_put_wakes(struct json *json, const struct model *model);
void json_signals(struct json *json, const struct model *model);
void json_holds(struct json *json, const struct model *model);
void json_findings(struct json *json, const struct model *model);
void json_causes(struct json *json, const struct model *model);
void json_ring(struct json *json, const struct model *model);
void json_stacks(struct json *json, const struct model *model);
void json_thread_end(struct json *json, const struct model *model, const struct thread *thread);
void json_process_memory(struct json *json, const struct process *process);
void json_thread_schedule(struct json *json, const struct thread *thread);
void json_preemptions(struct json *json, const struct model *model);
void json_subjects(struct json *json, const struct model *model);
void json_marks(struct json *json, const struct model *model);

#endif
