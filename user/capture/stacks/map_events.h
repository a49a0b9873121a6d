/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map_events.h - who maps code, or turns into another program, as the kernel tells it
 *
 * The records that profilers get beside their samples: nothing in the target's way costs more for
 * them, and they tell of processes that are gone when we come to look. Births and ends are told by
 * our own life records: the kernel's would come for each thread.
 */
#ifndef CAPTURE_MAP_EVENTS_H
#define CAPTURE_MAP_EVENTS_H

#include <limits.h>
#include <stdint.h>

enum map_event_kind {
	MAP_EVENT_FORK = 1, /* `pid` is a new process of `parent` */
	MAP_EVENT_EXEC = 2, /* all that it had mapped is gone */
	MAP_EVENT_MAP = 3,
	MAP_EVENT_EXIT = 4,
	MAP_EVENT_LOST = 5, /* there was no room for some */
};

struct map_event {
	uint64_t time;
	enum map_event_kind kind;
	uint32_t pid;
	uint32_t parent;
	/* MAP */
	uint64_t begin, end, offset;
	uint64_t device, inode;
	char *path; /* valid during the call */
};

struct map_events;
typedef void map_event_fn(void *context, const struct map_event *event);

/* 0 or -errno. */
int map_events_open(struct map_events **ret);
void map_events_close(struct map_events **events);
/* Adds its descriptors to an epoll set, which is then readable when they are half full. */
int map_events_watch(struct map_events *events, int epoll_fd);
/* One that is known from elsewhere; without a path. */
void map_events_add(struct map_events *events, const struct map_event *event);
/* Tells all there is, in order of time. */
void map_events_read(struct map_events *events, map_event_fn *tell, void *context);

#endif
