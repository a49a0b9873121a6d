// SPDX-License-Identifier: GPL-2.0-only
#include "capture/watch/watch_inside.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/exit_status.h"
#include "recording/watch.h"

/* Where a mutex and a read-write lock of glibc keep their owner's tid. */
#define MUTEX_OWNER  8
#define RWLOCK_OWNER 24

int watcher_fail(struct watcher *watcher, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(watcher->problem, sizeof(watcher->problem), format, arguments);
	va_end(arguments);
	return status;
}

const char *watcher_problem(const struct watcher *watcher)
{
	return watcher->problem;
}

int watcher_new(const struct watch_settings *settings, struct watcher **ret)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	struct variable_error error;

	if (!watcher)
		return EXIT_INTERNAL;
	*ret = watcher;
	watcher->limit = settings->limit ? settings->limit : WATCH_LIMIT_DEFAULT;
	if (settings->count > PL_WATCHES)
		return watcher_fail(
			watcher, EXIT_USAGE,
			"the processor has %d watchpoints, and %zu variables are to be watched",
			PL_WATCHES, settings->count);
#ifndef __x86_64__
	return watcher_fail(
		watcher, EXIT_NO_KERNEL,
		"variables can be watched on x86-64 only: elsewhere the tracer does not know "
		"yet what an instruction wrote");
#endif
	for (size_t i = 0; i < settings->count; i++) {
		if (variable_parse(settings->names[i], &watcher->watches[i].request, &error))
			return watcher_fail(watcher, EXIT_USAGE, "--watch: %s", error.text);
		watcher->count++;
	}
	return EXIT_OK;
}

void watcher_free(struct watcher **slot)
{
	struct watcher *watcher = *slot;

	if (!watcher)
		return;
	watcher_stop(watcher);
	vector_free(&watcher->events);
	ring_buffer__free(watcher->ring);
	watch_places_free(&watcher->places);
	files_free(&watcher->modules);
	for (size_t i = 0; i < PL_WATCH_LOCKS; i++)
		free(watcher->lock_names[i]);
	free(watcher);
	*slot = NULL;
}

/* ---- from traps to records ------------------------------------------------------------------ */

static int take_hit(void *context, void *data, size_t size)
{
	struct watcher *watcher = context;
	const struct pl_watch_full *full = data;
	const struct pl_watch_hit *hit = &full->hit;
	bool has_registers = size >= sizeof(*full) && hit->flags & PL_WATCH_FULL;
	struct watch_access access;
	int error;

	if (size < sizeof(*hit) || hit->watch >= watcher->count)
		return 0;
	access = (struct watch_access){
		.time = hit->time,
		.seen = hit->seen,
		.tid = hit->tid,
		.tgid = hit->tgid,
		.ran_ns = hit->ran_ns,
		.stack = hit->stack,
		.cpu = hit->cpu,
		.seen_ns = hit->seen_ns,
		.watch = hit->watch,
		.flags = hit->flags & ~PL_WATCH_FULL,
		.locks = hit->locks,
	};
	watch_places_resolve(watcher->places, hit, has_registers ? full->registers : NULL,
			     watcher->watches[hit->watch].variable.address,
			     watcher->watches[hit->watch].variable.size, &access);
	error = recording_write_access(watcher->writer, &access);
	if (error && !watcher->error)
		watcher->error = error;
	return 0;
}

int watcher_begin(struct watcher *watcher, struct kernel_side *side,
		  struct recording_writer *writer)
{
	watcher->kernel = kernel_side_watch(side);
	watcher->writer = writer;
	watcher->kernel.control->limit = watcher->limit;
	watcher->ring = ring_buffer__new(watcher->kernel.ring_fd, take_hit, watcher, NULL);
	if (!watcher->ring ||
	    watch_places_new(&watcher->modules, watcher->kernel.operands_fd, &watcher->places))
		return watcher_fail(watcher, EXIT_INTERNAL, "no memory for watching variables");
	return EXIT_OK;
}

int watcher_fd(const struct watcher *watcher)
{
	return ring_buffer__epoll_fd(watcher->ring);
}

int watcher_fetch(struct watcher *watcher)
{
	const uint64_t *hits = &watcher->kernel.control->hits;

	ring_buffer__consume(watcher->ring);
	/* What comes now would only cost time. */
	if (__atomic_load_n(hits, __ATOMIC_RELAXED) >= watcher->limit)
		watcher_stop(watcher);
	return watcher->error;
}

/* ---- watchpoints ---------------------------------------------------------------------------- */

int watcher_open_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int watcher_add_event(struct watcher *watcher, int fd, const struct bpf_program *program,
		      uint64_t cookie)
{
	LIBBPF_OPTS(bpf_perf_event_opts, options, .bpf_cookie = cookie);
	struct trap_event *event = vector_add(&watcher->events);

	if (!event) {
		close(fd);
		return -ENOMEM;
	}
	event->fd = fd;
	event->link = bpf_program__attach_perf_event_opts(program, fd, &options);
	if (event->link)
		return 0;
	close(fd);
	watcher->events.count--;
	return -errno;
}

int watcher_explain_refusal(struct watcher *watcher, const char *name, int error)
{
	switch (-error) {
	case ENOSPC:
		return watcher_fail(
			watcher, EXIT_NO_KERNEL,
			"'%s' cannot be watched: all watchpoints of the processor are taken (a "
			"debugger, another tracer, or too many --watch)",
			name);
	case ENODEV:
	case ENOENT:
	case EOPNOTSUPP:
	case ENOSYS:
		return watcher_fail(
			watcher, EXIT_NO_KERNEL,
			"'%s' cannot be watched: this machine, or its hypervisor, has no "
			"hardware watchpoints",
			name);
	case EPERM:
	case EACCES:
		return watcher_fail(watcher, EXIT_NO_PRIVILEGE,
				    "'%s' cannot be watched: the kernel refuses (%s)", name,
				    strerror(-error));
	case EINVAL:
		return watcher_fail(
			watcher, EXIT_USAGE,
			"'%s' cannot be watched: the kernel takes no watchpoint at that "
			"address",
			name);
	default:
		return watcher_fail(watcher, EXIT_NO_KERNEL, "'%s' cannot be watched: %s", name,
				    strerror(-error));
	}
}

static bool read_variable(pid_t pid, struct variable_watched *watched)
{
	struct iovec here = {&watched->first, watched->variable.size};
	struct iovec there = {(void *)watched->variable.address, watched->variable.size};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)watched->variable.size;
}

static int set_watch(struct watcher *watcher, size_t index)
{
	struct variable_watched *watched = &watcher->watches[index];
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = watched->request.reads ? HW_BREAKPOINT_RW : HW_BREAKPOINT_W,
		.bp_addr = watched->variable.address,
		.bp_len = watched->variable.size,
		.sample_period = 1,
		.pinned = 1,
	};
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	bool any = false;

	/* Of a process that runs it would be old already. */
	watched->has_first = watcher->is_held && read_variable(watcher->modules.pid, watched);
	watcher->kernel.control->addresses[index] = watched->variable.address;
	if (watched->request.reads)
		watcher->kernel.control->reads |= 1u << index;
	watcher->kernel.control->sizes[index] = watched->variable.size;
	for (int cpu = 0; cpu < cpus; cpu++) {
		int fd = watcher_open_event(&attr, -1, cpu), error = fd;

		/* A CPU that is off line. */
		if (fd == -ENODEV && any)
			continue;
		if (fd >= 0)
			error = watcher_add_event(watcher, fd, watcher->kernel.on_access, index);
		if (error < 0)
			return watcher_explain_refusal(watcher, watched->request.text, error);
		any = true;
	}
	return EXIT_OK;
}

void watcher_stop(struct watcher *watcher)
{
	struct trap_event *event;

	vector_for_each (&watcher->events, event)
		ioctl(event->fd, PERF_EVENT_IOC_DISABLE, 0);
	vector_for_each (&watcher->events, event) {
		uint64_t count;

		if (read(event->fd, &count, sizeof(count)) == sizeof(count))
			watcher->trapped += count;
		bpf_link__destroy(event->link);
	}
	watcher->events.count = 0;
}

/* ---- from names to addresses ---------------------------------------------------------------- */

static int look_at_modules(struct watcher *watcher, pid_t pid)
{
	int error = files_look(&watcher->modules, pid);

	if (error || !files_program(&watcher->modules))
		return watcher_fail(watcher, EXIT_NO_TARGET,
				    "the memory of process %d cannot be looked at: %s", pid,
				    error ? strerror(-error) : "it is gone");
	return EXIT_OK;
}

static int find_absolute(struct watcher *watcher, struct variable_watched *watched, pid_t pid)
{
	bool mapped;

	watched->variable.address = watched->request.address;
	watched->variable.size = watched->request.size;
	files_is_shared(pid, watched->request.address, &mapped);
	if (!mapped)
		return watcher_fail(watcher, EXIT_USAGE,
				    "'%s' cannot be watched: the process has no memory there",
				    watched->request.text);
	watched->found = true;
	return EXIT_OK;
}

/* -ENOENT: not in this module. */
static int find_in(struct watcher *watcher, struct variable_watched *watched,
		   struct mapped_file *module, struct variable_error *error)
{
	struct image *image = file_image(&watcher->modules, module);
	int result;

	if (!image) {
		snprintf(error->text, sizeof(error->text), "%s cannot be read", module->path);
		return -ENOENT;
	}
	result = variable_find(image, &watched->request, &watched->variable, error);
	if (result)
		return result;
	watched->variable.address += module->bias;
	watched->found = true;
	return 0;
}

/* The dynamic linker has copies of some of the C library's own, and is asked last. */
static bool is_linker(const struct mapped_file *file)
{
	const char *slash = strrchr(file->path, '/');

	return slash && !strncmp(slash + 1, "ld-", 3);
}

static int find_in_libraries(struct watcher *watcher, struct variable_watched *watched,
			     struct variable_error *error)
{
	struct mapped_file *file;

	for (int linkers = 0; linkers < 2; linkers++) {
		vector_for_each (&watcher->modules.items, file) {
			int result;

			if (file->is_program || is_linker(file) != linkers)
				continue;
			result = find_in(watcher, watched, file, error);
			if (result != -ENOENT)
				return result;
		}
	}
	return -ENOENT;
}

/* The program first, as the dynamic linker does; the libraries if they are there. */
static int find_one(struct watcher *watcher, struct variable_watched *watched, pid_t pid,
		    bool libraries)
{
	struct mapped_file *program = files_program(&watcher->modules);
	struct variable_error error, of_library;
	int result;

	if (watched->found)
		return EXIT_OK;
	if (watched->request.absolute)
		return find_absolute(watcher, watched, pid);
	result = find_in(watcher, watched, program, &error);
	if (result == -ENOENT && libraries) {
		result = find_in_libraries(watcher, watched, &of_library);
		if (result != -ENOENT)
			error = of_library;
	}
	if (result == -ENOENT && libraries)
		return watcher_fail(
			watcher, EXIT_USAGE,
			"%s, and neither has any of the libraries that it is linked with (what "
			"it loads later, with dlopen, is not known yet: `attach` then)",
			error.text);
	if (result && result != -ENOENT)
		return watcher_fail(watcher, EXIT_USAGE, "%s", error.text);
	return EXIT_OK;
}

int watcher_find(struct watcher *watcher, pid_t pid, bool libraries, bool *ret_complete)
{
	int status = look_at_modules(watcher, pid);

	*ret_complete = true;
	for (size_t i = 0; i < watcher->count && !status; i++) {
		struct variable_watched *watched = &watcher->watches[i];

		status = find_one(watcher, watched, pid, libraries);
		*ret_complete = *ret_complete && watched->found;
	}
	return status;
}

static void take_lock(struct watcher *watcher, const char *name, uint64_t owner)
{
	size_t index = watcher->locks++;

	if (index >= PL_WATCH_LOCKS)
		return;
	watcher->lock_names[index] = strdup(name ? name : "");
	watcher->kernel.control->owners[index] = owner + watcher->lock_bias;
	watcher->kernel.control->lock_count = index + 1;
}

static void take_mutex(void *context, const char *name, uint64_t address)
{
	take_lock(context, name, address + MUTEX_OWNER);
}

static void take_rwlock(void *context, const char *name, uint64_t address)
{
	take_lock(context, name, address + RWLOCK_OWNER);
}

static void find_locks(struct watcher *watcher)
{
	struct mapped_file *program = files_program(&watcher->modules);
	struct image *image = program ? file_image(&watcher->modules, program) : NULL;

	if (!image)
		return;
	watcher->lock_bias = program->bias;
	image_variables_of(image, "pthread_mutex_t", take_mutex, watcher);
	image_variables_of(image, "mtx_t", take_mutex, watcher);
	image_variables_of(image, "pthread_rwlock_t", take_rwlock, watcher);
}

/* Field 28 of /proc/PID/stat. The kernel chooses it anew at each exec, and children by fork keep
 * it: so it names the address space and its copies. */
static uint64_t start_stack_of(pid_t pid)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	char path[64], line[2048];
	uint64_t value = 0;
	char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		return 0;
	at = strrchr(line, ')');
	for (int field = 2; at && field < 28; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%" SCNu64, &value) == 1 ? value : 0;
}

int watcher_set_found(struct watcher *watcher, pid_t pid)
{
	int status = EXIT_OK;
	bool mapped;

	find_locks(watcher);
	watcher->kernel.control->start_stack = start_stack_of(pid);
	if (!watcher->kernel.control->start_stack)
		return watcher_fail(watcher, EXIT_NO_TARGET, "process %d is gone", pid);
	for (size_t i = 0; i < watcher->count && !status; i++) {
		struct variable_watched *watched = &watcher->watches[i];

		watched->shared = files_is_shared(pid, watched->variable.address, &mapped);
		status = set_watch(watcher, i);
	}
	return status;
}

int watcher_set(struct watcher *watcher, pid_t pid)
{
	bool complete;
	int status = watcher_find(watcher, pid, true, &complete);

	return status ? status : watcher_set_found(watcher, pid);
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void note_variable(struct watcher *watcher, size_t index)
{
	const struct variable_watched *watched = &watcher->watches[index];
	const struct variable *variable = &watched->variable;
	char key[64], first[32] = "";

	snprintf(key, sizeof(key), NOTE_WATCH "%zu", index);
	if (watched->has_first)
		snprintf(first, sizeof(first), "%" PRIu64, watched->first);
	recording_write_note(watcher->writer, key, "%s\n%" PRIx64 "\n%u\n%s\n%d\n%s\n%s\n%u\n%s",
			     watched->request.text, variable->address, variable->size,
			     watched->request.reads ? "rw" : "w", watched->shared, variable->type,
			     variable->file, variable->line, first);
}

void watcher_notes(struct watcher *watcher)
{
	const struct pl_watch_control *control = watcher->kernel.control;
	struct recording_writer *writer = watcher->writer;
	uint64_t told = control->hits + control->foreign;
	char key[64];

	for (size_t i = 0; i < watcher->count; i++)
		note_variable(watcher, i);
	watch_places_note(watcher->places, writer);
	for (size_t i = 0; i < PL_WATCH_LOCKS && watcher->lock_names[i]; i++) {
		snprintf(key, sizeof(key), NOTE_WATCH_LOCK "%zu", i);
		recording_write_note(writer, key, "%s", watcher->lock_names[i]);
	}
	recording_write_note(writer, NOTE_WATCH_LOCKS, "%zu", watcher->locks);
	recording_write_note(writer, NOTE_WATCH_LIMIT, "%" PRIu64, watcher->limit);
	recording_write_note(writer, NOTE_WATCH_HITS, "%" PRIu64, (uint64_t)control->hits);
	recording_write_note(writer, NOTE_WATCH_LOST, "%" PRIu64, (uint64_t)control->lost);
	recording_write_note(writer, NOTE_WATCH_MISSED, "%" PRIu64,
			     watcher->trapped > told ? watcher->trapped - told : 0);
}
