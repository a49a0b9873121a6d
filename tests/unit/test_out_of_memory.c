// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_out_of_memory.c - each allocation fails once, from recording to report
 *
 * Whatever fails is said to have failed, and all that was taken before is given back: the
 * sanitizer would tell of what is not. Linked with --wrap for the allocating functions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "model/model.h"
#include "model/stacks/tree.h"
#include "recording_samples.h"
#include "show/flame/flame.h"
#include "show/show.h"

static struct {
	unsigned long count, fail_at; /* 0: none does */
} allocations;

static bool fails(void)
{
	allocations.count++;
	if (allocations.count != allocations.fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
FILE *__real_open_memstream(char **text, size_t *size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
FILE *__wrap_open_memstream(char **text, size_t *size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t size)
{
	return fails() ? NULL : __real_strndup(text, size);
}

FILE *__wrap_open_memstream(char **text, size_t *size)
{
	return fails() ? NULL : __real_open_memstream(text, size);
}

/* What is shown, and where; the stream is made beforehand, as stdout is. */
struct shown {
	FILE *out;
	char *text;
	size_t size;
};

typedef int show_function(FILE *out, struct recording *recording, const struct model *model);

static int text(FILE *out, struct recording *recording, const struct model *model)
{
	struct text_options options = {.columns = 100};

	return show_text(out, model, &options);
}

static int json(FILE *out, struct recording *recording, const struct model *model)
{
	return show_json(out, model);
}

static int flame(FILE *out, struct recording *recording, const struct model *model)
{
	struct flame_options options = {.title = "memory"};
	struct tree_options what = {.kind = TREE_WALL};
	CLEANUP(stack_tree_free)
	struct stack_tree *tree = NULL;
	int r = stack_tree_new(TREE_WALL, &tree);

	if (!r)
		r = stack_tree_add(tree, recording, model, &what, false);
	if (!r)
		r = stack_tree_finish(tree);
	if (!r)
		r = show_flame_svg(out, tree, model, &options);
	if (!r)
		r = show_flame_pprof(out, tree, model, &options);
	return r ? r : show_flame_speedscope(out, tree, model, &options);
}

static int go_through(const char *path, show_function *show, FILE *out)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};
	struct model *model = NULL;
	int r = recording_open(path, &recording, &error);

	if (!r)
		r = model_build(recording, &model, &error);
	if (r)
		assert_true(error.text[0] && !model);
	else
		r = show(out, recording, model);
	model_free(&model);
	recording_close(&recording);
	return r;
}

/* 0 or the error; what came out is `ret`'s to free. */
static int once(const char *path, show_function *show, unsigned long fail_at, char **ret,
		size_t *ret_size)
{
	FILE *out = __real_open_memstream(ret, ret_size);
	int r;

	assert_non_null(out);
	allocations.count = 0;
	allocations.fail_at = fail_at;
	r = go_through(path, show, out);
	allocations.fail_at = 0;
	assert_int_equal(fclose(out), 0);
	return r;
}

static void each_fails_once(const char *path, show_function *show)
{
	unsigned long count;
	size_t whole_size, size;
	char *whole, *part;

	assert_int_equal(once(path, show, 0, &whole, &whole_size), 0);
	count = allocations.count;
	assert_true(count > 10);
	for (unsigned long n = 1; n <= count; n++) {
		int r = once(path, show, n, &part, &size);

		/* Some can be done without; never without saying so, or with a part of the output.
		 */
		if (!r && (size != whole_size || memcmp(part, whole, size)))
			fail_msg("allocation %lu of %lu failed, and nobody said so", n, count);
		free(part);
	}
	free(whole);
}

static const char *const paths[] = {
	"tests/golden/counter-race.ptl",
	"tests/golden/counter-lock.ptl",
	"tests/golden/pipeline.ptl",
};

static void a_text_report_is_whole_or_refused(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		each_fails_once(paths[i], text);
}

static void a_json_report_is_whole_or_refused(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		each_fails_once(paths[i], json);
}

static void a_flame_graph_is_whole_or_refused(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		each_fails_once(paths[i], flame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_report_is_whole_or_refused),
		cmocka_unit_test(a_json_report_is_whole_or_refused),
		cmocka_unit_test(a_flame_graph_is_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
