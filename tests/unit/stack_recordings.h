/* SPDX-License-Identifier: GPL-2.0-only */
/* stack_recordings.h - recordings with stacks: of a simulated machine, and a small one by hand */
#ifndef TESTS_UNIT_STACK_RECORDINGS_H
#define TESTS_UNIT_STACK_RECORDINGS_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "item_writer.h"
#include "model/stacks/tree.h"
#include "model_simulator.h"
#include "recording/stacks.h"

/* Stack s (1..9) is leaf_s < middle_(s%3) < root; 9 is cut off, 8 has an inlined leaf. */
static inline void write_stacks(struct recording_writer *writer)
{
	struct recording_frame frame = {.file = "/src/a.c", .module = 1};
	uint32_t root, middle[3], leaf, unused;
	char name[32];

	recording_write_module(writer, &(struct recording_module){.path = "/bin/prog"}, &unused);
	frame.function = "root";
	recording_write_frame(writer, &frame, &root);
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "middle_%u", i);
		frame.function = name;
		recording_write_frame(writer, &frame, &middle[i]);
	}
	for (uint32_t s = 1; s <= 9; s++) {
		uint32_t frames[3] = {0, middle[s % 3], root};

		snprintf(name, sizeof(name), "leaf_%u", s);
		frame.function = name;
		frame.line = s;
		recording_write_frame(writer, &frame, &leaf);
		if (s == 8) {
			frame.function = "inlined";
			frame.outer = leaf;
			recording_write_frame(writer, &frame, &leaf);
			frame.outer = 0;
		}
		frames[0] = leaf;
		recording_write_stack(writer, s, frames, 3, s == 9 ? STOP_READ : STOP_ROOT);
	}
}

/* A stack with most switches, and a stroke of the clock now and then. */
static inline void add_stacks(struct sim *sim, struct stream *from, struct stream *to)
{
	struct made_item *item;

	vector_for_each (&from->items, item) {
		struct made_item *copy = stream_add(to);
		uint32_t next = item->record.sw.next;

		*copy = *item;
		if (item->is_life || item->record.kind != PL_SWITCH)
			continue;
		if ((item->record.sw.flags & PL_PREV) && sim_chance(sim, 80))
			copy->stack = 1 + sim_random(sim, 12); /* some of them unknown */
		if ((item->record.sw.flags & PL_WOKEN) && sim_chance(sim, 50))
			copy->waker_stack = 1 + sim_random(sim, 9);
		if ((item->record.sw.flags & PL_NEXT) && sim_chance(sim, 60))
			add_sample(to, item->time, item->cpu, next, 1 + sim_random(sim, 9),
				   sim_random(sim, 300));
	}
}

struct made {
	struct recording *recording;
	struct model *model;
};

/* The descriptor of a recording of a simulated machine. */
static inline int write_made(uint64_t seed, bool lossy, bool stacks)
{
	struct stream stream = {0}, decorated = {0};
	struct sim sim = {.random = seed * 77 + 1};
	int fd = memfd_create("recording", MFD_CLOEXEC), kept = dup(fd);
	struct recording_writer *writer;
	struct made_item *item;
	uint64_t end = simulate(&stream, seed, 100 + seed * 5, lossy), lost = 0;

	if (stacks)
		add_stacks(&sim, &stream, &decorated);
	assert_int_equal(recording_writer_new(fd, &writer), 0);
	vector_for_each (&stream.items, item) {
		if (!item->is_life && item->record.kind == PL_GAP)
			lost += item->record.gap.lost;
	}
	recording_write_note(writer, NOTE_BEGIN, "1000");
	recording_write_note(writer, NOTE_END, "%llu", (unsigned long long)end);
	recording_write_note(writer, NOTE_ARCH, "x86_64");
	recording_write_note(writer, NOTE_LOST, "%llu", (unsigned long long)lost);
	if (stacks)
		write_stacks(writer);
	vector_for_each (stacks ? &decorated.items : &stream.items, item)
		write_item(writer, item);
	assert_int_equal(recording_writer_finish(writer), 0);
	vector_free(&stream.items);
	vector_free(&decorated.items);
	return kept;
}

static inline struct made open_made(int fd)
{
	struct recording_error error = {""};
	struct made made;

	assert_int_equal(recording_open_fd(fd, &made.recording, &error), 0);
	assert_int_equal(model_build(made.recording, &made.model, &error), 0);
	return made;
}

static inline struct made make(uint64_t seed, bool lossy, bool stacks)
{
	return open_made(write_made(seed, lossy, stacks));
}

static inline void made_free(struct made *made)
{
	model_free(&made->model);
	recording_close(&made->recording);
}

/* `holder_ends`: who held the lock ends before the thread runs that it gave it to. */
static inline int write_small_where(bool holder_ends)
{
	int fd = memfd_create("recording", MFD_CLOEXEC), kept = dup(fd);
	struct recording_writer *writer;
	struct stream stream = {0};
	struct made_item *item;
	union pl_life *life;

	life = add_task(&stream, 1000, 10, 10, PL_TASK_RUNNING);
	memcpy(life->task.comm, "a;b <&>\33[2J\0\0\0\0", 16);
	add_task(&stream, 1000, 11, 10, PL_TASK_READY);
	add_sample(&stream, 1050, 0, 10, 2, 100);
	item = add_switch(&stream, 1100, 0, 10, OUT_BLOCKED, 1, 11);
	set_block(item, 202, PL_FUTEX_MUTEX, 0x5000, 11);
	item->stack = 8;
	if (holder_ends)
		add_switch(&stream, 1270, 0, 11, OUT_BLOCKED, 0x80, 0);
	item = add_switch(&stream, 1300, 0, holder_ends ? 0 : 11, 0, 0, 10);
	set_woken(item, 50, 11, PL_WAKER_TASK);
	item->waker_stack = 9;
	item = add_switch(&stream, 1400, 0, 10, OUT_BLOCKED, 1, holder_ends ? 0 : 11);
	set_block(item, 35, 0, 0, 0);
	assert_int_equal(recording_writer_new(fd, &writer), 0);
	recording_write_note(writer, NOTE_BEGIN, "1000");
	recording_write_note(writer, NOTE_END, "2000");
	recording_write_note(writer, NOTE_ARCH, "x86_64");
	write_stacks(writer);
	vector_for_each (&stream.items, item)
		write_item(writer, item);
	assert_int_equal(recording_writer_finish(writer), 0);
	vector_free(&stream.items);
	return kept;
}

static inline int write_small(void)
{
	return write_small_where(false);
}

static inline struct made small(void)
{
	return open_made(write_small());
}

static inline struct stack_tree *tree_of(const struct made *made,
					 const struct tree_options *options)
{
	struct stack_tree *tree;

	assert_int_equal(stack_tree_new(options->kind, &tree), 0);
	assert_int_equal(stack_tree_add(tree, made->recording, made->model, options, false), 0);
	assert_int_equal(stack_tree_finish(tree), 0);
	return tree;
}

#endif
