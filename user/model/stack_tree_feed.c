// SPDX-License-Identifier: GPL-2.0-only
/* stack_tree_feed.c - from the intervals of a recording to the weights of a tree */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/lock_label.h"
#include "model/lock_map.h"
#include "model/stack_tree.h"
#include "model/timeline.h"
#include "recording/recording.h"
#include "recording/stacks.h"

struct feed_thread {
	uint32_t node; /* where its stacks begin; 0: not yet, or not wanted */
	bool is_wanted;
	uint32_t stack, kernel_stack; /* with which it blocked last */
	uint64_t running_ns;	      /* within the wanted time */
};

/* Which node of the tree a node of the recording is below some other, or which weight. */
struct known {
	uint64_t key;
	uint32_t value; /* 0: free */
};

struct known_table {
	struct known *slots;
	size_t size, count;
};

#define UNKNOWN_LOCK (UINT32_MAX - 2)

struct feed {
	struct stack_tree *tree;
	struct recording *recording;
	const struct model *model;
	const struct tree_options *options;
	struct timeline *timeline;
	uint64_t begin, end;
	bool is_filtered; /* then the sums are not the model's */
	bool has_samples;
	struct feed_thread *threads;
	struct known_table nodes, weight_index;
	struct lock_map locks; /* index of the model's, or UNKNOWN_LOCK */
	VECTOR(struct tree_weight) weights;
	int error;
};

/* ---- small things ---------------------------------------------------------------------------- */

bool reason_is_lock(enum reason reason)
{
	return reason == REASON_LOCK || reason == REASON_RWLOCK || reason == REASON_SEMAPHORE ||
	       reason == REASON_FILE_LOCK || reason == REASON_MEMORY || reason == REASON_GIL;
}

static struct known *known_slot(struct known_table *table, uint64_t key)
{
	size_t at = (key * 0x9e3779b97f4a7c15u >> 20) & (table->size - 1);

	while (table->slots[at].value && table->slots[at].key != key)
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

/* Never NULL unless memory is out: where the key is, or where it goes. */
static struct known *known_find(struct known_table *table, uint64_t key)
{
	struct known_table grown = {.size = table->size ? table->size * 2 : 256};

	if ((table->count + 1) * 2 > table->size) {
		grown.slots = calloc(grown.size, sizeof(*grown.slots));
		if (!grown.slots)
			return NULL;
		grown.count = table->count;
		for (size_t i = 0; i < table->size; i++) {
			if (table->slots[i].value)
				*known_slot(&grown, table->slots[i].key) = table->slots[i];
		}
		free(table->slots);
		*table = grown;
	}
	return known_slot(table, key);
}

static bool known_add(struct known_table *table, struct known *slot, uint64_t key, uint32_t value)
{
	if (!slot || !value)
		return false;
	slot->key = key;
	slot->value = value;
	table->count++;
	return true;
}

static uint32_t child(struct feed *feed, uint32_t parent, const char *label, enum node_kind kind)
{
	uint32_t node = stack_tree_child(feed->tree, parent, label, kind, 0);

	if (!node)
		feed->error = -ENOMEM;
	return node;
}

/* ---- threads --------------------------------------------------------------------------------- */

static bool is_wanted(const struct tree_options *options, const struct thread *thread)
{
	char tid[16];

	if (!options->thread)
		return true;
	snprintf(tid, sizeof(tid), "%u", thread->tid);
	return !strcmp(options->thread, tid) || !fnmatch(options->thread, thread->name, 0);
}

static uint32_t node_of_thread(struct feed *feed, uint32_t index)
{
	const struct thread *thread = &feed->model->threads.items[index];
	const struct process *process = &feed->model->processes.items[thread->process];
	char name[64];
	uint32_t node;

	if (feed->threads[index].node)
		return feed->threads[index].node;
	if (feed->options->tids)
		snprintf(name, sizeof(name), "%s %u", process->name, process->tgid);
	else
		snprintf(name, sizeof(name), "%s", process->name);
	node = child(feed, 0, *name ? name : "?", NODE_PROCESS);
	if (feed->options->tids)
		snprintf(name, sizeof(name), "%s %u", thread->name, thread->tid);
	else
		snprintf(name, sizeof(name), "%s", thread->name);
	feed->threads[index].node = child(feed, node, *name ? name : "?", NODE_THREAD);
	return feed->threads[index].node;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static enum node_kind kind_of(const struct recording_frame *frame)
{
	switch (frame->kind) {
	case FRAME_KERNEL:
		return NODE_KERNEL;
	case FRAME_JIT:
		return NODE_JIT;
	case FRAME_PYTHON:
		return NODE_PYTHON;
	case FRAME_MARKER:
		return NODE_MARKER;
	default:
		return frame->outer ? NODE_INLINED : NODE_NATIVE;
	}
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static uint32_t add_frame(struct feed *feed, uint32_t parent, const struct recording_frame *frame)
{
	struct recording_module module = {.path = ""};
	struct stack_tree *tree = feed->tree;
	const char *label = frame->function;
	char address[256];
	size_t before;
	uint32_t node;

	recording_module(feed->recording, frame->module, &module);
	if (!*label) {
		snprintf(address, sizeof(address), "%.200s+0x%" PRIx64, base_of(module.path),
			 frame->address);
		label = address;
	}
	before = tree->nodes.count;
	node = stack_tree_child(tree, parent, label, kind_of(frame),
				feed->options->lines ? frame->line : 0);
	if (!node) {
		feed->error = -ENOMEM;
		return 0;
	}
	if (tree->nodes.count > before) {
		uint32_t file = stack_tree_intern(tree, frame->file);
		uint32_t path = stack_tree_intern(tree, module.path);

		tree->nodes.items[node].file = file;
		tree->nodes.items[node].module = path;
		tree->nodes.items[node].line = frame->line;
	}
	return node;
}

/* A frame of a stack: with the functions that were put into it, outermost first. */
static uint32_t add_frames(struct feed *feed, uint32_t parent, uint32_t id)
{
	struct recording_frame chain[32];
	size_t count = 0;

	while (id && count < 32 && recording_frame(feed->recording, id, &chain[count]))
		id = chain[count++].outer;
	for (size_t i = count; i-- > 0 && parent;) {
		parent = add_frame(feed, parent, &chain[i]);
		if (feed->options->no_inlines)
			break;
	}
	return parent;
}

/* The node of a stack's leaf below `base`; `base` itself for a stack that is not there. */
static uint32_t add_stack(struct feed *feed, uint32_t base, uint32_t id)
{
	uint32_t path[STACK_DEPTH_MAX], count = 0;
	struct recording_stack stack;
	char label[128];

	if (!recording_stack(feed->recording, id, &stack))
		return base;
	if (stack.stop != STOP_ROOT) {
		snprintf(label, sizeof(label), "[cut off: %s]", stack_stop_text(stack.stop));
		base = child(feed, base, label, NODE_MARKER);
	}
	for (uint32_t node = stack.leaf; node && count < STACK_DEPTH_MAX;) {
		path[count++] = node;
		if (!recording_stack_frame(feed->recording, node, &node))
			break;
	}
	for (uint32_t node = base; count-- > 0 && node; base = node) {
		uint64_t key = (uint64_t)(base + 1) << 32 | path[count];
		struct known *known = known_find(&feed->nodes, key);
		uint32_t unused;

		/* The same nodes of the recording lead to the same ones here, whatever the leaf. */
		if (known && known->value) {
			node = known->value;
			continue;
		}
		node = add_frames(feed, base,
				  recording_stack_frame(feed->recording, path[count], &unused));
		if (!known_add(&feed->nodes, known_find(&feed->nodes, key), key, node))
			feed->error = -ENOMEM;
	}
	return base;
}

/* Below a thread (or whatever has the stack): user frames, then the kernel's. */
static uint32_t add_place(struct feed *feed, uint32_t base, uint32_t stack, uint32_t kernel_stack)
{
	struct recording_stack unused;

	if (!feed->tree->has_stacks)
		return base;
	if (!recording_stack(feed->recording, stack, &unused) &&
	    !recording_stack(feed->recording, kernel_stack, &unused))
		return child(feed, base, "[no stack]", NODE_MARKER);
	return add_stack(feed, add_stack(feed, base, stack), kernel_stack);
}

/* ---- weights --------------------------------------------------------------------------------- */

static void weigh(struct feed *feed, uint32_t thread, uint32_t node, enum state state,
		  uint64_t weight)
{
	/* Threads and nodes have less than 2^30 each: there would be no memory for them. */
	uint64_t key = (uint64_t)thread << 34 | (uint64_t)node << 3 | state;
	struct known *known = known_find(&feed->weight_index, key);
	struct tree_weight *it;

	if (!weight || feed->error)
		return;
	if (known && known->value) {
		feed->weights.items[known->value - 1].weight += weight;
		return;
	}
	it = vector_add(&feed->weights);
	if (!it || !known_add(&feed->weight_index, known, key, feed->weights.count)) {
		feed->error = -ENOMEM;
		return;
	}
	*it = (struct tree_weight){thread, node, state, weight};
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void reason_text(const struct feed *feed, const struct interval *interval, char *out,
			size_t size)
{
	const char *call = NULL;

	if (interval->reason == REASON_SYSCALL)
		call = syscall_name(feed->model->arch, interval->syscall);
	snprintf(out, size, "%s", call ? call : reason_name(interval->reason));
}

static bool reason_is_wanted(const struct feed *feed, const struct interval *interval)
{
	char text[64];

	if (!feed->options->reason)
		return true;
	reason_text(feed, interval, text, sizeof(text));
	return !strcmp(feed->options->reason, text);
}

/* What a thread did at a place. With stacks it is the leaf; without, state and cause are parted, so
 * that each state is in one piece. */
static uint32_t add_state(struct feed *feed, uint32_t place, enum node_kind kind, const char *state,
			  const char *cause)
{
	char label[160];

	if (!*cause)
		snprintf(label, sizeof(label), "[%s]", state);
	else if (feed->tree->has_stacks)
		snprintf(label, sizeof(label), "[%s: %s]", state, cause);
	else
		snprintf(label, sizeof(label), "[%s]", state);
	place = child(feed, place, label, kind);
	if (!*cause || feed->tree->has_stacks)
		return place;
	snprintf(label, sizeof(label), "[%s]", cause);
	return child(feed, place, label, kind);
}

/* Interpreters wait for their lock at several addresses, read-write locks at two. */
static const struct lock *lock_of(const struct feed *feed, const struct interval *interval)
{
	uint32_t process = feed->model->threads.items[interval->thread].process;
	const struct lock *lock;

	vector_for_each (&feed->model->locks, lock) {
		bool is_it = lock->address == interval->address ||
			     (lock->reason == REASON_RWLOCK &&
			      lock->address == (interval->address & ~7ull)) ||
			     lock->reason == REASON_GIL;

		if (is_it && lock->reason == interval->reason &&
		    (lock->process == process || lock->shared))
			return lock;
	}
	return NULL;
}

/* What was waited for, which needs a look through all locks the first time only. */
static uint32_t add_lock(struct feed *feed, uint32_t node, const struct interval *interval)
{
	uint32_t process = feed->model->threads.items[interval->thread].process, index = NO_LOCK;
	const struct lock *lock = NULL;
	char label[160];

	if (!interval->address)
		return node;
	if (!lock_map_find(&feed->locks, interval->address ^ (uint64_t)interval->reason << 56,
			   process, &index)) {
		lock = lock_of(feed, interval);
		if (lock)
			index = lock - feed->model->locks.items;
		if (lock_map_at(&feed->locks, interval->address ^ (uint64_t)interval->reason << 56,
				process, index == NO_LOCK ? UNKNOWN_LOCK : index, &index)) {
			feed->error = -ENOMEM;
			return 0;
		}
	}
	lock = index < feed->model->locks.count ? &feed->model->locks.items[index] : NULL;
	snprintf(label, sizeof(label), "[%s]",
		 lock_label(feed->model, lock, interval->address).text);
	return child(feed, node, label, NODE_BLOCKED);
}

/* Who held what was waited for, and where it gave it back. */
static uint32_t add_holder(struct feed *feed, uint32_t node, const struct interval *interval)
{
	uint32_t holder =
		interval->holder ? timeline_thread_of(feed->timeline, interval->holder) : NO_THREAD;
	bool ended_it = interval->waker_context == PL_WAKER_TASK && !interval->open_end &&
			(!interval->holder || interval->waker == interval->holder);
	struct recording_stack unused;
	char label[64];

	if (holder >= feed->model->threads.count && ended_it && interval->waker)
		holder = timeline_thread_of(feed->timeline, interval->waker);
	if (holder >= feed->model->threads.count)
		return node;
	snprintf(label, sizeof(label), "[held by %s]", feed->model->threads.items[holder].name);
	node = child(feed, node, label, NODE_BLOCKED);
	if (ended_it && recording_stack(feed->recording, interval->waker_stack, &unused))
		node = add_stack(feed, node, interval->waker_stack);
	return node;
}

static uint32_t blocked_node(struct feed *feed, const struct interval *interval)
{
	uint32_t node = node_of_thread(feed, interval->thread);
	char cause[64] = "";

	if (interval->state == STATE_BLOCKED)
		reason_text(feed, interval, cause, sizeof(cause));
	node = add_place(feed, node, interval->stack, interval->kernel_stack);
	node = add_state(feed, node, NODE_BLOCKED, state_name(interval->state), cause);
	if (feed->tree->kind != TREE_LOCK)
		return node;
	return add_holder(feed, add_lock(feed, node, interval), interval);
}

/* One that has ended since is known all the same: a thread that ends wakes who waits for it. */
static uint32_t thread_of_waker(const struct feed *feed, const struct interval *interval)
{
	uint32_t waker = timeline_thread_of(feed->timeline, interval->waker);
	const struct thread *threads = feed->model->threads.items;

	if (waker != NO_THREAD && waker < feed->model->threads.count)
		return waker;
	for (uint32_t i = feed->model->threads.count; i-- > 0;) {
		if (threads[i].tid == interval->waker && threads[i].begin <= interval->end)
			return i;
	}
	return NO_THREAD;
}

static uint32_t waker_node(struct feed *feed, const struct interval *interval)
{
	uint32_t waker = NO_THREAD;
	uint32_t node;

	if (interval->open_end)
		return child(feed, 0, "[not woken]", NODE_MARKER);
	if (interval->waker_context == PL_WAKER_INTERRUPT)
		node = child(feed, 0, "[interrupt]", NODE_KERNEL);
	else if (interval->waker_context != PL_WAKER_TASK)
		return child(feed, 0, "[unknown]", NODE_MARKER);
	else if ((waker = thread_of_waker(feed, interval)) == NO_THREAD)
		node = child(feed, 0, "[someone else]", NODE_MARKER);
	else
		node = node_of_thread(feed, waker);
	return interval->waker_context == PL_WAKER_TASK
		       ? add_place(feed, node, interval->waker_stack, 0)
		       : node;
}

static uint32_t wakeup_node(struct feed *feed, const struct interval *interval)
{
	const struct thread *thread = &feed->model->threads.items[interval->thread];
	uint32_t node = waker_node(feed, interval);
	char label[80], cause[64];

	snprintf(label, sizeof(label), "[wakes %s]", thread->name);
	node = child(feed, node, label, NODE_THREAD);
	reason_text(feed, interval, cause, sizeof(cause));
	snprintf(label, sizeof(label), "[from %s]", cause);
	return child(feed, node, label, NODE_BLOCKED);
}

static void on_blocked(struct feed *feed, const struct interval *interval, uint64_t ns)
{
	enum tree_kind kind = feed->tree->kind;

	feed->threads[interval->thread].stack = interval->stack;
	feed->threads[interval->thread].kernel_stack = interval->kernel_stack;
	if (!reason_is_wanted(feed, interval))
		return;
	if (kind == TREE_OFF_CPU || kind == TREE_WALL ||
	    (kind == TREE_LOCK && reason_is_lock(interval->reason)))
		weigh(feed, interval->thread, blocked_node(feed, interval), interval->state, ns);
	else if (kind == TREE_WAKEUP)
		weigh(feed, interval->thread, wakeup_node(feed, interval), interval->state, ns);
	else if (kind == TREE_SWITCHES && !interval->open_begin && interval->begin >= feed->begin)
		weigh(feed, interval->thread, blocked_node(feed, interval), STATE_RUNNING, 1);
}

/* A thread that was woken goes on where it blocked. */
static void on_ready(struct feed *feed, const struct interval *interval, uint64_t ns)
{
	const struct feed_thread *thread = &feed->threads[interval->thread];
	bool woken = interval->state == STATE_READY_WOKEN;
	enum tree_kind kind = feed->tree->kind;
	uint32_t node;

	if (feed->options->reason)
		return;
	if (kind == TREE_SWITCHES && !woken && !interval->open_begin &&
	    interval->begin >= feed->begin) {
		node = add_place(feed, node_of_thread(feed, interval->thread), 0, 0);
		weigh(feed, interval->thread, add_state(feed, node, NODE_READY, "preempted", ""),
		      STATE_RUNNING, 1);
	}
	if (kind != TREE_RUN_QUEUE && kind != TREE_WALL)
		return;
	node = add_place(feed, node_of_thread(feed, interval->thread), woken ? thread->stack : 0,
			 woken ? thread->kernel_stack : 0);
	node = add_state(feed, node, NODE_READY, "ready", woken ? "woken" : "preempted");
	weigh(feed, interval->thread, node, interval->state, ns);
}

static void on_unknown(struct feed *feed, const struct interval *interval, uint64_t ns)
{
	uint32_t node;

	if (feed->tree->kind != TREE_WALL || feed->options->reason)
		return;
	node = child(feed, node_of_thread(feed, interval->thread), "[lost]", NODE_MARKER);
	weigh(feed, interval->thread, node, STATE_UNKNOWN, ns);
}

static void on_interval(void *context, const struct interval *interval)
{
	struct feed *feed = context;
	uint64_t begin = interval->begin > feed->begin ? interval->begin : feed->begin;
	uint64_t end = interval->end < feed->end ? interval->end : feed->end;

	if (begin > end || interval->thread >= feed->model->threads.count || feed->error ||
	    !feed->threads[interval->thread].is_wanted)
		return;
	switch (interval->state) {
	case STATE_RUNNING:
		feed->threads[interval->thread].running_ns += end - begin;
		break;
	case STATE_BLOCKED:
	case STATE_STOPPED:
		on_blocked(feed, interval, end - begin);
		break;
	case STATE_READY_WOKEN:
	case STATE_READY_PREEMPTED:
		on_ready(feed, interval, end - begin);
		break;
	default:
		on_unknown(feed, interval, end - begin);
	}
}

static bool shows_running(const struct feed *feed)
{
	return (feed->tree->kind == TREE_ON_CPU || feed->tree->kind == TREE_WALL) &&
	       !feed->options->reason;
}

static void on_sample(void *context, uint32_t thread, const struct pl_sample *sample)
{
	struct feed *feed = context;
	uint32_t node;

	if (!shows_running(feed) || thread >= feed->model->threads.count || feed->error ||
	    !feed->threads[thread].is_wanted)
		return;
	feed->has_samples = true;
	if (sample->time < feed->begin || sample->time >= feed->end)
		return;
	node = add_place(feed, node_of_thread(feed, thread), sample->stack, sample->kernel_stack);
	if (feed->tree->kind == TREE_WALL)
		node = add_state(feed, node, NODE_RUNNING, "running", "");
	/* A period that nobody can have measured must not count for more than all others. */
	weigh(feed, thread, node, STATE_RUNNING,
	      sample->period < UINT32_MAX ? sample->period : UINT32_MAX);
}

/* ---- sums that are exact --------------------------------------------------------------------- */

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
	uint32_t node = node_of_thread(feed, thread);
	bool ended = !feed->model->threads.items[thread].alive_at_end;

	if (feed->tree->kind == TREE_SWITCHES)
		return child(feed, node, ended && rest == 1 ? "[ended]" : "[lost]", NODE_MARKER);
	if (state != STATE_RUNNING)
		return child(feed, node, "[lost]", NODE_MARKER);
	/* Between two strokes of the sampling clock nobody knows where it was. */
	if (feed->has_samples)
		node = child(feed, node, "[no sample]", NODE_MARKER);
	else if (feed->tree->has_stacks)
		node = child(feed, node, "[no stack]", NODE_MARKER);
	return add_state(feed, node, NODE_RUNNING, "running", "");
}

/* What the kernel side's own account says is exact even where records were lost, and running time
 * is known much more exactly than samples tell. */
static void fit_state(struct feed *feed, uint32_t thread, enum state state, const struct part *part,
		      struct tree_weight *ret_rest)
{
	const struct thread *it = &feed->model->threads.items[thread];
	uint64_t expected = expected_in(it, feed->tree->kind, state), sum = 0;

	if (feed->is_filtered) {
		if (state != STATE_RUNNING || !shows_running(feed))
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

static int fit(struct feed *feed)
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

/* ---- the whole ------------------------------------------------------------------------------- */

static int hand_over(struct feed *feed, bool other)
{
	const struct tree_weight *weight;

	vector_for_each (&feed->weights, weight) {
		struct tree_weight *kept;

		if (other) {
			feed->tree->nodes.items[weight->node].other_self += weight->weight;
			continue;
		}
		kept = vector_add(&feed->tree->weights);
		if (!kept)
			return -ENOMEM;
		*kept = *weight;
	}
	return 0;
}

static int feed_all(struct feed *feed)
{
	struct recording_item item;
	int more = 0, error = 0;

	recording_rewind(feed->recording);
	while (!error && !feed->error && (more = recording_next(feed->recording, &item, NULL)) > 0)
		error = timeline_feed(feed->timeline, &item);
	/* Damage further on was told when the model was made of what comes before it. */
	if (more < 0 && more != -EBADMSG)
		error = more;
	if (!error && !feed->error)
		error = timeline_finish(feed->timeline,
					recording_note_number(feed->recording, NOTE_END, 0));
	return error ? error : feed->error;
}

static int feed_open(struct feed *feed)
{
	const struct tree_options *options = feed->options;
	struct timeline_options timeline = {.arch = feed->model->arch, .begin = feed->model->begin};
	struct timeline_visitor visitor = {
		.context = feed,
		.interval = on_interval,
		.sample = on_sample,
	};
	int r;

	feed->begin = feed->model->begin + options->begin;
	feed->end = options->end ? feed->model->begin + options->end : UINT64_MAX;
	feed->is_filtered = options->begin || options->end || options->reason;
	feed->threads = calloc(feed->model->threads.count + 1, sizeof(*feed->threads));
	if (!feed->threads)
		return -ENOMEM;
	for (size_t i = 0; i < feed->model->threads.count; i++)
		feed->threads[i].is_wanted = is_wanted(options, &feed->model->threads.items[i]);
	r = timeline_new(&timeline, &feed->timeline);
	return r ? r : timeline_add_visitor(feed->timeline, &visitor);
}

/* The threads of a timeline own what its visitors put there, which is nothing here. */
static void feed_close(struct feed *feed)
{
	timeline_free(&feed->timeline);
	vector_free(&feed->weights);
	free(feed->threads);
	free(feed->nodes.slots);
	free(feed->weight_index.slots);
	lock_map_free(&feed->locks);
}

int stack_tree_add(struct stack_tree *tree, struct recording *recording, const struct model *model,
		   const struct tree_options *options, bool other)
{
	CLEANUP(feed_close)
	struct feed feed = {
		.tree = tree,
		.recording = recording,
		.model = model,
		.options = options,
	};
	int r;

	/* Either both have them or the frames of the two could not be compared. */
	tree->has_stacks |= recording_stack_count(recording) > 0;
	r = feed_open(&feed);
	if (!r)
		r = feed_all(&feed);
	if (!r)
		r = fit(&feed);
	return r ? r : hand_over(&feed, other);
}
