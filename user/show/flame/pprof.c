// SPDX-License-Identifier: GPL-2.0-only
/*
 * pprof.c - profile.proto, gzip'ed
 *
 * Protocol buffers need two things: numbers of seven bits a byte, and messages with their length in
 * front. These are the thirty lines below; a library for them would need a compiler of its own to
 * build with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/vector.h"
#include "model/stacks/tree.h"
#include "show/flame/flame.h"

struct message {
	VECTOR(uint8_t) bytes;
	bool failed; /* memory is out */
};

static void put_byte(struct message *message, uint8_t byte)
{
	uint8_t *place = vector_add(&message->bytes);

	if (place)
		*place = byte;
	else
		message->failed = true;
}

static void put_varint(struct message *message, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		put_byte(message, number | 0x80);
	put_byte(message, number);
}

static void put_bytes(struct message *message, unsigned int field, const void *data, size_t size)
{
	put_varint(message, field << 3 | 2);
	put_varint(message, size);
	for (size_t i = 0; i < size; i++)
		put_byte(message, ((const uint8_t *)data)[i]);
}

static void put_number(struct message *message, unsigned int field, uint64_t number)
{
	if (!number) /* what is not there is zero */
		return;
	put_varint(message, field << 3);
	put_varint(message, number);
}

/* Puts `inner` into `message` and empties it. */
static void put_message(struct message *message, unsigned int field, struct message *inner)
{
	put_bytes(message, field, inner->bytes.items, inner->bytes.count);
	message->failed |= inner->failed;
	inner->bytes.count = 0;
}

/* ---- the fields of profile.proto ------------------------------------------------------------- */

enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	VALUE_TYPE = 1,
	VALUE_UNIT = 2,
	SAMPLE_LOCATIONS = 1,
	SAMPLE_VALUES = 2,
	SAMPLE_LABEL = 3,
	LABEL_KEY = 1,
	LABEL_TEXT = 2,
	LABEL_NUMBER = 3,
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_FILE = 5,
	MAPPING_HAS_FUNCTIONS = 7,
	LOCATION_ID = 1,
	LOCATION_MAPPING = 2,
	LOCATION_LINE = 4,
	LINE_FUNCTION = 1,
	LINE_LINE = 2,
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4,
};

struct pprof {
	const struct stack_tree *tree;
	const struct model *model;
	const struct flame_options *options;
	struct message profile, inner, innermost;
	uint64_t strings;
	uint32_t *places; /* of nodes: which location, as many may be the same place in code */
};

static uint64_t put_string(struct pprof *pprof, const char *text)
{
	put_bytes(&pprof->profile, PROFILE_STRING, text, strlen(text));
	return pprof->strings++;
}

static uint64_t put_name(struct pprof *pprof, const char *text)
{
	char name[1024];

	return put_string(pprof, escape_text(name, sizeof(name), text));
}

static void put_type(struct pprof *pprof, unsigned int field, const char *type, const char *unit)
{
	put_number(&pprof->inner, VALUE_TYPE, put_string(pprof, type));
	put_number(&pprof->inner, VALUE_UNIT, put_string(pprof, unit));
	put_message(&pprof->profile, field, &pprof->inner);
}

/* ---- places ---------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b, void *context)
{
	const struct tree_node *nodes = context;
	const struct tree_node *one = &nodes[*(const uint32_t *)a];
	const struct tree_node *two = &nodes[*(const uint32_t *)b];

	if (one->label != two->label)
		return one->label < two->label ? -1 : 1;
	if (one->module != two->module)
		return one->module < two->module ? -1 : 1;
	if (one->file != two->file)
		return one->file < two->file ? -1 : 1;
	return one->line < two->line ? -1 : one->line > two->line;
}

static void put_place(struct pprof *pprof, uint32_t place, uint32_t node, uint64_t mapping)
{
	const struct tree_node *it = &pprof->tree->nodes.items[node];
	struct flame_options plain = {.title = ""};
	struct flame_name name = flame_name(pprof->tree, node, &plain);
	uint64_t text = put_string(pprof, name.text);

	put_number(&pprof->inner, FUNCTION_ID, place);
	put_number(&pprof->inner, FUNCTION_NAME, text);
	put_number(&pprof->inner, FUNCTION_SYSTEM_NAME, text);
	if (it->file)
		put_number(&pprof->inner, FUNCTION_FILE,
			   put_name(pprof, stack_tree_text(pprof->tree, it->file)));
	put_message(&pprof->profile, PROFILE_FUNCTION, &pprof->inner);

	put_number(&pprof->innermost, LINE_FUNCTION, place);
	put_number(&pprof->innermost, LINE_LINE, it->line);
	put_number(&pprof->inner, LOCATION_ID, place);
	put_number(&pprof->inner, LOCATION_MAPPING, mapping);
	put_message(&pprof->inner, LOCATION_LINE, &pprof->innermost);
	put_message(&pprof->profile, PROFILE_LOCATION, &pprof->inner);
}

static int compare_texts(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return one < two ? -1 : one > two;
}

/* The modules that occur; their number is the mapping's. */
static size_t put_mappings(struct pprof *pprof, uint32_t *modules)
{
	const struct tree_node *node;
	size_t count = 0, kept = 0;

	vector_for_each (&pprof->tree->nodes, node) {
		if (node->module)
			modules[count++] = node->module;
	}
	qsort(modules, count, sizeof(*modules), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (kept && modules[kept - 1] == modules[i])
			continue;
		modules[kept++] = modules[i];
		put_number(&pprof->inner, MAPPING_ID, kept);
		/* Not where it lay: all that viewers want is that they do not overlap. */
		put_number(&pprof->inner, MAPPING_START, (uint64_t)kept << 40);
		put_number(&pprof->inner, MAPPING_LIMIT, ((uint64_t)kept + 1) << 40);
		put_number(&pprof->inner, MAPPING_FILE,
			   put_name(pprof, stack_tree_text(pprof->tree, modules[i])));
		put_number(&pprof->inner, MAPPING_HAS_FUNCTIONS, 1);
		put_message(&pprof->profile, PROFILE_MAPPING, &pprof->inner);
	}
	return kept;
}

static uint64_t mapping_of(const uint32_t *modules, size_t count, uint32_t module)
{
	const uint32_t *found;

	if (!module)
		return 0;
	found = bsearch(&module, modules, count, sizeof(*modules), compare_texts);
	return found ? (uint64_t)(found - modules) + 1 : 0;
}

static int put_places(struct pprof *pprof)
{
	size_t count = pprof->tree->nodes.count, modules;
	struct tree_node *nodes = pprof->tree->nodes.items;
	CLEANUP_FREE uint32_t *order = calloc(count, sizeof(*order));
	CLEANUP_FREE uint32_t *module = calloc(count, sizeof(*module));
	uint32_t place = 0;

	if (!order || !module)
		return -ENOMEM;
	modules = put_mappings(pprof, module);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare_places, nodes);
	for (size_t i = 0; i < count; i++) {
		if (!i || compare_places(&order[i - 1], &order[i], nodes)) {
			place++;
			put_place(pprof, place, order[i],
				  mapping_of(module, modules, nodes[order[i]].module));
		}
		pprof->places[order[i]] = place;
	}
	return 0;
}

/* ---- samples --------------------------------------------------------------------------------- */

struct label_keys {
	uint64_t process, pid, thread, tid, state;
	uint64_t states[STATE_COUNT];
};

static void put_text_label(struct pprof *pprof, uint64_t key, uint64_t text)
{
	put_number(&pprof->innermost, LABEL_KEY, key);
	put_number(&pprof->innermost, LABEL_TEXT, text);
	put_message(&pprof->inner, SAMPLE_LABEL, &pprof->innermost);
}

static void put_number_label(struct pprof *pprof, uint64_t key, uint64_t number)
{
	put_number(&pprof->innermost, LABEL_KEY, key);
	put_number(&pprof->innermost, LABEL_NUMBER, number);
	put_message(&pprof->inner, SAMPLE_LABEL, &pprof->innermost);
}

/* Leaf first, and packed. */
static void put_sample(struct pprof *pprof, const struct tree_weight *weight,
		       const struct label_keys *keys, const uint64_t names[2])
{
	const struct thread *thread = &pprof->model->threads.items[weight->thread];

	for (uint32_t at = weight->node; at; at = pprof->tree->nodes.items[at].parent) {
		if (!flame_is_owner(pprof->tree, at))
			put_varint(&pprof->innermost, pprof->places[at]);
	}
	put_message(&pprof->inner, SAMPLE_LOCATIONS, &pprof->innermost);
	put_varint(&pprof->innermost, weight->weight);
	put_message(&pprof->inner, SAMPLE_VALUES, &pprof->innermost);
	put_text_label(pprof, keys->process, names[0]);
	put_number_label(pprof, keys->pid, thread->tgid);
	put_text_label(pprof, keys->thread, names[1]);
	put_number_label(pprof, keys->tid, thread->tid);
	if (pprof->tree->kind != TREE_SWITCHES)
		put_text_label(pprof, keys->state, keys->states[weight->state]);
	put_message(&pprof->profile, PROFILE_SAMPLE, &pprof->inner);
}

static void put_samples(struct pprof *pprof)
{
	struct label_keys keys;
	const struct tree_weight *weight;
	uint32_t thread = NO_THREAD;
	uint64_t names[2] = {0};

	keys.process = put_string(pprof, "process");
	keys.pid = put_string(pprof, "pid");
	keys.thread = put_string(pprof, "thread");
	keys.tid = put_string(pprof, "tid");
	keys.state = put_string(pprof, "state");
	for (int i = 0; i < STATE_COUNT; i++)
		keys.states[i] = put_string(pprof, state_name(i));
	vector_for_each (&pprof->tree->weights, weight) {
		if (weight->thread != thread) {
			const struct thread *it = &pprof->model->threads.items[weight->thread];

			thread = weight->thread;
			names[0] = put_name(pprof, pprof->model->processes.items[it->process].name);
			names[1] = put_name(pprof, it->name);
		}
		if (weight->weight)
			put_sample(pprof, weight, &keys, names);
	}
}

static int put_profile(struct pprof *pprof)
{
	bool counts = pprof->tree->kind == TREE_SWITCHES;
	const char *unit = counts ? "count" : "nanoseconds";
	int r;

	put_string(pprof, ""); /* the first must be */
	put_type(pprof, PROFILE_SAMPLE_TYPE, tree_kind_name(pprof->tree->kind), unit);
	r = put_places(pprof);
	if (r)
		return r;
	put_samples(pprof);
	put_number(&pprof->profile, PROFILE_TIME_NANOS, pprof->model->realtime);
	put_number(&pprof->profile, PROFILE_DURATION_NANOS,
		   pprof->model->end - pprof->model->begin);
	put_type(pprof, PROFILE_PERIOD_TYPE, tree_kind_name(pprof->tree->kind), unit);
	put_number(&pprof->profile, PROFILE_PERIOD, 1);
	put_number(&pprof->profile, PROFILE_COMMENT, put_name(pprof, pprof->options->title));
	return pprof->profile.failed ? -ENOMEM : 0;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

#define GZIP_WINDOW (15 + 16) /* with gzip's header, which has no time: the same every time */

static int write_gzip(FILE *out, const struct message *message)
{
	z_stream stream = {.next_in = message->bytes.items};
	size_t left = message->bytes.count;
	uint8_t packed[64 << 10];
	int r = Z_OK;

	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	errno = 0;
	while (r != Z_STREAM_END && !ferror(out)) {
		if (!stream.avail_in && left) {
			stream.avail_in = left < (1u << 30) ? left : 1u << 30;
			left -= stream.avail_in;
		}
		stream.next_out = packed;
		stream.avail_out = sizeof(packed);
		r = deflate(&stream, left ? Z_NO_FLUSH : Z_FINISH);
		if (r == Z_STREAM_ERROR)
			break;
		fwrite(packed, 1, sizeof(packed) - stream.avail_out, out);
	}
	deflateEnd(&stream);
	if (ferror(out))
		return errno ? -errno : -EIO;
	return r == Z_STREAM_END ? 0 : -EIO;
}

int show_flame_pprof(FILE *out, const struct stack_tree *tree, const struct model *model,
		     const struct flame_options *options)
{
	struct pprof pprof = {.tree = tree, .model = model, .options = options};
	int r = -ENOMEM;

	pprof.places = calloc(tree->nodes.count, sizeof(*pprof.places));
	if (pprof.places)
		r = put_profile(&pprof);
	if (!r)
		r = write_gzip(out, &pprof.profile);
	free(pprof.places);
	vector_free(&pprof.profile.bytes);
	vector_free(&pprof.inner.bytes);
	vector_free(&pprof.innermost.bytes);
	return r;
}
