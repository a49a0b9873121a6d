// SPDX-License-Identifier: GPL-2.0-only
/* capture_start.c - all that must be there before the target runs */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/capture_inside.h"
#include "capture/notes.h"
#include "capture/scenarios.h"

/* Scenarios hold still for some of these where a picture of them is to be taken. */
#define PICTURE_EVERY_NS (30 * NS_PER_MS)
/* In every recording that is kept: at its begin and at its end. */
#define PICTURE_SELDOM_NS (365 * 24 * 3600 * NS_PER_S)

/* A file that nobody can see, gone when the last descriptor is. */
static int open_nameless(void)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("ptrace-lab recording", MFD_CLOEXEC);
}

static int open_recording(struct session *session)
{
	const char *output = session->options->output;
	int fd = output ? invoker_create(&session->options->invoker, output) : open_nameless();
	int copy, error;

	if (fd < 0)
		return session_cannot_write(session, output ? fd : -errno);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0) {
		error = -errno;
		close(fd);
		return session_cannot_write(session, error);
	}
	session->recording_fd = copy;
	if (session->options->ring) {
		session->output_fd = fd;
		error = flight_new(session->options, &session->flight);
		session->writer = error ? NULL : flight_writer(session->flight);
	} else {
		error = recording_writer_new(fd, &session->writer);
	}
	return error ? session_cannot_write(session, error) : 0;
}

/* From here on signals wait until the loop looks at them; the target gets the old mask back. */
static int take_signals(struct session *session)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (session->flight) {
		sigaddset(&set, SIGQUIT);
		sigaddset(&set, SIGUSR1);
	}
	sigprocmask(SIG_BLOCK, &set, &session->signals_before);
	session->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return session->signal_fd < 0 ? -errno : 0;
}

/* Who touches a variable that is watched is told with its stack. */
static uint32_t stack_kinds(const struct capture_options *options)
{
	return options->stacks | (options->watch.count ? PL_STACKS_WATCHES : 0);
}

static int start_stacks(struct session *session)
{
	const struct capture_options *options = session->options;
	int error = stacks_new(session->side, session->writer, &options->stack_options,
			       &session->stacks);

	if (!error)
		error = stacks_watch(session->stacks, drain_fd(session->drain));
	/* Who asked for a variable alone can do without. */
	if (error && !options->stacks) {
		stacks_free(&session->stacks);
		return 0;
	}
	if (error) {
		log_error("stacks cannot be kept here (%s): `ptrace-lab doctor` says what is "
			  "missing",
			  strerror(-error));
		return EXIT_NO_KERNEL;
	}
	drain_tell(session->drain, session->stacks);
	if (session->program_fd >= 0)
		stacks_know(session->stacks, session->program_fd);
	/* The child that is to become the target has our libraries, so that their tables are there
	 * when it begins. */
	if (options->mode == CAPTURE_RUN) {
		if (!options->scenario)
			stacks_prepare(session->stacks, options->argv[0]);
		stacks_follow(session->stacks, session->target.pid);
	} else if (options->mode == CAPTURE_ATTACH) {
		const struct holder *other;

		stacks_follow(session->stacks, options->pid);
		vector_for_each (&session->others.items, other)
			stacks_follow(session->stacks, other->pid);
	}
	return 0;
}

static int find_marks(struct session *session)
{
	const struct capture_options *options = session->options;
	struct marks_request request = {
		.program = options->mode == CAPTURE_RUN ? options->argv[0] : NULL,
		.program_fd = session->program_fd,
		.pid = options->mode == CAPTURE_ATTACH ? options->pid : 0,
		.wanted = options->marks,
		.files = options->mark_files,
	};

	return marks_find(&request, &session->marks);
}

static int start_holds(struct session *session)
{
	const struct capture_options *options = session->options;
	struct holds_request request = {
		.program = options->mode == CAPTURE_RUN ? options->argv[0] : NULL,
		.program_fd = session->program_fd,
		.pid = options->mode == CAPTURE_ATTACH ? options->pid : 0,
	};

	return holds_begin(&request, session->side, &session->holds);
}

/* The names of stacks may not wait: a part is whole when it is cut. */
static int fetch_for_flight(void *context)
{
	struct session *session = context;
	int error = session_fetch(session);

	return !error && session->stacks ? stacks_finish(session->stacks) : error;
}

static int picture_for_flight(void *context)
{
	struct session *session = context;

	return album_take_soon(session->album);
}

/* Before anything is attached: from here on everything is kept, as long as there is room. */
static int start_flight(struct session *session)
{
	int error;

	drain_ring_bells(session->drain, flight_bell, session->flight);
	error = flight_begin(session->flight, &(struct flight_begin){
						      .side = session->side,
						      .stacks = session->stacks,
						      .fetch = fetch_for_flight,
						      .picture = picture_for_flight,
						      .context = session,
					      });
	return error ? session_cannot_write(session, error) : 0;
}

static int start_album(struct session *session, uint64_t every)
{
	return album_new(&(struct album_options){.every = every,
						 .side = session->side,
						 .writer = session->writer},
			 &session->album);
}

int session_start(struct session *session)
{
	const struct capture_options *options = session->options;
	struct kernel_side_options side_options = {
		.buffer_bytes = options->buffer_bytes,
		.whole_machine = options->mode == CAPTURE_RECORD,
		.stacks = stack_kinds(options),
		.sample_rate = options->sample_rate,
		.watches = options->watch.count,
		.faults = options->faults || options->scenario,
		.holds = options->all_locks,
		.checkpoints = options->ring != NULL,
		.triggers = options->triggers,
		.marks = &session->marks,
	};
	int status = 0, error;

	/* What is sure to fail fails before anything is started. */
	if (options->mode == CAPTURE_ATTACH)
		status = session_find_target(session);
	if (!status && options->watch.count)
		status = session_explain_watch(session,
					       watcher_new(&options->watch, &session->watcher));
	if (!status)
		status = privilege_check();
	if (!status)
		status = session_find_others(session);
	if (!status)
		status = open_recording(session);
	if (status)
		return status;
	error = take_signals(session);
	if (error) {
		log_error("signals cannot be watched: %s", strerror(-error));
		return EXIT_INTERNAL;
	}
	if (options->mode == CAPTURE_RUN)
		status = session_launch(session);
	if (!status)
		status = find_marks(session);
	if (!status)
		status = kernel_side_load(&side_options, &session->side);
	if (status)
		return status;
	error = drain_new(session->side, session->writer, &session->drain);
	if (!error)
		error = lock_names_new(session->writer, &session->lock_names);
	if (error) {
		log_error("the kernel's records cannot be read: %s", strerror(-error));
		return EXIT_NO_KERNEL;
	}
	status = stack_kinds(options) ? start_stacks(session) : 0;
	if (status)
		return status;
	if (session->watcher) {
		status = watcher_begin(session->watcher, session->side, session->writer);
		if (status)
			return session_explain_watch(session, status);
	}
	if (options->all_locks)
		status = start_holds(session);
	if (status)
		return status;
	drain_name_locks(session->drain, session->lock_names);
	if (session->program_fd >= 0)
		lock_names_know(session->lock_names, session->program_fd);
	notes_of_begin(session->writer, options, session->target.pid);
	marks_note(&session->marks, session->writer);
	if (options->pcb_every)
		status = start_album(session, options->pcb_every);
	else if (options->scenario && scenario_wants_pictures(options->scenario))
		/* Without them its report shows less, and says so. */
		start_album(session, PICTURE_EVERY_NS);
	else if (options->output || options->ring)
		start_album(session, PICTURE_SELDOM_NS);
	if (!status && session->flight)
		status = start_flight(session);
	return status ? status : session_begin(session);
}
