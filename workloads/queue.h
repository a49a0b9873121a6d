/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.h - a queue between processes, in shared memory
 *
 * Who finds it full or empty waits on a condition. It is closed by putting QUEUE_STOP behind the
 * last item.
 */
#ifndef WORKLOADS_QUEUE_H
#define WORKLOADS_QUEUE_H

#include "workloads/child.h"

#define QUEUE_ROOM 16
#define QUEUE_STOP UINT64_MAX /* never an item */

struct queue {
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t has_item, has_room;
	uint64_t items[QUEUE_ROOM];
	uint64_t put, got; /* how many, ever */
};

static inline void queue_check(int error)
{
	/* EOWNERDEAD, too: who died with the mutex may have left the queue in disorder. */
	if (error)
		scenario_fail(error, "the queue cannot be used");
}

static inline struct queue *queue_new(void)
{
	struct queue *queue = child_shared_memory(sizeof(*queue));
	pthread_mutexattr_t for_mutex;
	pthread_condattr_t for_condition;

	queue_check(pthread_mutexattr_init(&for_mutex));
	queue_check(pthread_mutexattr_setpshared(&for_mutex, PTHREAD_PROCESS_SHARED));
	queue_check(pthread_mutexattr_setrobust(&for_mutex, PTHREAD_MUTEX_ROBUST));
	queue_check(pthread_mutex_init(&queue->mutex, &for_mutex));
	pthread_mutexattr_destroy(&for_mutex);
	queue_check(pthread_condattr_init(&for_condition));
	queue_check(pthread_condattr_setpshared(&for_condition, PTHREAD_PROCESS_SHARED));
	queue_check(pthread_cond_init(&queue->has_item, &for_condition));
	queue_check(pthread_cond_init(&queue->has_room, &for_condition));
	pthread_condattr_destroy(&for_condition);
	scenario_fact_address("queue_mutex_address", &queue->mutex);
	scenario_fact_address("queue_has_item_address", &queue->has_item);
	scenario_fact_address("queue_has_room_address", &queue->has_room);
	return queue;
}

static inline void queue_free(struct queue *queue)
{
	munmap(queue, sizeof(*queue));
}

static inline void queue_put(struct queue *queue, uint64_t item)
{
	queue_check(pthread_mutex_lock(&queue->mutex));
	while (queue->put - queue->got == QUEUE_ROOM)
		queue_check(pthread_cond_wait(&queue->has_room, &queue->mutex));
	queue->items[queue->put++ % QUEUE_ROOM] = item;
	queue_check(pthread_mutex_unlock(&queue->mutex));
	queue_check(pthread_cond_signal(&queue->has_item));
}

static inline uint64_t queue_get(struct queue *queue)
{
	uint64_t item;

	queue_check(pthread_mutex_lock(&queue->mutex));
	while (queue->put == queue->got)
		queue_check(pthread_cond_wait(&queue->has_item, &queue->mutex));
	item = queue->items[queue->got++ % QUEUE_ROOM];
	queue_check(pthread_mutex_unlock(&queue->mutex));
	queue_check(pthread_cond_signal(&queue->has_room));
	return item;
}

#endif
