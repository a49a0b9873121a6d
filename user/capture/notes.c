// SPDX-License-Identifier: GPL-2.0-only
#include "capture/notes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "capture/scenarios.h"

/* Facts are short; a scenario that reports more than this has gone mad. */
#define FACTS_MAX (256u << 10)

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void note_command(struct recording_writer *writer, char **argv)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	for (size_t i = 0; argv && argv[i]; i++)
		fprintf(out, "%s%s", i ? "\n" : "", argv[i]);
	if (!fclose(out))
		recording_write_note(writer, NOTE_COMMAND, "%s", text);
}

void notes_of_begin(struct recording_writer *writer, const struct capture_options *options,
		    pid_t target)
{
	static const char *const mode[] = {
		[CAPTURE_RUN] = "run",
		[CAPTURE_ATTACH] = "attach",
		[CAPTURE_RECORD] = "record",
	};
	struct utsname host;

	recording_write_note(writer, NOTE_VERSION, "%s", PTRACE_LAB_VERSION);
	if (!uname(&host)) {
		recording_write_note(writer, NOTE_HOST, "%s", host.nodename);
		recording_write_note(writer, NOTE_KERNEL, "%s", host.release);
		recording_write_note(writer, NOTE_ARCH, "%s", host.machine);
	}
	recording_write_note(writer, NOTE_CPUS, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	recording_write_note(writer, NOTE_MODE, "%s", mode[options->mode]);
	if (options->mode == CAPTURE_RUN)
		note_command(writer, options->argv);
	if (options->scenario) {
		const char *text = scenario_text(options->scenario);

		recording_write_note(writer, NOTE_SCENARIO, "%s", options->scenario);
		if (text)
			recording_write_note(writer, NOTE_SCENARIO_TEXT, "%s", text);
	}
	if (options->mode == CAPTURE_ATTACH)
		target = options->pid;
	if (target)
		recording_write_note(writer, NOTE_TARGET, "%d", target);
}

/* "name value" a line, as workloads/scenario.c writes them. */
void notes_of_facts(struct recording_writer *writer, const char *prefix, int fd)
{
	CLEANUP_FREE char *text = calloc(1, FACTS_MAX + 1);
	char *line, *rest;

	if (!text || pread(fd, text, FACTS_MAX, 0) <= 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char key[128], *value = strchr(line, ' ');

		if (!value || value == line || value - line > 64)
			continue;
		*value++ = '\0';
		snprintf(key, sizeof(key), "%s%s", prefix, line);
		recording_write_note(writer, key, "%s", value);
	}
}

static uint64_t own_cpu_ns(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		return 0;
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
}

static void note_losses(struct recording_writer *writer, struct kernel_side *side)
{
	const struct pl_control *control = kernel_side_control(side);
	uint64_t lost = 0;
	char key[64];

	for (unsigned int cpu = 0; cpu < kernel_side_lanes(side); cpu++) {
		uint64_t here = kernel_side_lane(side, cpu).lane->lost;

		lost += here;
		snprintf(key, sizeof(key), NOTE_LOST_CPU "%u", cpu);
		if (here)
			recording_write_note(writer, key, "%" PRIu64, here);
	}
	recording_write_note(writer, NOTE_LOST, "%" PRIu64, lost);
	recording_write_note(writer, NOTE_LOST_LIFE, "%" PRIu64, (uint64_t)control->lost_life);
	if (kernel_side_marks_refused(side))
		recording_write_note(writer, NOTE_NO_MARKS, "%s",
				     strerror(kernel_side_marks_refused(side)));
	if (control->lost_marks)
		recording_write_note(writer, NOTE_LOST_MARKS, "%" PRIu64,
				     (uint64_t)control->lost_marks);
	recording_write_note(writer, NOTE_MISSED, "%" PRIu64, kernel_side_missed(side));
	recording_write_note(writer, NOTE_UNTRACKED, "%" PRIu64, (uint64_t)control->untracked);
}

static void note_stacks(struct recording_writer *writer, const struct stacks *stacks)
{
	struct stacks_account account;

	stacks_account(stacks, &account);
	recording_write_note(writer, NOTE_STACKS_LOST, "%" PRIu64, account.lost);
	recording_write_note(writer, NOTE_STACKS_WALKED, "%" PRIu64, account.walked);
	recording_write_note(writer, NOTE_STACKS_KNOWN, "%" PRIu64, account.known);
	recording_write_note(writer, NOTE_STACKS_COPIED, "%" PRIu64, account.copied);
	recording_write_note(writer, NOTE_STACKS_TABLES, "%" PRIu64, account.tables);
}

void notes_of_end(struct recording_writer *writer, const struct notes_end *end)
{
	uint64_t since_begin = monotonic_ns() - end->begin;

	recording_write_note(writer, NOTE_BEGIN, "%" PRIu64, end->begin);
	recording_write_note(writer, NOTE_END, "%" PRIu64, end->end);
	recording_write_note(writer, NOTE_REALTIME, "%" PRIu64,
			     clock_ns(CLOCK_REALTIME) - since_begin);
	if (end->has_status)
		recording_write_note(writer, NOTE_STATUS, "%d", end->status);
	if (end->result_fd >= 0)
		notes_of_facts(writer, NOTE_FACT, end->result_fd);
	note_losses(writer, end->side);
	if (end->stacks)
		note_stacks(writer, end->stacks);
	recording_write_note(writer, NOTE_TRACER_CPU, "%" PRIu64, own_cpu_ns());
}
