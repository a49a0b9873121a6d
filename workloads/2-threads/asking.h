/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * asking.h - what the scenarios share in which a thread asks for a word and waits for it
 *
 * The word comes from standard input if that is a terminal with somebody before it, or has
 * something to read. Otherwise (/dev/null, an idle pipe) nothing would ever come or all would be
 * over at once; then the scenario has a terminal of its own, at which another thread types.
 */
#ifndef WORKLOADS_ASKING_H
#define WORKLOADS_ASKING_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "workloads/sleep.h"

struct asking {
	int input;
	uint64_t delay_ns;
	uint64_t asked, answered; /* when; answered is 0 as long as it has not come back */
	char word[64];		  /* "" if the input ended without one */
	/* private */
	int keyboard; /* other side of a terminal of one's own, -1 if there is none */
	struct scenario_thread typist;
};

static inline bool asking_can_use_standard_input(void)
{
	int bytes = 0;

	/* Who reads from a terminal in the background is stopped. */
	if (isatty(STDIN_FILENO))
		return tcgetpgrp(STDIN_FILENO) == getpgrp();
	return !ioctl(STDIN_FILENO, FIONREAD, &bytes) && bytes > 0;
}

static inline void asking_type(void *argument)
{
	static const char word[] = "hello\n";
	struct asking *asking = argument;

	sleep_for(asking->delay_ns);
	PTRACE_LAB_PHASE("types");
	if (write(asking->keyboard, word, strlen(word)) < 0)
		scenario_fail(errno, "the word cannot be typed");
}

static inline void asking_make_terminal(struct asking *asking)
{
	char path[64];
	int error;

	asking->keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (asking->keyboard < 0 || grantpt(asking->keyboard) || unlockpt(asking->keyboard))
		scenario_fail(errno, "there is nothing to read from standard input, and no "
				     "terminal can be made");
	error = ptsname_r(asking->keyboard, path, sizeof(path));
	if (error)
		scenario_fail(error, "the terminal's name is not known");
	asking->input = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (asking->input < 0)
		scenario_fail(errno, "%s cannot be opened", path);
}

/* `asking` must stay where it is for as long as the process lives. */
static inline void asking_begin(struct asking *asking, uint64_t delay_ns)
{
	*asking = (struct asking){.delay_ns = delay_ns, .keyboard = -1};
	if (!asking_can_use_standard_input()) {
		asking_make_terminal(asking);
		scenario_thread_start(&asking->typist, asking_type, asking, "typist");
		pthread_detach(asking->typist.id);
		scenario_say("input", "a terminal of its own, where one types after %s",
			     scenario_duration_text(delay_ns).text);
	} else {
		asking->input = STDIN_FILENO;
		scenario_say("input", "standard input");
	}
	scenario_fact("own_terminal", asking->keyboard >= 0);
}

/* Asks, and waits for a line. */
static inline void asking_wait(struct asking *asking)
{
	char line[sizeof(asking->word)];
	size_t length = 0;
	ssize_t got = 1;

	scenario_say("asks", "a word, please:");
	PTRACE_LAB_PHASE("asks");
	asking->asked = scenario_now();
	while (got && length < sizeof(line) - 1 && !memchr(line, '\n', length)) {
		got = read(asking->input, line + length, sizeof(line) - 1 - length);
		if (got < 0 && errno != EINTR)
			scenario_fail(errno, "the word cannot be read");
		length += got > 0 ? (size_t)got : 0;
	}
	PTRACE_LAB_PHASE("has the answer");
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	memcpy(asking->word, line, sizeof(line));
	/* For a main thread that looks while this goes on. */
	__atomic_store_n(&asking->answered, scenario_now(), __ATOMIC_RELEASE);
}

static inline void asking_say_answer(const struct asking *asking)
{
	uint64_t waited = asking->answered - asking->asked;

	if (*asking->word)
		scenario_say("answer", "'%s' after %s", asking->word,
			     scenario_duration_text(waited).text);
	else
		scenario_say("answer", "no word after %s", scenario_duration_text(waited).text);
}

#endif
