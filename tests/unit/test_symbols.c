// SPDX-License-Identifier: GPL-2.0-only
/* test_symbols.c - functions and their names, against nm and c++filt */
#include "binary_samples.h"

#include <inttypes.h>

#include "base/vector.h"
#include "symbols/demangle.h"
#include "symbols/kernel_names.h"

/* ---- the same as nm's ----------------------------------------------------------------------- */

struct listed {
	uint64_t address, size;
	char name[256];
};

static size_t list_symbols(const char *path, const char *options, struct listed *list, size_t most)
{
	FILE *output = run("nm %s --defined-only -S %s 2>/dev/null", options, path);
	char line[4096], type;
	size_t count = 0;

	while (fgets(line, sizeof(line), output) && count < most) {
		struct listed *it = &list[count];

		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %c %255s", &it->address, &it->size, &type,
			   it->name) == 4 &&
		    strchr("tTwWi", type) && it->size) {
			it->name[strcspn(it->name, "@")] = '\0';
			count++;
		}
	}
	pclose(output);
	return count;
}

/* Every function that nm knows is found at its first and its last byte, under a name that nm has
 * for that very place. */
static void compare_with_nm(const char *path, const char *options, size_t least)
{
	enum { MOST = 40000 };
	struct listed *list = calloc(MOST, sizeof(*list));
	size_t count = list_symbols(path, options, list, MOST), checked = 0;
	struct binary *binary = binary_of(path);
	const struct symbol_table *symbols = binary_symbols(binary);

	for (size_t i = 0; i < count; i++) {
		const struct symbol *found = symbol_table_find(symbols, list[i].address);
		const char *name;
		size_t length;
		bool same = false;

		assert_non_null(found);
		assert_int_equal(found->begin, list[i].address);
		name = symbol_name(symbols, found);
		length = strcspn(name, "@");
		/* An O(n^2) search for some: the file has thousands. */
		if (i % 50)
			continue;
		for (size_t k = 0; k < count && !same; k++)
			same = list[k].address == list[i].address &&
			       strlen(list[k].name) == length &&
			       !memcmp(list[k].name, name, length);
		/* The other of the two tables may have a better one. */
		checked += same;
	}
	assert_true(count >= least);
	assert_true(checked * 50 >= count / 2);
	binary_free(&binary);
	free(list);
}

static void functions_are_those_that_nm_lists(void **state)
{
	char path[64];

	need("nm");
	snprintf(path, sizeof(path), "/proc/%d/exe", getpid());
	compare_with_nm(path, "", 500);
	if (!access("/lib/x86_64-linux-gnu/libc.so.6", R_OK))
		compare_with_nm("/lib/x86_64-linux-gnu/libc.so.6", "-D", 1000);
}

/* ---- as their authors wrote them ------------------------------------------------------------- */

static void names_are_as_their_authors_wrote_them(void **state)
{
	static const char *const pairs[][2] = {
		{"main", "main"},
		{"", ""},
		{"pthread_mutex_lock@@GLIBC_2.2.5", "pthread_mutex_lock"},
		{"_ZN9benchmark8internal9Benchmark3RunERNS_5StateE",
		 "benchmark::internal::Benchmark::Run(benchmark::State&)"},
		{"_ZNSt6vectorIiSaIiEE9push_backEOi",
		 "std::vector<int, std::allocator<int> >::push_back(int&&)"},
		{"_ZZN3foo3barEvENKUlvE_clEv", "foo::bar()::{lambda()#1}::operator()() const"},
		{"_ZN4core3ptr13drop_in_place17h0123456789abcdefE", "core::ptr::drop_in_place"},
		{"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
		 "<Test + 'static as foo::Bar<Test>>::bar"},
		{"_RNvC6_123foo3bar", "123foo::bar"},
		{"_Z", "_Z"},
		{"_ZN", "_ZN"},
		{"_R", "_R"},
		{"_Z3foo.cold", "_Z3foo.cold"},
		{"_Z3foov.cold", "foo() [clone .cold]"},
	};
	char out[256];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_string_equal(demangle(pairs[i][0], out, sizeof(out)), pairs[i][1]);
	assert_string_equal(demangle("_ZNSt6vectorIiSaIiEE9push_backEOi", out, 8), "_ZNSt6v");
}

/* Each level of the type doubles what it stands for. */
static void a_short_name_that_means_a_long_one_stays_short(void **state)
{
	char name[1024] = "_Z1fI", out[4096];
	size_t length = strlen(name);

	for (int i = 0; i < 40; i++)
		length += sprintf(name + length, "1aIS_S_");
	for (int round = 0; round < 200; round++) {
		char spoiled[1024];

		memcpy(spoiled, name, sizeof(spoiled));
		for (int i = 0; i < round % 7; i++)
			spoiled[2 + roll_below(&dice, length - 2)] =
				"IES_TvLN0123456789"[roll_below(&dice, 18)];
		demangle(spoiled, out, sizeof(out));
		assert_true(strlen(out) < sizeof(out));
	}
	/* One that is well-formed: pair<pair<..>, pair<..>>, forty deep. */
	length = sprintf(name, "_Z1f1aIiiE");
	for (int i = 0; i < 30; i++)
		length += sprintf(name + length, "S_IS%c_S%c_E",
				  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i],
				  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
	demangle(name, out, sizeof(out));
	assert_string_equal(out, name);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void look_ups_are_those_of_a_naive_search(void **state)
{
	for (int round = 0; round < 300; round++) {
		struct symbol_table table = {0};
		char name[16];

		for (uint32_t i = 0; i < 60; i++) {
			snprintf(name, sizeof(name), "f%u", i);
			assert_int_equal(symbol_table_add(&table, roll_below(&dice, 500),
							  roll_below(&dice, 30), name, i % 3),
					 0);
		}
		symbol_table_sort(&table);
		for (uint64_t at = 0; at < 600; at++) {
			const struct symbol *found = symbol_table_find(&table, at),
					    *expected = NULL;
			const struct symbol *it;

			vector_for_each (&table.symbols, it) {
				if (it->begin > at)
					break;
				if (it->end > at || it->end == it->begin)
					expected = it;
			}
			/* One without an end reaches up to the next one and no further. */
			if (expected && expected->end == expected->begin &&
			    expected + 1 < table.symbols.items + table.symbols.count &&
			    expected[1].begin <= at)
				continue;
			assert_ptr_equal(found, expected);
		}
		symbol_table_free(&table);
	}
}

static void of_several_names_the_one_that_people_use_counts(void **state)
{
	struct symbol_table table = {0};

	symbol_table_add(&table, 16, 8, "__GI___read", 2);
	symbol_table_add(&table, 16, 8, "__read", 0);
	symbol_table_add(&table, 16, 8, "read", 1);
	symbol_table_add(&table, 32, 8, "__read_b", 1);
	symbol_table_add(&table, 32, 8, "read_b", 1);
	symbol_table_add(&table, 48, 0, "label", 0);
	symbol_table_add(&table, 48, UINT64_MAX, "liar", 0);
	symbol_table_sort(&table);
	assert_string_equal(symbol_name(&table, symbol_table_find(&table, 20)), "__read");
	assert_string_equal(symbol_name(&table, symbol_table_find(&table, 32)), "read_b");
	assert_null(symbol_table_find(&table, 41));
	assert_null(symbol_table_find(&table, 15));
	assert_string_equal(symbol_name(&table, symbol_table_find(&table, 48)), "label");
	symbol_table_free(&table);
}

static void functions_of_the_kernel_come_from_its_own_list(void **state)
{
	struct kernel_names *names;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/kallsyms", folder);
	file = fopen(path, "we");
	fprintf(file, "ffffffff81000000 T _stext\nffffffff81000000 t hidden\n"
		      "ffffffff81000100 t do_wait\nffffffff81000200 D data\n"
		      "ffffffffc0000000 t ext4_read\t[ext4]\n\nxyz\nffffffffc0000100\n");
	fclose(file);
	assert_int_equal(kernel_names_load(path, &names), 0);
	assert_string_equal(kernel_names_find(names, 0xffffffff81000000), "_stext");
	assert_string_equal(kernel_names_find(names, 0xffffffff81000234), "do_wait");
	assert_string_equal(kernel_names_find(names, 0xffffffffc0000010), "ext4_read");
	assert_string_equal(kernel_names_find(names, 5), "");
	kernel_names_free(&names);
	/* Hidden addresses are all zero; or the file is not there at all. */
	file = fopen(path, "we");
	fprintf(file, "0000000000000000 T _stext\n");
	fclose(file);
	assert_int_equal(kernel_names_load(path, &names), 0);
	assert_string_equal(kernel_names_find(names, 0xffffffff81000000), "");
	kernel_names_free(&names);
	assert_int_equal(kernel_names_load("/no/such/file", &names), 0);
	assert_string_equal(kernel_names_find(names, 1), "");
	kernel_names_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(functions_are_those_that_nm_lists, reset),
		cmocka_unit_test_setup(names_are_as_their_authors_wrote_them, reset),
		cmocka_unit_test_setup(a_short_name_that_means_a_long_one_stays_short, reset),
		cmocka_unit_test_setup(look_ups_are_those_of_a_naive_search, reset),
		cmocka_unit_test_setup(of_several_names_the_one_that_people_use_counts, reset),
		cmocka_unit_test_setup(functions_of_the_kernel_come_from_its_own_list, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
