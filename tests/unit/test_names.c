// SPDX-License-Identifier: GPL-2.0-only
/* test_names.c - names of addresses, against nm, addr2line, readelf and c++filt */
#include "recording_samples.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/vector.h"
#include "skip.h"
#include "symbols/binary.h"
#include "symbols/demangle.h"
#include "symbols/kernel_names.h"
#include "symbols/names.h"
#include "symbols/symbol_table.h"

/* Of the sanitizer's run time, where there is one. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static struct dice dice;
static char folder[] = "/tmp/test-names-XXXXXX";

static int reset(void **state)
{
	dice.state = 88172645463325252ull;
	return 0;
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

__attribute__((format(printf, 1, 2))) static FILE *run(const char *format, ...)
{
	char command[1024];
	va_list args;
	FILE *output;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	output = popen(command, "re");
	assert_non_null(output);
	return output;
}

static void need(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s > /dev/null", tool);
	if (system(command))
		skip_because("binutils are not installed");
}

static struct binary *binary_of(const char *path)
{
	struct binary *binary = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(binary_open(fd, path, false, &binary), 0);
	close(fd);
	return binary;
}

/* ---- symbols: the same as nm's -------------------------------------------------------------- */

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

/* ---- lines: the same as addr2line's ---------------------------------------------------------- */

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
	static uint64_t addresses[3000];
	size_t count = some_addresses(binary, addresses, 3000), known = 0;
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
	if (system("command -v cc > /dev/null"))
		skip_because("no compiler");
	snprintf(path, sizeof(path), "%s/inlined", folder);
	output = run("cc -O2 -g -shared -fPIC -x c -o %s - <<'END'\n"
		     "extern int work(int);\n"
		     "static inline __attribute__((always_inline)) int third(int a)\n"
		     "{\n\treturn work(a) + 1;\n}\n"
		     "static inline __attribute__((always_inline)) int second(int a)\n"
		     "{\n\treturn third(a) * 3;\n}\n"
		     "int first(int a)\n{\n\treturn second(a) + second(a + 1);\n}\nEND\n",
		     path);
	assert_int_equal(pclose(output), 0);
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

/* ---- functions without a symbol ------------------------------------------------------------- */

static void nameless_functions_are_called_after_their_unwind_entry(void **state)
{
	struct recording_writer *writer;
	struct names_module *module;
	struct recording *recording;
	struct names *names;
	char path[64], line[512];
	uint32_t frames[3];
	int fd = memory_file(), entries = 0;
	FILE *output;

	need("readelf");
	snprintf(path, sizeof(path), "%s/stripped", folder);
	output = run("strip -o %s /proc/%d/exe", path, getpid());
	assert_int_equal(pclose(output), 0);
	writer = writer_on(fd);
	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	{
		int elf = open(path, O_RDONLY | O_CLOEXEC);

		assert_int_equal(names_open(names, elf, path, &module), 0);
		close(elf);
	}
	output = run("readelf --debug-dump=frames %s 2>/dev/null | grep -o 'pc=[0-9a-f.]*'", path);
	while (fgets(line, sizeof(line), output) && entries < 300) {
		uint64_t begin = strtoull(line + 3, NULL, 16);
		uint64_t end = strtoull(strstr(line, "..") + 2, NULL, 16);
		uint64_t places[3] = {begin, begin + (end - begin) / 2, end - 1};

		for (int i = 0; i < 3; i++)
			assert_int_equal(names_frame(names, module, places[i], writer, &frames[i]),
					 0);
		entries++;
	}
	pclose(output);
	assert_true(entries > 200);
	/* Where there is nothing there is no name. */
	assert_int_equal(names_frame(names, module, 1, writer, &frames[0]), 0);
	assert_int_equal(recording_writer_finish(writer), 0);
	names_free(&names);

	recording = reader_on(fd);
	output = run("readelf --debug-dump=frames %s 2>/dev/null | grep -o 'pc=[0-9a-f.]*'", path);
	for (uint32_t id = 1; fgets(line, sizeof(line), output) && entries;) {
		uint64_t begin = strtoull(line + 3, NULL, 16);
		uint64_t end = strtoull(strstr(line, "..") + 2, NULL, 16);
		struct recording_frame frame;
		char name[64];

		snprintf(name, sizeof(name), "stripped!fn_0x%" PRIx64, begin);
		/* A short function's middle may be its begin. */
		for (uint64_t last = UINT64_MAX;;) {
			assert_true(recording_frame(recording, id, &frame));
			if (frame.address < begin || frame.address >= end)
				break;
			assert_true(frame.address != last);
			last = frame.address;
			if (strcmp(frame.function, "stripped![plt]") &&
			    !strncmp(frame.function, "stripped!", 9))
				assert_string_equal(frame.function, name);
			id++;
		}
		entries--;
	}
	pclose(output);
	recording_close(&recording);
	close(fd);
}

/* ---- demangling ------------------------------------------------------------------------------ */

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

/* ---- bad input ------------------------------------------------------------------------------- */

/* All that can be asked of it. */
static void ask_everything(struct binary *binary)
{
	struct inlined *inlined = calloc(INLINED_MAX, sizeof(*inlined));
	const struct symbol_table *symbols = binary_symbols(binary);
	uint64_t address, begin, end, offset;
	struct source_line line;

	binary_code(binary, &begin, &end, &offset);
	binary_address(binary, 0x1000, &address);
	for (int i = 0; i < 20; i++) {
		address =
			symbols->symbols.count
				? symbols->symbols.items[roll_below(&dice, symbols->symbols.count)]
					  .begin
				: roll_number(&dice);
		symbol_table_find(symbols, address);
		binary_entry(binary, address, &begin);
		binary_is_plt(binary, address);
		binary_line(binary, address, &line);
		binary_inlined(binary, address, inlined);
	}
	free(inlined);
}

static uint8_t *small_binary(size_t *ret_size)
{
	char path[64];
	uint8_t *data;
	int fd;

	snprintf(path, sizeof(path), "%s/inlined", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip_because("no compiler");
	data = contents_of(fd, ret_size);
	close(fd);
	return data;
}

static void no_spoiled_binary_does_harm(void **state)
{
	size_t size;
	uint8_t *data = small_binary(&size), *spoiled = malloc(size);

	for (int round = 0; round < 1500; round++) {
		size_t left = round % 3 ? size : roll_below(&dice, size);
		size_t reach = round % 2 ? left : left / 8;
		struct binary *binary = NULL;
		int fd;

		memcpy(spoiled, data, size);
		for (uint64_t n = roll_below(&dice, 8); n && reach > 8; n--)
			spoiled[4 + roll_below(&dice, reach - 4)] = roll(&dice);
		if (round % 5) {
			fd = memory_file_of(spoiled, left);
			assert_int_equal(binary_open(fd, "spoiled", false, &binary), 0);
			close(fd);
		} else {
			assert_int_equal(binary_open_image(spoiled, left, "spoiled", &binary), 0);
		}
		ask_everything(binary);
		binary_free(&binary);
	}
	free(spoiled);
	free(data);
}

/* The file is cut after it was opened: its pages are gone when they are read. What the library held
 * then is given up on purpose. */
static void a_binary_that_shrinks_does_no_harm(void **state)
{
	size_t size;
	uint8_t *data = small_binary(&size);

	if (__lsan_disable)
		__lsan_disable();
	for (int step = 0; step < 6; step++) {
		int fd = memory_file_of(data, size);
		struct binary *binary = NULL;

		assert_int_equal(binary_open(fd, "shrinking", false, &binary), 0);
		if (step > 2)
			binary_symbols(binary);
		assert_int_equal(ftruncate(fd, step % 3 == 0 ? 0 : step % 3 == 1 ? 64 : 4096), 0);
		ask_everything(binary);
		binary_free(&binary);
		close(fd);
	}
	if (__lsan_enable)
		__lsan_enable();
	free(data);
}

static void a_huge_file_takes_no_longer_than_a_small_one(void **state)
{
	size_t size;
	uint8_t *data = small_binary(&size);
	struct binary *binary = NULL;
	int fd = memory_file_of(data, size);

	assert_int_equal(ftruncate(fd, 2ll << 30), 0);
	assert_int_equal(binary_open(fd, "huge", false, &binary), 0);
	assert_true(binary_symbols(binary)->symbols.count > 1);
	ask_everything(binary);
	binary_free(&binary);
	/* One of nothing but zeros behind the first four bytes. */
	assert_int_equal(ftruncate(fd, 4), 0);
	assert_int_equal(ftruncate(fd, 2ll << 30), 0);
	assert_int_equal(binary_open(fd, "huge", false, &binary), 0);
	ask_everything(binary);
	binary_free(&binary);
	close(fd);
	free(data);
}

/* ---- modules and frames ---------------------------------------------------------------------- */

static void the_same_code_is_one_module(void **state)
{
	struct names_module *one, *other, *third;
	struct names *names;
	size_t size;
	uint8_t *data = small_binary(&size);
	int fd = memory_file_of(data, size), copy = memory_file_of(data, size);

	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	assert_int_equal(names_open(names, fd, "/lib/a", &one), 0);
	assert_int_equal(names_open(names, fd, "/lib/b", &other), 0);
	assert_ptr_equal(one, other);
	/* The copy has the same build-id, if the linker makes any. */
	assert_int_equal(names_open(names, copy, "/lib/c", &other), 0);
	assert_true(!*names_build_id(one) || one == other);
	assert_int_equal(names_open_image(names, data, size, "[vdso]", &third), 0);
	assert_true(!*names_build_id(one) || one == third);
	names_free(&names);
	close(fd);
	close(copy);
	free(data);
}

static void a_mapping_leads_to_its_file_even_when_that_is_gone(void **state)
{
	char path[64], copied[64];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t start = 0, end = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (fgets(line, sizeof(line), maps) && !strstr(line, "test_names"))
		;
	assert_int_equal(sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end), 2);
	fclose(maps);
	close(fd);
	fd = names_open_mapping(getpid(), start, end, "/no/such/file");
	if (geteuid() == 0)
		assert_true(fd >= 0);
	else
		assert_true(fd < 0);
	if (fd >= 0)
		close(fd);
	/* By name, below the root of the process; never a pipe or a device that would make us wait.
	 */
	snprintf(path, sizeof(path), "%s/plain", folder);
	snprintf(copied, sizeof(copied), "%s/fifo", folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(mkfifo(copied, 0600), 0);
	fd = names_open_mapping(getpid(), 1, 2, path);
	assert_true(fd >= 0);
	close(fd);
	assert_true(names_open_mapping(getpid(), 1, 2, copied) < 0);
	assert_true(names_open_mapping(getpid(), 1, 2, "[heap]") < 0);
}

static void frames_are_written_once_and_with_all_that_is_known(void **state)
{
	struct recording_frame inner, outer;
	struct recording_module row;
	struct recording *recording;
	struct names_module *module;
	struct names *names;
	size_t size;
	uint8_t *data = small_binary(&size);
	int elf = memory_file_of(data, size), fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint64_t begin = 0;
	uint32_t frame, again, deep = 0;
	const struct symbol *symbol;
	struct binary *binary;

	assert_int_equal(binary_open(elf, "x", false, &binary), 0);
	vector_for_each (&binary_symbols(binary)->symbols, symbol) {
		if (!strcmp(symbol_name(binary_symbols(binary), symbol), "first"))
			begin = symbol->begin;
	}
	assert_int_equal(names_new(&(struct names_options){.inlines = true}, &names), 0);
	assert_int_equal(names_open(names, elf, "/lib/inlined", &module), 0);
	for (uint64_t at = begin; at < begin + 32; at++) {
		assert_int_equal(names_frame(names, module, at, writer, &frame), 0);
		assert_int_equal(names_frame(names, module, at, writer, &again), 0);
		assert_int_equal(frame, again);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	for (uint32_t id = 1; id <= recording_frame_count(recording); id++) {
		assert_true(recording_frame(recording, id, &inner));
		assert_int_equal(inner.kind, FRAME_NATIVE);
		assert_int_equal(inner.module, 1);
		if (strcmp(inner.function, "third"))
			continue;
		assert_int_equal(inner.line, 4);
		assert_true(recording_frame(recording, inner.outer, &outer));
		assert_string_equal(outer.function, "second");
		assert_int_equal(outer.line, 8);
		assert_true(recording_frame(recording, outer.outer, &outer));
		assert_string_equal(outer.function, "first");
		assert_int_equal(outer.line, 12);
		assert_int_equal(outer.outer, 0);
		deep++;
	}
	assert_true(deep);
	assert_true(recording_module(recording, 1, &row));
	assert_string_equal(row.path, "/lib/inlined");
	assert_true(row.begin <= begin && begin < row.end);
	recording_close(&recording);
	binary_free(&binary);
	names_free(&names);
	close(elf);
	close(fd);
	free(data);
}

static void written_code_is_called_what_the_program_calls_it(void **state)
{
	struct recording_frame row;
	struct recording *recording;
	struct names *names;
	char path[64];
	uint32_t frames[4];
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[0]), 0);
	map = fopen(path, "wex");
	assert_non_null(map);
	fprintf(map, "1000 10 old name\nnonsense\n1000 10 LazyCompile:~f a.js:1\n2000 0x20 g\n30");
	fflush(map);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[1]), 0);
	/* Known from now on; and what was added later is found as well. */
	fprintf(map, "00 10 h\n");
	fclose(map);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[2]), 0);
	assert_int_equal(frames[1], frames[2]);
	assert_int_equal(names_jit_frame(names, getpid(), 0x3001, writer, &frames[3]), 0);
	names_forget_process(names, getpid());
	names_forget_process(names, 1);
	unlink(path);
	/* Not through a link: it could lead anywhere. */
	assert_int_equal(symlink("/proc/self/maps", path), 0);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[2]), 0);
	unlink(path);
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	assert_true(recording_frame(recording, frames[0], &row));
	assert_string_equal(row.function, "");
	assert_true(recording_frame(recording, frames[1], &row));
	assert_string_equal(row.function, "LazyCompile:~f a.js:1");
	assert_int_equal(row.kind, FRAME_JIT);
	assert_true(recording_frame(recording, frames[3], &row));
	assert_string_equal(row.function, "h");
	assert_true(recording_frame(recording, frames[2], &row));
	assert_string_equal(row.function, "");
	recording_close(&recording);
	names_free(&names);
	close(fd);
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
		cmocka_unit_test_setup(lines_are_those_that_addr2line_finds, reset),
		cmocka_unit_test_setup(inlined_functions_are_those_that_addr2line_finds, reset),
		cmocka_unit_test_setup(nameless_functions_are_called_after_their_unwind_entry,
				       reset),
		cmocka_unit_test_setup(names_are_as_their_authors_wrote_them, reset),
		cmocka_unit_test_setup(a_short_name_that_means_a_long_one_stays_short, reset),
		cmocka_unit_test_setup(look_ups_are_those_of_a_naive_search, reset),
		cmocka_unit_test_setup(of_several_names_the_one_that_people_use_counts, reset),
		cmocka_unit_test_setup(no_spoiled_binary_does_harm, reset),
		cmocka_unit_test_setup(a_binary_that_shrinks_does_no_harm, reset),
		cmocka_unit_test_setup(a_huge_file_takes_no_longer_than_a_small_one, reset),
		cmocka_unit_test_setup(the_same_code_is_one_module, reset),
		cmocka_unit_test_setup(a_mapping_leads_to_its_file_even_when_that_is_gone, reset),
		cmocka_unit_test_setup(frames_are_written_once_and_with_all_that_is_known, reset),
		cmocka_unit_test_setup(written_code_is_called_what_the_program_calls_it, reset),
		cmocka_unit_test_setup(functions_of_the_kernel_come_from_its_own_list, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
