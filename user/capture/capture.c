// SPDX-License-Identifier: GPL-2.0-only
#include "capture/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/album.h"
#include "capture/drain.h"
#include "capture/hang.h"
#include "capture/kernel_side.h"
#include "capture/holds.h"
#include "capture/launch.h"
#include "capture/marks.h"
#include "capture/notes.h"
#include "capture/proof.h"
#include "capture/scenarios.h"
#include "capture/stacks.h"
#include "capture/status_line.h"
#include "capture/watch.h"
#include "recording/recording.h"

/* Often enough that a ring that fills slowly is never old, seldom enough to cost nothing. */
#define FETCH_EVERY_MS 200
/* With stacks: how long code that was mapped where other code was may be taken for that. */
#define FETCH_MAPS_EVERY_MS 10
#define FLUSH_EVERY_NS	    NS_PER_S
/* Scenarios hold still for some of these where a picture of them is to be taken. */
#define PICTURE_EVERY_NS (30 * NS_PER_MS)
/* In every recording that is kept: at its begin and at its end. */
#define PICTURE_SELDOM_NS (365 * 24 * 3600 * NS_PER_S)
/* At what the threads are blocked on, of which a process that ends can tell nothing more. */
#define LOOK_EVERY_NS (100 * NS_PER_MS)
/* Threads that have been in a circle for so long will not get out of it. */
#define HANG_AFTER_NS NS_PER_S
/* What waited when it was taken up, and still does after this, will go on. */
#define HANG_SETTLE_US 20000

struct session {
	const struct capture_options *options;
	struct kernel_side *side;
	struct recording_writer *writer;
	struct drain *drain;
	struct stacks *stacks;	 /* NULL: not asked for */
	struct album *album;	 /* NULL: no snapshots are wanted */
	struct watcher *watcher; /* NULL: no variable is watched */
	struct lock_names *lock_names;
	struct hang hang; /* that was told; no members: none */
	struct launched target;
	struct marks marks;
	struct holds *holds;
	int recording_fd; /* our own way to the file, to read it again */
	int result_fd;	  /* what a scenario reports */
	int program_fd;
	int signal_fd;
	int exit_fd; /* ATTACH: readable when the process has ended */
	sigset_t signals_before;
	uint64_t begin, end;
	unsigned int interrupts;
	int interrupt; /* the last one */
	bool failed;   /* the recording could not be written */
	struct status_line status_line;
};

static int cannot_write(const struct session *session, int error)
{
	const char *output = session->options->output;

	log_error("the recording cannot be written to %s: %s", output ? output : "a temporary file",
		  strerror(-error));
	return EXIT_NO_OUTPUT;
}

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
		return cannot_write(session, output ? fd : -errno);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0) {
		error = -errno;
		close(fd);
		return cannot_write(session, error);
	}
	session->recording_fd = copy;
	error = recording_writer_new(fd, &session->writer);
	return error ? cannot_write(session, error) : 0;
}

/* From here on signals wait until the loop looks at them; the target gets the old mask back. */
static int take_signals(struct session *session)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &session->signals_before);
	session->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return session->signal_fd < 0 ? -errno : 0;
}

static int launch_target(struct session *session)
{
	const struct capture_options *options = session->options;
	struct launch_options launch_options = {
		.argv = options->argv,
		.program_fd = -1,
		.result_fd = -1,
		.silent = options->silent_target,
		.signals = &session->signals_before,
	};
	int error;

	if (!options->target_as_root)
		launch_options.runs_as = options->invoker;
	if (options->scenario) {
		session->program_fd = scenario_open(options->scenario);
		session->result_fd = memfd_create("ptrace-lab result", MFD_CLOEXEC);
		/* Threads that report at once must not write over each other. */
		if (session->program_fd < 0 || session->result_fd < 0 ||
		    fcntl(session->result_fd, F_SETFL, O_APPEND)) {
			log_error("the scenario %s cannot be started: %s", options->scenario,
				  strerror(errno));
			return EXIT_INTERNAL;
		}
		launch_options.program_fd = session->program_fd;
		launch_options.result_fd = session->result_fd;
	}
	error = launch(&launch_options, &session->target);
	if (error) {
		log_error("the target cannot be started: %s", strerror(-error));
		return EXIT_INTERNAL;
	}
	return 0;
}

/* As a shell would say it. */
static int explain_exec(const char *name, int error)
{
	if (error == -ENOENT) {
		log_error("%s: command not found", name);
		return EXIT_NOT_FOUND;
	}
	log_error("%s cannot be executed: %s", name, strerror(-error));
	return EXIT_NOT_EXECUTABLE;
}

static int find_target(struct session *session)
{
	session->exit_fd = syscall(SYS_pidfd_open, session->options->pid, 0);
	if (session->exit_fd >= 0)
		return 0;
	if (errno == EINVAL)
		log_error("%d is a thread, not a process: attach to the process it belongs to "
			  "(Tgid in /proc/%d/status)",
			  session->options->pid, session->options->pid);
	else
		log_error("there is no process %d", session->options->pid);
	return EXIT_NO_TARGET;
}

static int explain_nobody(const struct session *session)
{
	struct pollfd ended = {.fd = session->exit_fd, .events = POLLIN};

	if (poll(&ended, 1, 0) == 1)
		log_error("process %d ended while it was being attached to", session->options->pid);
	else
		log_error("this kernel hides process %d from tracers", session->options->pid);
	return EXIT_NO_TARGET;
}

/* Of threads that wait already, and perhaps will for ever. */
static int copy_stacks(struct session *session)
{
	size_t left, before = SIZE_MAX;
	int status;

	for (;; before = left) {
		status = kernel_side_copy_stacks(session->side, &left);
		if (status)
			return status;
		stacks_fetch(session->stacks);
		if (!left || left >= before)
			return 0;
	}
}

/* `status` is the watcher's. */
static int explain_watch(const struct session *session, int status)
{
	if (status)
		log_error("%s", watcher_problem(session->watcher));
	return status;
}

/* Everything is attached when this returns, and the target runs. */
static int begin(struct session *session)
{
	const struct capture_options *options = session->options;
	size_t threads = 0;
	int status, error;

	if (options->mode == CAPTURE_RUN) {
		kernel_side_arm(session->side, session->target.pid);
		status = kernel_side_attach(session->side);
		if (status)
			return status;
		session->begin = monotonic_ns();
		if (session->watcher)
			watcher_hold(session->watcher, session->target.pid);
		error = launch_release(&session->target);
		if (error)
			return explain_exec(options->argv[0], error);
		if (!session->watcher)
			return 0;
		return explain_watch(session,
				     watcher_set_held(session->watcher, session->target.pid));
	}
	status = kernel_side_attach(session->side);
	if (status)
		return status;
	session->begin = monotonic_ns();
	status = kernel_side_take_up(session->side, options->pid, &threads);
	if (!status && options->stacks & PL_STACKS_BLOCKED)
		status = copy_stacks(session);
	if (status)
		return status;
	if (!threads)
		return explain_nobody(session);
	if (!session->watcher)
		return 0;
	return explain_watch(session, watcher_set(session->watcher, options->pid));
}

static void write_failed(struct session *session, int error)
{
	if (session->failed)
		return;
	session->failed = true;
	cannot_write(session, error);
}

static void handle_signals(struct session *session)
{
	struct signalfd_siginfo info;

	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		session->interrupts++;
		session->interrupt = (int)info.ssi_signo;
		/* From the terminal it went to the target as well; from elsewhere it came to us
		 * alone, and the target is told. */
		if (session->options->mode == CAPTURE_RUN && info.ssi_code <= 0)
			syscall(SYS_pidfd_send_signal, session->target.pidfd, info.ssi_signo, NULL,
				0);
	}
}

/* RUN: the first signal is the target's affair, the second means us. */
static bool told_to_stop(const struct session *session)
{
	return session->interrupts >= (session->options->mode == CAPTURE_RUN ? 2u : 1u);
}

static bool is_over(const struct session *session, uint64_t now)
{
	uint64_t duration = session->options->duration;

	return told_to_stop(session) || (duration && now - session->begin >= duration);
}

static int wait_ms(const struct session *session, uint64_t now)
{
	uint64_t duration = session->options->duration, left;
	int every = session->stacks ? FETCH_MAPS_EVERY_MS : FETCH_EVERY_MS;

	if (!duration)
		return every;
	left = session->begin + duration > now ? session->begin + duration - now : 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left < (uint64_t)every ? (int)left : every;
}

static int fetch(struct session *session)
{
	int error = drain_fetch(session->drain), stack_error = 0;

	if (session->stacks)
		stack_error = stacks_fetch(session->stacks);
	return error ? error : stack_error;
}

/* Tells a deadlock once, as soon as there is one. */
static void look_for_hang(struct session *session, uint64_t before)
{
	struct hang hang = {0};

	if (session->hang.members.count || hang_find(session->side, before, &hang) ||
	    !hang.members.count)
		return;
	session->hang = hang;
	status_line_clear(&session->status_line);
	hang_tell(&session->hang, session->lock_names);
}

/* A process that has hung before we came: nothing more will happen to these threads. What waits
 * now has been waiting since it was taken up, if it still does after a moment. */
static bool hung_already(struct session *session)
{
	if (session->options->mode != CAPTURE_ATTACH)
		return false;
	usleep(HANG_SETTLE_US);
	look_for_hang(session, session->begin + HANG_SETTLE_US * NS_PER_US / 2);
	return session->hang.members.count && !session->options->duration;
}

static void follow(struct session *session)
{
	struct pollfd wait[] = {
		{.fd = drain_fd(session->drain), .events = POLLIN},
		{.fd = session->signal_fd, .events = POLLIN},
		{.fd = session->options->mode == CAPTURE_RUN ? session->target.pidfd
							     : session->exit_fd,
		 .events = POLLIN},
		{.fd = session->watcher ? watcher_fd(session->watcher) : -1, .events = POLLIN},
	};
	uint64_t flushed = session->begin, looked = 0, now;
	bool ended = hung_already(session);
	int error;

	while (!ended && !is_over(session, now = monotonic_ns())) {
		poll(wait, 4, album_wait_ms(session->album, now, wait_ms(session, now)));
		ended = wait[2].revents & POLLIN;
		error = fetch(session);
		if (!error)
			error = album_turn(session->album, monotonic_ns());
		if (!error && session->watcher)
			error = watcher_fetch(session->watcher);
		handle_signals(session);
		if (now - looked >= LOOK_EVERY_NS) {
			lock_names_look(session->lock_names, session->side);
			look_for_hang(session, now - HANG_AFTER_NS);
			looked = now;
		}
		if (!error && now - flushed >= FLUSH_EVERY_NS) {
			error = recording_flush(session->writer);
			kernel_side_new_epoch(session->side);
			flushed = now;
		}
		if (error)
			write_failed(session, error);
		status_line_show(&session->status_line, now - session->begin,
				 drain_records(session->drain), drain_lost(session->drain));
	}
	status_line_clear(&session->status_line);
}

static void reap(struct session *session, struct capture_result *result)
{
	if (session->options->mode != CAPTURE_RUN)
		return;
	if (waitpid(session->target.pid, &result->status, WNOHANG) == session->target.pid)
		result->has_status = true;
	else if (session->options->kill_target && !kill(session->target.pid, SIGKILL))
		waitpid(session->target.pid, NULL, 0);
	else
		result->abandoned = true;
}

/* A scenario may say which variable its point is about: it is run once more, and that is watched.
 */
static void prove(struct session *session, const struct capture_result *result)
{
	const struct capture_options *options = session->options;
	CLEANUP_FREE char *watch = NULL;
	const struct kernel_side_stacks *shared;
	uint32_t taken = 0;

	if (!options->scenario || options->no_proof || options->watch.count || session->failed ||
	    !result->has_status || result->status || session->interrupts)
		return;
	watch = scenario_watch(options->scenario);
	if (!watch)
		return;
	shared = kernel_side_stacks(session->side);
	if (shared->control)
		taken = shared->control->next_id;
	stacks_free(&session->stacks);
	drain_free(&session->drain);
	holds_free(&session->holds);
	kernel_side_free(&session->side);
	proof_run(
		&(struct proof_options){
			.scenario = options->scenario,
			.argv = options->argv,
			.watch = watch,
			.limit = options->watch.limit,
			.runs_as = options->target_as_root ? (struct invoker){0} : options->invoker,
			.signals = &session->signals_before,
			.stop_fd = session->signal_fd,
			.stack_ids = taken,
			.stack_options = {.names = options->stack_options.names},
		},
		session->writer);
}

static void end(struct session *session, struct capture_result *result)
{
	uint64_t first;
	int error;

	album_take(session->album);
	reap(session, result);
	result->deadlocked = session->hang.members.count && !result->has_status &&
			     hang_persists(session->side, &session->hang);
	if (result->has_status)
		kernel_side_await_end(session->side, session->target.pid);
	if (session->watcher)
		watcher_stop(session->watcher);
	kernel_side_stop(session->side, &session->end);
	fetch(session);
	if (session->watcher)
		watcher_fetch(session->watcher);
	drain_pending_wakes(session->drain, session->end);
	drain_pending_signals(session->drain, session->end);
	kernel_side_settle(session->side);
	drain_fetch(session->drain);
	/* `run` begins with its exec, and that is what the kernel side announces first. */
	first = drain_first_time(session->drain);
	if (session->options->mode == CAPTURE_RUN && first)
		session->begin = first;
	holds_note(session->holds, session->writer);
	notes_of_end(session->writer,
		     &(struct notes_end){
			     .begin = session->begin,
			     .end = session->end,
			     .has_status = result->has_status,
			     .status = result->status,
			     .result_fd = session->result_fd,
			     .side = session->side,
			     .stacks = session->options->stacks ? session->stacks : NULL,
		     });
	if (session->watcher)
		watcher_notes(session->watcher);
	prove(session, result);
	error = recording_writer_finish(session->writer);
	session->writer = NULL;
	if (error)
		write_failed(session, error);
	result->incomplete = session->failed;
	result->interrupt = session->interrupt;
	result->recording_fd = take_fd(&session->recording_fd);
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
		stacks_follow(session->stacks, options->pid);
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

static int start_album(struct session *session, uint64_t every)
{
	return album_new(&(struct album_options){.every = every,
						 .side = session->side,
						 .writer = session->writer},
			 &session->album);
}

static int start(struct session *session)
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
		.marks = &session->marks,
	};
	int status = 0, error;

	/* What is sure to fail fails before anything is started. */
	if (options->mode == CAPTURE_ATTACH)
		status = find_target(session);
	if (!status && options->watch.count)
		status = explain_watch(session, watcher_new(&options->watch, &session->watcher));
	if (!status)
		status = privilege_check();
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
		status = launch_target(session);
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
			return explain_watch(session, status);
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
	else if (options->output)
		start_album(session, PICTURE_SELDOM_NS);
	return status ? status : begin(session);
}

static void clean_up(struct session *session)
{
	stacks_free(&session->stacks);
	album_free(&session->album);
	watcher_free(&session->watcher);
	drain_free(&session->drain);
	lock_names_free(&session->lock_names);
	hang_free(&session->hang);
	holds_free(&session->holds);
	kernel_side_free(&session->side);
	marks_free(&session->marks);
	recording_writer_abandon(&session->writer);
	launch_cleanup(&session->target);
	cleanup_close(&session->recording_fd);
	cleanup_close(&session->result_fd);
	cleanup_close(&session->program_fd);
	cleanup_close(&session->exit_fd);
	if (session->signal_fd >= 0) {
		close(session->signal_fd);
		sigprocmask(SIG_SETMASK, &session->signals_before, NULL);
	}
}

int capture(const struct capture_options *options, struct capture_result *ret)
{
	struct session session = {
		.options = options,
		.target = {.pidfd = -1, .release_fd = -1, .outcome_fd = -1},
		.recording_fd = -1,
		.result_fd = -1,
		.program_fd = -1,
		.signal_fd = -1,
		.exit_fd = -1,
		.status_line = status_line_start(options),
	};
	struct capture_result result = {.recording_fd = -1};
	int status = start(&session);

	if (!status) {
		follow(&session);
		end(&session, &result);
		*ret = result;
	}
	clean_up(&session);
	return status;
}
