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

FILE *output_open(const char *path, const struct invoker *invoker, int *ret_status)
{
	int fd;
	FILE *out;

	if (!path || !strcmp(path, "-"))
		return stdout;
	fd = invoker_create(invoker, path);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!out) {
		log_error("%s cannot be written: %s", path, strerror(fd < 0 ? -fd : errno));
		if (fd >= 0)
			close(fd);
		*ret_status = EXIT_NO_OUTPUT;
	}
	return out;
}

/* A reader that has gone away (EPIPE) needs no message: it was not interested any more. */
int output_close(FILE *out, const char *path, int error)
{
	bool standard = out == stdout;

	if ((standard ? fflush(out) : fclose(out)) && !error)
		error = -errno;
	if (standard)
		return output_note(error);
	if (!error)
		return EXIT_OK;
	log_error("%s cannot be written: %s", path, strerror(-error));
	return EXIT_NO_OUTPUT;
}
