/* SPDX-License-Identifier: GPL-2.0-only */
/* card.h - what the parts of a task's card share */
#ifndef SHOW_PCB_CARD_H
#define SHOW_PCB_CARD_H

#include "show/pcb/pcb.h"
#include "show/text/text.h"

struct card {
	struct text *text;
	const struct snapshot *snapshot;
	const struct pcb_view *view;
	const struct pl_pcb_task *task;
};

/* "  state         blocked ...": one head, and what follows it wrapped below itself. */
__attribute__((format(printf, 3, 4))) void card_line(struct card *card, const char *head,
						     const char *format, ...);

/* Where it is, and with what it goes on from there (context.c). */
void card_counter(struct card *card);
void card_context(struct card *card);

#endif
