// SPDX-License-Identifier: GPL-2.0-only
#include "model/gils.h"

#include <inttypes.h>
#include <stdio.h>

#include "recording/recording.h"

int gils_know(struct population *population, const struct recording *recording)
{
	const char *key, *value;
	int error = 0;

	for (size_t i = 0; !error && recording_note_at(recording, NOTE_GIL, i, &key, &value); i++) {
		struct gil_range range = {0};

		if (sscanf(key, NOTE_GIL "%" SCNu32, &range.tgid) == 1 &&
		    sscanf(value, "%" SCNx64 " %" SCNx64, &range.start, &range.end) == 2)
			error = population_know_gil(population, &range);
	}
	return error;
}
