// SPDX-License-Identifier: GPL-2.0-only
/* fit.c - sums that are exact: to the nanosecond what the model says */
#include <errno.h>
#include <stdlib.h>

#include "model/stacks/inside.h"

static uint64_t expected_in(const struct thread *thread, enum tree_kind kind, enum state state)
{
	const struct reason_total *reason;
	uint64_t sum = 0;

	switch (kind) {
	case TREE_ON_CPU:
		return state == STATE_RUNNING ? thread->state_ns[state] : 0;
	case TREE_OFF_CPU:
	case TREE_WAKEUP:
		return state == STATE_BLOCKED || state == STATE_STOPPED ? thread->state_ns[state]
									: 0;
	case TREE_WALL:
		return thread->state_ns[state];
	case TREE_RUN_QUEUE:
		return state == STATE_READY_WOKEN || state == STATE_READY_PREEMPTED
			       ? thread->state_ns[state]
			       : 0;
	case TREE_SWITCHES:
		return state == STATE_RUNNING
			       ? (uint64_t)thread->switches_voluntary + thread->switches_involuntary
			       : 0;
	default:
		break;
	}
	if (state != STATE_BLOCKED)
		return 0;
	vector_for_each (&thread->reasons, reason) {
		if (reason_is_lock(reason->reason))
			sum += reason->total_ns;
	}
	return sum;
}

uint64_t tree_expected(const struct model *model, const struct thread *thread, enum tree_kind kind)
{
	uint64_t sum = 0;

	for (int state = 0; state < STATE_COUNT; state++)
		sum += expected_in(thread, kind, state);
	return sum;
}

/* The weights of one thread, once they are sorted. */
struct part {
	struct tree_weight *first;
	size_t count;
};

/* Makes those of one state smaller, each by the same share. */
static void shrink(const struct part *part, enum state state, uint64_t sum, uint64_t expected)
{
	uint64_t left = expected;

	for (size_t i = 0; i < part->count; i++) {
		struct tree_weight *weight = &part->first[i];

		if (weight->state != state)
			continue;
		weight->weight = (unsigned __int128)weight->weight * expected / sum;
		left -= weight->weight;
	}
	/* What rounding left over: less than one for each. */
	for (size_t i = 0; i < part->count && left; i++) {
		if (part->first[i].state != state)
			continue;
		part->first[i].weight++;
		left--;
	}
}

static uint32_t rest_node(struct feed *feed, uint32_t thread, enum state state, uint64_t rest)
{
	uint32_t node = feed_node_of_thread(feed, thread);
	bool ended = !feed->model->threads.items[thread].alive_at_end;

	if (feed->tree->kind == TREE_SWITCHES)
		return feed_child(feed, node, ended && rest == 1 ? "[ended]" : "[lost]",
				  NODE_MARKER);
	if (state != STATE_RUNNING)
		return feed_child(feed, node, "[lost]", NODE_MARKER);
	/* Between two strokes of the sampling clock nobody knows where it was. */
	if (feed->has_samples)
		node = feed_child(feed, node, "[no sample]", NODE_MARKER);
	else if (feed->tree->has_stacks)
		node = feed_child(feed, node, "[no stack]", NODE_MARKER);
	return feed_state(feed, node, NODE_RUNNING, "running", "");
}

/* What the kernel side's own account says is exact even where records were lost, and running time
 * is known much more exactly than samples tell. */
static void fit_state(struct feed *feed, uint32_t thread, enum state state, const struct part *part,
		      struct tree_weight *ret_rest)
{
	const struct thread *it = &feed->model->threads.items[thread];
	uint64_t expected = expected_in(it, feed->tree->kind, state), sum = 0;

	if (feed->is_filtered) {
		if (state != STATE_RUNNING || !feed_shows_running(feed))
			return;
		expected = feed->threads[thread].running_ns;
	}
	for (size_t i = 0; i < part->count; i++)
		sum += part->first[i].state == state ? part->first[i].weight : 0;
	if (sum > expected)
		shrink(part, state, sum, expected);
	else if (sum < expected)
		*ret_rest = (struct tree_weight){
			.thread = thread,
			.node = rest_node(feed, thread, state, expected - sum),
			.state = state,
			.weight = expected - sum,
		};
}

static int compare_threads(const void *a, const void *b)
{
	const struct tree_weight *one = a, *two = b;

	return one->thread < two->thread ? -1 : one->thread > two->thread;
}

int feed_fit(struct feed *feed)
{
	size_t at = 0, count = feed->weights.count;

	if (count)
		qsort(feed->weights.items, count, sizeof(struct tree_weight), compare_threads);
	for (uint32_t i = 0; i < feed->model->threads.count; i++) {
		struct tree_weight rest[STATE_COUNT] = {0};
		struct part part = {.first = feed->weights.items + at};

		for (; at < count && feed->weights.items[at].thread == i; at++)
			part.count++;
		for (int state = 0; state < STATE_COUNT && feed->threads[i].is_wanted; state++)
			fit_state(feed, i, state, &part, &rest[state]);
		for (int state = 0; state < STATE_COUNT; state++) {
			struct tree_weight *weight;

			if (!rest[state].weight)
				continue;
			weight = vector_add(&feed->weights);
			if (!weight)
				return -ENOMEM;
			*weight = rest[state];
		}
	}
	return feed->error;
}
