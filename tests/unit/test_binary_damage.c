// SPDX-License-Identifier: GPL-2.0-only
/* test_binary_damage.c - no binary does harm, spoiled, shrinking or huge */
#include "binary_samples.h"

/* Of the sanitizer's run time, where there is one. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* All that can be asked of it. */
static void ask_everything(struct binary *binary)
{
	struct inlined *inlined = calloc(INLINED_MAX, sizeof(*inlined));
	const struct symbol_table *symbols = binary_symbols(binary);
	uint64_t address, begin, end, offset;
	struct source_line line;

	binary_code(binary, &begin, &end, &offset);
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

static void no_spoiled_binary_does_harm(void **state)
{
	size_t size;
	uint8_t *data = inlined_binary(&size), *spoiled = malloc(size);

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
	uint8_t *data = inlined_binary(&size);

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
	uint8_t *data = inlined_binary(&size);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_spoiled_binary_does_harm, reset),
		cmocka_unit_test_setup(a_binary_that_shrinks_does_no_harm, reset),
		cmocka_unit_test_setup(a_huge_file_takes_no_longer_than_a_small_one, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
