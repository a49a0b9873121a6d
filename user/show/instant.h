/* SPDX-License-Identifier: GPL-2.0-only */
/* instant.h - what every thread was doing at one moment, as text and JSON */
#ifndef SHOW_INSTANT_H
#define SHOW_INSTANT_H

#include <stdio.h>

#include "model/instant.h"
#include "show/show.h"

int show_instant_text(FILE *out, const struct instant *instant, const char *arch,
		      const struct text_options *options);
int show_instant_json(FILE *out, const struct instant *instant, const char *arch);

#endif
