// SPDX-License-Identifier: GPL-2.0-only
/* kernel_side_bases.c - how every thread stands in the midst of a capture (bpf/checkpoint.h) */
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "capture/kernel_side_inside.h"

#define READ_BASES 256

static int add_bases(base_vector *bases, const struct pl_base *read, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pl_base *base = vector_add(bases);

		if (!base)
			return -ENOMEM;
		*base = read[i];
	}
	return 0;
}

/* A read may end in the midst of a record: its begin is kept for the next. */
static int read_bases(int fd, base_vector *bases)
{
	CLEANUP_FREE struct pl_base *read_buffer = calloc(READ_BASES, sizeof(*read_buffer));
	size_t filled = 0, whole;
	int error = read_buffer ? 0 : -ENOMEM;

	while (!error) {
		ssize_t got = read(fd, (char *)read_buffer + filled,
				   READ_BASES * sizeof(*read_buffer) - filled);

		if (!got)
			return filled ? -EBADMSG : 0;
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		filled += (size_t)got;
		whole = filled / sizeof(*read_buffer);
		error = add_bases(bases, read_buffer, whole);
		filled -= whole * sizeof(*read_buffer);
		memmove(read_buffer, read_buffer + whole, filled);
	}
	return error;
}

static int run_checkpoint(struct kernel_side *side, base_vector *bases)
{
	struct bpf_link *link = bpf_program__attach_iter(side->skeleton->progs.checkpoint, NULL);
	int fd, error;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	error = fd < 0 ? -errno : read_bases(fd, bases);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return error;
}

static int by_tid(const void *a, const void *b)
{
	const struct pl_base *one = a, *two = b;

	return (one->task.head.tid > two->task.head.tid) -
	       (one->task.head.tid < two->task.head.tid);
}

/* Whose process is this? Its first thread comes first. */
static int by_process(const void *a, const void *b)
{
	const struct pl_life_head *one = &((const struct pl_base *)a)->task.head;
	const struct pl_life_head *two = &((const struct pl_base *)b)->task.head;

	if (one->tgid != two->tgid)
		return one->tgid < two->tgid ? -1 : 1;
	if ((one->tid == one->tgid) != (two->tid == two->tgid))
		return one->tid == one->tgid ? -1 : 1;
	return by_tid(a, b);
}

static void copy_slot(struct pl_base *base, const struct pl_slot *slot)
{
	const volatile struct pl_slot *now = slot;
	uint8_t sequence;

	/* A switch takes less than a microsecond. */
	for (int i = 0; i < 1000; i++) {
		sequence = now->sequence;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		base->totals = slot->totals;
		base->task.head.time = now->last;
		base->woken = now->woken;
		base->waker = now->waker;
		base->waker_cpu = now->waker_cpu;
		base->waker_context = now->waker_context;
		base->state = now->state;
		base->cpu = now->cpu;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(sequence & 1) && now->sequence == sequence)
			break;
		sched_yield();
	}
}

/* Threads on their way out are in no list of tasks any more, and may still be seen to switch. */
static int add_unlisted(struct kernel_side *side, base_vector *bases)
{
	size_t listed = bases->count;
	const struct pl_slot *slot;

	if (listed)
		qsort(bases->items, listed, sizeof(*bases->items), by_tid);
	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		struct pl_base key = {.task.head.tid = slot->tid}, *base;

		if (!__atomic_load_n(&slot->task, __ATOMIC_ACQUIRE) ||
		    (listed && bsearch(&key, bases->items, listed, sizeof(key), by_tid)))
			continue;
		base = vector_add(bases);
		if (!base)
			return -ENOMEM;
		base->task.head = (struct pl_life_head){.tid = slot->tid,
							.tgid = slot->tgid,
							.kind = PL_LIFE_TASK,
							.size = sizeof(base->task)};
		base->unsure = 1; /* the kernel's own counters are not known */
		copy_slot(base, slot);
	}
	return 0;
}

int kernel_side_checkpoint(struct kernel_side *side, base_vector *ret)
{
	base_vector bases = {0};
	int error = run_checkpoint(side, &bases);

	if (!error)
		error = add_unlisted(side, &bases);
	if (error) {
		vector_free(&bases);
		return error;
	}
	if (bases.count)
		qsort(bases.items, bases.count, sizeof(*bases.items), by_process);
	ret->items = bases.items;
	ret->count = bases.count;
	ret->capacity = bases.capacity;
	return 0;
}

void kernel_side_arm_triggers(struct kernel_side *side)
{
	__atomic_store_n(&side->skeleton->bss->control.trigger_armed, 1, __ATOMIC_RELAXED);
}

bool kernel_side_triggers_armed(const struct kernel_side *side)
{
	return __atomic_load_n(&side->skeleton->bss->control.trigger_armed, __ATOMIC_RELAXED);
}

bool kernel_side_disarm_triggers(struct kernel_side *side)
{
	return __atomic_exchange_n(&side->skeleton->bss->control.trigger_armed, 0,
				   __ATOMIC_RELAXED);
}

struct pl_wait_told *kernel_side_wait_told(struct kernel_side *side, uint32_t slot)
{
	return side->waits_told && slot < SLOTS ? &side->waits_told[slot] : NULL;
}
