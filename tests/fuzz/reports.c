// SPDX-License-Identifier: GPL-2.0-only
/*
 * reports.c - any bytes as a recording, through the model to everything that is shown of it
 *
 * Checksums are made right, so that damage gets as far as it can.
 */
#include "fuzz.h"

#include "base/cleanup.h"
#include "model/model.h"
#include "model/stacks/tree.h"
#include "recording/recording.h"
#include "recording_damage.h"
#include "show/flame/flame.h"
#include "show/show.h"

static void show_flames(FILE *out, struct recording *recording, const struct model *model)
{
	struct flame_options options = {.title = "fuzz"};

	for (enum tree_kind kind = 0; kind < TREE_KINDS; kind++) {
		struct tree_options what = {.kind = kind};
		struct stack_tree *tree = NULL;

		expect(stack_tree_new(kind, &tree) == 0);
		if (!stack_tree_add(tree, recording, model, &what, false) &&
		    !stack_tree_finish(tree)) {
			show_flame_folded(out, tree, &options);
			show_flame_svg(out, tree, model, &options);
			show_flame_speedscope(out, tree, model, &options);
			show_flame_pprof(out, tree, model, &options);
		}
		stack_tree_free(&tree);
	}
}

static void show_all(struct recording *recording, const struct model *model)
{
	struct text_options narrow = {.columns = 40}, wide = {.columns = 200};
	FILE *out = fopen("/dev/null", "we");

	expect(out != NULL);
	show_text(out, model, &narrow);
	show_text(out, model, &wide);
	show_json(out, model);
	show_flames(out, recording, model);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recording *recording = NULL;
	struct recording_error error = {""};
	struct model *model = NULL;
	uint8_t *copy = (uint8_t *)text_of(data, size);

	sign_all(copy, size);
	if (!recording_open_fd(file_of(copy, size), &recording, &error)) {
		if (!model_build(recording, &model, &error))
			show_all(recording, model);
		else
			expect(!model && error.text[0]);
	}
	model_free(&model);
	recording_close(&recording);
	free(copy);
	return 0;
}
