/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - messages for the person at the terminal, on standard error
 *
 * An error is one sentence that says what happened and what to do about it. libbpf's own messages
 * come one level below what libbpf thinks of them, so they are only seen with -v.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_NOTHING = -1, /* for those who try things out and tell the outcome themselves */
	LOG_ERROR = 0,
	LOG_WARNING = 1,
	LOG_INFO = 2, /* the default */
	LOG_DEBUG = 3,
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

__attribute__((format(printf, 2, 3))) void log_message(enum log_level level, const char *format,
						       ...);

#define log_error(...)	 log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...)	 log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_message(LOG_DEBUG, __VA_ARGS__)

#endif
