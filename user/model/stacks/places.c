// SPDX-License-Identifier: GPL-2.0-only
#include "model/stacks/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/stacks/tree.h"
#include "recording/recording.h"
#include "recording/stacks.h"

/* What one stack has for one reason. REASON_NONE: running, by samples. */
struct account {
	enum reason reason;
	uint16_t syscall;
	uint32_t stack;
	uint32_t count;
	uint32_t longest_by;
	bool holds;
	uint64_t total_ns, max_ns;
};

struct places {
	VECTOR(struct account) accounts;
	uint32_t *table; /* index + 1 */
	size_t size;	 /* a power of two, at least twice as many */
	int error;
};

/* ---- adding up ------------------------------------------------------------------------------- */

static uint32_t *slot_of(const struct places *places, const struct account *wanted)
{
	uint64_t key = (uint64_t)wanted->stack << 32 | (uint64_t)wanted->syscall << 9 |
		       (uint64_t)wanted->reason << 1 | wanted->holds;
	size_t at = (key * 0x9e3779b97f4a7c15u >> 24) & (places->size - 1);

	for (; places->table[at]; at = (at + 1) & (places->size - 1)) {
		const struct account *it = &places->accounts.items[places->table[at] - 1];

		if (it->stack == wanted->stack && it->reason == wanted->reason &&
		    it->syscall == wanted->syscall && it->holds == wanted->holds)
			break;
	}
	return &places->table[at];
}

static int grow(struct places *places)
{
	size_t size = places->size ? places->size * 2 : 256;
	uint32_t *grown;

	if ((places->accounts.count + 1) * 2 <= places->size)
		return 0;
	grown = calloc(size, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	free(places->table);
	places->table = grown;
	places->size = size;
	for (size_t i = 0; i < places->accounts.count; i++)
		*slot_of(places, &places->accounts.items[i]) = i + 1;
	return 0;
}

static void add(struct places *places, const struct account *wanted, uint32_t thread, uint64_t ns)
{
	struct account *account;
	uint32_t *slot;

	if (places->error || grow(places)) {
		places->error = -ENOMEM;
		return;
	}
	slot = slot_of(places, wanted);
	if (!*slot) {
		account = vector_add(&places->accounts);
		if (!account) {
			places->error = -ENOMEM;
			return;
		}
		*account = *wanted;
		account->longest_by = thread;
		*slot = places->accounts.count;
	}
	account = &places->accounts.items[*slot - 1];
	account->count++;
	account->total_ns += ns;
	if (ns > account->max_ns) {
		account->max_ns = ns;
		account->longest_by = thread;
	}
}

static void on_interval(void *context, const struct interval *interval)
{
	struct account wanted = {
		.reason = interval->reason,
		.syscall = interval->reason == REASON_SYSCALL ? interval->syscall : 0,
		.stack = interval->stack,
	};

	if (interval->stack)
		add(context, &wanted, interval->thread, interval->end - interval->begin);
	/* Who ends a wait for a lock gives it back, and that is where it was held. */
	wanted.stack = interval->waker_stack;
	wanted.holds = true;
	if (wanted.stack && reason_is_lock(interval->reason) &&
	    interval->waker_context == PL_WAKER_TASK &&
	    (!interval->holder || interval->holder == interval->waker))
		add(context, &wanted, interval->thread, interval->end - interval->begin);
}

static void on_sample(void *context, uint32_t thread, const struct pl_sample *sample)
{
	struct account wanted = {.reason = REASON_NONE, .stack = sample->stack};

	/* A period that nobody can have measured must not count for more than all others. */
	if (sample->stack)
		add(context, &wanted, thread,
		    sample->period < UINT32_MAX ? sample->period : UINT32_MAX);
}

int places_new(struct timeline *timeline, struct places **ret)
{
	CLEANUP(places_free)
	struct places *places = calloc(1, sizeof(*places));
	struct timeline_visitor visitor = {
		.context = places,
		.interval = on_interval,
		.states = 1u << STATE_BLOCKED,
		.with_stack = true,
		.sample = on_sample,
	};
	int r;

	if (!places)
		return -ENOMEM;
	r = timeline_add_visitor(timeline, &visitor);
	if (r)
		return r;
	*ret = take_pointer(&places);
	return 0;
}

void places_free(struct places **slot)
{
	struct places *places = *slot;

	if (!places)
		return;
	vector_free(&places->accounts);
	free(places->table);
	free(places);
	*slot = NULL;
}

/* ---- short stacks ---------------------------------------------------------------------------- */

struct walk {
	const struct recording *recording;
	uint32_t node, frame;
	bool has_python; /* then the interpreter's own functions are plumbing too */
};

static bool has_prefix(const char *name, const char *const prefixes[])
{
	for (size_t i = 0; prefixes[i]; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static bool is_of(const struct walk *walk, const struct recording_frame *frame,
		  const char *const prefixes[])
{
	struct recording_module module;
	const char *slash;

	if (frame->kind != FRAME_NATIVE ||
	    !recording_module(walk->recording, frame->module, &module))
		return false;
	slash = strrchr(module.path, '/');
	return has_prefix(slash ? slash + 1 : module.path, prefixes);
}

/* Where the program is written in Python, its interpreter is nobody's own code. */
static bool is_interpreter(const struct walk *walk, const struct recording_frame *frame)
{
	static const char *const names[] = {"libpython", "python", NULL};

	return walk->has_python && is_of(walk, frame, names);
}

/* Of these nobody looks for the cause in their own code: what called them is the place. */
static bool is_plumbing(const struct walk *walk, const struct recording_frame *frame)
{
	static const char *const names[] = {"libc.so",	"libc-",   "libpthread",
					    "ld-linux", "ld-musl", "libc.musl",
					    "[vdso]",	"libm.so", NULL};

	return frame->kind == FRAME_KERNEL || is_of(walk, frame, names);
}

/* The next frame towards the root, those that were put into others one by one. */
static bool next_frame(struct walk *walk, struct recording_frame *ret)
{
	if (!walk->frame) {
		walk->frame = recording_stack_frame(walk->recording, walk->node, &walk->node);
		if (!walk->frame)
			return false;
	}
	if (!recording_frame(walk->recording, walk->frame, ret))
		return false;
	walk->frame = ret->outer;
	return true;
}

static void put_frame(struct place *place, const struct recording_frame *frame)
{
	struct place_frame *it = &place->frames[place->frame_count++];

	it->function = frame->function;
	it->file = frame->file;
	it->line = frame->line;
}

static bool find_python(struct walk walk)
{
	struct recording_frame frame;

	while (next_frame(&walk, &frame))
		if (frame.kind == FRAME_PYTHON)
			return true;
	return false;
}

void place_shorten(const struct recording *recording, uint32_t id, struct place *place)
{
	struct recording_frame frame, called = {0};
	struct recording_stack stack;
	struct walk walk = {.recording = recording};
	bool has_called = false, is_own = false, more;

	if (!recording_stack(recording, id, &stack))
		return;
	place->is_cut_off = stack.stop != STOP_ROOT;
	walk.node = stack.leaf;
	walk.has_python = find_python(walk);
	while ((more = next_frame(&walk, &frame))) {
		if (is_interpreter(&walk, &frame))
			continue;
		if (!is_plumbing(&walk, &frame))
			break;
		called = frame;
		has_called = true;
	}
	is_own = more;
	if (has_called && is_own)
		put_frame(place, &called);
	place->own = place->frame_count;
	/* A thread of the C library itself has nothing else. */
	if (!is_own) {
		walk = (struct walk){.recording = recording, .node = stack.leaf};
		more = next_frame(&walk, &frame);
	}
	while (more && place->frame_count < PLACE_FRAMES) {
		put_frame(place, &frame);
		do
			more = next_frame(&walk, &frame);
		while (more && is_interpreter(&walk, &frame));
		/* What started the thread says nothing. */
		more = more && (!is_own || !is_plumbing(&walk, &frame));
	}
}

/* ---- the few that matter --------------------------------------------------------------------- */

/* Places that look the same are the same: texts stand in a recording once. */
static int compare_looks(const void *a, const void *b)
{
	const struct place *one = a, *two = b;

	if (one->reason != two->reason)
		return one->reason < two->reason ? -1 : 1;
	if (one->holds != two->holds)
		return one->holds < two->holds ? -1 : 1;
	if (one->syscall != two->syscall)
		return one->syscall < two->syscall ? -1 : 1;
	if (one->frame_count != two->frame_count)
		return one->frame_count < two->frame_count ? -1 : 1;
	for (unsigned int i = 0; i < one->frame_count; i++) {
		const struct place_frame *left = &one->frames[i], *right = &two->frames[i];

		if (left->function != right->function)
			return left->function < right->function ? -1 : 1;
		if (i == one->own && left->line != right->line)
			return left->line < right->line ? -1 : 1;
	}
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct place *one = a, *two = b;

	if (one->total_ns != two->total_ns)
		return one->total_ns > two->total_ns ? -1 : 1;
	return compare_looks(a, b);
}

static void merge(struct place *into, const struct place *other)
{
	into->count += other->count;
	into->total_ns += other->total_ns;
	if (other->max_ns > into->max_ns) {
		into->max_ns = other->max_ns;
		into->longest_by = other->longest_by;
	}
}

static size_t merge_all(struct place *all, size_t count)
{
	size_t kept = 0;

	qsort(all, count, sizeof(*all), compare_looks);
	for (size_t i = 0; i < count; i++) {
		if (kept && !compare_looks(&all[kept - 1], &all[i]))
			merge(&all[kept - 1], &all[i]);
		else
			all[kept++] = all[i];
	}
	qsort(all, kept, sizeof(*all), compare_times);
	return kept;
}

int places_finish(struct places *places, const struct recording *recording, struct model *model)
{
	CLEANUP_FREE struct place *all = NULL;
	const struct account *account;
	size_t count = 0;

	if (places->error || !places->accounts.count)
		return places->error;
	all = calloc(places->accounts.count, sizeof(*all));
	if (!all)
		return -ENOMEM;
	vector_for_each (&places->accounts, account) {
		struct place *place = &all[count];

		*place = (struct place){
			.reason = account->reason,
			.syscall = account->syscall,
			.count = account->count,
			.longest_by = account->longest_by,
			.holds = account->holds,
			.total_ns = account->total_ns,
			.max_ns = account->max_ns,
		};
		place_shorten(recording, account->stack, place);
		count += place->frame_count > 0;
	}
	count = merge_all(all, count);
	for (size_t i = 0; i < count && i < PLACES_MAX; i++) {
		struct place *kept = vector_add(&model->places);

		if (!kept)
			return -ENOMEM;
		*kept = all[i];
	}
	return 0;
}
