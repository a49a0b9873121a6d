// SPDX-License-Identifier: GPL-2.0-only
#include "base/interrupts.h"

#include <stddef.h>

/* Handlers have no argument of ours: the one thing here that is not in a struct. */
static volatile sig_atomic_t noted;

static void note(int number)
{
	noted = number;
}

static void take_over(int number, struct sigaction *ret_before)
{
	/* A system call that waits is to end, so that who waits can look. */
	struct sigaction action = {.sa_handler = note};

	sigaction(number, NULL, ret_before);
	if (ret_before->sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupts_note(struct interrupts *interrupts)
{
	noted = 0;
	take_over(SIGINT, &interrupts->interrupt);
	take_over(SIGTERM, &interrupts->terminate);
}

int interrupts_noted(void)
{
	return noted;
}

void interrupts_restore(const struct interrupts *interrupts)
{
	sigaction(SIGINT, &interrupts->interrupt, NULL);
	sigaction(SIGTERM, &interrupts->terminate, NULL);
}
