// SPDX-License-Identifier: GPL-2.0-only
/* holds.c - every lock that was taken, with --locks=all */
#include <inttypes.h>
#include <stdio.h>

#include "show/json/sections.h"
#include "show/json/schema.h"

static void put_hold(struct json *json, const struct model *model, const struct lock_hold *hold)
{
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, hold->address);
	json_object(json, NULL);
	if (hold->process < model->processes.count)
		json_unsigned(json, "pid", model->processes.items[hold->process].tgid);
	else
		json_null(json, "pid");
	json_string(json, "address", address);
	json_string(json, "name", hold->name);
	json_unsigned(json, "taken", hold->taken);
	json_unsigned(json, "refused", hold->refused);
	json_unsigned(json, "held_ns", hold->held_ns);
	json_unsigned(json, "max_ns", hold->max_ns);
	json_unsigned(json, "open", hold->open);
	if (hold->lock < model->locks.count)
		json_unsigned(json, "lock", hold->lock);
	else
		json_null(json, "lock");
	json_object_end(json);
}

void json_holds(struct json *json, const struct model *model)
{
	const struct lock_hold *hold;

	json_bool(json, "holds_counted", model->has_holds);
	json_unsigned(json, "holds_lost", model->holds_lost);
	json_array(json, "holds");
	vector_for_each (&model->holds, hold)
		put_hold(json, model, hold);
	json_array_end(json);
}

const struct member hold_members[] = {
	MEMBER_OR_NULL("pid", COUNT, "The process."),
	MEMBER("address", STRING, "Of the lock."),
	MEMBER_OR_NULL("name", STRING, "What lies there."),
	MEMBER("taken", COUNT, "How often it was taken, and given up again."),
	MEMBER("refused", COUNT, "Tries that failed, as far as another one followed."),
	MEMBER("held_ns", COUNT, "From the call, or the end of the last sleep for it."),
	MEMBER("max_ns", COUNT, "The longest."),
	MEMBER("open", COUNT, "Threads that had it at the end of the capture."),
	MEMBER_OR_NULL("lock", COUNT, "Index into locks; null: nobody waited for it."),
	{0},
};
