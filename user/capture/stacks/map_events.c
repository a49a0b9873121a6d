// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/map_events.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/vector.h"

#define RING_BYTES (64u << 10) /* a power of two: some 500 mappings */
#define RECORD_MAX 65536u      /* their size is a u16 */
#define TAIL_BYTES 16u	       /* behind each record: pid, tid, time */

struct ring {
	int fd;
	void *memory; /* a page, and the ring */
};

struct map_events {
	unsigned int count;
	struct ring *rings;
	size_t page;
	VECTOR(struct map_event) pending;
	uint8_t record[RECORD_MAX]; /* one that goes around the ring's end */
};

struct record_map {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t begin, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[];
};

struct record_name {
	struct perf_event_header header;
	uint32_t pid, tid;
};

static int open_ring(struct map_events *events, unsigned int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.watermark = 1,
		/* Whoever reads it looks in often enough: each thread that begins or ends makes a
		 * record too, which should not wake it. */
		.wakeup_watermark = RING_BYTES / 2,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	struct ring *ring = &events->rings[cpu];
	void *memory;

	ring->fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0)
		return errno == ENODEV ? 0 : -errno; /* a CPU that is off line */
	memory = mmap(NULL, events->page + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		      0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->memory = memory;
	return 0;
}

int map_events_open(struct map_events **ret)
{
	struct map_events *events = calloc(1, sizeof(*events));
	int error = 0;

	if (!events)
		return -ENOMEM;
	events->page = sysconf(_SC_PAGESIZE);
	events->count = libbpf_num_possible_cpus();
	events->rings = calloc(events->count, sizeof(*events->rings));
	if (!events->rings) {
		free(events);
		return -ENOMEM;
	}
	for (unsigned int cpu = 0; cpu < events->count; cpu++)
		events->rings[cpu].fd = -1;
	for (unsigned int cpu = 0; !error && cpu < events->count; cpu++)
		error = open_ring(events, cpu);
	if (error)
		map_events_close(&events);
	else
		*ret = events;
	return error;
}

void map_events_close(struct map_events **slot)
{
	struct map_events *events = *slot;

	if (!events)
		return;
	for (unsigned int cpu = 0; cpu < events->count; cpu++) {
		if (events->rings[cpu].memory)
			munmap(events->rings[cpu].memory, events->page + RING_BYTES);
		if (events->rings[cpu].fd >= 0)
			close(events->rings[cpu].fd);
	}
	vector_free(&events->pending);
	free(events->rings);
	free(events);
	*slot = NULL;
}

int map_events_watch(struct map_events *events, int epoll_fd)
{
	/* libbpf numbers its rings from 0 in the same set; nobody asks it which one it was. */
	struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = 0};

	for (unsigned int cpu = 0; cpu < events->count; cpu++)
		if (events->rings[cpu].fd >= 0 &&
		    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, events->rings[cpu].fd, &wanted))
			return -errno;
	return 0;
}

/* Of the tail that follows every record. */
static uint64_t time_of(const struct perf_event_header *header)
{
	uint64_t time;

	memcpy(&time, (const uint8_t *)header + header->size - sizeof(time), sizeof(time));
	return time;
}

static bool take_map(const struct perf_event_header *header, struct map_event *event)
{
	const struct record_map *map = (const void *)header;

	if (header->size < sizeof(*map) + TAIL_BYTES || header->misc & PERF_RECORD_MISC_MMAP_DATA)
		return false;
	event->kind = MAP_EVENT_MAP;
	event->pid = map->pid;
	event->begin = map->begin;
	event->end = map->begin + map->length;
	event->offset = map->offset;
	event->device = makedev(map->major, map->minor);
	event->inode = map->inode;
	event->path = strndup(map->path, header->size - sizeof(*map) - TAIL_BYTES);
	return event->path && event->end > event->begin;
}

static bool take_record(const struct perf_event_header *header, struct map_event *event)
{
	const struct record_name *name = (const void *)header;

	event->time = time_of(header);
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		return take_map(header, event);
	case PERF_RECORD_COMM:
		event->kind = MAP_EVENT_EXEC;
		event->pid = name->pid;
		return header->misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_LOST:
		event->kind = MAP_EVENT_LOST;
		return true;
	}
	return false;
}

static void keep_record(struct map_events *events, const struct perf_event_header *header)
{
	struct map_event event = {0}, *kept;

	if (header->size < sizeof(struct record_name) + TAIL_BYTES ||
	    !take_record(header, &event)) {
		free(event.path);
		return;
	}
	kept = vector_add(&events->pending);
	if (kept)
		*kept = event;
	else
		free(event.path);
}

static void read_ring(struct map_events *events, const struct ring *ring)
{
	struct perf_event_mmap_page *page = ring->memory;
	const uint8_t *data = (const uint8_t *)ring->memory + events->page;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE), tail = page->data_tail;

	while (tail < head) {
		struct perf_event_header header;
		uint64_t at = tail % RING_BYTES;

		/* Records are multiples of 8 long, so that their header lies in one piece. */
		memcpy(&header, data + at, sizeof(header));
		if (header.size < sizeof(header))
			break;
		if (at + header.size <= RING_BYTES) {
			memcpy(events->record, data + at, header.size);
		} else {
			size_t first = RING_BYTES - at;

			memcpy(events->record, data + at, first);
			memcpy(events->record + first, data, header.size - first);
		}
		keep_record(events, (const void *)events->record);
		tail += header.size;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

static int by_time(const void *left, const void *right)
{
	const struct map_event *a = left, *b = right;

	return a->time < b->time ? -1 : a->time > b->time;
}

void map_events_add(struct map_events *events, const struct map_event *event)
{
	struct map_event *kept = vector_add(&events->pending);

	if (kept)
		*kept = *event;
}

void map_events_read(struct map_events *events, map_event_fn *tell, void *context)
{
	struct map_event *event;

	for (unsigned int cpu = 0; cpu < events->count; cpu++)
		if (events->rings[cpu].memory)
			read_ring(events, &events->rings[cpu]);
	if (events->pending.count > 1)
		qsort(events->pending.items, events->pending.count, sizeof(*event), by_time);
	vector_for_each (&events->pending, event) {
		tell(context, event);
		free(event->path);
	}
	events->pending.count = 0;
}
