// SPDX-License-Identifier: GPL-2.0-only
/* test_stack_tree.c - where time went, in all and in parts */
#include "stack_recordings.h"

static bool has_label(const struct stack_tree *tree, const char *label)
{
	const struct tree_node *node;

	vector_for_each (&tree->nodes, node) {
		if (node->total && strstr(stack_tree_label(tree, node), label))
			return true;
	}
	return false;
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_shown_is_what_the_model_says),
		cmocka_unit_test(the_wall_picture_is_as_wide_as_all_lives),
		cmocka_unit_test(times_add_up_to_the_whole),
		cmocka_unit_test(threads_and_reasons_can_be_picked),
		cmocka_unit_test(the_places_of_a_report_are_short_stacks),
		cmocka_unit_test(the_places_of_a_report_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
