/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_queue.h - a queue between threads, with room for all that will ever be put into it
 *
 * Each item is taken by one thread, whichever comes first; who finds none waits on a condition.
 */
#ifndef WORKLOADS_JOB_QUEUE_H
#define WORKLOADS_JOB_QUEUE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/scenario.h"

struct job {
	uint64_t number;
	uint64_t result;
	unsigned int worker;
	bool stop; /* no job: whoever takes it is to end */
};

struct job_queue {
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t has_job;
	struct job *jobs;
	size_t room, put, got;
};

static inline void job_queue_check(int error)
{
	if (error)
		scenario_fail(error, "the queue cannot be used");
}

/* Under `name` the tracer knows its lock and its condition. */
static inline void job_queue_init(struct job_queue *queue, size_t room, const char *name)
{
	char fact[64];

	*queue = (struct job_queue){.room = room, .jobs = calloc(room, sizeof(struct job))};
	if (!queue->jobs)
		scenario_fail(errno, "no memory for the queue");
	job_queue_check(pthread_mutex_init(&queue->mutex, NULL));
	job_queue_check(pthread_cond_init(&queue->has_job, NULL));
	snprintf(fact, sizeof(fact), "%s_lock_address", name);
	scenario_fact_address(fact, &queue->mutex);
	snprintf(fact, sizeof(fact), "%s_condition_address", name);
	scenario_fact_address(fact, &queue->has_job);
}

static inline void job_queue_destroy(struct job_queue *queue)
{
	pthread_cond_destroy(&queue->has_job);
	pthread_mutex_destroy(&queue->mutex);
	free(queue->jobs);
}

static inline void job_queue_put(struct job_queue *queue, struct job job)
{
	job_queue_check(pthread_mutex_lock(&queue->mutex));
	if (queue->put == queue->room)
		scenario_fail(0, "the queue is full");
	queue->jobs[queue->put++] = job;
	job_queue_check(pthread_mutex_unlock(&queue->mutex));
	job_queue_check(pthread_cond_signal(&queue->has_job));
}

static inline struct job job_queue_take(struct job_queue *queue)
{
	struct job job;

	job_queue_check(pthread_mutex_lock(&queue->mutex));
	while (queue->got == queue->put)
		job_queue_check(pthread_cond_wait(&queue->has_job, &queue->mutex));
	job = queue->jobs[queue->got++];
	job_queue_check(pthread_mutex_unlock(&queue->mutex));
	return job;
}

#endif
