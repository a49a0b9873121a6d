// SPDX-License-Identifier: GPL-2.0-only
/* test_source_lines.c - lines and inlined functions, against addr2line */
#include "binary_samples.h"

#include <inttypes.h>

static void strip_newline(char *line)
{
	line[strcspn(line, "\n")] = '\0';
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Some addresses spread over the functions of this program. */
static size_t some_addresses(struct binary *binary, uint64_t *ret, size_t count)
{
	const struct symbol_table *symbols = binary_symbols(binary);

	for (size_t i = 0; i < count; i++) {
		const struct symbol *symbol =
			&symbols->symbols.items[roll_below(&dice, symbols->symbols.count)];

		ret[i] = symbol->begin;
		if (symbol->end > symbol->begin)
			ret[i] += roll_below(&dice, symbol->end - symbol->begin);
	}
	return count;
}

static void lines_are_those_that_addr2line_finds(void **state)
{
	struct binary *binary = binary_of("/proc/self/exe");
	static uint64_t addresses[12000];
	size_t count = some_addresses(binary, addresses, 12000), known = 0;
	char list[64], line[4096];
	FILE *file, *output;

	need("addr2line");
	snprintf(list, sizeof(list), "%s/addresses", folder);
	file = fopen(list, "we");
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%" PRIx64 "\n", addresses[i]);
	fclose(file);
	output = run("addr2line -e /proc/%d/exe < %s", getpid(), list);
	for (size_t i = 0; i < count; i++) {
		struct source_line ours = {.file = ""};
		char *colon;

		assert_non_null(fgets(line, sizeof(line), output));
		colon = strrchr(line, ':');
		assert_non_null(colon);
		*colon = '\0';
		if (!binary_line(binary, addresses[i], &ours) || !strcmp(line, "??"))
			continue;
		/* addr2line 2.40 takes the first function of this unit for one of this file, though
		 * it comes from a header. */
		if (strcmp(base_of(line), base_of(__FILE__)))
			assert_string_equal(base_of(ours.file), base_of(line));
		/* "?" where the compiler gave none. */
		assert_int_equal(ours.line, atoi(colon + 1));
		known++;
	}
	pclose(output);
	assert_true(known > 200);
	binary_free(&binary);
}

static void inlined_functions_are_those_that_addr2line_finds(void **state)
{
	struct binary *binary;
	struct inlined *found = calloc(INLINED_MAX, sizeof(*found));
	char path[64], line[4096];
	size_t most = 0;
	FILE *output;

	need("addr2line");
	build_inlined(path);
	binary = binary_of(path);
	for (uint64_t at = 0; at < symbol_table_find(binary_symbols(binary), UINT64_MAX)->begin;
	     at++) {
		const struct symbol *symbol = symbol_table_find(binary_symbols(binary), at);
		size_t count;

		if (!symbol || strcmp(symbol_name(binary_symbols(binary), symbol), "first"))
			continue;
		count = binary_inlined(binary, at, found);
		if (!count)
			continue;
		if (count > most)
			most = count;
		output = run("addr2line -i -f -e %s %" PRIx64, path, at);
		for (size_t i = 0; i < count; i++) {
			char *colon;

			assert_non_null(fgets(line, sizeof(line), output));
			strip_newline(line);
			assert_string_equal(i + 1 < count ? found[i].function : "first", line);
			assert_non_null(fgets(line, sizeof(line), output));
			colon = strrchr(line, ':');
			assert_non_null(colon);
			assert_int_equal(found[i].line, atoi(colon + 1));
		}
		assert_null(fgets(line, sizeof(line), output));
		pclose(output);
	}
	assert_int_equal(most, 3);
	binary_free(&binary);
	free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_are_those_that_addr2line_finds, reset),
		cmocka_unit_test_setup(inlined_functions_are_those_that_addr2line_finds, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
