// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/stacks.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/find_program.h"
#include "base/units.h"
#include "base/vector.h"
#include "capture/stacks/code_maps.h"
#include "capture/stacks/modules.h"
#include "capture/stacks/python_process.h"
#include "capture/stacks/python_stacks.h"
#include "capture/stacks/copy.h"
#include "capture/stacks/names.h"
#include "capture/stacks/queue.h"
#include "capture/stacks/tables.h"
#include "recording/stacks.h"

/* Copies are for the moments until a table is there: so many at once, and again after a while. */
#define COPIES_AT_ONCE	240
#define COPIES_AGAIN_NS (100 * NS_PER_MS)

/* How deep the functions may lie through which a stack in the kernel is taken. */
#define TRACING_FRAMES_MAX 8

struct stacks {
	const struct kernel_side_stacks *shared;
	struct recording_writer *writer;
	struct stacks_options options;
	struct stack_tables *tables;
	struct modules *modules;
	struct code_maps *maps;
	struct stack_names *names;
	struct python_stacks *python;
	struct stack_queue queue;
	struct ring_buffer *ring;
	struct pl_stack_frames frames;	       /* of the copy that is being unwound */
	VECTOR(struct pl_stack_frames *) kept; /* with an observer: by id */
	uint64_t refilled;
	uint64_t written, copied;
	int error; /* the recording's first one */
};

static void keep_error(struct stacks *stacks, int error)
{
	if (error && !stacks->error)
		stacks->error = error;
}

/* ---- into the recording ---------------------------------------------------------------------- */

static bool is_loop(const struct waiting_frame *frame)
{
	return frame->is_code && frame->code.module && frame->code.module->python &&
	       python_layout_is_loop(frame->code.module->python, frame->address - frame->code.bias);
}

static void name_stack(struct stacks *stacks, const struct waiting_stack *stack)
{
	struct splice_native native[PL_STACK_FRAMES];
	uint32_t ids[PL_STACK_FRAMES];
	int error = 0;

	for (uint32_t i = 0; !error && i < stack->count; i++) {
		/* Of the call, not of where it returns to (bpf/unwind.h). */
		const struct waiting_frame *frame = &stack->frames[i];

		error = stack_names_frame(stacks->names, stack->pid,
					  frame->is_code ? &frame->code : NULL, frame->address,
					  &ids[i]);
		native[i].frame = ids[i];
		native[i].is_loop = is_loop(frame);
	}
	if (!error)
		error = recording_write_stack(stacks->writer, stack->id, ids, stack->count,
					      stack->stop);
	if (!error && stack->python)
		python_stacks_keep(stacks->python, stack->id, native, stack->count, stack->stop);
	keep_error(stacks, error);
}

static void name_all(struct stacks *stacks)
{
	const struct waiting_stack *stack;

	vector_for_each (&stacks->queue.list, stack)
		name_stack(stacks, stack);
	stack_queue_clear(&stacks->queue);
}

static void write_stack(struct stacks *stacks, const struct pl_stack_frames *frames,
			const struct code_space *space)
{
	keep_error(stacks, stack_queue_add(&stacks->queue, frames, space));
	stacks->written++;
}

static void keep_frames(struct stacks *stacks, const struct pl_stack_frames *frames)
{
	struct pl_stack_frames **slot;

	while (stacks->kept.count <= frames->head.id)
		if (!vector_add(&stacks->kept))
			return;
	slot = &stacks->kept.items[frames->head.id];
	free(*slot);
	*slot = malloc(sizeof(**slot));
	if (*slot)
		memcpy(*slot, frames,
		       sizeof(frames->head) + frames->head.count * sizeof(*frames->address));
}

static void take_frames(struct stacks *stacks, const struct pl_stack_frames *frames)
{
	struct code_space space = {.pid = frames->head.tgid};

	code_maps_space(stacks->maps, frames->head.space, &space);
	write_stack(stacks, frames, &space);
	if (stacks->options.observer)
		keep_frames(stacks, frames);
}

static void observe(struct stacks *stacks, const struct pl_stack_copy *copy)
{
	if (copy->head.id < stacks->kept.count && stacks->kept.items[copy->head.id])
		stacks->options.observer(stacks->options.observer_context, copy,
					 stacks->kept.items[copy->head.id]);
}

static void take_code(void *context, const struct pl_python_code *code)
{
	struct stacks *stacks = context;

	python_stacks_code(stacks->python, code);
}

static void take_python(struct stacks *stacks, const struct pl_stack_python *python)
{
	name_all(stacks); /* the native one is among them */
	keep_error(stacks, python_stacks_write(stacks->python, python));
	stacks->written++;
}

/* Of a thread that was found waiting, or met before its memory was known, and still waits there. */
static void add_python(struct stacks *stacks, const struct pl_stack_copy *copy,
		       const struct code_space *space)
{
	struct pl_stack_python python = {.head = copy->head, .native = copy->head.id};

	if (space->python &&
	    python_process_frames(space->pid, copy->thread, &stacks->shared->pythons[space->python],
				  take_code, stacks, &python) &&
	    thread_waits_at(space->pid, (pid_t)copy->head.tid, copy->registers[PL_REG_RSP],
			    copy->registers[PL_REG_RIP]))
		take_python(stacks, &python);
}

/* What took the stack lies on top of it. Behind the leaf these are where calls return to; in a
 * stack of a thread that blocks that is so from the first frame on. */
static void take_kernel(struct stacks *stacks, const struct pl_stack_frames *frames)
{
	uint32_t ids[PL_STACK_FRAMES], first = 0, count = 0;
	int error = 0;

	for (uint32_t i = 0; i < frames->head.count && i < TRACING_FRAMES_MAX; i++)
		if (stack_names_is_tracing(stacks->names, frames->address[i] - 1))
			first = i + 1;
	for (uint32_t i = first; i < frames->head.count && !error; i++)
		error = stack_names_kernel_frame(stacks->names, frames->address[i] - (i > 0),
						 &ids[count++]);
	if (!error)
		error = recording_write_stack(stacks->writer, frames->head.id, ids, count,
					      STOP_ROOT);
	keep_error(stacks, error);
}

static void take_copy(struct stacks *stacks, const struct pl_stack_copy *copy)
{
	struct code_space space = {.pid = copy->head.tgid};

	if (copy->head.stop == PL_STOP_ROOT) {
		if (stacks->options.observer)
			observe(stacks, copy);
		return;
	}
	code_maps_process(stacks->maps, copy->head.tgid, copy->registers[PL_REG_RIP], &space);
	stack_copy_unwind(copy, &space, &stacks->frames);
	/* It went astray in memory that we know: perhaps that is not what is there any more. */
	if (stacks->frames.head.stop == PL_STOP_NO_MODULE &&
	    code_maps_process(stacks->maps, copy->head.tgid,
			      stacks->frames.address[stacks->frames.head.count - 1], &space))
		stack_copy_unwind(copy, &space, &stacks->frames);
	write_stack(stacks, &stacks->frames, &space);
	add_python(stacks, copy, &space);
	stacks->copied++;
}

static int take_record(void *context, void *data, size_t size)
{
	const struct pl_stack_head *head = data;
	struct stacks *stacks = context;

	if (size < sizeof(*head))
		return 0;
	if (head->kind == PL_STACK_FRAMES_OF && head->count <= PL_STACK_FRAMES &&
	    size >= sizeof(*head) + head->count * sizeof(uint64_t))
		take_frames(stacks, data);
	else if (head->kind == PL_STACK_KERNEL_FRAMES && head->count <= PL_KERNEL_FRAMES &&
		 size >= sizeof(*head) + head->count * sizeof(uint64_t))
		take_kernel(stacks, data);
	else if (head->kind == PL_STACK_COPY && size >= sizeof(struct pl_stack_copy))
		take_copy(stacks, data);
	else if (head->kind == PL_STACK_PYTHON && head->count <= PL_PYTHON_FRAMES &&
		 size >= offsetof(struct pl_stack_python, frame) +
				 head->count * sizeof(struct pl_python_frame))
		take_python(stacks, data);
	else if (head->kind == PL_STACK_CODE && size >= offsetof(struct pl_python_code, table))
		take_code(stacks, data);
	return 0;
}

/* ---- from the kernel side -------------------------------------------------------------------- */

static void refill(struct stacks *stacks)
{
	uint64_t now = monotonic_ns();

	if (now - stacks->refilled < COPIES_AGAIN_NS)
		return;
	stacks->refilled = now;
	__atomic_store_n(&stacks->shared->control->copies, COPIES_AT_ONCE, __ATOMIC_RELAXED);
}

int stacks_new(struct kernel_side *side, struct recording_writer *writer,
	       const struct stacks_options *options, struct stacks **ret)
{
	struct stacks *stacks = calloc(1, sizeof(*stacks));
	int error;

	if (!stacks)
		return -ENOMEM;
	stacks->shared = kernel_side_stacks(side);
	stacks->writer = writer;
	stacks->options = *options;
	error = stack_tables_new(stacks->shared, &stacks->tables);
	if (!error)
		error = modules_new(stacks->tables, &stacks->modules);
	if (!error)
		error = code_maps_new(stacks->shared, stacks->modules, &stacks->maps);
	if (!error)
		error = stack_names_new(writer, &options->names, &stacks->names);
	if (!error)
		error = python_stacks_new(writer, &stacks->python);
	if (!error) {
		stacks->ring = ring_buffer__new(stacks->shared->ring_fd, take_record, stacks, NULL);
		error = stacks->ring ? 0 : -errno;
	}
	if (error) {
		stacks_free(&stacks);
		return error;
	}
	refill(stacks);
	*ret = stacks;
	return 0;
}

void stacks_free(struct stacks **slot)
{
	struct stacks *stacks = *slot;
	struct pl_stack_frames **kept;

	if (!stacks)
		return;
	ring_buffer__free(stacks->ring);
	stack_queue_clear(&stacks->queue);
	python_stacks_free(&stacks->python);
	stack_names_free(&stacks->names);
	code_maps_free(&stacks->maps);
	modules_free(&stacks->modules);
	stack_tables_free(&stacks->tables);
	vector_for_each (&stacks->kept, kept)
		free(*kept);
	vector_free(&stacks->kept);
	free(stacks);
	*slot = NULL;
}

int stacks_watch(struct stacks *stacks, int epoll_fd)
{
	struct epoll_event wanted = {.events = EPOLLIN};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, stacks->shared->ring_fd, &wanted))
		return -errno;
	return code_maps_watch(stacks->maps, epoll_fd);
}

void stacks_follow(struct stacks *stacks, pid_t pid)
{
	code_maps_follow(stacks->maps, pid);
}

void stacks_know(struct stacks *stacks, int fd)
{
	modules_know(stacks->modules, fd);
}

void stacks_prepare(struct stacks *stacks, const char *program)
{
	CLEANUP_FREE char *found = NULL;
	struct mapped_file file = {0};
	char path[PATH_MAX];
	struct stat info;

	if (find_program(program, &found) || !found || !realpath(found, path) || stat(path, &info))
		return;
	file.device = info.st_dev;
	file.inode = info.st_ino;
	file.path = path;
	modules_find(stacks->modules, &file);
}

void stacks_life(struct stacks *stacks, const union pl_life *life)
{
	code_maps_life(stacks->maps, life);
	/* What its tgid stood for before, and what was written for that. */
	if (life->head.kind == PL_LIFE_EXEC ||
	    (life->head.kind == PL_LIFE_FORK && life->head.tid == life->head.tgid))
		stack_names_forget(stacks->names, life->head.tgid);
}

int stacks_fetch(struct stacks *stacks)
{
	/* Mappings first: what a stack speaks of was mapped before. */
	code_maps_update(stacks->maps);
	ring_buffer__consume(stacks->ring);
	refill(stacks);
	if (stack_queue_is_due(&stacks->queue, code_maps_changed(stacks->maps)))
		name_all(stacks);
	return stacks->error;
}

int stacks_finish(struct stacks *stacks)
{
	stacks_fetch(stacks);
	name_all(stacks);
	return stacks->error;
}

void stacks_account(const struct stacks *stacks, struct stacks_account *ret)
{
	const struct pl_stack_control *control = stacks->shared->control;

	*ret = (struct stacks_account){
		.written = stacks->written,
		.copied = stacks->copied,
		.lost = control->lost + recording_stacks_dropped(stacks->writer),
		.walked = control->walked,
		.known = control->known,
		.tables = stack_tables_bytes(stacks->tables),
	};
}
