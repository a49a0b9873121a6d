// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/json.h"
#include "model/stacks/tree.h"
#include "show/flame/flame.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static void put_frames(struct json *json, const struct stack_tree *tree,
		       const struct flame_options *options)
{
	json_object(json, "shared");
	json_array(json, "frames");
	for (uint32_t node = 1; node < tree->nodes.count; node++) {
		const struct tree_node *it = &tree->nodes.items[node];
		struct flame_name name = flame_name(tree, node, options);

		json_object(json, NULL);
		json_string(json, "name", name.text);
		if (it->file)
			json_string(json, "file", stack_tree_text(tree, it->file));
		if (it->line)
			json_unsigned(json, "line", it->line);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

/* From the root: frames are numbered as nodes are, without the root. */
static void put_sample(struct json *json, const struct stack_tree *tree, uint32_t node,
		       uint32_t *path)
{
	size_t depth = 0;

	for (uint32_t at = node; at; at = tree->nodes.items[at].parent) {
		if (!flame_is_owner(tree, at))
			path[depth++] = at;
	}
	json_array(json, NULL);
	while (depth-- > 0)
		json_unsigned(json, NULL, path[depth] - 1);
	json_array_end(json);
}

static void put_profile(struct json *json, const struct stack_tree *tree, const struct model *model,
			const struct tree_weight *first, size_t count, uint32_t *path)
{
	const struct thread *thread = &model->threads.items[first->thread];
	const struct process *process = &model->processes.items[thread->process];
	char title[128], name[128];
	uint64_t sum = 0;

	snprintf(title, sizeof(title), "%s/%s %" PRIu32, process->name, thread->name, thread->tid);
	escape_text(name, sizeof(name), title);
	json_object(json, NULL);
	json_string(json, "type", "sampled");
	json_string(json, "name", name);
	json_string(json, "unit", tree->kind == TREE_SWITCHES ? "none" : "nanoseconds");
	json_unsigned(json, "startValue", 0);
	json_array(json, "samples");
	for (size_t i = 0; i < count; i++) {
		sum += first[i].weight;
		if (first[i].weight)
			put_sample(json, tree, first[i].node, path);
	}
	json_array_end(json);
	json_array(json, "weights");
	for (size_t i = 0; i < count; i++) {
		if (first[i].weight)
			json_unsigned(json, NULL, first[i].weight);
	}
	json_array_end(json);
	json_unsigned(json, "endValue", sum);
	json_object_end(json);
}

/* The weights of one thread stand together. */
static size_t of_same_thread(const struct tree_weight *weight, const struct tree_weight *end)
{
	size_t count = 0;

	while (weight + count < end && weight[count].thread == weight->thread)
		count++;
	return count;
}

int show_flame_speedscope(FILE *out, const struct stack_tree *tree, const struct model *model,
			  const struct flame_options *options)
{
	CLEANUP_FREE uint32_t *path = calloc(tree->nodes.count, sizeof(*path));
	const struct tree_weight *weight = tree->weights.items;
	const struct tree_weight *end = weight + tree->weights.count;
	struct json json = json_start(out, false);
	char title[256];

	if (!path)
		return -ENOMEM;
	escape_text(title, sizeof(title), options->title);
	json_object(&json, NULL);
	json_string(&json, "$schema", SCHEMA);
	json_string(&json, "exporter", "ptrace-lab@" PTRACE_LAB_VERSION);
	json_string(&json, "name", title);
	json_unsigned(&json, "activeProfileIndex", 0);
	put_frames(&json, tree, options);
	json_array(&json, "profiles");
	while (weight < end) {
		size_t count = of_same_thread(weight, end);

		put_profile(&json, tree, model, weight, count, path);
		weight += count;
	}
	json_array_end(&json);
	json_object_end(&json);
	return json_finish(&json);
}
