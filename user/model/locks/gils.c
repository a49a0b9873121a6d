// SPDX-License-Identifier: GPL-2.0-only
#include "model/locks/gils.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "recording/recording.h"

/* As long as CPython's. */
#define GIL_SIZE 208

/* A scenario that is an interpreter of a kind says where its lock lies, which is made as CPython's.
 */
static int know_own(struct population *population, const struct recording *recording)
{
	const char *value = recording_note(recording, NOTE_FACT "interpreter_lock");
	struct gil_range range = {
		.tgid = recording_note_number(recording, NOTE_TARGET, 0),
	};
	int64_t address;

	if (!value || parse_number(value, 1, INT64_MAX - GIL_SIZE, &address))
		return 0;
	range.start = (uint64_t)address;
	range.end = range.start + GIL_SIZE;
	return population_know_gil(population, &range);
}

int gils_know(struct population *population, const struct recording *recording)
{
	const char *key, *value;
	int error = know_own(population, recording);

	for (size_t i = 0; !error && recording_note_at(recording, NOTE_GIL, i, &key, &value); i++) {
		struct gil_range range = {0};

		if (sscanf(key, NOTE_GIL "%" SCNu32, &range.tgid) == 1 &&
		    sscanf(value, "%" SCNx64 " %" SCNx64, &range.start, &range.end) == 2)
			error = population_know_gil(population, &range);
	}
	return error;
}
