// SPDX-License-Identifier: GPL-2.0-only
/* feed.c - from the intervals of a recording to the weights of a tree */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/stacks/inside.h"

#include "model/first_pass.h"
#include "recording/recording.h"
#include "recording/stacks.h"

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

uint32_t feed_child(struct feed *feed, uint32_t parent, const char *label, enum node_kind kind)
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

uint32_t feed_node_of_thread(struct feed *feed, uint32_t index)
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
	node = feed_child(feed, 0, *name ? name : "?", NODE_PROCESS);
	if (feed->options->tids)
		snprintf(name, sizeof(name), "%s %u", thread->name, thread->tid);
	else
		snprintf(name, sizeof(name), "%s", thread->name);
	feed->threads[index].node = feed_child(feed, node, *name ? name : "?", NODE_THREAD);
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

uint32_t feed_stack(struct feed *feed, uint32_t base, uint32_t id)
{
	uint32_t path[STACK_DEPTH_MAX], count = 0;
	struct recording_stack stack;
	char label[128];

	if (!recording_stack(feed->recording, id, &stack))
		return base;
	if (stack.stop != STOP_ROOT) {
		snprintf(label, sizeof(label), "[cut off: %s]", stack_stop_text(stack.stop));
		base = feed_child(feed, base, label, NODE_MARKER);
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
		return feed_child(feed, base, "[no stack]", NODE_MARKER);
	return feed_stack(feed, feed_stack(feed, base, stack), kernel_stack);
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

uint32_t feed_state(struct feed *feed, uint32_t place, enum node_kind kind, const char *state,
		    const char *cause)
{
	char label[160];

	if (!*cause)
		snprintf(label, sizeof(label), "[%s]", state);
	else if (feed->tree->has_stacks)
		snprintf(label, sizeof(label), "[%s: %s]", state, cause);
	else
		snprintf(label, sizeof(label), "[%s]", state);
	place = feed_child(feed, place, label, kind);
	if (!*cause || feed->tree->has_stacks)
		return place;
	snprintf(label, sizeof(label), "[%s]", cause);
	return feed_child(feed, place, label, kind);
}

static bool is_same(const struct feed_last *last, const struct feed_last *wanted)
{
	return last->node && last->stack == wanted->stack &&
	       last->kernel_stack == wanted->kernel_stack && last->state == wanted->state &&
	       last->reason == wanted->reason && last->syscall == wanted->syscall;
}

static uint32_t make_blocked_node(struct feed *feed, const struct interval *interval)
{
	uint32_t node = feed_node_of_thread(feed, interval->thread);
	char cause[64] = "";

	if (interval->state == STATE_BLOCKED)
		reason_text(feed, interval, cause, sizeof(cause));
	node = add_place(feed, node, interval->stack, interval->kernel_stack);
	return feed_state(feed, node, NODE_BLOCKED, state_name(interval->state), cause);
}

static uint32_t blocked_node(struct feed *feed, const struct interval *interval)
{
	struct feed_last *last = &feed->threads[interval->thread].blocked;
	struct feed_last wanted = {
		.stack = interval->stack,
		.kernel_stack = interval->kernel_stack,
		.state = interval->state,
		.reason = interval->reason,
		.syscall = interval->syscall,
	};

	if (!is_same(last, &wanted)) {
		wanted.node = make_blocked_node(feed, interval);
		*last = wanted;
	}
	return feed->tree->kind == TREE_LOCK ? feed_lock(feed, last->node, interval) : last->node;
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
		return feed_child(feed, 0, "[not woken]", NODE_MARKER);
	if (interval->waker_context == PL_WAKER_INTERRUPT)
		node = feed_child(feed, 0, "[interrupt]", NODE_KERNEL);
	else if (interval->waker_context != PL_WAKER_TASK)
		return feed_child(feed, 0, "[unknown]", NODE_MARKER);
	else if ((waker = thread_of_waker(feed, interval)) == NO_THREAD)
		node = feed_child(feed, 0, "[someone else]", NODE_MARKER);
	else
		node = feed_node_of_thread(feed, waker);
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
	node = feed_child(feed, node, label, NODE_THREAD);
	reason_text(feed, interval, cause, sizeof(cause));
	snprintf(label, sizeof(label), "[from %s]", cause);
	return feed_child(feed, node, label, NODE_BLOCKED);
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
static uint32_t ready_node(struct feed *feed, uint32_t index, bool woken)
{
	struct feed_thread *thread = &feed->threads[index];
	struct feed_last *last = &thread->ready[woken], wanted = {0};

	if (woken) {
		wanted.stack = thread->stack;
		wanted.kernel_stack = thread->kernel_stack;
	}
	if (!is_same(last, &wanted)) {
		wanted.node = add_place(feed, feed_node_of_thread(feed, index), wanted.stack,
					wanted.kernel_stack);
		wanted.node = feed_state(feed, wanted.node, NODE_READY, "ready",
					 woken ? "woken" : "preempted");
		*last = wanted;
	}
	return last->node;
}

static void on_ready(struct feed *feed, const struct interval *interval, uint64_t ns)
{
	bool woken = interval->state == STATE_READY_WOKEN;
	enum tree_kind kind = feed->tree->kind;
	uint32_t node;

	if (feed->options->reason)
		return;
	if (kind == TREE_SWITCHES && !woken && !interval->open_begin &&
	    interval->begin >= feed->begin) {
		node = add_place(feed, feed_node_of_thread(feed, interval->thread), 0, 0);
		weigh(feed, interval->thread, feed_state(feed, node, NODE_READY, "preempted", ""),
		      STATE_RUNNING, 1);
	}
	if (kind != TREE_RUN_QUEUE && kind != TREE_WALL)
		return;
	weigh(feed, interval->thread, ready_node(feed, interval->thread, woken), interval->state,
	      ns);
}

static void on_unknown(struct feed *feed, const struct interval *interval, uint64_t ns)
{
	uint32_t node;

	if (feed->tree->kind != TREE_WALL || feed->options->reason)
		return;
	node = feed_child(feed, feed_node_of_thread(feed, interval->thread), "[lost]", NODE_MARKER);
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

bool feed_shows_running(const struct feed *feed)
{
	return (feed->tree->kind == TREE_ON_CPU || feed->tree->kind == TREE_WALL) &&
	       !feed->options->reason;
}

static void on_sample(void *context, uint32_t thread, const struct pl_sample *sample)
{
	struct feed *feed = context;
	uint32_t node;

	if (!feed_shows_running(feed) || thread >= feed->model->threads.count || feed->error ||
	    !feed->threads[thread].is_wanted)
		return;
	feed->has_samples = true;
	if (sample->time < feed->begin || sample->time >= feed->end)
		return;
	node = add_place(feed, feed_node_of_thread(feed, thread), sample->stack,
			 sample->kernel_stack);
	if (feed->tree->kind == TREE_WALL)
		node = feed_state(feed, node, NODE_RUNNING, "running", "");
	/* A period that nobody can have measured must not count for more than all others. */
	weigh(feed, thread, node, STATE_RUNNING,
	      sample->period < UINT32_MAX ? sample->period : UINT32_MAX);
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
	if (!r)
		r = first_pass(feed->recording, &timeline, feed->timeline);
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
		r = feed_fit(&feed);
	return r ? r : hand_over(&feed, other);
}
