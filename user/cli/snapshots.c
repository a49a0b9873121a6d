// SPDX-License-Identifier: GPL-2.0-only
#include "cli/snapshots.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/interrupts.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/launch.h"
#include "capture/scenarios.h"
#include "capture/snapshot.h"
#include "capture/task_places.h"
#include "recording/recording.h"
#include "recording/snapshots.h"

#define AFTER_DEFAULT (100 * NS_PER_MS)

/* Whom the words name. */
struct wanted {
	VECTOR(uint32_t) tids; /* empty: everybody */
	bool family;	       /* their descendants too */
};

static bool is_named(const struct wanted *wanted, uint32_t tid)
{
	const uint32_t *named;

	vector_for_each (&wanted->tids, named)
		if (*named == tid)
			return true;
	return false;
}

static bool is_wanted(const struct pl_pcb_head *head, void *context)
{
	const struct wanted *wanted = context;

	return is_named(wanted, head->tgid) || is_named(wanted, head->tid);
}

static int name_tid(struct wanted *wanted, uint32_t tid)
{
	uint32_t *named = vector_add(&wanted->tids);

	if (!named)
		return -ENOMEM;
	*named = tid;
	return 0;
}

/* Children may stand before their parents: until nobody is found any more. */
static int name_descendants(struct wanted *wanted, const struct snapshot *snapshot)
{
	const struct pl_pcb_task *task;
	bool found = wanted->family;
	int error = 0;

	while (found && !error) {
		found = false;
		vector_for_each (&snapshot->tasks, task) {
			if (error || !pcb_is_leader(task) || is_named(wanted, task->head.tgid) ||
			    !is_named(wanted, task->parent))
				continue;
			error = name_tid(wanted, task->head.tgid);
			found = true;
		}
	}
	return error;
}

static int take_all(struct snapshot_reader *reader, struct wanted *wanted, struct snapshot *ret)
{
	struct snapshot snapshot = {0};
	int status = snapshot_read(reader, &snapshot), error;

	if (status || !wanted->tids.count) {
		*ret = snapshot;
		return status;
	}
	error = name_descendants(wanted, &snapshot);
	if (!error)
		error = snapshot_choose(&snapshot, is_wanted, wanted);
	if (error) {
		log_error("no memory for the tasks");
		snapshot_free(&snapshot);
		return EXIT_INTERNAL;
	}
	*ret = snapshot;
	return EXIT_OK;
}

static int take(struct snapshot_reader *reader, struct wanted *wanted, const struct look *look,
		struct snapshot *ret)
{
	struct snapshot snapshot = {0};
	int status = take_all(reader, wanted, &snapshot);

	if (!status && (look->stacks || (look->places && wanted->tids.count)) &&
	    task_places_find(&snapshot, look->stacks)) {
		log_error("no memory for where the tasks are");
		status = EXIT_INTERNAL;
	}
	if (status)
		snapshot_free(&snapshot);
	else
		*ret = snapshot;
	return status;
}

/* ---- looking ------------------------------------------------------------------------------- */

static void sleep_for(uint64_t ns)
{
	struct timespec time = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	nanosleep(&time, NULL);
}

/* Until Ctrl-C, the end of standard output, or of everybody that was named. Takes over `first`. */
static int watch(struct snapshot_reader *reader, struct wanted *wanted, struct snapshot *first,
		 const struct look *look, const struct pcb_view *view)
{
	struct snapshot before = *first;
	struct interrupts interrupts;
	int status = EXIT_OK;

	interrupts_note(&interrupts);
	while (!status && !interrupts_noted() && snapshot_shown(&before)) {
		struct snapshot after = {0};

		sleep_for(look->every);
		if (interrupts_noted())
			break;
		status = take(reader, wanted, look, &after);
		if (!status)
			status = look->show_changes(&before, &after, view, look->context);
		snapshot_free(&before);
		before = after;
	}
	interrupts_restore(&interrupts);
	snapshot_free(&before);
	*first = (struct snapshot){0};
	return status;
}

static int look_at_named(struct wanted *wanted, const struct look *look,
			 const struct pcb_view *view)
{
	struct snapshot_options reading = {
		.files = look->files,
		.areas = look->areas,
		.stacks = look->stacks,
	};
	struct snapshot_reader *reader = NULL;
	struct snapshot snapshot = {0};
	int status = snapshot_reader_new(&reading, &reader);

	if (!status)
		status = take(reader, wanted, look, &snapshot);
	if (!status && wanted->tids.count && !snapshot_shown(&snapshot)) {
		log_error("there is no process or thread %u", wanted->tids.items[0]);
		status = EXIT_NO_TARGET;
	}
	if (!status)
		status = look->show(&snapshot, view, look->context);
	if (!status && look->every)
		status = watch(reader, wanted, &snapshot, look, view);
	snapshot_free(&snapshot);
	snapshot_reader_free(&reader);
	return status;
}

/* ---- whom ---------------------------------------------------------------------------------- */

static int name_by_number(struct wanted *wanted, const char *word)
{
	int64_t tid;

	if (parse_number(word, 1, INT32_MAX, &tid)) {
		log_error("`%s` is neither the number of a process or thread nor a scenario", word);
		return EXIT_USAGE;
	}
	if (name_tid(wanted, (uint32_t)tid)) {
		log_error("no memory");
		return EXIT_INTERNAL;
	}
	return EXIT_OK;
}

/* Starts the scenario, looks at it in the middle of its life, and ends it. */
static int look_at_scenario(struct wanted *wanted, const struct look *look,
			    const struct pcb_view *view)
{
	char **argv = look->argv;
	CLEANUP_CLOSE int program_fd = scenario_open(argv[0]);
	sigset_t signals;
	struct launch_options launching = {
		.argv = argv,
		.program_fd = program_fd,
		.result_fd = -1,
		.silent = true,
		.runs_as = invoker_find(),
		.signals = &signals,
	};
	struct launched target;
	int error, status;

	sigemptyset(&signals);
	error = program_fd < 0 ? program_fd : launch(&launching, &target);
	if (error) {
		log_error("the scenario %s cannot be started: %s", argv[0], strerror(-error));
		return EXIT_INTERNAL;
	}
	error = launch_release(&target);
	if (error) {
		log_error("the scenario %s cannot be started: %s", argv[0], strerror(-error));
		status = EXIT_INTERNAL;
	} else {
		sleep_for(look->after ? look->after : AFTER_DEFAULT);
		wanted->family = true;
		status = name_tid(wanted, (uint32_t)target.pid) ? EXIT_INTERNAL
								: look_at_named(wanted, look, view);
	}
	kill(target.pid, SIGKILL);
	waitpid(target.pid, NULL, 0);
	launch_cleanup(&target);
	return status;
}

/* ---- in a recording ------------------------------------------------------------------------ */

static int add_record(void *context, const void *record, size_t size)
{
	return snapshot_add(context, record, size);
}

/* The last snapshot that was taken up to `time`; if all are later, the first. */
static size_t snapshot_before(const struct recording *recording, uint64_t time)
{
	size_t count = recording_snapshots(recording), best = 0;

	for (size_t i = 0; i < count && recording_snapshot_time(recording, i) <= time; i++)
		best = i;
	return best;
}

static int show_stored(struct recording *recording, const struct look *look, uint64_t time,
		       struct pcb_view *view)
{
	CLEANUP(snapshot_free)
	struct snapshot snapshot = {0};
	struct recording_error error = {.text = ""};
	size_t index = snapshot_before(recording, time);
	int r;

	if (!recording_snapshots(recording)) {
		if (look->show_instant)
			return EXIT_OK;
		log_error("%s has no snapshots of its tasks: it was too short a run",
			  look->argv[0]);
		return EXIT_BAD_RECORDING;
	}
	r = recording_read_snapshot(recording, index, add_record, &snapshot, &error);
	if (!r)
		r = snapshot_settle(&snapshot);
	if (r) {
		log_error("%s: %s", look->argv[0], *error.text ? error.text : strerror(-r));
		return EXIT_BAD_RECORDING;
	}
	return look->show(&snapshot, view, look->context);
}

static int look_at_timeline(struct recording *recording, const struct look *look, const char *arch)
{
	CLEANUP(instant_free)
	struct instant instant = {0};
	struct recording_error error = {.text = ""};
	int r = instant_build(recording, look->at, &instant, &error);

	if (r == -ERANGE) {
		log_error("%s ends before %s", look->argv[0], format_duration(look->at).text);
		return EXIT_USAGE;
	}
	if (r) {
		log_error("%s: %s", look->argv[0], error.text);
		return EXIT_BAD_RECORDING;
	}
	return look->show_instant(&instant, arch, look->context);
}

static int look_at_recording(const struct look *look, struct pcb_view *view)
{
	CLEANUP(recording_close)
	struct recording *recording = NULL;
	struct recording_error error = {.text = ""};
	uint64_t time = UINT64_MAX;
	const char *arch;
	int status = EXIT_OK;

	if (recording_open(look->argv[0], &recording, &error)) {
		log_error("%s", error.text);
		return EXIT_BAD_RECORDING;
	}
	arch = recording_note(recording, NOTE_ARCH);
	view->arch = arch ? arch : "";
	view->cpus = (unsigned int)recording_note_number(recording, NOTE_CPUS, 1);
	if (look->at_given) {
		time = recording_note_number(recording, NOTE_BEGIN,
					     recording_first_time(recording)) +
		       look->at;
		if (look->show_instant)
			status = look_at_timeline(recording, look, view->arch);
		if (status || look->instant_only)
			return status;
	}
	return show_stored(recording, look, time, view);
}

static bool is_number(const char *word)
{
	return !word[strspn(word, "0123456789")];
}

int look_at(const struct look *look)
{
	struct utsname system;
	struct pcb_view view = {
		.text = text_options_for(stdout),
		.arch = system.machine,
		.registers = look->registers,
		.stacks = look->stacks,
		.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF),
	};
	struct wanted wanted = {.family = look->family};
	int status = EXIT_OK;

	uname(&system);
	if (look->argc && scenario_exists(look->argv[0])) {
		status = look_at_scenario(&wanted, look, &view);
	} else if (look->argc == 1 && !is_number(look->argv[0])) {
		status = look_at_recording(look, &view);
	} else {
		for (int i = 0; i < look->argc && !status; i++)
			status = name_by_number(&wanted, look->argv[i]);
		if (!status)
			status = look_at_named(&wanted, look, &view);
	}
	vector_free(&wanted.tids);
	return status;
}
