/* SPDX-License-Identifier: GPL-2.0-only */
/* instant.h - what every thread was doing at one moment, as text and JSON */
#ifndef SHOW_INSTANT_H
#define SHOW_INSTANT_H

#include <stdio.h>

#include "model/tasks/instant.h"
#include "show/show.h"

int show_instant_text(FILE *out, const struct instant *instant, const char *arch,
		      const struct text_options *options);
int show_instant_json(FILE *out, const struct instant *instant, const char *arch);

/* instant_locks.c: who waited for what, and who had it. */
struct text;
struct json;
void show_instant_locks(struct text *text, const struct instant *instant);
void json_instant_locks(struct json *json, const struct instant *instant);

#endif
