// SPDX-License-Identifier: GPL-2.0-only
/* path_fold.c - a stretch of a path, summed up */
#include <errno.h>

#include "base/rarely.h"
#include "model/causes/path_fold.h"

/* ---- sums ---------------------------------------------------------------------------------- */

static uint64_t hash(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15ull;
	return key ^ key >> 32;
}

static struct path_sum *place_of(struct path_sum *sums, uint32_t capacity, uint64_t key)
{
	uint64_t i = hash(key);

	for (;; i++) {
		struct path_sum *sum = &sums[i & (capacity - 1)];

		if (!sum->count || sum->key == key)
			return sum;
	}
}

static int grow(struct path_fold *fold)
{
	uint32_t capacity = fold->sum_capacity ? fold->sum_capacity * 2 : 8;
	struct path_sum *sums = calloc(capacity, sizeof(*sums));

	if (!sums)
		return -ENOMEM;
	for (uint32_t i = 0; i < fold->sum_capacity; i++) {
		if (fold->sums[i].count)
			*place_of(sums, capacity, fold->sums[i].key) = fold->sums[i];
	}
	free(fold->sums);
	fold->sums = sums;
	fold->sum_capacity = capacity;
	return 0;
}

static int add_new_sum(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
		       uint64_t ns, uint64_t count);

static inline int add_sum(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
			  uint64_t ns, uint64_t count)
{
	struct path_sum *sum;

	if (!fold->sum_capacity)
		return add_new_sum(fold, setting, key, ns, count);
	sum = place_of(fold->sums, fold->sum_capacity, key);
	if (!sum->count)
		return add_new_sum(fold, setting, key, ns, count);
	sum->ns += ns;
	sum->count += count;
	return 0;
}

/* What it is summed up as if there is no room for another one; itself if there is, or must be. */
static uint64_t key_with_room(const struct path_fold *fold, const struct path_setting *setting,
			      uint64_t key)
{
	uint32_t thread = path_key_thread(key), first;

	if (fold->sum_count < PATH_SUMS_MAX || thread == NO_THREAD)
		return key;
	if (!path_key_is_crowd(key)) {
		first = setting->first_of_kind(setting->context, thread);
		if (first != NO_THREAD)
			return (uint64_t)first << 32 | PATH_CROWD | (uint32_t)key;
	} else if (fold->sum_count < PATH_SUMS_MAX + PATH_CROWDS_MAX) {
		return key;
	}
	return path_key(NO_THREAD, path_key_what(key), REASON_NONE, PL_NO_SYSCALL) | PATH_CROWD;
}

static int add_new_sum(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
		       uint64_t ns, uint64_t count)
{
	uint64_t with_room = key_with_room(fold, setting, key);
	struct path_sum *sum;

	if (with_room != key)
		return add_sum(fold, setting, with_room, ns, count);
	if ((fold->sum_count + 1) * 4 > fold->sum_capacity * 3) {
		int error = grow(fold);

		if (error)
			return error;
	}
	sum = place_of(fold->sums, fold->sum_capacity, key);
	*sum = (struct path_sum){.key = key, .ns = ns, .count = count};
	fold->sum_count++;
	return 0;
}

/* The smaller table goes into the larger one: sums do not mind the order. */
static int join_sums(struct path_fold *fold, const struct path_setting *setting,
		     struct path_fold *later)
{
	int error = 0;

	if (later->sum_count > fold->sum_count) {
		struct path_fold swapped = *fold;

		fold->sums = later->sums;
		fold->sum_count = later->sum_count;
		fold->sum_capacity = later->sum_capacity;
		later->sums = swapped.sums;
		later->sum_count = swapped.sum_count;
		later->sum_capacity = swapped.sum_capacity;
	}
	for (uint32_t i = 0; i < later->sum_capacity && !error; i++) {
		const struct path_sum *sum = &later->sums[i];

		if (sum->count)
			error = add_sum(fold, setting, sum->key, sum->ns, sum->count);
	}
	return error;
}

/* ---- the picture --------------------------------------------------------------------------- */

static uint64_t span_of(const struct path_setting *setting)
{
	return setting->end > setting->begin ? setting->end - setting->begin : 1;
}

static uint32_t cell_at(const struct path_setting *setting, uint64_t time)
{
	__extension__ unsigned __int128 cell;

	if (time <= setting->begin)
		return 0;
	cell = time - setting->begin;
	cell = cell * BAR_CELLS / span_of(setting);
	return cell < BAR_CELLS ? (uint32_t)cell : BAR_CELLS - 1;
}

uint64_t path_cell_begin(const struct path_setting *setting, uint32_t cell)
{
	__extension__ unsigned __int128 offset = span_of(setting);

	offset = (offset * cell + BAR_CELLS - 1) / BAR_CELLS;
	return setting->begin + (uint64_t)offset;
}

int path_fold_settle(struct path_fold *fold)
{
	struct path_cell *cell;
	unsigned int most = 0;

	if (!fold->cell_end || !fold->cell_ns)
		return 0;
	for (unsigned int i = 1; i < PATH_RIVALS; i++) {
		if (fold->rivals[i].ns > fold->rivals[most].ns)
			most = i;
	}
	cell = vector_add(&fold->cells);
	if (!cell)
		return -ENOMEM;
	cell->key = fold->rivals[most].key;
	cell->main_ns = fold->rivals[most].ns;
	cell->ns = fold->cell_ns;
	cell->cell = fold->cell;
	fold->cell_ns = 0;
	memset(fold->rivals, 0, sizeof(fold->rivals));
	return 0;
}

static int enter_cell(struct path_fold *fold, const struct path_setting *setting, uint32_t cell)
{
	int error = path_fold_settle(fold);

	fold->cell = cell;
	fold->cell_end = cell == BAR_CELLS - 1 ? UINT64_MAX : path_cell_begin(setting, cell + 1);
	return error;
}

static bool is_rival(const struct path_fold *fold, unsigned int i, uint64_t key)
{
	return fold->rivals[i].key == key && fold->rivals[i].ns;
}

/* With more rivals than there is room for, the least one gives way: what is known of the others
 * stays a lower bound. Returns its place, or what is none. */
static unsigned int add_rival(struct path_fold *fold, uint64_t key, uint64_t ns)
{
	unsigned int least = 0;

	for (unsigned int i = 0; i < PATH_RIVALS; i++) {
		if (is_rival(fold, i, key)) {
			fold->rivals[i].ns += ns;
			return i;
		}
		if (fold->rivals[i].ns < fold->rivals[least].ns)
			least = i;
	}
	if (ns <= fold->rivals[least].ns)
		return PATH_RIVALS;
	fold->rivals[least].key = key;
	fold->rivals[least].ns = ns;
	return least;
}

static int draw(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
		uint64_t begin, uint64_t end, unsigned int *ret_rival)
{
	int error = 0;

	while (begin < end && !error) {
		uint64_t part;

		if (begin >= fold->cell_end)
			error = enter_cell(fold, setting, cell_at(setting, begin));
		part = end < fold->cell_end ? end : fold->cell_end;
		*ret_rival = add_rival(fold, key, part - begin);
		fold->cell_ns += part - begin;
		begin = part;
	}
	return error;
}

static int join_pictures(struct path_fold *fold, const struct path_setting *setting,
			 struct path_fold *later)
{
	const struct path_cell *cell;
	int error = 0;

	vector_for_each (&later->cells, cell) {
		if (!fold->cell_end || cell->cell != fold->cell)
			error = enter_cell(fold, setting, cell->cell);
		if (error)
			return error;
		add_rival(fold, cell->key, cell->main_ns);
		fold->cell_ns += cell->ns;
	}
	if (!later->cell_ns)
		return 0;
	if (!fold->cell_end || later->cell != fold->cell)
		error = enter_cell(fold, setting, later->cell);
	for (unsigned int i = 0; i < PATH_RIVALS; i++)
		add_rival(fold, later->rivals[i].key, later->rivals[i].ns);
	fold->cell_ns += later->cell_ns;
	return error;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static RARELY int add_slowly(struct path_fold *fold, const struct path_setting *setting,
			     uint64_t key, uint64_t begin, uint64_t end)
{
	unsigned int rival = PATH_RIVALS;
	int error = add_sum(fold, setting, key, end - begin, 1);

	fold->end = end;
	if (!error)
		error = draw(fold, setting, key, begin, end, &rival);
	if (!error && rival < PATH_RIVALS)
		place_of(fold->sums, fold->sum_capacity, key)->rival = rival;
	return error;
}

/* Most pieces lie in the cell at the end as a whole, and are of a contributor that is known there.
 */
int path_fold_add(struct path_fold *fold, const struct path_setting *setting, uint64_t key,
		  uint64_t begin, uint64_t end)
{
	struct path_sum *sum;

	if (!fold->sum_capacity || begin >= end || end > fold->cell_end)
		return add_slowly(fold, setting, key, begin, end);
	sum = place_of(fold->sums, fold->sum_capacity, key);
	if (!sum->count || !is_rival(fold, sum->rival, key))
		return add_slowly(fold, setting, key, begin, end);
	sum->ns += end - begin;
	sum->count++;
	fold->rivals[sum->rival].ns += end - begin;
	fold->cell_ns += end - begin;
	fold->end = end;
	return 0;
}

int path_fold_join(struct path_fold *fold, const struct path_setting *setting,
		   struct path_fold *later)
{
	int error = join_pictures(fold, setting, later);

	fold->end = later->end;
	if (!error)
		error = join_sums(fold, setting, later);
	path_fold_clear(later);
	return error;
}

void path_fold_clear(struct path_fold *fold)
{
	free(fold->sums);
	vector_free(&fold->cells);
	memset(fold, 0, sizeof(*fold));
}
