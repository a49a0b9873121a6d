// SPDX-License-Identifier: GPL-2.0-only
/* ring_part.c - a part of a ring becomes a recording */
#include "recording/ring_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "recording/writer_inside.h"

#define TASK_INTERRUPTIBLE 1u
#define TASK_WAKING	   0x200u

struct part_writer {
	const struct ring_part *part;
	struct recording_writer *writer;
	ZSTD_DCtx *zstd;
	void *raw; /* an unpacked payload */
	size_t raw_capacity;
	struct ring_filter filter;
	uint64_t first_lane_end; /* the time of the last record of CPU 0 */
	union pl_record records[LANE_RECORDS_MAX];
};

static const char *unpack(struct part_writer *it, const struct ring_block *block)
{
	const struct block_header *header = ring_block_header(block);

	if (header->raw_size > it->raw_capacity) {
		void *grown = realloc(it->raw, header->raw_size);

		if (!grown)
			return "no memory";
		it->raw = grown;
		it->raw_capacity = header->raw_size;
	}
	return block_unpack(it->zstd, header, header + 1, it->raw);
}

/* ---- threads -----------------------------------------------------------------------------------
 */

/* It was there before the part begins; who came later is announced as always. */
static bool is_older(const struct bases *bases, const struct pl_base *base)
{
	return base->state != PL_STATE_DEAD && base->totals.begin <= bases->time;
}

/* Threads on their way out have no name any more: it is their process's. */
static void name_it(const struct bases *bases, struct pl_life_task *task)
{
	const struct pl_base *leader = bases_find(bases, task->head.tgid);

	if (!task->comm[0] && leader)
		memcpy(task->comm, leader->task.comm, sizeof(task->comm));
}

static void tell_state(struct pl_life_task *task, const struct pl_base *base, uint64_t now)
{
	switch (base->state) {
	case PL_STATE_RUNNING:
		task->head.flags |= PL_TASK_RUNNING;
		break;
	case PL_STATE_WOKEN:
		task->head.flags |= PL_TASK_READY | PL_TASK_WOKEN;
		break;
	case PL_STATE_PREEMPTED:
		task->head.flags |= PL_TASK_READY;
		break;
	default:
		if (base->woken && base->woken <= now)
			task->head.flags |= PL_TASK_READY | PL_TASK_WOKEN;
		/* It was woken while it was looked at. */
		else if (!task->state || task->state & TASK_WAKING)
			task->state = TASK_INTERRUPTIBLE;
	}
}

static int write_begin(struct part_writer *it)
{
	const struct bases *bases = &it->part->begin;
	const struct pl_life_futex *futex;
	int error = 0;

	for (size_t i = 0; !error && i < bases->count; i++) {
		const struct pl_base *base = &bases->items[i];
		union pl_life life = {.task = base->task};

		if (!is_older(bases, base))
			continue;
		life.head.time = base_time(bases, base);
		life.head.size = sizeof(life.task);
		life.task.ran_on = base->cpu == UINT16_MAX ? 0 : base->cpu + 1u;
		tell_state(&life.task, base, life.head.time);
		name_it(bases, &life.task);
		error = recording_write_life(it->writer, &life);
	}
	vector_for_each (&it->part->futexes, futex)
		if (!error)
			error = recording_write_life(it->writer, (const union pl_life *)futex);
	return error;
}

/* Whose account it is. An exec gives a thread another tid; when its account began tells. */
static const struct pl_base *owner_of(const struct bases *bases, const struct pl_life_head *head,
				      uint64_t begin)
{
	const struct pl_base *base = bases_find(bases, head->tid);

	if (base && base->totals.begin == begin)
		return base;
	for (size_t i = 0; i < bases->count; i++)
		if (bases->items[i].task.head.tgid == head->tgid &&
		    bases->items[i].totals.begin == begin)
			return &bases->items[i];
	return NULL;
}

static void subtract(struct pl_totals *totals, const struct pl_totals *before)
{
	totals->running -= before->running;
	totals->ready_woken -= before->ready_woken;
	totals->ready_preempted -= before->ready_preempted;
	totals->blocked -= before->blocked;
	totals->voluntary -= before->voluntary;
	totals->involuntary -= before->involuntary;
	totals->wakeups -= before->wakeups;
	totals->migrations -= before->migrations;
	totals->kernel_runtime -= before->kernel_runtime;
	totals->kernel_voluntary -= before->kernel_voluntary;
	totals->kernel_involuntary -= before->kernel_involuntary;
	totals->minor_faults -= before->minor_faults;
	totals->major_faults -= before->major_faults;
}

/* An account goes back to the begin of the watch: the part's is what came since its own begin. Of a
 * thread whose account there is not known nothing is left to tell. */
static bool cut_account(const struct ring_part *part, struct pl_life_totals *life)
{
	const struct pl_base *base;
	struct pl_totals before;

	if (!part->cut || life->totals.begin > part->begin.time)
		return true;
	base = owner_of(&part->begin, &life->head, life->totals.begin);
	if (!base || base->unsure || !is_older(&part->begin, base))
		return false;
	before = base_totals(&part->begin, base);
	subtract(&life->totals, &before);
	life->totals.begin = base_time(&part->begin, base);
	if (life->faults_known)
		life->cow_faults -= base->cow_faults;
	return true;
}

static int write_end(struct part_writer *it)
{
	const struct bases *bases = &it->part->end;
	int error = 0;

	for (size_t i = 0; !error && i < bases->count; i++) {
		const struct pl_base *base = &bases->items[i];
		union pl_life life = {.totals = {.head = base->task.head}};

		if (!is_older(bases, base) || base->unsure)
			continue;
		life.head.time = base_time(bases, base);
		life.head.kind = PL_LIFE_TOTALS;
		life.head.flags |= PL_TASK_ALIVE;
		life.head.size = sizeof(life.totals);
		life.totals.totals = base_totals(bases, base);
		life.totals.priority = base->task.priority;
		if (cut_account(it->part, &life.totals))
			error = recording_write_life(it->writer, &life);
	}
	return error;
}

/* ---- life --------------------------------------------------------------------------------------
 */

static int write_life_record(struct part_writer *it, const struct pl_life_head *head)
{
	const struct ring_part *part = it->part;
	union pl_life life;

	/* Lanes are cut here, blocks of life records are not. */
	if ((part->cut && head->time <= part->begin.time) ||
	    (part->has_end && head->time > part->end.until))
		return 0;
	if (!filter_keeps(&it->filter, head->tid, head->time))
		return 0;
	if (head->kind != PL_LIFE_TOTALS || head->size > sizeof(life) ||
	    head->size < sizeof(life.totals))
		return recording_write_life(it->writer, (const union pl_life *)head);
	memcpy(&life, head, head->size);
	return cut_account(part, &life.totals) ? recording_write_life(it->writer, &life) : 0;
}

static int for_each_life(struct part_writer *it,
			 int (*tell)(struct part_writer *it, const struct pl_life_head *head),
			 uint64_t until)
{
	struct ring_block *const *block;
	int error = 0;

	vector_for_each (&it->part->blocks, block) {
		const struct block_header *header = ring_block_header(*block);
		const char *at, *end;

		if (header->type != BLOCK_LIFE || header->first_time > until)
			continue;
		if (unpack(it, *block))
			return -EBADMSG;
		at = it->raw;
		end = at + header->raw_size;
		while (!error && at < end) {
			const struct pl_life_head *head = (const void *)at;

			error = tell(it, head);
			at += head->size;
		}
		if (error)
			return error;
	}
	return 0;
}

static bool is_beside(const struct bases *bases, uint64_t time)
{
	return time > bases->time && time <= bases->until;
}

static int add_birth(birth_vector *births, const struct pl_life_head *head)
{
	struct birth *birth = vector_add(births);

	if (!birth)
		return -ENOMEM;
	*birth = (struct birth){head->tid, head->time};
	return 0;
}

static int note_birth(struct part_writer *it, const struct pl_life_head *head)
{
	const struct ring_part *part = it->part;
	int error = 0;

	if (head->kind != PL_LIFE_FORK && head->kind != PL_LIFE_TASK)
		return 0;
	if (part->cut && is_beside(&part->begin, head->time))
		error = add_birth(&it->filter.born, head);
	if (!error && part->has_end && is_beside(&part->end, head->time))
		error = add_birth(&it->filter.unborn, head);
	return error;
}

static int set_filter(struct part_writer *it)
{
	const struct ring_part *part = it->part;
	int error = for_each_life(it, note_birth, UINT64_MAX);

	births_sort(&it->filter.born);
	births_sort(&it->filter.unborn);
	if (part->cut)
		it->filter.begin = &part->begin;
	if (part->has_end)
		it->filter.end = &part->end;
	return error;
}

static int write_life(struct part_writer *it)
{
	int error = it->part->cut ? write_begin(it) : 0;

	if (!error)
		error = for_each_life(it, write_life_record,
				      it->part->has_end ? it->part->end.until : UINT64_MAX);
	if (!error && it->part->has_end)
		error = write_end(it);
	return error;
}

/* ---- lanes -------------------------------------------------------------------------------------
 */

static bool is_beside_checkpoint(const struct ring_part *part, const struct block_header *header)
{
	return (part->cut && header->first_time <= part->begin.until) ||
	       (part->has_end && header->last_time > part->end.time);
}

static int write_lane(struct part_writer *it, const struct ring_block *block)
{
	const struct block_header *header = ring_block_header(block);
	size_t count;

	if (it->part->has_end && header->first_time > it->part->end.until)
		return 0;
	if (!header->cpu)
		it->first_lane_end = header->last_time;
	if (!is_beside_checkpoint(it->part, header))
		return writer_block_as_it_is(it->writer, header, block->size);
	if (unpack(it, block) || lane_decode(header, it->raw, it->records))
		return -EBADMSG;
	count = filter_lane(&it->filter, it->records, header->count);
	return recording_write_lane(it->writer, header->cpu, it->records, count);
}

/* Who was woken, and has not run since: nothing else would tell. */
static int write_wakes(struct part_writer *it)
{
	const struct bases *bases = &it->part->end;
	int error = 0;

	for (size_t i = 0; !error && i < bases->count; i++) {
		const struct pl_base *base = &bases->items[i];
		uint64_t last = base->task.head.time;
		union pl_record record = {0};

		if (!is_older(bases, base) || base->state != PL_STATE_BLOCKED || !base->woken ||
		    base->woken > base_time(bases, base))
			continue;
		record.wake = (struct pl_wake){
			.kind = PL_WAKE,
			.waker_context = base->waker_context,
			.waker_cpu = base->waker_cpu,
			.tid = base->task.head.tid,
			.waker = base->waker,
			.woken = base->woken < last ? last : base->woken,
			.time = it->first_lane_end > bases->time ? it->first_lane_end : bases->time,
		};
		error = recording_write_lane(it->writer, 0, &record, 1);
	}
	return error;
}

static int write_blocks(struct part_writer *it)
{
	struct ring_block *const *block;
	int error = 0;

	vector_for_each (&it->part->blocks, block) {
		const struct block_header *header = ring_block_header(*block);

		if (error)
			break;
		if (header->type == BLOCK_LANE)
			error = write_lane(it, *block);
		else if (header->type == BLOCK_PCB || header->type == BLOCK_WATCH)
			error = writer_block_as_it_is(it->writer, header, (*block)->size);
	}
	return error;
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static int write_all(struct part_writer *it,
		     int (*note)(struct recording_writer *writer, void *context), void *context)
{
	const struct ring_part *part = it->part;
	const struct ring_note_pair *pair;
	struct ring_block *const *block;
	int error = set_filter(it);

	vector_for_each (&part->notes, pair)
		if (!error)
			error = recording_write_note(it->writer, pair->key, "%s", pair->value);
	if (!error)
		error = note(it->writer, context);
	vector_for_each (&part->tables, block)
		if (!error)
			error = writer_block_as_it_is(it->writer, ring_block_header(*block),
						      (*block)->size);
	if (!error)
		error = write_life(it);
	if (!error)
		error = recording_flush(it->writer);
	if (!error)
		error = write_blocks(it);
	return error || !part->has_end ? error : write_wakes(it);
}

int ring_part_write(const struct ring_part *part, int fd,
		    int (*note)(struct recording_writer *writer, void *context), void *context)
{
	struct part_writer *it = calloc(1, sizeof(*it));
	int error;

	if (!it) {
		close(fd);
		return -ENOMEM;
	}
	it->part = part;
	it->zstd = ZSTD_createDCtx();
	error = recording_writer_new(fd, &it->writer);
	if (!error && !it->zstd)
		error = -ENOMEM;
	if (!error)
		error = write_all(it, note, context);
	if (error)
		recording_writer_abandon(&it->writer);
	else
		error = recording_writer_finish(it->writer);
	ZSTD_freeDCtx(it->zstd);
	vector_free(&it->filter.born);
	vector_free(&it->filter.unborn);
	free(it->raw);
	free(it);
	return error;
}
