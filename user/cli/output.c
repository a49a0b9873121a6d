// SPDX-License-Identifier: GPL-2.0-only
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"

/* As standard output itself, it is there once for the whole process. */
static int first_error;

int output_note(int error)
{
	if (!first_error)
		first_error = error;
	return error ? EXIT_NO_OUTPUT : EXIT_OK;
}

/* Told by the descriptor, because the error of the write may have been lost on the way. */
static bool reader_went_away(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

int output_finish(int status)
{
	bool unread = reader_went_away();
	bool failed = first_error || ferror(stdout);

	errno = 0;
	if (fflush(stdout)) {
		failed = true;
		output_note(-errno);
	}
	/* Some file systems only tell when a file is closed. A descriptor that we never had is no
	 * error if nothing had to be written. */
	errno = 0;
	if (close(STDOUT_FILENO) && !failed && errno != EBADF) {
		failed = true;
		output_note(-errno);
	}
	if (!failed)
		return status;
	if (first_error != -EPIPE && !unread)
		log_error("standard output could not be written%s%s", first_error ? ": " : "",
			  first_error ? strerror(-first_error) : "");
	return EXIT_NO_OUTPUT;
}
