// SPDX-License-Identifier: GPL-2.0-only
/* test_stack_tree.c - where time went, in all and in parts; and the formats that tell it */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "model/stack_tree.h"
#include "model_simulator.h"
#include "recording/stacks.h"
#include "show/flame.h"

/* ---- recordings with stacks ------------------------------------------------------------------ */

/* Stack s (1..9) is leaf_s < middle_(s%3) < root; 9 is cut off, 8 has an inlined leaf. */
static void write_stacks(struct recording_writer *writer)
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

static void write_item(struct recording_writer *writer, const struct made_item *item)
{
	union pl_record records[5];
	size_t count = 0;

	if (item->is_life) {
		union pl_life life = item->life;

		life.head.size = life.head.kind == PL_LIFE_FORK || life.head.kind == PL_LIFE_TASK
					 ? sizeof(life.task)
				 : life.head.kind == PL_LIFE_TOTALS ? sizeof(life.totals)
								    : sizeof(life.exit);
		assert_int_equal(recording_write_life(writer, &life), 0);
		return;
	}
	if (item->has_block)
		records[count++] = item->block;
	if (item->stack)
		records[count++].stack = (struct pl_stack){.kind = PL_STACK,
							   .what = PL_STACK_USER,
							   .tid = item->record.sw.prev,
							   .stack = item->stack};
	if (item->waker_stack)
		records[count++].stack = (struct pl_stack){.kind = PL_STACK,
							   .what = PL_STACK_WAKER,
							   .tid = item->record.sw.next,
							   .stack = item->waker_stack};
	records[count++] = item->record;
	assert_int_equal(recording_write_lane(writer, item->cpu, records, count), 0);
}

/* A stack with most switches, and a stroke of the clock now and then. */
static void add_stacks(struct sim *sim, struct stream *from, struct stream *to)
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
static int write_made(uint64_t seed, bool lossy, bool stacks)
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

static struct made open_made(int fd)
{
	struct recording_error error = {""};
	struct made made;

	assert_int_equal(recording_open_fd(fd, &made.recording, &error), 0);
	assert_int_equal(model_build(made.recording, &made.model, &error), 0);
	return made;
}

static struct made make(uint64_t seed, bool lossy, bool stacks)
{
	return open_made(write_made(seed, lossy, stacks));
}

static void made_free(struct made *made)
{
	model_free(&made->model);
	recording_close(&made->recording);
}

static struct stack_tree *tree_of(const struct made *made, const struct tree_options *options)
{
	struct stack_tree *tree;

	assert_int_equal(stack_tree_new(options->kind, &tree), 0);
	assert_int_equal(stack_tree_add(tree, made->recording, made->model, options, false), 0);
	assert_int_equal(stack_tree_finish(tree), 0);
	return tree;
}

static bool has_label(const struct stack_tree *tree, const char *label)
{
	const struct tree_node *node;

	vector_for_each (&tree->nodes, node) {
		if (node->total && strstr(stack_tree_label(tree, node), label))
			return true;
	}
	return false;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void assert_adds_up(const struct stack_tree *tree, const struct made *made)
{
	uint64_t *sums = calloc(made->model->threads.count + 1, sizeof(*sums)), whole = 0;
	const struct tree_weight *weight;
	const struct tree_node *node;

	vector_for_each (&tree->weights, weight)
		sums[weight->thread] += weight->weight;
	for (size_t i = 0; i < made->model->threads.count; i++) {
		uint64_t expected =
			tree_expected(made->model, &made->model->threads.items[i], tree->kind);

		assert_int_equal(sums[i], expected);
		whole += expected;
	}
	assert_int_equal(tree->nodes.items[0].total, whole);
	/* And each node is what its children and it have. */
	vector_for_each (&tree->nodes, node) {
		uint64_t sum = node->self;

		for (uint32_t at = node->child; at; at = tree->nodes.items[at].sibling)
			sum += tree->nodes.items[at].total;
		assert_int_equal(sum, node->total);
	}
	free(sums);
}

/* No two children of a node have the same name and kind. */
static void assert_all_differ(const struct stack_tree *tree)
{
	const struct tree_node *nodes = tree->nodes.items;

	for (uint32_t i = 1; i < tree->nodes.count; i++) {
		uint32_t next = nodes[i].sibling;

		assert_true(!next || nodes[next].label != nodes[i].label ||
			    nodes[next].kind != nodes[i].kind);
	}
}

static void all_that_is_shown_is_what_the_model_says(void **state)
{
	for (uint64_t seed = 1; seed <= 80; seed++) {
		bool lossy = seed % 2, stacks = seed % 4 < 2;
		struct made made = make(seed, lossy, stacks);

		for (int kind = 0; kind < TREE_KINDS; kind++) {
			struct tree_options options = {.kind = kind, .tids = seed % 3 == 0};
			struct stack_tree *tree = tree_of(&made, &options);

			assert_adds_up(tree, &made);
			assert_all_differ(tree);
			if (!lossy)
				assert_false(has_label(tree, "[lost]"));
			assert_true(tree->has_stacks == stacks);
			assert_true(!tree->nodes.items[0].total || kind == TREE_LOCK || !stacks ||
				    kind == TREE_WAKEUP || has_label(tree, "leaf_") ||
				    has_label(tree, "[no s") || has_label(tree, "preempted"));
			stack_tree_free(&tree);
		}
		made_free(&made);
	}
}

/* What the model itself says of the life of all threads is the picture's width. */
static void the_wall_picture_is_as_wide_as_all_lives(void **state)
{
	struct made made = make(6, false, true);
	struct stack_tree *tree = tree_of(&made, &(struct tree_options){.kind = TREE_WALL});
	const struct thread *thread;
	uint64_t lives = 0;

	vector_for_each (&made.model->threads, thread)
		lives += thread_life_ns(thread);
	assert_int_equal(tree->nodes.items[0].total, lives);
	stack_tree_free(&tree);
	made_free(&made);
}

/* Parts of the time are parts of the whole. */
static void times_add_up_to_the_whole(void **state)
{
	for (uint64_t seed = 2; seed <= 40; seed += 2) {
		struct made made = make(seed, false, seed % 4 == 0);
		uint64_t whole = made.model->end - made.model->begin;
		enum tree_kind kinds[] = {TREE_ON_CPU, TREE_OFF_CPU, TREE_WALL, TREE_RUN_QUEUE};

		for (size_t i = 0; i < 4; i++) {
			uint64_t cut = whole / 3, sum = 0, all;
			struct tree_options options = {.kind = kinds[i]};
			struct stack_tree *tree = tree_of(&made, &options);

			all = tree->nodes.items[0].total;
			stack_tree_free(&tree);
			for (int part = 0; part < 2; part++) {
				options.begin = part ? cut : 0;
				options.end = part ? 0 : cut;
				tree = tree_of(&made, &options);
				sum += tree->nodes.items[0].total;
				stack_tree_free(&tree);
			}
			assert_int_equal(sum, all);
		}
		made_free(&made);
	}
}

static void threads_and_reasons_can_be_picked(void **state)
{
	struct made made = make(8, false, true);
	const struct thread *thread = &made.model->threads.items[1];
	char tid[16];
	struct tree_options options = {.kind = TREE_OFF_CPU, .thread = tid};
	struct stack_tree *tree;
	uint64_t sum = 0;

	snprintf(tid, sizeof(tid), "%u", thread->tid);
	tree = tree_of(&made, &options);
	assert_int_equal(tree->nodes.items[0].total, thread_blocked_ns(thread));
	stack_tree_free(&tree);
	options.thread = "no such thread";
	tree = tree_of(&made, &options);
	assert_int_equal(tree->nodes.items[0].total, 0);
	stack_tree_free(&tree);
	options.thread = "*";
	options.reason = "lock";
	tree = tree_of(&made, &options);
	vector_for_each (&made.model->threads, thread) {
		const struct reason_total *reason;

		vector_for_each (&thread->reasons, reason)
			sum += reason->reason == REASON_LOCK ? reason->total_ns : 0;
	}
	assert_int_equal(tree->nodes.items[0].total, sum);
	stack_tree_free(&tree);
	made_free(&made);
}

/* ---- one small recording, by hand ------------------------------------------------------------ */

static int write_small(void)
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
	item = add_switch(&stream, 1300, 0, 11, 0, 0, 10);
	set_woken(item, 50, 11, PL_WAKER_TASK);
	item->waker_stack = 9;
	item = add_switch(&stream, 1400, 0, 10, OUT_BLOCKED, 1, 11);
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

static struct made small(void)
{
	return open_made(write_small());
}

static char *shown(const struct made *made, const struct tree_options *options,
		   int (*show)(FILE *, const struct stack_tree *, const struct model *,
			       const struct flame_options *),
		   const struct flame_options *flame, size_t *ret_size)
{
	struct stack_tree *tree = tree_of(made, options);
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (show)
		assert_int_equal(show(out, tree, made->model, flame), 0);
	else
		assert_int_equal(show_flame_folded(out, tree, flame), 0);
	fclose(out);
	stack_tree_free(&tree);
	return text;
}

static void assert_folded(const struct made *made, const struct tree_options *options,
			  const char *expected)
{
	struct flame_options flame = {.title = "t", .lines = options->lines};
	size_t size;
	char *text = shown(made, options, NULL, &flame, &size);

	assert_string_equal(text, expected);
	free(text);
}

#define NAME "a\\x3bb <&>\\x1b[2J"

static void every_nanosecond_is_where_it_was_spent(void **state)
{
	struct made made = small();

	assert_folded(&made, &(struct tree_options){.kind = TREE_OFF_CPU},
		      NAME ";" NAME ";[no stack];[blocked: sleep] 600\n" NAME ";" NAME
			   ";root;middle_2;leaf_8;inlined_[i];[blocked: lock] 150\n");
	assert_folded(&made, &(struct tree_options){.kind = TREE_OFF_CPU, .no_inlines = true},
		      NAME ";" NAME ";[no stack];[blocked: sleep] 600\n" NAME ";" NAME
			   ";root;middle_2;leaf_8;[blocked: lock] 150\n");
	/* It ran for 200 ns, of which one sample tells 100. */
	assert_folded(&made,
		      &(struct tree_options){.kind = TREE_ON_CPU, .thread = "10", .lines = true},
		      NAME ";" NAME ";[no sample];[running] 100\n" NAME ";" NAME
			   ";root;middle_2;leaf_2 (a.c:2) 100\n");
	assert_folded(&made, &(struct tree_options){.kind = TREE_LOCK},
		      NAME ";" NAME ";root;middle_2;leaf_8;inlined_[i];[blocked: lock];"
			   "[0x5000];[held by task];[cut off: its memory could not be read];root;"
			   "middle_0;leaf_9 150\n");
	assert_folded(&made, &(struct tree_options){.kind = TREE_WAKEUP, .reason = "lock"},
		      NAME ";task;[cut off: its memory could not be read];root;middle_0;leaf_9;"
			   "[wakes a\\x3bb <&>\\x1b[2J];[from lock] 150\n");
	assert_folded(&made, &(struct tree_options){.kind = TREE_RUN_QUEUE, .tids = true},
		      NAME " 10;" NAME
			   " 10;root;middle_2;leaf_8;inlined_[i];[ready: woken] 50\n" NAME
			   " 10;task 11;[no stack];[ready: preempted] 200\n");
	assert_folded(&made, &(struct tree_options){.kind = TREE_SWITCHES, .thread = "task"},
		      NAME ";task;[no stack];[preempted] 1\n");
	made_free(&made);
}

static void the_places_of_a_report_are_short_stacks(void **state)
{
	static const char *const names[] = {"inlined", "leaf_8", "middle_2", "root"};
	struct made made = small();
	const struct place *place = made.model->places.items;

	/* The sleep had no stack, so nobody knows where it was. */
	assert_int_equal(made.model->places.count, 3);
	assert_int_equal(place->reason, REASON_LOCK);
	assert_int_equal(place->total_ns, 150);
	assert_int_equal(place->max_ns, 150);
	assert_int_equal(place->count, 1);
	assert_int_equal(place->longest_by, 0);
	assert_int_equal(place->frame_count, 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(place->frames[i].function, names[i]);
	assert_false(place->is_cut_off);
	/* What it waited for was given back there. */
	place++;
	assert_int_equal(place->reason, REASON_LOCK);
	assert_true(place->holds);
	assert_int_equal(place->total_ns, 150);
	assert_string_equal(place->frames[0].function, "leaf_9");
	place++;
	assert_int_equal(place->reason, REASON_NONE);
	assert_int_equal(place->total_ns, 100);
	assert_int_equal(place->frames[0].line, 2);
	assert_string_equal(place->frames[0].file, "/src/a.c");
	made_free(&made);
}

/* What all places have is what all waits with a stack had: as long as there are few of them. */
static void the_places_of_a_report_lose_nothing(void **state)
{
	for (uint64_t seed = 2; seed <= 30; seed += 4) {
		struct made made = make(seed, false, true);
		struct stack_tree *tree =
			tree_of(&made, &(struct tree_options){.kind = TREE_OFF_CPU});
		uint64_t sum = 0, expected = 0;
		const struct tree_node *node;
		const struct place *place;

		vector_for_each (&made.model->places, place)
			sum += place->reason != REASON_NONE && !place->holds ? place->total_ns : 0;
		vector_for_each (&tree->nodes, node) {
			if (!strcmp(stack_tree_label(tree, node), "root"))
				expected += node->total;
			/* Stopped threads have a stack, but are not blocked at a place. */
			if (!strcmp(stack_tree_label(tree, node), "[stopped]") &&
			    tree->nodes.items[node->parent].kind != NODE_MARKER)
				expected -= node->total;
		}
		if (made.model->places.count < PLACES_MAX)
			assert_int_equal(sum, expected);
		stack_tree_free(&tree);
		made_free(&made);
	}
}

static void a_difference_has_both_weights(void **state)
{
	struct made made = small();
	struct tree_options options = {.kind = TREE_OFF_CPU};
	struct flame_options flame = {.title = "t", .diff = true};
	struct stack_tree *tree;
	char *text = NULL;
	size_t size;
	FILE *out;

	assert_int_equal(stack_tree_new(TREE_OFF_CPU, &tree), 0);
	options.reason = "sleep";
	assert_int_equal(stack_tree_add(tree, made.recording, made.model, &options, false), 0);
	options.reason = NULL;
	assert_int_equal(stack_tree_add(tree, made.recording, made.model, &options, true), 0);
	assert_int_equal(stack_tree_finish(tree), 0);
	assert_int_equal(tree->nodes.items[0].total, 600);
	assert_int_equal(tree->nodes.items[0].other_total, 750);
	out = open_memstream(&text, &size);
	assert_int_equal(show_flame_folded(out, tree, &flame), 0);
	fclose(out);
	assert_string_equal(text,
			    NAME ";" NAME ";[no stack];[blocked: sleep] 600 600\n" NAME ";" NAME
				 ";root;middle_2;leaf_8;inlined_[i];[blocked: lock] 150 0\n");
	free(text);
	stack_tree_free(&tree);
	made_free(&made);
}

/* ---- formats --------------------------------------------------------------------------------- */

static void no_name_gets_out_of_the_picture(void **state)
{
	struct made made = small();
	struct tree_options options = {.kind = TREE_WALL};
	struct flame_options flame = {.title = "<script>alert(1)</script>]]>\33"};
	size_t size;
	char *text = shown(&made, &options, show_flame_svg, &flame, &size);

	assert_null(strchr(text, '\33'));
	assert_null(strstr(text, "<script>alert"));
	assert_non_null(strstr(text, "&lt;script&gt;alert"));
	assert_non_null(strstr(text, "a;b &lt;&amp;&gt;\\x1b[2J"));
	assert_string_equal(text + size - 14, "</script>\n</svg>\n" + 3);
	free(text);
	made_free(&made);
}

static void what_is_empty_is_a_file_all_the_same(void **state)
{
	struct made made = small();
	struct tree_options options = {.kind = TREE_WALL, .thread = "none"};
	struct flame_options flame = {.title = "t"};
	size_t size;
	char *text;

	text = shown(&made, &options, show_flame_svg, &flame, &size);
	assert_non_null(strstr(text, "There is nothing of this kind"));
	free(text);
	text = shown(&made, &options, show_flame_speedscope, &flame, &size);
	assert_non_null(strstr(text, "\"profiles\":[]"));
	free(text);
	text = shown(&made, &options, NULL, &flame, &size);
	assert_string_equal(text, "");
	free(text);
	text = shown(&made, &options, show_flame_pprof, &flame, &size);
	assert_true(size > 20);
	free(text);
	made_free(&made);
}

static void a_full_disk_is_told_by_every_format(void **state)
{
	struct made made = make(30, false, true);
	struct flame_options flame = {.title = "t"};
	struct stack_tree *tree = tree_of(&made, &(struct tree_options){.kind = TREE_WALL});

	for (int format = 0; format < 4; format++) {
		FILE *out = fopen("/dev/full", "we");
		int r;

		setvbuf(out, NULL, _IONBF, 0);
		r = format == 0	  ? show_flame_folded(out, tree, &flame)
		    : format == 1 ? show_flame_svg(out, tree, made.model, &flame)
		    : format == 2 ? show_flame_speedscope(out, tree, made.model, &flame)
				  : show_flame_pprof(out, tree, made.model, &flame);
		assert_int_equal(r, -ENOSPC);
		fclose(out);
	}
	stack_tree_free(&tree);
	made_free(&made);
}

/* For the tests of viewers (tests/kernel/test_flame_viewers.py). */
static void copy_to(const char *folder, const char *name, int fd)
{
	char path[4096], buffer[4096];
	ssize_t got;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "we");
	lseek(fd, 0, SEEK_SET);
	while (out && (got = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, got, out);
	if (out)
		fclose(out);
	close(fd);
}

int main(void)
{
	const char *folder = getenv("WRITE_RECORDINGS");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_shown_is_what_the_model_says),
		cmocka_unit_test(the_wall_picture_is_as_wide_as_all_lives),
		cmocka_unit_test(times_add_up_to_the_whole),
		cmocka_unit_test(threads_and_reasons_can_be_picked),
		cmocka_unit_test(every_nanosecond_is_where_it_was_spent),
		cmocka_unit_test(the_places_of_a_report_are_short_stacks),
		cmocka_unit_test(the_places_of_a_report_lose_nothing),
		cmocka_unit_test(a_difference_has_both_weights),
		cmocka_unit_test(no_name_gets_out_of_the_picture),
		cmocka_unit_test(what_is_empty_is_a_file_all_the_same),
		cmocka_unit_test(a_full_disk_is_told_by_every_format),
	};

	if (folder) {
		copy_to(folder, "made.ptl", write_made(30, false, true));
		copy_to(folder, "lossy.ptl", write_made(31, true, true));
		copy_to(folder, "hostile.ptl", write_small());
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
