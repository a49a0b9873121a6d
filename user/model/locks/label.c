// SPDX-License-Identifier: GPL-2.0-only
#include "model/locks/label.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *variable_at(const struct model *model, uint64_t address, int *ret_length)
{
	static const char suffix[] = "_address";
	const struct fact *fact;

	vector_for_each (&model->facts, fact) {
		size_t length = strlen(fact->name), ending = strlen(suffix);

		if (length <= ending || strcmp(fact->name + length - ending, suffix) != 0)
			continue;
		if (strtoull(fact->value, NULL, 0) == address) {
			*ret_length = (int)(length - ending);
			return fact->name;
		}
	}
	return NULL;
}

struct lock_label lock_label(const struct model *model, const struct lock *lock, uint64_t address)
{
	struct lock_label label;
	int length;
	const char *name = variable_at(model, address, &length);

	if (name)
		snprintf(label.text, sizeof(label.text), "%.*s", length, name);
	else if (lock && lock->reason == REASON_GIL && lock->process < model->processes.count)
		snprintf(label.text, sizeof(label.text), "GIL of %s",
			 model->processes.items[lock->process].name);
	else if (lock && lock->name)
		snprintf(label.text, sizeof(label.text), "%s", lock->name);
	else
		snprintf(label.text, sizeof(label.text), "0x%" PRIx64, address);
	return label;
}
