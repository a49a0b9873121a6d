// SPDX-License-Identifier: GPL-2.0-only
/* The probes of a program are found in its ELF notes, and broken notes do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/scenarios.h"
#include "capture/usdt.h"

struct image {
	char *bytes;
	size_t size;
};

static struct image image_of(const char *scenario)
{
	int fd = scenario_open(scenario);
	struct image image;
	struct stat info;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	image.size = (size_t)info.st_size;
	image.bytes = malloc(image.size);
	assert_non_null(image.bytes);
	assert_int_equal(pread(fd, image.bytes, image.size, 0), image.size);
	close(fd);
	return image;
}

static bool has(const struct usdt_probes *probes, const char *provider, const char *name)
{
	const struct usdt_probe *probe;
	unsigned int found = 0;

	vector_for_each (&probes->items, probe)
		found += !strcmp(probe->provider, provider) && !strcmp(probe->name, name);
	assert_true(found <= 1);
	return found;
}

static void the_probes_of_a_scenario_are_found(void **state)
{
	struct image image = image_of("model-many-to-one");
	struct usdt_probes probes;

	assert_int_equal(usdt_find_in(image.bytes, image.size, &probes), 0);
	assert_true(has(&probes, "ptrace_lab", "phase"));
	assert_true(has(&probes, "ptrace_lab", "uthread_switch"));
	assert_false(has(&probes, "ptrace_lab", "nonsense"));
	usdt_free(&probes);
	free(image.bytes);
}

static void what_is_no_program_has_none(void **state)
{
	uint64_t zeroes[64] = {0};
	struct usdt_probes probes;

	assert_int_equal(usdt_find_in(zeroes, sizeof(zeroes), &probes), 0);
	assert_int_equal(probes.items.count, 0);
	assert_int_equal(usdt_find("/dev/null", &probes), 0);
	assert_int_equal(probes.items.count, 0);
	assert_int_equal(usdt_find("/no/such/file", &probes), 0);
	assert_int_equal(probes.items.count, 0);
}

/* libelf itself trusts the section headers of a file within its size; what is ours is the notes. */
static void broken_notes_do_no_harm(void **state)
{
	struct image image = image_of("model-many-to-one");
	char *note = memmem(image.bytes, image.size, "stapsdt", 8);
	size_t begin = note ? (size_t)(note - image.bytes) - 12 : 0;

	assert_non_null(note);
	srandom(1);
	for (int run = 0; run < 2000; run++) {
		struct usdt_probes probes;
		char saved[512];
		size_t length =
			image.size - begin < sizeof(saved) ? image.size - begin : sizeof(saved);

		memcpy(saved, image.bytes + begin, length);
		for (int i = 0; i < 4; i++)
			image.bytes[begin + (size_t)random() % length] = (char)random();
		if (!usdt_find_in(image.bytes, image.size, &probes))
			usdt_free(&probes);
		memcpy(image.bytes + begin, saved, length);
	}
	free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_probes_of_a_scenario_are_found),
		cmocka_unit_test(what_is_no_program_has_none),
		cmocka_unit_test(broken_notes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
