// SPDX-License-Identifier: GPL-2.0-only
#include "capture/lock_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/format_text.h"
#include "base/log.h"
#include "base/seldom.h"
#include "symbols/python.h"

/* A program may well have a lock in each of a million objects; the names of some will do. */
#define NAMES_MAX 4096

struct lock_name {
	uint32_t tgid;
	uint64_t address;
	char *name; /* NULL: it has none */
};

/* A file that a program was started from. */
struct program {
	char path[PL_PATH_LEN + 1]; /* "": it has none */
	int fd;			    /* -1: to be opened by its path */
};

/* A process that was asked for Python's lock. */
struct asked {
	uint32_t tgid;
	uint64_t program; /* where its code lies: another one after an exec */
};

struct lock_names {
	struct recording_writer *writer;
	VECTOR(struct asked) asked;
	bool warned; /* of a Python that is not known */
	VECTOR(struct program) programs;
	struct variables *variables;
	VECTOR(struct lock_name) names; /* by process and address */
	/* Of the process that was looked at last. */
	pid_t map_of;
	struct seldom map_read;
	struct process_map map;
};

int lock_names_new(struct recording_writer *writer, struct lock_names **ret)
{
	struct lock_names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->writer = writer;
	if (variables_new(&names->variables)) {
		free(names);
		return -ENOMEM;
	}
	*ret = names;
	return 0;
}

static void forget_map(struct lock_names *names)
{
	if (names->map_of)
		process_map_free(&names->map);
	names->map_of = 0;
}

void lock_names_free(struct lock_names **slot)
{
	struct lock_names *names = *slot;
	struct lock_name *name;

	if (!names)
		return;
	forget_map(names);
	vector_for_each (&names->names, name)
		free(name->name);
	vector_free(&names->names);
	vector_free(&names->programs);
	vector_free(&names->asked);
	variables_free(&names->variables);
	free(names);
	*slot = NULL;
}

/* Where it is, or should be. */
static size_t place_of(const struct lock_names *names, uint32_t tgid, uint64_t address)
{
	size_t low = 0, high = names->names.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct lock_name *name = &names->names.items[middle];

		if (name->tgid < tgid || (name->tgid == tgid && name->address < address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct lock_name *insert(struct lock_names *names, size_t place)
{
	struct lock_name *items;

	if (!vector_add(&names->names))
		return NULL;
	items = names->names.items;
	memmove(items + place + 1, items + place,
		(names->names.count - 1 - place) * sizeof(*items));
	memset(items + place, 0, sizeof(*items));
	return items + place;
}

static const struct process_map *map_of(struct lock_names *names, pid_t pid)
{
	uint64_t now = monotonic_ns();

	if (names->map_of == pid && !seldom_is_due(&names->map_read, now))
		return &names->map;
	forget_map(names);
	if (process_map_read(pid, &names->map))
		return NULL;
	names->map_of = pid;
	seldom_learnt(&names->map_read, now);
	return &names->map;
}

static bool is_full(const struct lock_names *names)
{
	return names->names.count >= NAMES_MAX;
}

static bool is_known(const struct lock_names *names, size_t place, uint32_t tgid, uint64_t address)
{
	return place < names->names.count && names->names.items[place].tgid == tgid &&
	       names->names.items[place].address == address;
}

/* Takes over `words`, which may be NULL. */
static const char *keep(struct lock_names *names, uint32_t tgid, uint64_t address, char *words)
{
	size_t place = place_of(names, tgid, address);
	struct lock_name *name = is_known(names, place, tgid, address) ? &names->names.items[place]
								       : insert(names, place);
	char key[96];

	if (!name) {
		free(words);
		return NULL;
	}
	*name = (struct lock_name){.tgid = tgid, .address = address, .name = words};
	if (words) {
		snprintf(key, sizeof(key), NOTE_LOCK_NAME "%" PRIu32 ".%" PRIx64, tgid, address);
		recording_write_note(names->writer, key, "%s", words);
	}
	return words;
}

/* By which address the model knows it: two words of a condition, or of a read-write lock, are one.
 */
static uint64_t known_by(uint32_t kind, uint64_t address)
{
	return kind == PL_FUTEX_CONDITION || kind == PL_FUTEX_RWLOCK ? address & ~7ull : address;
}

/* Where the object begins to which the word belongs, in the C library's layout. */
static uint64_t object_of(uint32_t kind, uint64_t address)
{
	switch (kind) {
	case PL_FUTEX_CONDITION:
		return (address & ~7ull) - 40;
	case PL_FUTEX_RWLOCK:
		return (address & ~7ull) - 8;
	case PL_FUTEX_BARRIER:
		return address - 4;
	default:
		return address;
	}
}

const char *lock_names_find(struct lock_names *names, uint32_t tgid, uint8_t kind, uint64_t word)
{
	uint64_t address = known_by(kind, word);
	size_t place = place_of(names, tgid, address);
	const struct process_map *map;

	if (is_known(names, place, tgid, address))
		return names->names.items[place].name;
	if (is_full(names))
		return NULL;
	map = map_of(names, (pid_t)tgid);
	if (!map)
		return NULL;
	return keep(names, tgid, address,
		    variables_name(names->variables, (pid_t)tgid, map, object_of(kind, word)));
}

/* ---- processes that have ended ------------------------------------------------------------- */

void lock_names_know(struct lock_names *names, int fd)
{
	struct program *program = vector_add(&names->programs);

	if (program)
		program->fd = fd;
}

static void know_path(struct lock_names *names, const struct pl_life_exec *exec)
{
	struct program *program;

	vector_for_each (&names->programs, program)
		if (!strncmp(program->path, exec->path, PL_PATH_LEN))
			return;
	program = vector_add(&names->programs);
	if (!program)
		return;
	program->fd = -1;
	memcpy(program->path, exec->path, PL_PATH_LEN);
}

static bool is_file(int fd, uint32_t device, uint64_t inode)
{
	struct stat status;

	return !fstat(fd, &status) && status.st_ino == inode &&
	       (major(status.st_dev) << 20 | minor(status.st_dev)) == device;
}

/* A descriptor of its own if the file is there that the process had, or -1. */
static int open_if_same(const char *path, uint32_t device, uint64_t inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && !is_file(fd, device, inode)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int open_program(const struct lock_names *names, uint32_t device, uint64_t inode)
{
	const struct program *program;
	int fd;

	vector_for_each (&names->programs, program) {
		if (program->fd < 0)
			fd = open_if_same(program->path, device, inode);
		else
			fd = is_file(program->fd, device, inode)
				     ? fcntl(program->fd, F_DUPFD_CLOEXEC, 3)
				     : -1;
		if (fd >= 0)
			return fd;
	}
	return -1;
}

static int open_library(const struct pl_life_futex *futex)
{
	static const char *const folders[] = {
		"/usr/lib/x86_64-linux-gnu",
		"/usr/lib/aarch64-linux-gnu",
		"/usr/lib64",
		"/usr/lib",
		"/usr/local/lib",
	};
	char path[256];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%.*s", folders[i], PL_AREA_NAME_LEN, futex->name);
		fd = open_if_same(path, futex->device, futex->inode);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

static char *name_in_program(struct lock_names *names, const struct pl_life_futex *futex)
{
	struct variable_trace trace = {.address = object_of(futex->futex_kind, futex->address),
				       .code = futex->program_start};
	CLEANUP_CLOSE int fd = open_program(names, futex->program_device, futex->program_inode);

	return fd >= 0 && trace.code ? variables_name_in(names->variables, fd, &trace) : NULL;
}

static char *name_in_library(struct lock_names *names, const struct pl_life_futex *futex)
{
	char library[PL_AREA_NAME_LEN + 1] = "";
	struct variable_trace trace = {
		.address = object_of(futex->futex_kind, futex->address),
		.start = futex->start,
		.offset = futex->offset,
		.library = library,
	};
	CLEANUP_CLOSE int fd = open_library(futex);

	memcpy(library, futex->name, PL_AREA_NAME_LEN);
	return fd >= 0 ? variables_name_in(names->variables, fd, &trace) : NULL;
}

/* With what the kernel side told when the thread blocked. */
static char *name_afterwards(struct lock_names *names, const struct pl_life_futex *futex)
{
	uint64_t offset = object_of(futex->futex_kind, futex->address) - futex->start;
	bool program = !futex->inode || (futex->inode == futex->program_inode &&
					 futex->device == futex->program_device);
	char *name = NULL;

	if (futex->flags & PL_AREA_HEAP)
		return format_text("heap+0x%" PRIx64, offset);
	if (futex->flags & PL_AREA_SHARED)
		return format_text("shared %.*s+0x%" PRIx64, PL_AREA_NAME_LEN,
				   shared_memory_name(futex->name), offset + futex->offset);
	if (futex->flags & PL_AREA_STACK)
		return format_text("stack of the main thread");
	if (program)
		name = name_in_program(names, futex);
	else
		name = name_in_library(names, futex);
	if (name)
		return name;
	if (futex->stack >= futex->start && futex->stack < futex->end)
		return format_text("stack of thread %" PRIu32, futex->head.tid);
	return format_text("%s+0x%" PRIx64, futex->inode ? "file" : "anonymous", offset);
}

/* ---- Python -------------------------------------------------------------------------------- */

/* Whether it is the first time for this program in this process. */
static bool is_new(struct lock_names *names, const struct pl_life_futex *futex)
{
	struct asked *asked;

	vector_for_each (&names->asked, asked) {
		if (asked->tgid != futex->head.tgid)
			continue;
		if (asked->program == futex->program_start)
			return false;
		asked->program = futex->program_start;
		return true;
	}
	asked = vector_add(&names->asked);
	if (asked)
		*asked = (struct asked){futex->head.tgid, futex->program_start};
	return asked;
}

static void find_gil(struct lock_names *names, const struct pl_life_futex *futex)
{
	const struct process_map *map = map_of(names, (pid_t)futex->head.tgid);
	struct python_gil gil = {0};
	CLEANUP_CLOSE int fd = -1;
	char key[32];
	int found;

	if (map) {
		found = python_gil_find(names->variables, (pid_t)futex->head.tgid, map, &gil);
	} else {
		fd = open_program(names, futex->program_device, futex->program_inode);
		found = fd >= 0 ? python_gil_trace(names->variables, fd, futex->program_start, &gil)
				: 0;
	}
	if (found == -ENOTSUP && !names->warned) {
		names->warned = true;
		log_warning("where the lock of Python 3.%u lies is not known: it appears as a "
			    "condition in _PyRuntime",
			    gil.minor);
	}
	if (found != 1)
		return;
	snprintf(key, sizeof(key), NOTE_GIL "%" PRIu32, futex->head.tgid);
	recording_write_note(names->writer, key, "%" PRIx64 " %" PRIx64, gil.start, gil.end);
}

void lock_names_hear(struct lock_names *names, const union pl_life *life)
{
	const struct pl_life_futex *futex = &life->futex;

	if (life->head.kind == PL_LIFE_EXEC)
		know_path(names, &life->exec);
	if (life->head.kind != PL_LIFE_FUTEX)
		return;
	if (is_new(names, futex))
		find_gil(names, futex);
	if (is_full(names) ||
	    lock_names_find(names, futex->head.tgid, (uint8_t)futex->futex_kind, futex->address))
		return;
	/* It has ended, or the memory is newer than our list of it. */
	keep(names, futex->head.tgid, known_by(futex->futex_kind, futex->address),
	     name_afterwards(names, futex));
}

void lock_names_look(struct lock_names *names, struct kernel_side *side)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		uint8_t kind = slot->futex_kind;

		if (slot->task && slot->state == PL_STATE_BLOCKED && kind != PL_FUTEX_NONE &&
		    kind != PL_FUTEX_JOIN && kind != PL_FUTEX_VECTOR)
			lock_names_find(names, slot->tgid, kind, slot->arg0);
	}
}
