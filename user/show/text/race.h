/* SPDX-License-Identifier: GPL-2.0-only */
/* race.h - what the parts of the report on a watched variable share */
#ifndef SHOW_TEXT_RACE_H
#define SHOW_TEXT_RACE_H

#include "base/units.h"
#include "model/race/watch.h"
#include "show/text/text.h"

#define RACE_INDENT 2

/* As a C programmer would see it: negative values of a signed type are not. */
struct figure race_value(const struct watched *watched, uint64_t value);

/* The few losses that are the easiest to see, as tables of who did what when. */
void show_race_scenes(struct text *text, const struct watch_report *report,
		      const struct watched *watched);

#endif
