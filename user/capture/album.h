/* SPDX-License-Identifier: GPL-2.0-only */
/* album.h - the snapshots of control blocks that go into a recording */
#ifndef CAPTURE_ALBUM_H
#define CAPTURE_ALBUM_H

#include <stdint.h>

struct album;
struct kernel_side;
struct recording_writer;

struct album_options {
	uint64_t every;		  /* ns between two snapshots */
	struct kernel_side *side; /* whose threads are in the picture */
	struct recording_writer *writer;
};

/* An enum exit_status, after a sentence if it is not EXIT_OK. */
int album_new(const struct album_options *options, struct album **ret);
/* Takes one if it is time for it; NULL has none to take. 0, or the writer's -errno. */
int album_turn(struct album *album, uint64_t now);
/* Takes one now. The same. */
int album_take(struct album *album);
/* In a moment in which events are waiting: of many processes without their files and memory. */
int album_take_soon(struct album *album);
/* How long until the next one, in ms; `most` if that is sooner, or there is none. */
int album_wait_ms(const struct album *album, uint64_t now, int most);
void album_free(struct album **album);

#endif
