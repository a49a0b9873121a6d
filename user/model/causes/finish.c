// SPDX-License-Identifier: GPL-2.0-only
/* finish.c - from what was followed to what is told: parts, segments, gains */
#include <errno.h>

#include "base/cleanup.h"
#include "model/causes/inside.h"
#include "model/tasks/population.h"

const char *path_what_name(enum path_what what)
{
	static const char *const names[PATH_WHATS] = {
		[PATH_RUNNING] = "running",
		[PATH_READY] = "ready",
		[PATH_WAITING] = "waiting",
		[PATH_UNKNOWN] = "unknown",
	};

	return (unsigned int)what < PATH_WHATS ? names[what] : "unknown";
}

void critical_path_clear(struct critical_path *path)
{
	vector_free(&path->parts);
	vector_free(&path->segments);
	memset(path, 0, sizeof(*path));
}

/* The run ends when the target has; where it has not, with what ran last. */
static uint32_t last_thread(const struct causes *causes)
{
	const struct population *population = timeline_population(causes->timeline);
	const struct thread *thread;

	if (causes->last_of_target.thread == NO_THREAD)
		return causes->last_of_all.thread;
	vector_for_each (&population->threads, thread) {
		if (thread->tgid == causes->target && thread->alive_at_end)
			return causes->last_of_all.thread;
	}
	return causes->last_of_target.thread;
}

/* ---- the path ------------------------------------------------------------------------------ */

struct collected {
	const struct path_setting *setting;
	struct path_fold fold;
	struct critical_path *path;
	bool began;
	uint64_t begin;
};

static struct path_segment segment_of(uint64_t key, uint64_t begin, uint64_t end, uint64_t main_ns)
{
	return (struct path_segment){
		.begin = begin,
		.end = end,
		.main_ns = main_ns,
		.thread = path_key_thread(key),
		.what = path_key_what(key),
		.reason = path_key_reason(key),
		.syscall = path_key_syscall(key),
	};
}

static bool is_same(const struct path_segment *one, const struct path_segment *two)
{
	return one->thread == two->thread && one->what == two->what && one->reason == two->reason &&
	       one->syscall == two->syscall;
}

static int add_segment(struct critical_path *path, struct path_segment segment)
{
	struct path_segment *last =
		path->segments.count ? &path->segments.items[path->segments.count - 1] : NULL;

	/* That another thread began to wait for the one that runs does not make a new stretch of
	 * it; what the stretch ends with counts. */
	if (last && last->end == segment.begin && last->thread == segment.thread &&
	    last->what == PATH_RUNNING && segment.what == PATH_RUNNING &&
	    last->reason == REASON_NONE)
		last->reason = segment.reason;
	if (last && last->end == segment.begin && is_same(last, &segment)) {
		last->end = segment.end;
		last->main_ns += segment.main_ns;
		return 0;
	}
	last = vector_add(&path->segments);
	if (!last)
		return -ENOMEM;
	*last = segment;
	return 0;
}

static int collect_piece(void *context, uint64_t key, uint64_t begin, uint64_t end)
{
	struct collected *collected = context;
	struct critical_path *path = collected->path;

	if (!collected->began) {
		collected->began = true;
		collected->begin = begin;
	}
	if (begin < end && path->segments_exact) {
		if (add_segment(path, segment_of(key, begin, end, end - begin)))
			return -ENOMEM;
		path->segments_exact = path->segments.count <= PATH_SEGMENTS_EXACT;
	}
	return path_fold_add(&collected->fold, collected->setting, key, begin, end);
}

static int collect_fold(void *context, uint64_t begin, struct path_fold *fold)
{
	struct collected *collected = context;

	if (!collected->began) {
		collected->began = true;
		collected->begin = begin;
	}
	collected->path->segments_exact = false;
	return path_fold_join(&collected->fold, collected->setting, fold);
}

static int segments_from_cells(struct collected *collected)
{
	const struct path_cell *cell;
	int error = path_fold_settle(&collected->fold);

	vector_free(&collected->path->segments);
	vector_for_each (&collected->fold.cells, cell) {
		uint64_t begin = path_cell_begin(collected->setting, cell->cell);
		uint64_t end = path_cell_begin(collected->setting, cell->cell + 1);

		if (begin < collected->begin)
			begin = collected->begin;
		if (end > collected->fold.end ||
		    cell + 1 == collected->fold.cells.items + collected->fold.cells.count)
			end = collected->fold.end;
		if (!error)
			error = add_segment(collected->path,
					    segment_of(cell->key, begin, end, cell->main_ns));
	}
	return error;
}

static int compare_parts(const void *a, const void *b)
{
	const struct path_part *one = a, *two = b;

	if (one->ns != two->ns)
		return one->ns > two->ns ? -1 : 1;
	if (one->thread != two->thread)
		return one->thread < two->thread ? -1 : 1;
	if (one->kind != two->kind)
		return one->kind < two->kind ? -1 : 1;
	if (one->what != two->what)
		return one->what < two->what ? -1 : 1;
	if (one->reason != two->reason)
		return one->reason < two->reason ? -1 : 1;
	return (int)one->syscall - (int)two->syscall;
}

/* By thread: how many there are of its kind, if it is the first. NULL: memory is out. */
static uint32_t *count_kinds(struct causes *causes)
{
	const struct population *population = timeline_population(causes->timeline);
	uint32_t *counts = calloc(population->threads.count + 1, sizeof(*counts));

	for (uint32_t i = 0; counts && i < causes->threads.count; i++) {
		uint32_t first = causes_first_of_kind(causes, i);

		if (first != NO_THREAD)
			counts[first]++;
	}
	return counts;
}

/* The part of `key`, to add to. NULL: memory is out. */
static struct path_part *part_of(struct critical_path *path, uint64_t key, bool crowd)
{
	const struct path_part wanted = {
		.thread = crowd ? NO_THREAD : path_key_thread(key),
		.kind = path_key_thread(key),
		.what = path_key_what(key),
		.reason = path_key_reason(key),
		.syscall = path_key_syscall(key),
	};
	struct path_part *part;

	/* Only of who was taken for a crowd can there be one already. */
	if (path_key_is_crowd(key) && !crowd) {
		vector_for_each (&path->parts, part)
			if (part->thread == wanted.thread && part->what == wanted.what &&
			    part->reason == wanted.reason && part->syscall == wanted.syscall)
				return part;
	}
	part = vector_add(&path->parts);
	if (part)
		*part = wanted;
	return part;
}

/* Those of crowds, or those of others. `kinds`: how many there are in a crowd, at most. */
static int take_sums(struct critical_path *path, const struct path_fold *fold, bool crowds,
		     const uint32_t *kinds)
{
	for (uint32_t i = 0; i < fold->sum_capacity; i++) {
		const struct path_sum *sum = &fold->sums[i];
		uint32_t thread = path_key_thread(sum->key);
		struct path_part *part;

		if (!sum->count || path_key_is_crowd(sum->key) != crowds)
			continue;
		/* It came late, and is the only one of its kind. */
		part = part_of(path, sum->key,
			       crowds && (thread == NO_THREAD || kinds[thread] != 1));
		if (!part)
			return -ENOMEM;
		part->ns += sum->ns;
		part->count += sum->count;
		if (part->what == PATH_RUNNING && part->reason != REASON_NONE)
			path->handovers += sum->count;
	}
	return 0;
}

static int take_parts(struct causes *causes, struct critical_path *path,
		      const struct path_fold *fold)
{
	int error = take_sums(path, fold, false, NULL);

	if (!error && fold->sum_count > PATH_SUMS_MAX) {
		CLEANUP_FREE uint32_t *kinds = count_kinds(causes);

		error = kinds ? take_sums(path, fold, true, kinds) : -ENOMEM;
	}
	if (!error && path->parts.count)
		qsort(path->parts.items, path->parts.count, sizeof(path->parts.items[0]),
		      compare_parts);
	return error;
}

static int finish_path(struct causes *causes, uint32_t last, struct critical_path *path)
{
	const struct timeline_figures *figures = timeline_figures(causes->timeline);
	struct collected collected = {.setting = &causes->tree.setting, .path = path};
	const struct path_receiver receiver = {&collected, collect_piece, collect_fold};
	int error;

	path->segments_exact = true;
	error = path_tree_walk(&causes->tree, causes->threads.items[last].node, &receiver);
	if (!error && !path->segments_exact)
		error = segments_from_cells(&collected);
	if (!error)
		error = take_parts(causes, path, &collected.fold);
	if (!error) {
		path->known = true;
		path->last = last;
		path->forgotten = causes->forgotten;
		path->before_ns = collected.began ? collected.begin - figures->begin
						  : figures->end - figures->begin;
		path->after_ns = collected.began ? figures->end - collected.fold.end : 0;
	}
	path_fold_clear(&collected.fold);
	return error;
}

/* ---- what if ------------------------------------------------------------------------------- */

static int compare_gains(const void *a, const void *b)
{
	const struct what_if *one = a, *two = b;

	if (one->gain_ns != two->gain_ns)
		return one->gain_ns > two->gain_ns ? -1 : 1;
	if (one->kind != two->kind)
		return one->kind < two->kind ? -1 : 1;
	return one->address < two->address ? -1 : one->address > two->address;
}

/* A world ends when the last of the target's threads does, which need not be the one with which the
 * run ended in reality. */
static struct clocks end_of_worlds(const struct causes *causes, uint32_t last)
{
	struct clocks ends = causes->threads.items[last].clocks;
	const struct cause_thread *it;

	vector_for_each (&causes->threads, it) {
		/* Those that live on may wait for ever. */
		if (!it->is_target || timeline_open(causes->timeline, it - causes->threads.items))
			continue;
		for (unsigned int i = 0; i < WORLDS; i++) {
			if (it->clocks.now[i] > ends.now[i])
				ends.now[i] = it->clocks.now[i];
		}
	}
	return ends;
}

static int finish_worlds(const struct causes *causes, uint32_t last, struct model *model)
{
	const struct replay *replay = &causes->replay;
	struct clocks ends = end_of_worlds(causes, last);
	const uint64_t *now = ends.now;
	uint64_t begin = timeline_figures(causes->timeline)->begin;

	model->replay_ns = now[WORLD_AS_IT_WAS] - begin;
	for (unsigned int world = WORLD_CPUS; world < replay->worlds; world++) {
		const struct replay_lock *lock;
		struct what_if *what_if;

		if (!(replay->used & 1u << world))
			continue;
		what_if = vector_add(&model->what_ifs);
		if (!what_if)
			return -ENOMEM;
		if (now[WORLD_AS_IT_WAS] > now[world])
			what_if->gain_ns = now[WORLD_AS_IT_WAS] - now[world];
		what_if->from = begin;
		what_if->process = NO_THREAD;
		if (world < WORLD_LOCKS)
			continue;
		lock = &causes->locks.items[replay->locks[world]];
		what_if->kind = WHAT_IF_LOCK;
		what_if->process = lock->process;
		what_if->address = lock->address;
		what_if->reason = lock->reason;
		what_if->first = lock->first;
		what_if->last = lock->last;
		what_if->waits = lock->waits;
		what_if->timeouts = lock->timeouts;
		what_if->inside = lock->inside;
		what_if->waiter_count = lock->waiter_count;
		memcpy(what_if->waiters, lock->waiters, sizeof(what_if->waiters));
		what_if->wait_ns = lock->total_ns;
		/* A replay without who else used the CPUs has a thread come to a wait long before
		 * it really did, and wait long where it waited a moment. What was not waited for
		 * cannot be gained. */
		if (what_if->gain_ns > what_if->wait_ns)
			what_if->gain_ns = what_if->wait_ns;
		what_if->from = lock->from;
	}
	qsort(model->what_ifs.items, model->what_ifs.count, sizeof(model->what_ifs.items[0]),
	      compare_gains);
	return 0;
}

int causes_finish(struct causes *causes, struct model *model)
{
	uint32_t last;
	int error;

	if (causes->error)
		return causes->error;
	last = last_thread(causes);
	if (last == NO_THREAD)
		return 0;
	causes_put_down(causes, last);
	error = finish_path(causes, last, &model->path);
	return error ? error : finish_worlds(causes, last, model);
}
