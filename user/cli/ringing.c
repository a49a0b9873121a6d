// SPDX-License-Identifier: GPL-2.0-only
/* ringing.c - the options of the flight recorder */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/triggers.h"
#include "cli/tracing.h"

#define RING_BYTES_LEAST    (1ull << 20)
#define RING_DURATION_LEAST (100 * NS_PER_MS)

/* A bare number could be either. */
static int parse_ring(const char *text, struct capture_options *ret)
{
	size_t length = strlen(text);
	char shown[128];

	escape_text(shown, sizeof(shown), text);
	if (length && isdigit((unsigned char)text[length - 1])) {
		log_error("--ring %s: of what? A time such as 30s or a size such as 64M", shown);
		return EXIT_USAGE;
	}
	if (!parse_size(text, &ret->ring_bytes)) {
		if (ret->ring_bytes >= RING_BYTES_LEAST)
			return EXIT_OK;
		log_error("--ring %s: the least is 1M", shown);
		return EXIT_USAGE;
	}
	if (parse_duration(text, &ret->ring_duration)) {
		log_error(
			"--ring takes a time such as 30s or 2min, or a size such as 64M, not '%s'",
			shown);
		return EXIT_USAGE;
	}
	if (ret->ring_duration >= RING_DURATION_LEAST)
		return EXIT_OK;
	log_error("--ring %s: the least is 100ms", shown);
	return EXIT_USAGE;
}

static int parse_triggers(const struct option_texts *texts, struct capture_options *ret)
{
	struct utsname host = {0};
	char shown[128];

	uname(&host);
	if (texts->count > PL_TRIGGERS) {
		log_error("--trigger can be given %d times", PL_TRIGGERS);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < texts->count; i++) {
		int error = trigger_parse(texts->items[i], host.machine, &ret->triggers[i]);

		if (!error)
			continue;
		escape_text(shown, sizeof(shown), texts->items[i]);
		if (error == -ERANGE)
			log_error("--trigger takes a time such as 10ms behind the `=`, not '%s'",
				  shown);
		else
			log_error("--trigger takes ready=TIME, lock=TIME or a system call's name "
				  "such as fsync=TIME, not '%s'",
				  shown);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* What speaks of the whole run cannot be had of its last part. */
static const char *what_needs_all(const struct capture_options *options)
{
	if (options->scenario)
		return "a scenario: its claims are about all of it";
	if (options->watch.count)
		return "--watch: lost updates are counted over all of a run";
	if (options->all_locks)
		return "--locks=all: locks are counted over all of a run";
	return NULL;
}

int tracing_ring(const struct ring_settings *settings, struct capture_options *ret)
{
	const char *needs_all = what_needs_all(ret);
	int status;

	if (!settings->ring) {
		if (!settings->triggers.count && !settings->dumps)
			return EXIT_OK;
		log_error("--%s goes with --ring: what is kept of a long watch",
			  settings->dumps ? "dumps" : "trigger");
		return EXIT_USAGE;
	}
	if (needs_all) {
		log_error("--ring does not go with %s", needs_all);
		return EXIT_USAGE;
	}
	status = parse_ring(settings->ring, ret);
	if (!status)
		status = parse_triggers(&settings->triggers, ret);
	ret->ring = settings->ring;
	ret->ring_dumps = (uint64_t)settings->dumps;
	return status;
}
