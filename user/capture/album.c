// SPDX-License-Identifier: GPL-2.0-only
#include "capture/album.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/kernel_side.h"
#include "capture/snapshot.h"
#include "model/tasks/pcb.h"
#include "recording/snapshots.h"

/* Looking at the files and the memory of so many, one after another, takes some 20 ms. */
#define PROCESSES_FEW 32

struct album {
	struct album_options options;
	struct snapshot_reader *reader;
	uint64_t next;
};

int album_new(const struct album_options *options, struct album **ret)
{
	struct snapshot_options reading = {.files = true, .areas = true};
	struct album *album = calloc(1, sizeof(*album));
	int status;

	if (!album)
		return kernel_side_explain(-ENOMEM);
	album->options = *options;
	status = snapshot_reader_new(&reading, &album->reader);
	if (status)
		album_free(&album);
	else
		*ret = album;
	return status;
}

void album_free(struct album **album)
{
	if (!*album)
		return;
	snapshot_reader_free(&(*album)->reader);
	free(*album);
	*album = NULL;
}

/* ---- whose pictures ------------------------------------------------------------------------ */

/* The processes that are followed. */
struct followed {
	VECTOR(uint32_t) tgids; /* sorted */
};

static int by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

static int add_followed(struct kernel_side *side, struct followed *followed)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++) {
		uint32_t *tgid;

		if (!__atomic_load_n(&slot->task, __ATOMIC_ACQUIRE))
			continue;
		tgid = vector_add(&followed->tgids);
		if (!tgid)
			return -ENOMEM;
		*tgid = slot->tgid;
	}
	return 0;
}

/* Each process once. */
static void sort_followed(struct followed *followed)
{
	uint32_t *tgids = followed->tgids.items;
	size_t kept = 0;

	if (followed->tgids.count)
		qsort(tgids, followed->tgids.count, sizeof(*tgids), by_number);
	for (size_t i = 0; i < followed->tgids.count; i++)
		if (!kept || tgids[kept - 1] != tgids[i])
			tgids[kept++] = tgids[i];
	followed->tgids.count = kept;
}

static bool is_in(const struct followed *followed, uint32_t tgid)
{
	return followed->tgids.count && bsearch(&tgid, followed->tgids.items, followed->tgids.count,
						sizeof(*followed->tgids.items), by_number);
}

/* Who has ended has no slot any more; as a zombie it is its parent's. */
static bool is_followed(const struct pl_pcb_head *head, void *context)
{
	const struct pl_pcb_task *task = (const struct pl_pcb_task *)head;

	if (is_in(context, head->tgid))
		return true;
	return head->kind == PL_PCB_TASK && pcb_state(task) == PCB_ZOMBIE &&
	       is_in(context, task->parent);
}

/* ---- taking them --------------------------------------------------------------------------- */

static int write_snapshot(struct recording_writer *writer, const struct snapshot *snapshot)
{
	const struct pl_pcb_task *task;
	const struct pl_pcb_file *file;
	const struct pl_pcb_area *area;
	int error = 0;

	snapshot_for_each(snapshot, task) if (!error) error =
		recording_write_pcb(writer, snapshot->time, &task->head);
	vector_for_each (&snapshot->files, file)
		if (!error)
			error = recording_write_pcb(writer, snapshot->time, &file->head);
	vector_for_each (&snapshot->areas, area)
		if (!error)
			error = recording_write_pcb(writer, snapshot->time, &area->head);
	return error;
}

static int read_followed(struct album *album, bool soon, struct followed *followed,
			 struct snapshot *ret)
{
	/* Those who are born meanwhile are in the picture without their files and memory. */
	sort_followed(followed);
	if (followed->tgids.count <= PROCESSES_FEW)
		return snapshot_read_some(album->reader, followed->tgids.items,
					  followed->tgids.count, ret);
	return soon ? snapshot_read_some(album->reader, NULL, 0, ret)
		    : snapshot_read(album->reader, ret);
}

static int take(struct album *album, bool soon)
{
	CLEANUP(snapshot_free)
	struct snapshot snapshot = {0};
	struct followed followed = {{0}};
	int error;

	if (!album)
		return 0;
	album->next = monotonic_ns() + album->options.every;
	/* Before and after: who ends meanwhile is in the picture, as is who begins. */
	error = add_followed(album->options.side, &followed);
	/* What cannot be read has been said; the recording goes on without. */
	if (!error && read_followed(album, soon, &followed, &snapshot)) {
		vector_free(&followed.tgids);
		return 0;
	}
	if (!error)
		error = add_followed(album->options.side, &followed);
	sort_followed(&followed);
	if (!error)
		error = snapshot_choose(&snapshot, is_followed, &followed);
	vector_free(&followed.tgids);
	if (!error && snapshot_shown(&snapshot))
		error = write_snapshot(album->options.writer, &snapshot);
	return error;
}

int album_take(struct album *album)
{
	return take(album, false);
}

int album_take_soon(struct album *album)
{
	return take(album, true);
}

int album_turn(struct album *album, uint64_t now)
{
	return album && now >= album->next ? album_take(album) : 0;
}

int album_wait_ms(const struct album *album, uint64_t now, int most)
{
	uint64_t left;

	if (!album)
		return most;
	left = album->next > now ? (album->next - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	return left < (uint64_t)most ? (int)left : most;
}
