// SPDX-License-Identifier: GPL-2.0-only
#include "capture/flight.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/long_waits.h"
#include "capture/notes.h"
#include "capture/triggers.h"
#include "recording/ring.h"

/* Who asks for a time gets that, as long as it is not more than this. */
#define RING_BYTES_MOST (512ull << 20)
/* What follows a wait that was too long often tells why it was. */
#define AFTER_TRIGGER_NS (100 * NS_PER_MS)
/* A storm of such waits makes no storm of files. */
#define PAUSE_LEAST_NS	NS_PER_S
#define DUMPS_BY_CUSTOM 10
/* The target comes first. */
#define NICE_OF_DUMP 5

/* A part on its way into a file. */
struct dump {
	struct ring_part *part;
	struct notes_part notes;
	char *path;
	int fd;
	pthread_t thread;
	bool running;
	uint64_t begin; /* when it was begun */
	uint64_t took;
	int error;
	atomic_bool done;
};

struct flight {
	const struct capture_options *options;
	struct flight_begin with;
	struct recording_ring *ring;
	struct recording_writer *writer;
	char machine[65];
	uint64_t begin; /* of the watch */
	char why[192];	/* "": nothing was asked for */
	uint64_t due;	/* when to do what was asked for */
	bool triggered;
	uint64_t rearm; /* when waits count again; 0: they do, or never will */
	uint64_t look;	/* when to look at waits that last */
	uint64_t files, trigger_files;
	struct dump dump;
};

int flight_new(const struct capture_options *options, struct flight **ret)
{
	struct ring_limits limits = {
		.duration = options->ring_duration,
		.bytes = options->ring_bytes ? options->ring_bytes : RING_BYTES_MOST,
	};
	struct flight *flight = calloc(1, sizeof(*flight));
	struct utsname host;
	int error;

	if (!flight)
		return -ENOMEM;
	flight->options = options;
	flight->dump.fd = -1;
	if (!uname(&host))
		snprintf(flight->machine, sizeof(flight->machine), "%s", host.machine);
	error = recording_ring_new(&limits, &flight->ring);
	if (!error)
		error = recording_writer_new_ring(flight->ring, &flight->writer);
	if (error) {
		flight_free(&flight);
		return error;
	}
	*ret = flight;
	return 0;
}

struct recording_writer *flight_writer(struct flight *flight)
{
	return flight->writer;
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

static int take_checkpoint(struct flight *flight)
{
	CLEANUP_FREE struct notes_counters *counters = NULL;
	struct ring_checkpoint checkpoint = {0};
	base_vector bases = {0};
	int error;

	/* Who blocks from here on tells anew where. */
	kernel_side_new_epoch(flight->with.side);
	error = flight->with.fetch(flight->with.context);
	if (!error)
		error = recording_flush(flight->writer);
	counters = notes_count(flight->with.side, flight->with.stacks, &checkpoint.facts_size);
	if (!error && !counters)
		error = -ENOMEM;
	checkpoint.time = monotonic_ns();
	if (!error)
		error = kernel_side_checkpoint(flight->with.side, &bases);
	checkpoint.until = monotonic_ns();
	checkpoint.facts = counters;
	checkpoint.bases = bases.items;
	checkpoint.count = bases.count;
	if (!error)
		error = recording_ring_checkpoint(flight->ring, flight->writer, &checkpoint);
	vector_free(&bases);
	return error;
}

int flight_begin(struct flight *flight, const struct flight_begin *begin)
{
	flight->with = *begin;
	flight->begin = monotonic_ns();
	kernel_side_arm_triggers(begin->side);
	return take_checkpoint(flight);
}

/* ---- a part becomes a file ----------------------------------------------------------------------
 */

/* NAME.ptl: NAME-1.ptl, NAME-2.ptl, ... */
static char *name_file(const struct flight *flight)
{
	static const char suffix[] = ".ptl";
	const char *output = flight->options->output;
	size_t length = output ? strlen(output) : 0, last = sizeof(suffix) - 1;
	bool has = length > last && !strcmp(output + length - last, suffix);
	char *path;
	int made;

	if (!output)
		made = asprintf(&path, "ptrace-lab-%d-%" PRIu64 ".ptl", getpid(), flight->files);
	else if (has)
		made = asprintf(&path, "%.*s-%" PRIu64 "%s", (int)(length - last), output,
				flight->files, suffix);
	else
		made = asprintf(&path, "%s-%" PRIu64, output, flight->files);
	return made < 0 ? NULL : path;
}

static void describe_part(struct flight *flight, const struct ring_part *part,
			  struct notes_part *notes)
{
	*notes = (struct notes_part){
		.is_cut = ring_part_is_cut(part),
		.watch_begin = flight->begin,
		.begin = ring_part_begin(part),
		.end = ring_part_end(part),
		.asked = flight->options->ring,
	};
	if (!notes->is_cut)
		notes->begin = flight->begin;
	snprintf(notes->why, sizeof(notes->why), "%s", flight->why);
	notes->counters = notes_count(flight->with.side, flight->with.stacks, &notes->size);
	if (notes->counters && notes->is_cut) {
		size_t size;
		const void *before = ring_part_facts(part, &size);

		notes_since(notes->counters, before);
	}
	notes->realtime = notes_realtime(notes->begin);
}

static void *write_dump(void *context)
{
	struct dump *dump = context;

	setpriority(PRIO_PROCESS, 0, NICE_OF_DUMP);
	dump->error = ring_part_write(dump->part, take_fd(&dump->fd), notes_of_part, &dump->notes);
	dump->took = monotonic_ns() - dump->begin;
	atomic_store(&dump->done, true);
	return NULL;
}

static void forget_dump(struct dump *dump)
{
	ring_part_free(&dump->part);
	free(dump->notes.counters);
	cleanup_close(&dump->fd);
	free(dump->path);
	*dump = (struct dump){.fd = -1};
}

static void end_dump(struct dump *dump)
{
	struct stat file;
	uint64_t bytes = 0;

	pthread_join(dump->thread, NULL);
	if (!stat(dump->path, &file))
		bytes = file.st_size;
	if (dump->error)
		log_error("%s cannot be written: %s", dump->path, strerror(-dump->error));
	else
		log_warning("the last %s are in %s (%s, written in %s): %s",
			    format_duration(dump->notes.end - dump->notes.begin).text, dump->path,
			    format_bytes(bytes).text, format_duration(dump->took).text,
			    dump->notes.why);
	forget_dump(dump);
}

static int begin_dump(struct flight *flight)
{
	struct dump *dump = &flight->dump;
	int error = 0;

	if (flight->with.picture)
		error = flight->with.picture(flight->with.context);
	if (!error)
		error = take_checkpoint(flight);
	if (error)
		return error;
	long_waits_told(flight->with.side, flight->options->triggers, monotonic_ns());
	/* What the accounts know must be in the lanes. */
	kernel_side_wait();
	error = flight->with.fetch(flight->with.context);
	if (!error)
		error = recording_flush(flight->writer);
	if (!error)
		error = recording_ring_take(flight->ring, flight->options->ring_duration, false,
					    &dump->part);
	if (error)
		return error;
	flight->files++;
	describe_part(flight, dump->part, &dump->notes);
	dump->path = name_file(flight);
	dump->fd = dump->path ? invoker_create(&flight->options->invoker, dump->path) : -ENOMEM;
	if (dump->fd < 0) {
		log_error("%s cannot be written: %s", dump->path ? dump->path : "the part",
			  strerror(-dump->fd));
		forget_dump(dump);
		return 0;
	}
	dump->begin = monotonic_ns();
	error = -pthread_create(&dump->thread, NULL, write_dump, dump);
	if (error)
		forget_dump(dump);
	else
		dump->running = true;
	return error;
}

/* ---- when ---------------------------------------------------------------------------------------
 */

static uint64_t dumps_most(const struct flight *flight)
{
	return flight->options->ring_dumps ? flight->options->ring_dumps : DUMPS_BY_CUSTOM;
}

/* There may be a reason already, of which the part has not been begun. */
static void add_reason(struct flight *flight, const char *reason)
{
	size_t length = strlen(flight->why);

	snprintf(flight->why + length, sizeof(flight->why) - length, "%s%s", length ? "; and " : "",
		 reason);
}

void flight_signal(struct flight *flight, int number)
{
	char reason[32];

	snprintf(reason, sizeof(reason), "SIG%s", sigabbrev_np(number));
	if (!strstr(flight->why, reason))
		add_reason(flight, reason);
	flight->due = 0;
}

void flight_bell(void *context, const struct pl_trigger_bell *bell)
{
	struct flight *flight = context;
	const struct pl_trigger *triggers = flight->options->triggers;
	char reason[128];

	if (flight->triggered || bell->index >= PL_TRIGGERS)
		return;
	trigger_describe(&triggers[bell->index], bell, flight->machine, reason, sizeof(reason));
	/* Who was asked to write a part at once does so. */
	if (!flight->why[0])
		flight->due = bell->head.time + AFTER_TRIGGER_NS;
	add_reason(flight, reason);
	flight->triggered = true;
}

/* The ring fills anew first: what the next file would tell again, this one has told. */
static void pause_triggers(struct flight *flight, uint64_t now)
{
	uint64_t pause = flight->options->ring_duration;

	if (++flight->trigger_files >= dumps_most(flight)) {
		log_warning("%" PRIu64 " parts were kept because of long waits: further ones are "
			    "let go (--dumps)",
			    flight->trigger_files);
		flight->rearm = 0;
		return;
	}
	flight->rearm = now + (pause > PAUSE_LEAST_NS ? pause : PAUSE_LEAST_NS);
}

static bool has_triggers(const struct flight *flight)
{
	return flight->options->triggers[0].kind;
}

static void look_at_waits(struct flight *flight, uint64_t now)
{
	struct kernel_side *side = flight->with.side;
	struct pl_trigger_bell bell;

	flight->look = now + LONG_WAITS_EVERY_NS;
	if (has_triggers(flight) && !flight->why[0] && kernel_side_triggers_armed(side) &&
	    long_waits_find(side, flight->options->triggers, now, &bell) &&
	    kernel_side_disarm_triggers(side))
		flight_bell(flight, &bell);
}

int flight_turn(struct flight *flight, uint64_t now)
{
	int error;

	if (flight->dump.running && atomic_load(&flight->dump.done))
		end_dump(&flight->dump);
	if (flight->rearm && now >= flight->rearm) {
		flight->rearm = 0;
		kernel_side_arm_triggers(flight->with.side);
	}
	if (now >= flight->look)
		look_at_waits(flight, now);
	if (flight->why[0] && now >= flight->due && !flight->dump.running) {
		error = begin_dump(flight);
		flight->why[0] = '\0';
		if (flight->triggered)
			pause_triggers(flight, now);
		flight->triggered = false;
		return error;
	}
	return recording_ring_is_due(flight->ring, now) ? take_checkpoint(flight) : 0;
}

/* A quarter of a part late is nothing, and a dump that is over can be told a moment later. */
int flight_wait_ms(const struct flight *flight, uint64_t now, int most)
{
	uint64_t least = flight->options->ring_duration / (4 * RING_PARTS * NS_PER_MS);

	if (flight->why[0] && flight->due > now && (flight->due - now) / NS_PER_MS < (uint64_t)most)
		most = (int)((flight->due - now) / NS_PER_MS) + 1;
	if (has_triggers(flight) && most > (int)(LONG_WAITS_EVERY_NS / NS_PER_MS))
		most = (int)(LONG_WAITS_EVERY_NS / NS_PER_MS);
	if (flight->dump.running && most > 20)
		most = 20;
	if (flight->options->ring_duration && least < (uint64_t)most)
		most = (int)least;
	return most;
}

/* ---- the end ------------------------------------------------------------------------------------
 */

int flight_finish(struct flight *flight, int fd, uint64_t begin, uint64_t end)
{
	CLEANUP(ring_part_free)
	struct ring_part *part = NULL;
	struct notes_part notes;
	int error;

	if (flight->dump.running)
		end_dump(&flight->dump);
	error = recording_flush_all(flight->writer);
	if (!error)
		error = recording_ring_take(flight->ring, flight->options->ring_duration, true,
					    &part);
	if (error) {
		close(fd);
		return error;
	}
	flight->begin = begin;
	/* What was to be told in a part of its own, had there been time, is told in the last one.
	 */
	add_reason(flight, "the end of the watch");
	describe_part(flight, part, &notes);
	notes.end = end;
	error = ring_part_write(part, fd, notes_of_part, &notes);
	free(notes.counters);
	return error;
}

void flight_free(struct flight **slot)
{
	struct flight *flight = *slot;

	if (!flight)
		return;
	if (flight->dump.running)
		end_dump(&flight->dump);
	recording_writer_abandon(&flight->writer);
	recording_ring_free(&flight->ring);
	free(flight);
	*slot = NULL;
}
