// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/unwind_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/vector.h"
#include "symbols/cfi.h"
#include "symbols/unwind_cache.h"

/* What lies further apart is not one program's code: 1 GiB is five times the largest browser. */
#define SPAN_MAX (1ull << 30)
#define ROWS_MAX (1u << (32 - PL_BLOCK_ROWS_BITS))
/* Functions are aligned; what is between them belongs to the one before. */
#define PADDING_MAX 15
/* Of code without an entry behind the program's entry point. */
#define ENTRY_CODE_MAX 64
/* So much without any entry is another compiler's work, as the built-in functions of V8 inside of
 * node. Those keep frame pointers; assembly by hand, which may not, comes in smaller pieces. */
#define OTHER_CODE_MIN (64u << 10)
#define RULE_SLOTS     4096u

struct builder {
	uint64_t base;
	VECTOR(uint32_t) index;
	VECTOR(uint32_t) rows;
	VECTOR(struct pl_unwind_rule) rules;
	VECTOR(uint32_t) next;	    /* of the rules whose hashes are the same, + 1 */
	uint32_t slots[RULE_SLOTS]; /* the first of each hash, + 1 */
	uint32_t rule;		    /* that holds at the end */
	uint64_t end;		    /* up to where it is built */
	uint64_t entry;
};

static const struct pl_unwind_rule no_rule = {.kind = PL_UNWIND_NONE};
static const struct pl_unwind_rule frame_pointer_rule = {.kind = PL_UNWIND_FRAME_POINTER};
static const struct pl_unwind_rule root_rule = {.kind = PL_UNWIND_ROOT};

/* The number of a rule, new if there was none like it. */
static int rule_number(struct builder *builder, const struct pl_unwind_rule *rule, uint32_t *ret)
{
	uint32_t *slot = &builder->slots[XXH3_64bits(rule, sizeof(*rule)) % RULE_SLOTS], *next;
	struct pl_unwind_rule *added;

	for (uint32_t i = *slot; i; i = builder->next.items[i - 1]) {
		if (!memcmp(&builder->rules.items[i - 1], rule, sizeof(*rule))) {
			*ret = i - 1;
			return 0;
		}
	}
	if (builder->rules.count == PL_RULES_MAX)
		return -EFBIG;
	added = vector_add(&builder->rules);
	next = vector_add(&builder->next);
	if (!added || !next)
		return -ENOMEM;
	*added = *rule;
	*next = *slot;
	*ret = builder->rules.count - 1;
	*slot = *ret + 1;
	return 0;
}

static int add_row(struct builder *builder, uint32_t offset, uint32_t rule)
{
	uint32_t *row = builder->rows.count ? &builder->rows.items[builder->rows.count - 1] : NULL;

	if (offset && PL_ROW_OFFSET(*row) == offset) {
		*row = PL_ROW(offset, rule);
		return 0;
	}
	row = builder->rows.count < ROWS_MAX ? vector_add(&builder->rows) : NULL;
	if (!row)
		return builder->rows.count < ROWS_MAX ? -ENOMEM : -EFBIG;
	*row = PL_ROW(offset, rule);
	builder->index.items[builder->index.count - 1]++;
	return 0;
}

static int add_block(struct builder *builder)
{
	uint32_t *word = vector_add(&builder->index);

	if (!word)
		return -ENOMEM;
	/* One row less than it has: the one that comes first makes it right. */
	*word = (uint32_t)(builder->rows.count << PL_BLOCK_ROWS_BITS) - 1;
	return add_row(builder, 0, builder->rule);
}

/* From `address` on, which never goes back, a rule holds. */
static int change_rule(struct builder *builder, uint64_t address, const struct pl_unwind_rule *rule)
{
	uint64_t relative = address - builder->base;
	uint32_t number;
	int error = rule_number(builder, rule, &number);

	builder->end = address;
	while (!error && builder->index.count <= relative >> PL_BLOCK_SHIFT)
		error = add_block(builder);
	if (error || number == builder->rule)
		return error;
	builder->rule = number;
	if (relative % PL_BLOCK_SIZE)
		return add_row(builder, relative % PL_BLOCK_SIZE, number);
	builder->rows.items[builder->rows.count - 1] = PL_ROW(0, number);
	return 0;
}

static int take_row(void *context, uint64_t begin, uint64_t end, const struct pl_unwind_rule *rule)
{
	struct builder *builder = context;
	int error;

	/* Where two functions overlap, the first one counts. */
	if (end <= builder->end)
		return 0;
	error = change_rule(builder, begin > builder->end ? begin : builder->end, rule);
	builder->end = end;
	return error;
}

/* Between functions. Some programs, and the loader, begin with code that has no entry: it is called
 * by nobody. */
static int take_gap(struct builder *builder, uint64_t end)
{
	uint64_t begin = builder->end, entry = builder->entry, entry_end;
	int error;

	if (end <= begin || (end - begin <= PADDING_MAX && begin > builder->base))
		return 0;
	error = change_rule(builder, begin,
			    end - begin < OTHER_CODE_MIN ? &no_rule : &frame_pointer_rule);
	if (error || entry < begin || entry >= end)
		return error;
	entry_end = end - entry > ENTRY_CODE_MAX ? entry + ENTRY_CODE_MAX : end;
	error = change_rule(builder, entry, &root_rule);
	if (!error && entry_end < end)
		error = change_rule(builder, entry_end, &no_rule);
	return error;
}

static int take_functions(struct builder *builder, const struct cfi_section *section,
			  const struct cfi_functions *functions)
{
	uint64_t first = functions->list[0].begin;
	int error = 0;

	if (builder->entry < first && first - builder->entry <= PL_BLOCK_SIZE)
		first = builder->entry;
	builder->base = builder->end = first & ~(uint64_t)(PL_BLOCK_SIZE - 1);
	for (size_t i = 0; !error && i < functions->count; i++) {
		const struct cfi_function *function = &functions->list[i];

		if (function->end - builder->base > SPAN_MAX)
			continue;
		error = take_gap(builder, function->begin);
		if (!error)
			error = cfi_rows(section, function, take_row, builder);
	}
	if (error)
		return error;
	error = take_gap(builder, builder->end + ENTRY_CODE_MAX);
	return error ? error : change_rule(builder, builder->end, &no_rule);
}

/* ---- tables --------------------------------------------------------------------------------- */

static struct unwind_table *table_new(uint64_t base, uint32_t blocks, uint32_t rows, uint32_t rules)
{
	size_t bytes = ((size_t)blocks + rows) * sizeof(uint32_t);
	struct unwind_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	bytes = (bytes + 7) & ~(size_t)7;
	table->base = base;
	table->block_count = blocks;
	table->row_count = rows;
	table->rule_count = rules;
	table->index = calloc(1, bytes + rules * sizeof(*table->rules));
	if (!table->index) {
		free(table);
		return NULL;
	}
	table->rows = table->index + blocks;
	table->rules = (void *)((uint8_t *)table->index + bytes);
	return table;
}

void unwind_table_free(struct unwind_table **slot)
{
	struct unwind_table *table = *slot;

	if (!table)
		return;
	free(table->index);
	free(table);
	*slot = NULL;
}

static int finish(const struct builder *builder, struct unwind_table **ret)
{
	struct unwind_table *table = table_new(builder->base, builder->index.count,
					       builder->rows.count, builder->rules.count);

	if (!table)
		return -ENOMEM;
	memcpy(table->index, builder->index.items, builder->index.count * sizeof(uint32_t));
	memcpy(table->rows, builder->rows.items, builder->rows.count * sizeof(uint32_t));
	memcpy(table->rules, builder->rules.items, builder->rules.count * sizeof(*table->rules));
	*ret = table;
	return 0;
}

static int read_frames(const struct elf_image *image, struct cfi_section *ret)
{
	uint8_t *bytes;
	int error;

	if (!image->frame_size)
		return -ENODATA;
	bytes = malloc(image->frame_size);
	if (!bytes)
		return -ENOMEM;
	error = elf_image_read(image, image->frame_address, bytes, image->frame_size);
	if (error) {
		free(bytes);
		return error == -ENOEXEC ? -ENODATA : error;
	}
	ret->bytes = bytes;
	ret->size = image->frame_size;
	ret->address = image->frame_address;
	return 0;
}

static int build(const struct elf_image *image, const struct cfi_section *section,
		 struct unwind_table **ret)
{
	struct builder *builder = calloc(1, sizeof(*builder));
	struct cfi_functions functions = {0};
	uint32_t none;
	int error;

	if (!builder)
		return -ENOMEM;
	builder->entry = image->entry;
	error = rule_number(builder, &no_rule, &none);
	if (!error)
		error = cfi_functions(section, &functions);
	if (!error)
		error = functions.count ? take_functions(builder, section, &functions) : -ENODATA;
	if (!error)
		error = finish(builder, ret);
	cfi_functions_free(&functions);
	vector_free(&builder->index);
	vector_free(&builder->rows);
	vector_free(&builder->rules);
	vector_free(&builder->next);
	free(builder);
	return error;
}

int unwind_table_build(const struct elf_image *image, struct unwind_table **ret)
{
	struct cfi_section section;
	int error = read_frames(image, &section);

	if (error)
		return error;
	error = build(image, &section, ret);
	free((void *)section.bytes);
	return error;
}

/* The key is made of what the table is made of: a file with another's build-id gets its own. */
static uint64_t key_of(const struct elf_image *image, const struct cfi_section *section)
{
	return XXH3_64bits_withSeed(section->bytes, section->size,
				    image->entry ^ section->address << 1);
}

int unwind_table_get(const struct elf_image *image, const char *folder, struct unwind_table **ret)
{
	char build_id[BUILD_ID_TEXT];
	struct cfi_section section;
	int error = read_frames(image, &section);
	uint64_t key;

	if (error)
		return error;
	elf_image_build_id(image, build_id);
	key = key_of(image, &section);
	if (!folder || !*build_id) {
		error = build(image, &section, ret);
	} else if (unwind_cache_load(folder, build_id, key, ret)) {
		error = build(image, &section, ret);
		/* A cache that cannot be written costs time, nothing else. */
		if (!error)
			unwind_cache_save(folder, build_id, key, *ret);
	}
	free((void *)section.bytes);
	return error;
}

const struct pl_unwind_rule *unwind_table_rule(const struct unwind_table *table, uint64_t address)
{
	uint64_t relative = address - table->base;
	uint32_t word, first, last, offset = relative % PL_BLOCK_SIZE;

	if (address < table->base || relative >> PL_BLOCK_SHIFT >= table->block_count)
		return &no_rule;
	word = table->index[relative >> PL_BLOCK_SHIFT];
	first = word >> PL_BLOCK_ROWS_BITS;
	last = first + (word & PL_BLOCK_ROWS_MASK);
	while (first < last) {
		uint32_t middle = first + (last - first + 1) / 2;

		if (PL_ROW_OFFSET(table->rows[middle]) <= offset)
			first = middle;
		else
			last = middle - 1;
	}
	return &table->rules[PL_ROW_RULE(table->rows[first])];
}

/* ---- the cache's format --------------------------------------------------------------------- */

#define TABLE_MAGIC   0x62746e7577746c70ull /* "pltwuntb" */
#define TABLE_VERSION 2u /* raise it whenever rules, rows or their making change */

struct table_header {
	uint64_t magic;
	uint32_t version;
	uint32_t block_count, row_count, rule_count;
	uint64_t base;
	uint64_t key;
	uint64_t checksum; /* XXH3-64 of all that follows, its seed that of what stands before */
};

static uint64_t checksum(const struct table_header *header, const void *rest, size_t size)
{
	return XXH3_64bits_withSeed(rest, size,
				    XXH3_64bits(header, offsetof(struct table_header, checksum)));
}

static size_t table_bytes(uint64_t blocks, uint64_t rows, uint64_t rules)
{
	return (((blocks + rows) * sizeof(uint32_t) + 7) & ~7ull) +
	       rules * sizeof(struct pl_unwind_rule);
}

int unwind_table_pack(const struct unwind_table *table, uint64_t key, uint8_t **ret_bytes,
		      size_t *ret_size)
{
	size_t size = table_bytes(table->block_count, table->row_count, table->rule_count);
	struct table_header header = {
		.magic = TABLE_MAGIC,
		.version = TABLE_VERSION,
		.block_count = table->block_count,
		.row_count = table->row_count,
		.rule_count = table->rule_count,
		.base = table->base,
		.key = key,
	};
	uint8_t *bytes = malloc(sizeof(header) + size);

	if (!bytes)
		return -ENOMEM;
	header.checksum = checksum(&header, table->index, size);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), table->index, size);
	*ret_bytes = bytes;
	*ret_size = sizeof(header) + size;
	return 0;
}

/* Whether no search in it can leave it. */
static bool is_sound(const struct unwind_table *table)
{
	for (uint32_t i = 0; i < table->block_count; i++) {
		uint64_t first = table->index[i] >> PL_BLOCK_ROWS_BITS;

		if (first + (table->index[i] & PL_BLOCK_ROWS_MASK) >= table->row_count ||
		    PL_ROW_OFFSET(table->rows[first]))
			return false;
	}
	for (uint32_t i = 0; i < table->row_count; i++)
		if (PL_ROW_RULE(table->rows[i]) >= table->rule_count)
			return false;
	return table->rule_count > 0;
}

int unwind_table_unpack(const uint8_t *bytes, size_t size, uint64_t key, struct unwind_table **ret)
{
	struct table_header header;
	struct unwind_table *table;

	if (size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != TABLE_MAGIC || header.version != TABLE_VERSION || header.key != key ||
	    header.block_count > SPAN_MAX >> PL_BLOCK_SHIFT || header.row_count > ROWS_MAX ||
	    header.rule_count > PL_RULES_MAX ||
	    size - sizeof(header) !=
		    table_bytes(header.block_count, header.row_count, header.rule_count) ||
	    header.checksum != checksum(&header, bytes + sizeof(header), size - sizeof(header)))
		return -EBADMSG;
	table = table_new(header.base, header.block_count, header.row_count, header.rule_count);
	if (!table)
		return -ENOMEM;
	memcpy(table->index, bytes + sizeof(header), size - sizeof(header));
	if (!is_sound(table)) {
		unwind_table_free(&table);
		return -EBADMSG;
	}
	*ret = table;
	return 0;
}
