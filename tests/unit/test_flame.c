// SPDX-License-Identifier: GPL-2.0-only
/* test_flame.c - stacks with their weights, in the formats that tell them */
#include <errno.h>

#include "show/flame/flame.h"
#include "stack_recordings.h"

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

/* The wait is told when the waiter runs again. */
static void who_held_a_lock_is_told_even_if_it_ended_before_the_waiter_ran(void **state)
{
	struct made made = open_made(write_small_where(true));

	assert_folded(&made, &(struct tree_options){.kind = TREE_LOCK},
		      NAME ";" NAME ";root;middle_2;leaf_8;inlined_[i];[blocked: lock];"
			   "[0x5000];[held by task];[cut off: its memory could not be read];root;"
			   "middle_0;leaf_9 150\n");
	made_free(&made);
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
		cmocka_unit_test(every_nanosecond_is_where_it_was_spent),
		cmocka_unit_test(who_held_a_lock_is_told_even_if_it_ended_before_the_waiter_ran),
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
