/* SPDX-License-Identifier: GPL-2.0-only */
/* interrupts.h - Ctrl-C and SIGTERM, noted rather than obeyed at once, while much is under way */
#ifndef BASE_INTERRUPTS_H
#define BASE_INTERRUPTS_H

#include <signal.h>

struct interrupts {
	struct sigaction interrupt, terminate; /* as they were */
};

/* Who started us with one of them ignored, as a shell does in the background, has it so still. */
void interrupts_note(struct interrupts *interrupts);

/* The last that came since interrupts_note(), 0: none did. */
int interrupts_noted(void);

/* As they were: the next one is obeyed. */
void interrupts_restore(const struct interrupts *interrupts);

#endif
