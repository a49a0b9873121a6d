// SPDX-License-Identifier: GPL-2.0-only
/* ring.c - of which longer watch this is a part */
#include "show/json/sections.h"

#include "show/json/schema.h"

const struct member ring_members[] = {
	MEMBER("asked", STRING, "What --ring was given: a time or a size."),
	MEMBER("why", STRING, "What made this part be kept."),
	MEMBER("since_ns", COUNT, "When the watch began, on CLOCK_MONOTONIC."),
	MEMBER("watched_ns", COUNT, "From there to the end of this part."),
	MEMBER("whole", BOOLEAN, "Whether nothing came before this part."),
	{0},
};

void json_ring(struct json *json, const struct model *model)
{
	if (!model->ring) {
		json_null(json, "ring");
		return;
	}
	json_object(json, "ring");
	json_string(json, "asked", model->ring);
	json_string(json, "why", model->ring_why);
	json_unsigned(json, "since_ns", model->ring_since);
	json_unsigned(json, "watched_ns",
		      model->end > model->ring_since ? model->end - model->ring_since : 0);
	json_bool(json, "whole", model->begin <= model->ring_since);
	json_object_end(json);
}
