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

/* ---- what was counted --------------------------------------------------------------------------
 */

struct notes_counters {
	uint64_t life, marks, missed, untracked, tracer_cpu;
	struct stacks_account stacks;
	bool has_stacks;
	unsigned int cpus;
	uint64_t lost[]; /* by CPU */
};

struct notes_counters *notes_count(struct kernel_side *side, const struct stacks *stacks,
				   size_t *ret_size)
{
	const struct pl_control *control = kernel_side_control(side);
	unsigned int cpus = kernel_side_lanes(side);
	size_t size = sizeof(struct notes_counters) + cpus * sizeof(uint64_t);
	struct notes_counters *counters = calloc(1, size);

	if (!counters)
		return NULL;
	counters->life = control->lost_life;
	counters->marks = control->lost_marks;
	counters->missed = kernel_side_missed(side);
	counters->untracked = control->untracked;
	counters->tracer_cpu = own_cpu_ns();
	counters->has_stacks = stacks;
	if (stacks)
		stacks_account(stacks, &counters->stacks);
	counters->cpus = cpus;
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		counters->lost[cpu] = kernel_side_lane(side, cpu).lane->lost;
	*ret_size = size;
	return counters;
}

/* Threads that found no slot are missing from then on. */
void notes_since(struct notes_counters *now, const struct notes_counters *before)
{
	now->life -= before->life;
	now->marks -= before->marks;
	now->missed -= before->missed;
	now->tracer_cpu -= before->tracer_cpu;
	now->stacks.lost -= before->stacks.lost;
	now->stacks.walked -= before->stacks.walked;
	now->stacks.known -= before->stacks.known;
	now->stacks.copied -= before->stacks.copied;
	for (unsigned int cpu = 0; cpu < now->cpus; cpu++)
		now->lost[cpu] -= before->lost[cpu];
}

static void note_counters(struct recording_writer *writer, const struct notes_counters *counters)
{
	const struct stacks_account *stacks = &counters->stacks;
	uint64_t lost = 0;
	char key[64];

	for (unsigned int cpu = 0; cpu < counters->cpus; cpu++) {
		lost += counters->lost[cpu];
		snprintf(key, sizeof(key), NOTE_LOST_CPU "%u", cpu);
		if (counters->lost[cpu])
			recording_write_note(writer, key, "%" PRIu64, counters->lost[cpu]);
	}
	recording_write_note(writer, NOTE_LOST, "%" PRIu64, lost);
	recording_write_note(writer, NOTE_LOST_LIFE, "%" PRIu64, counters->life);
	if (counters->marks)
		recording_write_note(writer, NOTE_LOST_MARKS, "%" PRIu64, counters->marks);
	recording_write_note(writer, NOTE_MISSED, "%" PRIu64, counters->missed);
	recording_write_note(writer, NOTE_UNTRACKED, "%" PRIu64, counters->untracked);
	recording_write_note(writer, NOTE_TRACER_CPU, "%" PRIu64, counters->tracer_cpu);
	if (!counters->has_stacks)
		return;
	recording_write_note(writer, NOTE_STACKS_LOST, "%" PRIu64, stacks->lost);
	recording_write_note(writer, NOTE_STACKS_WALKED, "%" PRIu64, stacks->walked);
	recording_write_note(writer, NOTE_STACKS_KNOWN, "%" PRIu64, stacks->known);
	recording_write_note(writer, NOTE_STACKS_COPIED, "%" PRIu64, stacks->copied);
	recording_write_note(writer, NOTE_STACKS_TABLES, "%" PRIu64, stacks->tables);
}

uint64_t notes_realtime(uint64_t begin)
{
	return clock_ns(CLOCK_REALTIME) - (monotonic_ns() - begin);
}

int notes_of_part(struct recording_writer *writer, void *context)
{
	const struct notes_part *part = context;

	recording_write_note(writer, NOTE_BEGIN, "%" PRIu64, part->begin);
	recording_write_note(writer, NOTE_END, "%" PRIu64, part->end);
	recording_write_note(writer, NOTE_REALTIME, "%" PRIu64, part->realtime);
	recording_write_note(writer, NOTE_RING, "%s", part->asked);
	recording_write_note(writer, NOTE_RING_WHY, "%s", part->why);
	if (part->counters)
		note_counters(writer, part->counters);
	return recording_write_note(writer, NOTE_RING_SINCE, "%" PRIu64, part->watch_begin);
}

void notes_of_end(struct recording_writer *writer, const struct notes_end *end)
{
	CLEANUP_FREE struct notes_counters *counters = NULL;
	size_t size;

	if (end->has_status)
		recording_write_note(writer, NOTE_STATUS, "%d", end->status);
	if (end->result_fd >= 0)
		notes_of_facts(writer, NOTE_FACT, end->result_fd);
	if (kernel_side_marks_refused(end->side))
		recording_write_note(writer, NOTE_NO_MARKS, "%s",
				     strerror(kernel_side_marks_refused(end->side)));
	if (end->of_part)
		return;
	recording_write_note(writer, NOTE_BEGIN, "%" PRIu64, end->begin);
	recording_write_note(writer, NOTE_END, "%" PRIu64, end->end);
	recording_write_note(writer, NOTE_REALTIME, "%" PRIu64, notes_realtime(end->begin));
	counters = notes_count(end->side, end->stacks, &size);
	if (counters)
		note_counters(writer, counters);
}
