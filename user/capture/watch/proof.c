// SPDX-License-Identifier: GPL-2.0-only
#include "capture/watch/proof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "base/vector.h"
#include "capture/drain.h"
#include "capture/kernel_side.h"
#include "capture/launch.h"
#include "capture/notes.h"
#include "capture/scenarios.h"
#include "capture/watch/watch.h"
#include "recording/watch.h"

/* A variable that is watched makes a program slow, but a scenario's second run is a short one. */
#define TIME_MAX     (20 * NS_PER_S)
#define FETCH_EVERY  10 /* ms: the tables for stacks of a library that was just loaded */
#define WORDS_MAX    32
#define NAMES_MAX    20000
#define BUFFER_BYTES (2ull << 20)

struct name {
	uint32_t tid;
	char comm[PL_COMM_LEN + 1];
};

struct proof {
	const struct proof_options *options;
	struct recording_writer *writer;
	struct kernel_side *side;
	struct drain *drain;
	struct watcher *watcher;
	struct stacks *stacks;
	struct launched target;
	int program_fd, result_fd;
	char *line; /* the scenario's, taken apart */
	char *argv[WORDS_MAX + 1];
	const char *variables[PL_WATCHES];
	size_t variable_count;
	VECTOR(struct name) names;
	uint64_t begin;
};

/* The reason why there is no proof, for the report. */
__attribute__((format(printf, 2, 3))) static int fail(struct proof *proof, const char *format, ...)
{
	char text[768];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	recording_write_note(proof->writer, NOTE_WATCH_PROBLEM, "%s", text);
	return -1;
}

/* "shared_number:rw --count=5000": words that are no options are variables. */
static int take_line(struct proof *proof)
{
	char *rest, *word;
	size_t count = 0;

	proof->line = strdup(proof->options->watch);
	if (!proof->line)
		return fail(proof, "no memory");
	while (count < WORDS_MAX / 2 && proof->options->argv[count]) {
		proof->argv[count] = proof->options->argv[count];
		count++;
	}
	rest = proof->line;
	while ((word = strsep(&rest, " ")) && count < WORDS_MAX) {
		if (!strncmp(word, "--", 2))
			proof->argv[count++] = word;
		else if (*word && proof->variable_count < PL_WATCHES)
			proof->variables[proof->variable_count++] = word;
	}
	return 0;
}

static int launch_target(struct proof *proof)
{
	struct launch_options options = {
		.argv = proof->argv,
		.silent = true,
		.runs_as = proof->options->runs_as,
		.signals = proof->options->signals,
	};

	proof->program_fd = scenario_open(proof->options->scenario);
	proof->result_fd = memfd_create("ptrace-lab result", MFD_CLOEXEC);
	options.program_fd = proof->program_fd;
	options.result_fd = proof->result_fd;
	if (proof->program_fd < 0 || proof->result_fd < 0 ||
	    fcntl(proof->result_fd, F_SETFL, O_APPEND) || launch(&options, &proof->target))
		return fail(proof, "the scenario could not be started again: %s", strerror(errno));
	return 0;
}

static void take_name(void *context, const union pl_life *life)
{
	struct proof *proof = context;
	const char *comm;
	struct name *name;

	if (life->head.kind == PL_LIFE_RENAME)
		comm = life->rename.comm;
	else if (life->head.kind == PL_LIFE_FORK || life->head.kind == PL_LIFE_TASK)
		comm = life->task.comm;
	else
		return;
	if (proof->names.count >= NAMES_MAX)
		return;
	name = vector_add(&proof->names);
	if (!name)
		return;
	name->tid = life->head.tid;
	memcpy(name->comm, comm, PL_COMM_LEN);
}

static int start(struct proof *proof)
{
	struct kernel_side_options side_options = {
		.buffer_bytes = BUFFER_BYTES,
		.watches = true,
		.stacks = PL_STACKS_WATCHES,
		.stack_ids = proof->options->stack_ids,
	};
	struct watch_settings settings = {
		.names = proof->variables,
		.limit = proof->options->limit,
	};
	int status;

	if (take_line(proof) || launch_target(proof))
		return -1;
	settings.count = proof->variable_count;
	status = watcher_new(&settings, &proof->watcher);
	if (status)
		return fail(proof, "%s", proof->watcher ? watcher_problem(proof->watcher) : "");
	if (kernel_side_load(&side_options, &proof->side) ||
	    drain_new_listener(proof->side, take_name, proof, &proof->drain))
		return fail(proof, "the BPF programs could not be loaded again");
	/* The proof can do without. */
	if (!stacks_new(proof->side, proof->writer, &proof->options->stack_options,
			&proof->stacks)) {
		drain_tell(proof->drain, proof->stacks);
		stacks_know(proof->stacks, proof->program_fd);
		stacks_follow(proof->stacks, proof->target.pid);
	}
	status = watcher_begin(proof->watcher, proof->side, proof->writer);
	if (!status) {
		watcher_hold(proof->watcher, proof->target.pid);
		if (kernel_side_attach(proof->side) || launch_release(&proof->target))
			return fail(proof, "the scenario could not be started again");
		status = watcher_set_held(proof->watcher, proof->target.pid);
	}
	if (status)
		return fail(proof, "%s", watcher_problem(proof->watcher));
	if (proof->stacks)
		stacks_fetch(proof->stacks);
	kernel_side_arm(proof->side, proof->target.pid);
	watcher_go_on(proof->target.pid);
	return 0;
}

/* False if it had to be ended. */
static bool follow(struct proof *proof)
{
	struct pollfd wait[] = {
		{.fd = watcher_fd(proof->watcher), .events = POLLIN},
		{.fd = drain_fd(proof->drain), .events = POLLIN},
		{.fd = proof->target.pidfd, .events = POLLIN},
		{.fd = proof->options->stop_fd, .events = POLLIN},
	};

	while (!(wait[2].revents & POLLIN)) {
		poll(wait, sizeof(wait) / sizeof(wait[0]), FETCH_EVERY);
		watcher_fetch(proof->watcher);
		drain_fetch(proof->drain);
		if (proof->stacks)
			stacks_fetch(proof->stacks);
		if (wait[3].revents & POLLIN || monotonic_ns() - proof->begin > TIME_MAX) {
			kill(proof->target.pid, SIGKILL);
			return false;
		}
	}
	return true;
}

static void note_command(struct proof *proof)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	for (size_t i = 0; proof->argv[i]; i++)
		fprintf(out, "%s%s", i ? "\n" : "", proof->argv[i]);
	if (!fclose(out))
		recording_write_note(proof->writer, NOTE_WATCH_COMMAND, "%s", text);
}

static void end(struct proof *proof, bool finished)
{
	uint64_t stopped = monotonic_ns();
	const struct name *name;
	int status = 0;

	waitpid(proof->target.pid, &status, 0);
	watcher_stop(proof->watcher);
	kernel_side_stop(proof->side, &stopped);
	watcher_fetch(proof->watcher);
	drain_fetch(proof->drain);
	if (proof->stacks)
		stacks_finish(proof->stacks);
	note_command(proof);
	if (!finished || status)
		fail(proof, "the second run, in which variables are watched, did not end well");
	recording_write_note(proof->writer, NOTE_WATCH_ELAPSED, "%" PRIu64, stopped - proof->begin);
	watcher_notes(proof->watcher);
	notes_of_facts(proof->writer, NOTE_WATCH_FACT, proof->result_fd);
	vector_for_each (&proof->names, name) {
		char key[64];

		snprintf(key, sizeof(key), NOTE_WATCH_THREAD "%" PRIu32, name->tid);
		recording_write_note(proof->writer, key, "%s", name->comm);
	}
}

/* A child that was held and could not be watched has been killed, and is waited for. */
static void clean_up(struct proof *proof)
{
	bool started = proof->target.pidfd >= 0 && proof->target.release_fd < 0;

	watcher_free(&proof->watcher);
	stacks_free(&proof->stacks);
	drain_free(&proof->drain);
	kernel_side_free(&proof->side);
	launch_cleanup(&proof->target);
	if (started)
		waitpid(proof->target.pid, NULL, 0);
	cleanup_close(&proof->program_fd);
	cleanup_close(&proof->result_fd);
	vector_free(&proof->names);
	free(proof->line);
}

void proof_run(const struct proof_options *options, struct recording_writer *writer)
{
	struct proof proof = {
		.options = options,
		.writer = writer,
		.target = {.pidfd = -1, .release_fd = -1, .outcome_fd = -1},
		.program_fd = -1,
		.result_fd = -1,
	};

	proof.begin = monotonic_ns();
	if (!start(&proof)) {
		proof.begin = monotonic_ns();
		end(&proof, follow(&proof));
	}
	clean_up(&proof);
}
