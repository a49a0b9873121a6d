// SPDX-License-Identifier: GPL-2.0-only
/* ring.c - blocks, checkpoints and notes that are kept, and what gives way */
#include "recording/ring_inside.h"

#include <errno.h>
#include <stdio.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "recording/writer_inside.h"

/* Of processes that are gone, so many may have names of their locks kept. */
#define RING_NOTES_MAX 16384u
/* More than that of one process would not be named, either. */
#define FUTEXES_MAX	4096u
#define CHECKPOINT_ZSTD 1

void ring_block_drop(struct ring_block **slot)
{
	struct ring_block *block = *slot;

	if (block && atomic_fetch_sub(&block->users, 1) == 1)
		free(block);
	*slot = NULL;
}

void ring_blocks_drop(block_vector *blocks)
{
	struct ring_block **block;

	vector_for_each (blocks, block)
		ring_block_drop(block);
	vector_free(blocks);
}

void ring_notes_free(note_vector *notes)
{
	struct ring_note_pair *note;

	vector_for_each (notes, note) {
		free(note->key);
		free(note->value);
	}
	vector_free(notes);
}

int recording_ring_new(const struct ring_limits *limits, struct recording_ring **ret)
{
	struct recording_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	ring->limits = *limits;
	*ret = ring;
	return 0;
}

static void home_free(struct futex_home *home)
{
	vector_free(&home->futexes);
}

void recording_ring_free(struct recording_ring **slot)
{
	struct recording_ring *ring = *slot;
	struct checkpoint *checkpoint;
	struct futex_home *home;

	if (!ring)
		return;
	ring_blocks_drop(&ring->blocks);
	ring_blocks_drop(&ring->tables);
	vector_for_each (&ring->checkpoints, checkpoint)
		ring_block_drop(&checkpoint->packed);
	vector_free(&ring->checkpoints);
	vector_for_each (&ring->homes, home)
		home_free(home);
	vector_free(&ring->homes);
	ring_notes_free(&ring->notes);
	free(ring);
	*slot = NULL;
}

uint64_t recording_ring_bytes(const struct recording_ring *ring)
{
	return ring->bytes;
}

uint64_t recording_ring_stack_bytes(const struct recording_ring *ring)
{
	return ring->table_bytes;
}

/* ---- what gives way ----------------------------------------------------------------------------
 */

static bool is_kept(const struct block_header *header, uint64_t from)
{
	/* A snapshot of control blocks is of one moment, which it has to do with alone. */
	return !header->last_time || header->last_time > from;
}

static void drop_blocks_until(struct recording_ring *ring, uint64_t time)
{
	size_t kept = 0;

	for (size_t i = 0; i < ring->blocks.count; i++) {
		struct ring_block *block = ring->blocks.items[i];

		if (is_kept(ring_block_header(block), time)) {
			ring->blocks.items[kept++] = block;
			continue;
		}
		ring->bytes -= block->size;
		ring_block_drop(&block);
	}
	ring->blocks.count = kept;
}

static void forget_notes_of(struct recording_ring *ring, uint32_t tgid)
{
	char prefix[sizeof(NOTE_LOCK_NAME) + 16];
	size_t kept = 0, length;

	length = (size_t)snprintf(prefix, sizeof(prefix), NOTE_LOCK_NAME "%u.", tgid);
	for (size_t i = 0; i < ring->notes.count; i++) {
		struct ring_note_pair note = ring->notes.items[i];

		if (strncmp(note.key, prefix, length) != 0) {
			ring->notes.items[kept++] = note;
			continue;
		}
		free(note.key);
		free(note.value);
	}
	ring->notes.count = kept;
}

static void forget_homes_until(struct recording_ring *ring, uint64_t time)
{
	size_t kept = 0;

	for (size_t i = 0; i < ring->homes.count; i++) {
		struct futex_home home = ring->homes.items[i];

		if (!home.ended || home.ended > time) {
			ring->homes.items[kept++] = home;
			continue;
		}
		forget_notes_of(ring, home.tgid);
		home_free(&home);
	}
	ring->homes.count = kept;
}

static void drop_oldest(struct recording_ring *ring)
{
	struct checkpoint *checkpoints = ring->checkpoints.items;

	ring->bytes -= checkpoints[0].packed->size;
	ring_block_drop(&checkpoints[0].packed);
	memmove(checkpoints, checkpoints + 1, (ring->checkpoints.count - 1) * sizeof(*checkpoints));
	ring->checkpoints.count--;
	drop_blocks_until(ring, checkpoints[0].time);
	forget_homes_until(ring, checkpoints[0].time);
	ring->cut = true;
}

/* Two always stay, so that there is a part between them; with so much behind the last one, the next
 * is due. */
static void give_way(struct recording_ring *ring)
{
	const struct checkpoint *checkpoints = ring->checkpoints.items;

	while (ring->checkpoints.count >= 3 && ring->bytes > ring->limits.bytes)
		drop_oldest(ring);
	while (ring->limits.duration && ring->checkpoints.count >= 3 &&
	       checkpoints[ring->checkpoints.count - 1].time - checkpoints[1].time >=
		       ring->limits.duration)
		drop_oldest(ring);
}

bool recording_ring_is_due(const struct recording_ring *ring, uint64_t now)
{
	const struct checkpoint *last;

	if (!ring->checkpoints.count)
		return true;
	if (ring->bytes_since >= ring->limits.bytes / RING_PARTS)
		return true;
	last = &ring->checkpoints.items[ring->checkpoints.count - 1];
	return ring->limits.duration && now > last->time &&
	       now - last->time >= ring->limits.duration / RING_PARTS;
}

/* ---- what comes --------------------------------------------------------------------------------
 */

int ring_add_block(struct recording_ring *ring, const struct block_header *header,
		   const void *bytes, size_t size)
{
	bool table = header->type == BLOCK_MODULE || header->type == BLOCK_FRAME ||
		     header->type == BLOCK_STACK;
	struct ring_block *block = malloc(sizeof(*block) + size);
	struct ring_block **place = NULL;

	if (block)
		place = table ? vector_add(&ring->tables) : vector_add(&ring->blocks);
	if (!place) {
		free(block);
		return -ENOMEM;
	}
	atomic_init(&block->users, 1);
	block->size = size;
	memcpy(block->bytes, bytes, size);
	*place = block;
	if (table) {
		ring->table_bytes += size;
		return 0;
	}
	ring->bytes += size;
	ring->bytes_since += size;
	give_way(ring);
	return 0;
}

/* Of the names of locks the oldest give way: there may be new processes all the time. */
static void make_room_for_note(struct recording_ring *ring)
{
	struct ring_note_pair *notes = ring->notes.items;

	if (ring->notes.count < RING_NOTES_MAX)
		return;
	for (size_t i = 0; i < ring->notes.count; i++) {
		if (strncmp(notes[i].key, NOTE_LOCK_NAME, strlen(NOTE_LOCK_NAME)) != 0)
			continue;
		free(notes[i].key);
		free(notes[i].value);
		memmove(notes + i, notes + i + 1, (ring->notes.count - i - 1) * sizeof(*notes));
		ring->notes.count--;
		return;
	}
}

int ring_note(struct recording_ring *ring, const char *key, const char *value)
{
	CLEANUP_FREE char *copy = strdup(value);
	struct ring_note_pair *note;

	if (!copy)
		return -ENOMEM;
	vector_for_each (&ring->notes, note) {
		if (strcmp(note->key, key) != 0)
			continue;
		free(note->value);
		note->value = take_pointer(&copy);
		return 0;
	}
	make_room_for_note(ring);
	note = vector_add(&ring->notes);
	if (!note)
		return -ENOMEM;
	note->key = strdup(key);
	if (!note->key) {
		ring->notes.count--;
		return -ENOMEM;
	}
	note->value = take_pointer(&copy);
	return 0;
}

static struct futex_home *home_of(struct recording_ring *ring, uint32_t tgid)
{
	struct futex_home *home;

	vector_for_each (&ring->homes, home)
		if (home->tgid == tgid && !home->ended)
			return home;
	return NULL;
}

static int keep_futex(struct recording_ring *ring, const struct pl_life_futex *futex)
{
	struct futex_home *home = home_of(ring, futex->head.tgid);
	struct pl_life_futex *place;

	if (!home) {
		home = vector_add(&ring->homes);
		if (!home)
			return -ENOMEM;
		home->tgid = futex->head.tgid;
	}
	vector_for_each (&home->futexes, place) {
		if (place->address == futex->address) {
			*place = *futex;
			return 0;
		}
	}
	if (home->futexes.count >= FUTEXES_MAX)
		return 0;
	place = vector_add(&home->futexes);
	if (!place)
		return -ENOMEM;
	*place = *futex;
	return 0;
}

int ring_hear(struct recording_ring *ring, const union pl_life *life)
{
	struct futex_home *home;

	if (life->head.kind == PL_LIFE_FUTEX && life->head.size >= sizeof(life->futex))
		return keep_futex(ring, &life->futex);
	if (life->head.kind == PL_LIFE_EXIT && life->head.flags & PL_TASK_LAST) {
		home = home_of(ring, life->head.tgid);
		if (home)
			home->ended = life->head.time;
	}
	return 0;
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

static struct ring_block *pack(const struct ring_checkpoint *given, size_t *ret_raw)
{
	size_t bases = given->count * sizeof(*given->bases), raw = bases + given->facts_size;
	size_t bound = ZSTD_compressBound(raw), size;
	CLEANUP_FREE char *whole = malloc(raw + 1);
	struct ring_block *block = malloc(sizeof(*block) + bound), *fit;

	if (!whole || !block) {
		free(block);
		return NULL;
	}
	if (bases)
		memcpy(whole, given->bases, bases);
	if (given->facts_size)
		memcpy(whole + bases, given->facts, given->facts_size);
	size = ZSTD_compress(block->bytes, bound, whole, raw, CHECKPOINT_ZSTD);
	if (ZSTD_isError(size)) {
		free(block);
		return NULL;
	}
	atomic_init(&block->users, 1);
	block->size = size;
	*ret_raw = raw;
	fit = realloc(block, sizeof(*block) + size);
	return fit ? fit : block;
}

int recording_ring_checkpoint(struct recording_ring *ring, struct recording_writer *writer,
			      const struct ring_checkpoint *given)
{
	struct checkpoint *checkpoint = vector_add(&ring->checkpoints);

	if (!checkpoint)
		return -ENOMEM;
	checkpoint->time = given->time;
	checkpoint->until = given->until;
	checkpoint->count = given->count;
	checkpoint->facts_size = given->facts_size;
	checkpoint->packed = pack(given, &checkpoint->raw_size);
	if (!checkpoint->packed) {
		ring->checkpoints.count--;
		return -ENOMEM;
	}
	ring->bytes += checkpoint->packed->size;
	ring->bytes_since = 0;
	writer_cut(writer, given->time);
	writer_cut(writer, given->until);
	give_way(ring);
	return 0;
}

/* ---- parts -------------------------------------------------------------------------------------
 */

static int by_tid(const void *a, const void *b)
{
	const struct pl_base *one = a, *two = b;

	return (one->task.head.tid > two->task.head.tid) -
	       (one->task.head.tid < two->task.head.tid);
}

static int unpack(const struct checkpoint *checkpoint, struct bases *ret)
{
	struct pl_base *items = malloc(checkpoint->raw_size + 1);
	size_t bases = checkpoint->count * sizeof(*items);

	if (!items)
		return -ENOMEM;
	if (ZSTD_decompress(items, checkpoint->raw_size, checkpoint->packed->bytes,
			    checkpoint->packed->size) != checkpoint->raw_size) {
		free(items);
		return -EBADMSG;
	}
	*ret = (struct bases){
		.time = checkpoint->time,
		.until = checkpoint->until,
		.items = items,
		.count = checkpoint->count,
		.facts = (char *)items + bases,
		.facts_size = checkpoint->facts_size,
	};
	if (ret->count)
		qsort(items, ret->count, sizeof(*items), by_tid);
	return 0;
}

/* Both ends are inclusive of what may have to be looked at. */
static int share_blocks(const block_vector *from, block_vector *to, uint64_t after)
{
	struct ring_block *const *block, **place;

	vector_for_each (from, block) {
		if (!is_kept(ring_block_header(*block), after))
			continue;
		place = vector_add(to);
		if (!place)
			return -ENOMEM;
		atomic_fetch_add(&(*block)->users, 1);
		*place = *block;
	}
	return 0;
}

static int copy_notes(const note_vector *from, note_vector *to)
{
	const struct ring_note_pair *note;

	vector_for_each (from, note) {
		struct ring_note_pair *copy = vector_add(to);

		if (!copy)
			return -ENOMEM;
		copy->key = strdup(note->key);
		copy->value = strdup(note->value);
		if (!copy->key || !copy->value)
			return -ENOMEM;
	}
	return 0;
}

static int copy_futexes(const struct recording_ring *ring, struct ring_part *part)
{
	const struct futex_home *home;
	const struct pl_life_futex *futex;

	vector_for_each (&ring->homes, home) {
		vector_for_each (&home->futexes, futex) {
			struct pl_life_futex *copy;

			if (futex->head.time > part->begin.time)
				continue;
			copy = vector_add(&part->futexes);
			if (!copy)
				return -ENOMEM;
			*copy = *futex;
			copy->head.time = part->begin.time;
		}
	}
	return 0;
}

static const struct checkpoint *choose(const struct recording_ring *ring, uint64_t duration,
				       size_t count)
{
	const struct checkpoint *last = &ring->checkpoints.items[ring->checkpoints.count - 1];
	size_t chosen = 0;

	for (size_t i = 1; duration && i < count; i++)
		if (last->time - ring->checkpoints.items[i].time >= duration)
			chosen = i;
	return &ring->checkpoints.items[chosen];
}

int recording_ring_take(struct recording_ring *ring, uint64_t duration, bool to_end,
			struct ring_part **ret)
{
	size_t count = ring->checkpoints.count - (to_end ? 0 : 1);
	CLEANUP(ring_part_free)
	struct ring_part *part = NULL;
	const struct checkpoint *begin;
	int error;

	if (!ring->checkpoints.count || !count)
		return -ENODATA;
	part = calloc(1, sizeof(*part));
	if (!part)
		return -ENOMEM;
	begin = choose(ring, duration, count);
	part->has_end = !to_end;
	part->cut = ring->cut || begin != ring->checkpoints.items;
	error = unpack(begin, &part->begin);
	if (!error && part->has_end)
		error = unpack(&ring->checkpoints.items[count], &part->end);
	if (!error)
		error = share_blocks(&ring->blocks, &part->blocks, begin->time);
	if (!error)
		error = share_blocks(&ring->tables, &part->tables, 0);
	if (!error)
		error = copy_notes(&ring->notes, &part->notes);
	if (!error && part->cut)
		error = copy_futexes(ring, part);
	if (error)
		return error;
	*ret = take_pointer(&part);
	return 0;
}

void ring_part_free(struct ring_part **slot)
{
	struct ring_part *part = *slot;

	if (!part)
		return;
	ring_blocks_drop(&part->blocks);
	ring_blocks_drop(&part->tables);
	ring_notes_free(&part->notes);
	vector_free(&part->futexes);
	free(part->begin.items);
	free(part->end.items);
	free(part);
	*slot = NULL;
}

uint64_t ring_part_begin(const struct ring_part *part)
{
	return part->begin.time;
}

uint64_t ring_part_end(const struct ring_part *part)
{
	return part->has_end ? part->end.time : 0;
}

bool ring_part_is_cut(const struct ring_part *part)
{
	return part->cut;
}

const void *ring_part_facts(const struct ring_part *part, size_t *ret_size)
{
	*ret_size = part->begin.facts_size;
	return part->begin.facts;
}
