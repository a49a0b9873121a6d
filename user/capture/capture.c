// SPDX-License-Identifier: GPL-2.0-only
#include "capture/capture_inside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/hang/places.h"
#include "capture/notes.h"
#include "capture/watch/proof.h"
#include "capture/scenarios.h"

/* Often enough that a ring that fills slowly is never old, seldom enough to cost nothing. */
#define FETCH_EVERY_MS 200
#define FETCH_NICE     (-20)
/* With stacks: how long code that was mapped where other code was may be taken for that. */
#define FETCH_MAPS_EVERY_MS 10
#define FLUSH_EVERY_NS	    NS_PER_S
/* At what the threads are blocked on, of which a process that ends can tell nothing more. */
#define LOOK_EVERY_NS (100 * NS_PER_MS)
/* Threads that have been in a circle for so long will not get out of it. */
#define HANG_AFTER_NS NS_PER_S
/* What waited when it was taken up, and still does after this, will go on. */
#define HANG_SETTLE_US 20000

int session_cannot_write(const struct session *session, int error)
{
	const char *output = session->options->output;

	log_error("the recording cannot be written to %s: %s", output ? output : "a temporary file",
		  strerror(-error));
	return EXIT_NO_OUTPUT;
}

static void write_failed(struct session *session, int error)
{
	if (session->failed)
		return;
	session->failed = true;
	session_cannot_write(session, error);
}

static void handle_signals(struct session *session)
{
	struct signalfd_siginfo info;

	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGQUIT || info.ssi_signo == SIGUSR1) {
			flight_signal(session->flight, (int)info.ssi_signo);
			continue;
		}
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
	int most = session->stacks ? FETCH_MAPS_EVERY_MS : FETCH_EVERY_MS;

	most = album_wait_ms(session->album, now, most);
	if (session->flight)
		most = flight_wait_ms(session->flight, now, most);
	if (!duration)
		return most;
	left = session->begin + duration > now ? session->begin + duration - now : 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left < (uint64_t)most ? (int)left : most;
}

int session_fetch(struct session *session)
{
	int error = drain_fetch(session->drain), stack_error = 0;

	if (session->stacks)
		stack_error = stacks_fetch(session->stacks);
	return error ? error : stack_error;
}

/* Tells a deadlock once, as soon as there is one. */
static void look_for_hang(struct session *session, uint64_t before)
{
	struct hang_places places;
	struct hang hang = {0};

	if (session->hang.members.count || hang_find(session->side, before, &hang) ||
	    !hang.members.count)
		return;
	session->hang = hang;
	status_line_clear(&session->status_line);
	hang_tell(&session->hang, session->lock_names);
	hang_places_find(&hang, &places);
	hang_places_tell(&hang, &places);
	hang_places_note(&hang, &places, session->writer);
	hang_places_free(&places);
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

/* Of thousands of threads that are ready each would run before us, and the buffers fill meanwhile.
 * Without the right to do so it goes as it goes. Returns what it was. */
static int go_first(void)
{
	int before = getpriority(PRIO_PROCESS, 0);

	setpriority(PRIO_PROCESS, 0, FETCH_NICE);
	return before;
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
	int error, nice_before = go_first();

	while (!ended && !is_over(session, now = monotonic_ns())) {
		poll(wait, 4, wait_ms(session, now));
		ended = wait[2].revents & POLLIN;
		error = session_fetch(session);
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
		if (!error && session->flight) {
			error = flight_turn(session->flight, monotonic_ns());
		} else if (!error && now - flushed >= FLUSH_EVERY_NS) {
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
	setpriority(PRIO_PROCESS, 0, nice_before);
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
	session_fetch(session);
	if (session->stacks)
		stacks_finish(session->stacks);
	if (session->watcher)
		watcher_fetch(session->watcher);
	drain_pending_gaps(session->drain, session->end);
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
			     .of_part = session->flight != NULL,
		     });
	if (session->watcher)
		watcher_notes(session->watcher);
	prove(session, result);
	if (session->flight)
		error = flight_finish(session->flight, take_fd(&session->output_fd), session->begin,
				      session->end);
	else
		error = recording_writer_finish(session->writer);
	session->writer = NULL;
	if (error)
		write_failed(session, error);
	result->incomplete = session->failed;
	result->interrupt = session->interrupt;
	result->recording_fd = take_fd(&session->recording_fd);
}

static void clean_up(struct session *session)
{
	stacks_free(&session->stacks);
	album_free(&session->album);
	watcher_free(&session->watcher);
	drain_free(&session->drain);
	lock_names_free(&session->lock_names);
	hang_free(&session->hang);
	holders_free(&session->others);
	holds_free(&session->holds);
	kernel_side_free(&session->side);
	marks_free(&session->marks);
	if (session->flight)
		flight_free(&session->flight);
	else
		recording_writer_abandon(&session->writer);
	cleanup_close(&session->output_fd);
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
		.output_fd = -1,
		.status_line = status_line_start(options),
	};
	struct capture_result result = {.recording_fd = -1};
	int status = session_start(&session);

	if (!status) {
		follow(&session);
		end(&session, &result);
		*ret = result;
	}
	clean_up(&session);
	return status;
}
