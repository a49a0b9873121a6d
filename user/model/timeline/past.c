// SPDX-License-Identifier: GPL-2.0-only
#include "model/timeline/inside.h"

#define PIECES_MOST 16384u

static void forget_oldest(struct run_past *past)
{
	size_t kept = past->pieces.count / 2;

	memmove(past->pieces.items, past->pieces.items + past->pieces.count - kept,
		kept * sizeof(past->pieces.items[0]));
	past->pieces.count = kept;
}

/* Without memory it is as if it lay too far back. */
static void give_up(struct run_past *past)
{
	vector_free(&past->pieces);
	past->off = true;
}

RARELY void past_keep(struct timeline *timeline, uint64_t time)
{
	struct run_past *past = &timeline->past;
	const struct sweep *sweep = &timeline->sweep;
	struct past_piece *piece;

	if (past->pieces.count >= PIECES_MOST) {
		if (!past->needed) {
			give_up(past);
			return;
		}
		forget_oldest(past);
	}
	piece = vector_add(&past->pieces);
	if (!piece) {
		give_up(past);
		return;
	}
	*piece = (struct past_piece){
		.begin = sweep->last,
		.end = time,
		.running = sweep->running,
		.sole = (uint32_t)sweep->sum_of_running,
	};
}

/* The piece in which `time` lies becomes two. Its index, or that of the first one after `time`. */
static size_t cut_at(struct run_past *past, uint64_t time)
{
	struct past_piece *pieces = past->pieces.items;
	size_t i = past->pieces.count;

	while (i > 0 && pieces[i - 1].end > time)
		i--;
	if (i == past->pieces.count || pieces[i].begin >= time)
		return i;
	if (!vector_add(&past->pieces))
		return i + 1; /* less is counted than could be */
	pieces = past->pieces.items;
	memmove(pieces + i + 1, pieces + i, (past->pieces.count - 1 - i) * sizeof(*pieces));
	pieces[i].end = time;
	pieces[i + 1].begin = time;
	return i + 1;
}

uint64_t past_count(struct timeline *timeline, struct track *track, uint64_t since, uint64_t until)
{
	struct run_past *past = &timeline->past;
	uint64_t *concurrency = timeline->figures.concurrency;
	uint64_t placed = 0;

	past->needed = true;
	past->off = false;
	for (size_t i = cut_at(past, since); i < past->pieces.count; i++) {
		struct past_piece *piece = &past->pieces.items[i];
		uint64_t length = piece->end - piece->begin;

		if (piece->begin >= until)
			break;
		placed += length;
		concurrency[sooner(piece->running, CONCURRENCY_LAST)] -= length;
		concurrency[sooner(piece->running + 1, CONCURRENCY_LAST)] += length;
		if (!piece->running)
			piece->sole = track->open.thread;
		else
			track->both_ns += length;
		if (piece->running == 1)
			timeline->tracks.items[piece->sole].both_ns += length;
		piece->running++;
	}
	return until - since - sooner(placed, until - since);
}
