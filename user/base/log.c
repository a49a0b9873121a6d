// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
	threshold = level;
}

enum log_level log_get_level(void)
{
	return threshold;
}

void log_message(enum log_level level, const char *format, ...)
{
	static const char *const prefix[] = {
		[LOG_ERROR] = "ptrace-lab: ",
		[LOG_WARNING] = "ptrace-lab: warning: ",
		[LOG_INFO] = "ptrace-lab: ",
		[LOG_DEBUG] = "ptrace-lab: debug: ",
	};
	int saved = errno;
	char text[1024];
	va_list args;

	if (level > threshold)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* One call, so that lines of several processes on one terminal do not mix. */
	fprintf(stderr, "%s%s\n", prefix[level], text);
	errno = saved;
}
