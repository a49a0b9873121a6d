// SPDX-License-Identifier: GPL-2.0-only
#include "capture/hang/places.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/snapshot.h"
#include "capture/task_places.h"
#include "model/hang_place.h"
#include "model/tasks/pcb.h"

/* A circle of thousands needs no place for each. */
#define PLACES_MAX 64

static bool is_member(const struct pl_pcb_head *head, void *context)
{
	const struct hang *hang = context;

	for (size_t i = 0; i < hang->members.count && i < PLACES_MAX; i++)
		if (hang->members.items[i].tid == head->tid)
			return true;
	return false;
}

/* The one process that all of them belong to; 0: there are several. */
static pid_t process_of(const struct hang *hang)
{
	const struct hang_member *member;
	uint32_t process = hang->members.items[0].tgid;

	vector_for_each (&hang->members, member)
		if (member->tgid != process)
			return 0;
	return (pid_t)process;
}

static int take_snapshot(const struct hang *hang, struct snapshot *ret)
{
	const struct snapshot_options options = {.process = process_of(hang)};
	struct snapshot_reader *reader;
	struct snapshot snapshot = {0};
	int status = snapshot_reader_new(&options, &reader);

	if (status)
		return status;
	status = snapshot_read(reader, &snapshot);
	snapshot_reader_free(&reader);
	if (!status && (snapshot_choose(&snapshot, is_member, (void *)hang) ||
			task_places_find(&snapshot, true)))
		status = EXIT_INTERNAL;
	if (status)
		snapshot_free(&snapshot);
	else
		*ret = snapshot;
	return status;
}

/* Names come from the program's file, which may say anything: tabs and lines are ours. */
static void put_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc((unsigned char)*name < ' ' ? '?' : *name, out);
}

static char *way_of(const struct snapshot *snapshot, uint32_t tid)
{
	struct snapshot_range range = snapshot_frames(snapshot, tid, false);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = range.begin; i < range.end; i++) {
		const struct pcb_frame *frame = &snapshot->frames.items[i];

		fprintf(out, "%s%" PRIx64 "\t", i > range.begin ? "\n" : "", frame->address);
		put_name(out, frame->function);
		fputc('\t', out);
		put_name(out, frame->file);
		fprintf(out, "\t%u\t", frame->line);
		put_name(out, frame->module);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

void hang_places_find(const struct hang *hang, struct hang_places *ret)
{
	struct hang_places places = {0};
	const struct hang_member *member;
	struct snapshot snapshot;

	*ret = places;
	if (take_snapshot(hang, &snapshot))
		return;
	vector_for_each (&hang->members, member) {
		char **way = vector_add(&places.ways);

		if (!way)
			break;
		*way = way_of(&snapshot, member->tid);
	}
	snapshot_free(&snapshot);
	*ret = places;
}

void hang_places_tell(const struct hang *hang, const struct hang_places *places)
{
	char text[1024], shown[1280];

	for (size_t i = 0; i < places->ways.count && i < hang->members.count; i++) {
		const struct hang_member *member = &hang->members.items[i];
		const char *way = places->ways.items[i];

		if (!way || !*hang_place_text(way, text, sizeof(text)))
			continue;
		escape_text(shown, sizeof(shown), text);
		log_warning("  %s waits in %s", hang_label(member, member->tid).text, shown);
	}
}

void hang_places_free(struct hang_places *places)
{
	char **way;

	vector_for_each (&places->ways, way)
		free(*way);
	vector_free(&places->ways);
}

void hang_places_note(const struct hang *hang, const struct hang_places *places,
		      struct recording_writer *writer)
{
	for (size_t i = 0; i < places->ways.count && i < hang->members.count; i++) {
		const struct hang_member *member = &hang->members.items[i];
		const char *way = places->ways.items[i];
		char key[64];

		snprintf(key, sizeof(key), NOTE_HANG_PLACE "%" PRIu32 ".%" PRIx64, member->tid,
			 member->address);
		if (way && *way)
			recording_write_note(writer, key, "%s", way);
	}
}
