// SPDX-License-Identifier: GPL-2.0-only
#include "model/tasks/pcb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* The kernel's task states; the same on all architectures. */
#define TASK_INTERRUPTIBLE   0x01
#define TASK_UNINTERRUPTIBLE 0x02
#define TASK_STOPPED	     0x04
#define TASK_TRACED	     0x08
#define EXIT_DEAD_STATE	     0x10
#define EXIT_ZOMBIE_STATE    0x20
#define TASK_DEAD	     0x80
#define TASK_NOLOAD	     0x400

#define NICE_ZERO	120 /* static_prio of nice 0 */
#define POLICY_FIFO	1
#define POLICY_RR	2
#define POLICY_DEADLINE 6

/* ---- a snapshot ---------------------------------------------------------------------------- */

/* An older or a newer writer's record is shorter or longer than ours. */
static void copy_record(void *to, size_t size, const struct pl_pcb_head *from)
{
	memset(to, 0, size);
	memcpy(to, from, from->size < size ? from->size : size);
}

int snapshot_add(struct snapshot *snapshot, const void *record, size_t size)
{
	struct pl_pcb_head head;
	struct pl_pcb_task *task;
	struct pl_pcb_file *file;
	struct pl_pcb_area *area;
	struct pl_pcb_stack *stack;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, record, sizeof(head));
	if (head.size != size)
		return -EINVAL;
	switch (head.kind) {
	case PL_PCB_TASK:
		task = vector_add(&snapshot->tasks);
		if (!task)
			return -ENOMEM;
		copy_record(task, sizeof(*task), record);
		task->comm[sizeof(task->comm) - 1] = '\0';
		task->cgroup_path[sizeof(task->cgroup_path) - 1] = '\0';
		return 0;
	case PL_PCB_FILE:
		file = vector_add(&snapshot->files);
		if (!file)
			return -ENOMEM;
		copy_record(file, sizeof(*file), record);
		file->name[sizeof(file->name) - 1] = '\0';
		return 0;
	case PL_PCB_AREA:
		area = vector_add(&snapshot->areas);
		if (!area)
			return -ENOMEM;
		copy_record(area, sizeof(*area), record);
		area->name[sizeof(area->name) - 1] = '\0';
		return 0;
	case PL_PCB_STACK:
		stack = vector_add(&snapshot->stacks);
		if (!stack)
			return -ENOMEM;
		copy_record(stack, sizeof(*stack), record);
		if (stack->count > PL_PCB_KERNEL_FRAMES)
			stack->count = PL_PCB_KERNEL_FRAMES;
		return 0;
	}
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_process(const struct pl_pcb_head *a, const struct pl_pcb_head *b)
{
	return compare_numbers(a->tgid, b->tgid);
}

static int by_thread(const void *a, const void *b)
{
	const struct pl_pcb_head *one = a, *other = b;
	int order = by_process(one, other);

	if (!order)
		order = compare_numbers(one->tid != one->tgid, other->tid != other->tgid);
	return order ? order : compare_numbers(one->tid, other->tid);
}

static int by_descriptor(const void *a, const void *b)
{
	const struct pl_pcb_file *one = a, *other = b;
	int order = by_process(&one->head, &other->head);

	if (!order)
		order = compare_numbers(one->head.tid, other->head.tid);
	return order ? order : compare_numbers(one->fd, other->fd);
}

static int by_address(const void *a, const void *b)
{
	const struct pl_pcb_area *one = a, *other = b;
	int order = by_process(&one->head, &other->head);

	return order ? order : compare_numbers(one->begin, other->begin);
}

/* The offsets of the four members that name objects. */
static const size_t objects[] = {
	offsetof(struct pl_pcb_task, mm),
	offsetof(struct pl_pcb_task, files),
	offsetof(struct pl_pcb_task, fs),
	offsetof(struct pl_pcb_task, handlers),
};

struct object {
	uint64_t value;
	uint64_t number;
};

static int by_value(const void *a, const void *b)
{
	return compare_numbers(((const struct object *)a)->value,
			       ((const struct object *)b)->value);
}

/* Addresses of the kernel say too much, and 16 digits nothing to a person: in the order of the
 * addresses they become 1, 2, 3 ... */
static int number_objects(struct snapshot *snapshot, size_t offset)
{
	size_t count = snapshot->tasks.count, distinct = 0;
	CLEANUP_FREE struct object *all = calloc(count ? count : 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		memcpy(&all[i].value, (char *)&snapshot->tasks.items[i] + offset,
		       sizeof(all[i].value));
	qsort(all, count, sizeof(*all), by_value);
	for (size_t i = 0; i < count; i++) {
		if (all[i].value && (!i || all[i].value != all[i - 1].value))
			distinct++;
		all[i].number = all[i].value ? distinct : 0;
	}
	for (size_t i = 0; i < count; i++) {
		char *where = (char *)&snapshot->tasks.items[i] + offset;
		struct object wanted = {0}, *found;

		memcpy(&wanted.value, where, sizeof(wanted.value));
		found = bsearch(&wanted, all, count, sizeof(*all), by_value);
		memcpy(where, &found->number, sizeof(found->number));
	}
	return 0;
}

static int by_tid(const void *a, const void *b, void *context)
{
	const struct pl_pcb_task *tasks = context;

	return compare_numbers(tasks[*(const uint32_t *)a].head.tid,
			       tasks[*(const uint32_t *)b].head.tid);
}

static int index_tasks(struct snapshot *snapshot)
{
	snapshot->by_tid.count = 0;
	for (size_t i = 0; i < snapshot->tasks.count; i++) {
		uint32_t *index = vector_add(&snapshot->by_tid);

		if (!index)
			return -ENOMEM;
		*index = (uint32_t)i;
	}
	if (snapshot->by_tid.count)
		qsort_r(snapshot->by_tid.items, snapshot->by_tid.count,
			sizeof(*snapshot->by_tid.items), by_tid, snapshot->tasks.items);
	return 0;
}

/* Where in a record what the threads share begins and ends, and by which object one can tell that
 * they do: CLONE_VM, CLONE_FILES and CLONE_SIGHAND may come without each other. */
static const struct {
	size_t begin, end, object;
} shared[] = {
	{offsetof(struct pl_pcb_task, code_begin), offsetof(struct pl_pcb_task, minor_faults),
	 offsetof(struct pl_pcb_task, mm)},
	{offsetof(struct pl_pcb_task, open_files), offsetof(struct pl_pcb_task, signals_pending),
	 offsetof(struct pl_pcb_task, files)},
	{offsetof(struct pl_pcb_task, signals_ignored), offsetof(struct pl_pcb_task, posix_timers),
	 offsetof(struct pl_pcb_task, handlers)},
	/* These are a process's by definition. */
	{offsetof(struct pl_pcb_task, limits), offsetof(struct pl_pcb_task, open_files), SIZE_MAX},
	{offsetof(struct pl_pcb_task, signals_pending_process),
	 offsetof(struct pl_pcb_task, signals_blocked), SIZE_MAX},
	{offsetof(struct pl_pcb_task, posix_timers), offsetof(struct pl_pcb_task, read_chars),
	 SIZE_MAX},
};

static bool is_same_object(const struct pl_pcb_task *a, const struct pl_pcb_task *b, size_t offset)
{
	return offset == SIZE_MAX ||
	       !memcmp((const char *)a + offset, (const char *)b + offset, sizeof(uint64_t));
}

static void share(struct pl_pcb_task *task, const struct pl_pcb_task *leader)
{
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (is_same_object(task, leader, shared[i].object))
			memcpy((char *)task + shared[i].begin,
			       (const char *)leader + shared[i].begin,
			       shared[i].end - shared[i].begin);
	if (task->mm && task->mm == leader->mm)
		task->flags |= leader->flags & PL_PCB_HAS_MEMORY;
	task->flags |= leader->flags & PL_PCB_FILES_CUT;
}

static void share_with_threads(struct snapshot *snapshot)
{
	const struct pl_pcb_task *leader = NULL;
	struct pl_pcb_task *task;

	vector_for_each (&snapshot->tasks, task) {
		if (pcb_is_leader(task))
			leader = task;
		else if (leader && leader->head.tgid == task->head.tgid)
			share(task, leader);
	}
}

#define SORT(vector, order)                                                                        \
	do {                                                                                       \
		if ((vector)->count)                                                               \
			qsort((vector)->items, (vector)->count, sizeof(*(vector)->items), order);  \
	} while (0)

int snapshot_settle(struct snapshot *snapshot)
{
	struct pl_pcb_task *task;
	uint64_t last = 0;
	int error = 0;

	SORT(&snapshot->tasks, by_thread);
	SORT(&snapshot->files, by_descriptor);
	SORT(&snapshot->areas, by_address);
	share_with_threads(snapshot);
	for (size_t i = 0; !error && i < sizeof(objects) / sizeof(*objects); i++)
		error = number_objects(snapshot, objects[i]);
	if (!error)
		error = index_tasks(snapshot);
	if (error)
		return error;
	snapshot->time = 0;
	vector_for_each (&snapshot->tasks, task) {
		if (!snapshot->time || task->head.time < snapshot->time)
			snapshot->time = task->head.time;
		if (task->head.time > last)
			last = task->head.time;
		if (!snapshot_task(snapshot, task->block.holder))
			task->block.holder = 0;
	}
	snapshot->duration_ns = last - snapshot->time;
	return 0;
}

#define KEEP(vector, wanted, context)                                                              \
	do {                                                                                       \
		size_t kept = 0;                                                                   \
                                                                                                   \
		for (size_t i = 0; i < (vector)->count; i++)                                       \
			if (wanted(&(vector)->items[i].head, context))                             \
				(vector)->items[kept++] = (vector)->items[i];                      \
		(vector)->count = kept;                                                            \
	} while (0)

int snapshot_choose(struct snapshot *snapshot,
		    bool (*wanted)(const struct pl_pcb_head *head, void *context), void *context)
{
	const struct pl_pcb_task *task;

	snapshot->hidden.count = 0;
	vector_for_each (&snapshot->tasks, task) {
		bool *hidden = vector_add(&snapshot->hidden);

		if (!hidden)
			return -ENOMEM;
		*hidden = !wanted(&task->head, context);
	}
	KEEP(&snapshot->files, wanted, context);
	KEEP(&snapshot->areas, wanted, context);
	KEEP(&snapshot->stacks, wanted, context);
	return 0;
}

bool snapshot_hides(const struct snapshot *snapshot, const struct pl_pcb_task *task)
{
	size_t index = (size_t)(task - snapshot->tasks.items);

	return index < snapshot->hidden.count && snapshot->hidden.items[index];
}

size_t snapshot_shown(const struct snapshot *snapshot)
{
	const struct pl_pcb_task *task;
	size_t count = 0;

	snapshot_for_each(snapshot, task) count++;
	return count;
}

void snapshot_free(struct snapshot *snapshot)
{
	vector_free(&snapshot->tasks);
	vector_free(&snapshot->files);
	vector_free(&snapshot->areas);
	vector_free(&snapshot->stacks);
	vector_free(&snapshot->frames);
	vector_free(&snapshot->by_tid);
	vector_free(&snapshot->hidden);
}

struct snapshot_range snapshot_frames(const struct snapshot *snapshot, uint32_t tid, bool is_kernel)
{
	struct snapshot_range range = {0, 0};
	const struct pcb_frame *frame;

	vector_for_each (&snapshot->frames, frame) {
		if (frame->tid != tid || frame->is_kernel != is_kernel)
			continue;
		if (range.begin == range.end)
			range.begin = (size_t)(frame - snapshot->frames.items);
		range.end = (size_t)(frame - snapshot->frames.items) + 1;
	}
	return range;
}

/* ---- finding ------------------------------------------------------------------------------- */

/* The first of `count` records of `size` bytes, sorted by process, that is not before `tgid`. */
static size_t first_of(const void *items, size_t count, size_t size, uint64_t tgid)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pl_pcb_head *head =
			(const void *)((const char *)items + middle * size);

		if (head->tgid < tgid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#define RANGE(vector, tgid)                                                                        \
	((struct snapshot_range){                                                                  \
		first_of((vector)->items, (vector)->count, sizeof(*(vector)->items), (tgid)),      \
		first_of((vector)->items, (vector)->count, sizeof(*(vector)->items),               \
			 (uint64_t)(tgid) + 1)})

struct snapshot_range snapshot_threads(const struct snapshot *snapshot, uint32_t tgid)
{
	return RANGE(&snapshot->tasks, tgid);
}

struct snapshot_range snapshot_files(const struct snapshot *snapshot, uint32_t tgid)
{
	return RANGE(&snapshot->files, tgid);
}

struct snapshot_range snapshot_areas(const struct snapshot *snapshot, uint32_t tgid)
{
	return RANGE(&snapshot->areas, tgid);
}

const struct pl_pcb_task *snapshot_task(const struct snapshot *snapshot, uint32_t tid)
{
	size_t low = 0, high = snapshot->by_tid.count;

	while (tid && low < high) {
		size_t middle = low + (high - low) / 2;
		const struct pl_pcb_task *task =
			&snapshot->tasks.items[snapshot->by_tid.items[middle]];

		if (task->head.tid == tid)
			return task;
		if (task->head.tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- one task ------------------------------------------------------------------------------ */

enum pcb_state pcb_state(const struct pl_pcb_task *task)
{
	uint32_t state = task->state;

	if (task->exit_state & EXIT_ZOMBIE_STATE)
		return PCB_ZOMBIE;
	if (task->exit_state & EXIT_DEAD_STATE || state & TASK_DEAD)
		return PCB_DEAD;
	if (task->flags & PL_PCB_ON_CPU)
		return PCB_RUNNING;
	if (!state)
		return PCB_READY;
	if (state & TASK_STOPPED)
		return PCB_STOPPED;
	if (state & TASK_TRACED)
		return PCB_TRACED;
	if (state & TASK_NOLOAD && state & TASK_UNINTERRUPTIBLE && pcb_is_kernel(task))
		return PCB_IDLE;
	return PCB_BLOCKED;
}

const char *pcb_state_name(enum pcb_state state)
{
	static const char *const names[PCB_STATES] = {
		"running", "ready", "blocked", "stopped", "traced", "zombie", "dead", "idle",
	};

	return state < PCB_STATES ? names[state] : "?";
}

bool pcb_is_leader(const struct pl_pcb_task *task)
{
	return task->head.tid == task->head.tgid;
}

bool pcb_is_kernel(const struct pl_pcb_task *task)
{
	return task->flags & PL_PCB_KERNEL;
}

enum reason pcb_reason(const struct pl_pcb_task *task, const char *arch)
{
	if (pcb_state(task) != PCB_BLOCKED)
		return REASON_NONE;
	return reason_of(arch, &task->block, task->state, task->flags & PL_PCB_IOWAIT,
			 pcb_is_kernel(task));
}

int pcb_nice(const struct pl_pcb_task *task)
{
	return task->static_prio - NICE_ZERO;
}

bool pcb_is_realtime(const struct pl_pcb_task *task)
{
	return task->policy == POLICY_FIFO || task->policy == POLICY_RR ||
	       task->policy == POLICY_DEADLINE;
}

uint64_t pcb_resident(const struct pl_pcb_task *task)
{
	return task->resident[PL_RSS_FILE] + task->resident[PL_RSS_ANON] +
	       task->resident[PL_RSS_SHMEM];
}

/* The kernel side met the names from the last to the first, each with its end. */
const char *pcb_cgroup(const struct pl_pcb_task *task, char *out, size_t size)
{
	const char *names[PL_PCB_CGROUP], *at = task->cgroup_path;
	const char *end = at + sizeof(task->cgroup_path);
	size_t count = 0, used = 0;

	while (at < end && *at) {
		names[count++] = at;
		at += strnlen(at, (size_t)(end - at)) + 1;
	}
	out[0] = '\0';
	while (count-- > 0 && used + strlen(names[count]) + 2 < size) {
		out[used++] = '/';
		memcpy(out + used, names[count], strlen(names[count]) + 1);
		used += strlen(names[count]);
	}
	if (!used && size > 1)
		memcpy(out, "/", 2);
	return out;
}
