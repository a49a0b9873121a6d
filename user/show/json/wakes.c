// SPDX-License-Identifier: GPL-2.0-only
/* wakes.c - who woke whom, in the report for programs */
#include "show/json/sections.h"

void json_put_wakes(struct json *json, const struct model *model)
{
	const struct wake_chain *chain = &model->chain;
	const struct wake *wake;

	json_array(json, "wakes");
	vector_for_each (&model->wakes, wake) {
		json_object(json, NULL);
		json_string(json, "kind", wake_kind_name(wake->kind));
		if (wake->from < model->threads.count)
			json_unsigned(json, "from", wake->from);
		else
			json_null(json, "from");
		json_unsigned(json, "to", wake->to);
		json_unsigned(json, "count", wake->count);
		json_unsigned(json, "waited_ns", wake->waited_ns);
		json_object_end(json);
	}
	json_array_end(json);
	if (!chain->length) {
		json_null(json, "wake_chain");
		return;
	}
	json_object(json, "wake_chain");
	json_unsigned(json, "length", chain->length);
	json_unsigned(json, "first", chain->first);
	json_unsigned(json, "last", chain->last);
	json_unsigned(json, "begin_ns", chain->begin - model->begin);
	json_unsigned(json, "end_ns", chain->end - model->begin);
	json_object_end(json);
}
