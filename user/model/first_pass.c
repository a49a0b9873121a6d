// SPDX-License-Identifier: GPL-2.0-only
#include "model/first_pass.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* The note comes at the end: without it nobody knows. */
static bool lost_nothing(const struct recording *recording)
{
	const char *lost = recording_note(recording, NOTE_LOST);

	return lost && !strcmp(lost, "0");
}

int first_pass(struct recording *recording, const struct timeline_options *options,
	       struct timeline *timeline)
{
	struct timeline_options of_first = *options;
	CLEANUP(timeline_free)
	struct timeline *first = NULL;
	struct recording_item item;
	int more, error;

	if (lost_nothing(recording))
		return 0;
	of_first.is_first_pass = true;
	error = timeline_new(&of_first, &first);
	if (error)
		return error;
	recording_rewind(recording);
	while (!error && (more = recording_next(recording, &item, NULL)) > 0)
		error = timeline_feed(first, &item);
	/* Damage is told by who reads it next. */
	if (!error && more == -ENOMEM)
		error = more;
	if (!error)
		error = timeline_finish(first, recording_note_number(recording, NOTE_END, 0));
	return error ? error : timeline_learn(timeline, first);
}
