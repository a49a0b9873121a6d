// SPDX-License-Identifier: GPL-2.0-only
/* The scenarios inside of the binary can be found, read, executed, and tell the tracer the truth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/scenarios.h"
#include "random_text.h"

/* ---- running one --------------------------------------------------------------------------- */

enum channel {
	CHANNEL_NONE,
	CHANNEL_FILE,
	CHANNEL_DEAD,  /* a pipe that nobody reads */
	CHANNEL_WRONG, /* a descriptor that is not open */
};

struct outcome {
	int status;
	char facts[4096];
	char said[4096];
};

static void read_all(int fd, char *out, size_t size)
{
	ssize_t got = pread(fd, out, size - 1, 0);

	assert_true(got >= 0);
	out[got] = '\0';
}

/* Appending, as a memory file does not order the writes of several threads at one position: two at
 * the same time may land on each other. */
static int new_memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	return fd;
}

__attribute__((noreturn)) static void child(int program, const char *const *argv, int facts,
					    enum channel channel, int said)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", channel == CHANNEL_WRONG ? 987654 : facts);
	if (channel == CHANNEL_NONE)
		unsetenv("PTRACE_LAB_RESULT_FD");
	else
		setenv("PTRACE_LAB_RESULT_FD", number, 1);
	fcntl(facts, F_SETFD, 0);
	if (dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		_exit(125);
	syscall(SYS_execveat, program, "", argv, environ, AT_EMPTY_PATH);
	_exit(126);
}

static void run(const char *const *argv, enum channel channel, struct outcome *ret)
{
	int program = scenario_open(argv[0]), facts, said = new_memory_file("said");
	int pair[2];
	pid_t pid;

	assert_true(program >= 0);
	if (channel == CHANNEL_DEAD) {
		assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
		close(pair[0]);
		facts = pair[1];
	} else {
		facts = new_memory_file("facts");
	}
	assert_true(facts >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		child(program, argv, facts, channel, said);
	assert_int_equal(waitpid(pid, &ret->status, 0), pid);
	ret->facts[0] = '\0';
	if (channel != CHANNEL_DEAD)
		read_all(facts, ret->facts, sizeof(ret->facts));
	read_all(said, ret->said, sizeof(ret->said));
	close(program);
	close(facts);
	close(said);
}

#define RUN(channel, outcome, ...) run((const char *const[]){__VA_ARGS__, NULL}, channel, outcome)

/* The value in the last line "name value", or NULL. */
static const char *fact(const struct outcome *outcome, const char *name)
{
	static char value[64];
	const char *line = outcome->facts;
	bool found = false;
	size_t length = strlen(name);

	while (*line) {
		size_t end = strcspn(line, "\n");

		if (!strncmp(line, name, length) && line[length] == ' ') {
			snprintf(value, sizeof(value), "%.*s", (int)(end - length - 1),
				 line + length + 1);
			found = true;
		}
		line += end + (line[end] == '\n');
	}
	return found ? value : NULL;
}

static void assert_fact(const struct outcome *outcome, const char *name, const char *value)
{
	const char *found = fact(outcome, name);

	assert_non_null(found);
	assert_string_equal(found, value);
}

/* ---- finding and reading ------------------------------------------------------------------- */

static const char *const counters[] = {
	"counter-single",    "counter-race",   "counter-split",	     "counter-lock",
	"counter-lock-fine", "counter-atomic", "counter-storm-race", "counter-storm-lock",
};

static void the_list_is_sorted_by_chapter_and_order(void **state)
{
	struct scenario_list list;

	assert_int_equal(scenario_list(&list), 0);
	assert_true(list.items.count >= ARRAY_SIZE(counters));
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		assert_string_equal(list.items.items[i].name, counters[i]);
		assert_int_equal(list.items.items[i].chapter, 1);
	}
	for (size_t i = 0; i < list.items.count; i++) {
		const struct scenario *s = &list.items.items[i];

		assert_true(*s->title);
		assert_true(s->chapter >= 1);
		assert_true(!i || s[-1].chapter < s->chapter ||
			    (s[-1].chapter == s->chapter && s[-1].order <= s->order));
	}
	scenario_list_free(&list);
}

static void an_unknown_scenario_is_not_there(void **state)
{
	assert_true(scenario_exists("counter-race"));
	assert_false(scenario_exists("counter"));
	assert_false(scenario_exists(""));
	assert_null(scenario_text("no-such-scenario"));
	errno = 0;
	assert_int_equal(scenario_open("no-such-scenario"), -ENOENT);
	assert_int_equal(errno, ENOENT);
}

static void the_program_is_sealed_and_closed_on_exec(void **state)
{
	int fd = scenario_open("counter-race");

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	close(fd);
}

/* The image of an embedded program, on the heap, where overruns are caught. */
static char *copy_of(const char *name, size_t *ret_size)
{
	int fd = scenario_open(name);
	off_t size;
	char *image;

	assert_true(fd >= 0);
	size = lseek(fd, 0, SEEK_END);
	assert_true(size > 0);
	image = malloc((size_t)size);
	assert_non_null(image);
	assert_int_equal(pread(fd, image, (size_t)size, 0), size);
	close(fd);
	*ret_size = (size_t)size;
	return image;
}

static void assert_text_within(const char *image, size_t size)
{
	const char *text = scenario_text_in(image, size);

	if (!text)
		return;
	assert_true(text >= image && text < image + size);
	assert_non_null(memchr(text, '\0', (size_t)(image + size - text)));
}

static void a_damaged_program_yields_no_text_outside_of_it(void **state)
{
	uint64_t random = 0xe1f;
	size_t size;
	char *good = copy_of("counter-single", &size), *bad = malloc(size);
	uint64_t table;

	assert_non_null(bad);
	assert_string_equal(scenario_text_in(good, size), scenario_text("counter-single"));
	/* The section table, by the ELF header's e_shoff: most of what there is to break. */
	memcpy(&table, good + 40, sizeof(table));
	assert_true(table < size);
	for (int round = 0; round < 3000; round++) {
		memcpy(bad, good, size);
		for (uint64_t n = 1 + random_next(&random) % 8; n; n--) {
			size_t where = random_next(&random) % 3 == 0
					       ? random_next(&random) % 64
					       : table + random_next(&random) % (size - table);

			bad[where] = (char)random_next(&random);
		}
		assert_text_within(bad, size);
	}
	free(bad);
	for (int round = 0; round < 500; round++) {
		size_t part = random_next(&random) % size;
		char *cut = malloc(part + 1);

		assert_non_null(cut);
		memcpy(cut, good, part);
		assert_text_within(cut, part);
		free(cut);
	}
	free(good);
}

static void what_is_no_program_has_no_text(void **state)
{
	static const char nothing[64] __attribute__((aligned(8))) = "this is no program";

	assert_null(scenario_text_in(nothing, sizeof(nothing)));
	assert_null(scenario_text_in(nothing, 0));
}

/* ---- running ------------------------------------------------------------------------------- */

static void exact_counters_report_an_exact_result(void **state)
{
	static const char *const exact[] = {"counter-single", "counter-lock", "counter-lock-fine",
					    "counter-atomic"};

	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		struct outcome outcome;

		RUN(CHANNEL_FILE, &outcome, exact[i], "--count", "20001");
		assert_int_equal(outcome.status, 0);
		assert_fact(&outcome, "expected", "20001");
		assert_fact(&outcome, "actual", "20001");
		assert_non_null(fact(&outcome, "elapsed_ns"));
		assert_non_null(fact(&outcome, "cpus_allowed"));
		assert_memory_equal(fact(&outcome, "shared_address"), "0x", 2);
		assert_non_null(strstr(outcome.said, "20,001, exact"));
	}
}

static void racy_counters_report_no_more_than_was_expected(void **state)
{
	struct outcome outcome;

	RUN(CHANNEL_FILE, &outcome, "counter-race", "--count=5000");
	assert_int_equal(outcome.status, 0);
	assert_fact(&outcome, "expected", "10000");
	assert_true(atoi(fact(&outcome, "actual")) <= 10000);
	assert_true(atoi(fact(&outcome, "actual")) > 0);
	RUN(CHANNEL_FILE, &outcome, "counter-split", "--count=5000");
	assert_fact(&outcome, "expected", "5000");
}

static void a_storm_gives_back_its_lock_whoever_fails(void **state)
{
	struct outcome outcome;

	RUN(CHANNEL_FILE, &outcome, "counter-storm-lock", "--threads", "50", "--fail-every", "10");
	assert_int_equal(outcome.status, 0);
	assert_fact(&outcome, "actual", "50");
	assert_fact(&outcome, "acquisitions", "50");
	assert_fact(&outcome, "releases", "50");
	assert_fact(&outcome, "failures", "5");
}

static void a_storm_prints_each_threads_own_name(void **state)
{
	struct outcome outcome;

	RUN(CHANNEL_NONE, &outcome, "counter-storm-race", "--threads", "20", "--print");
	assert_int_equal(outcome.status, 0);
	for (int i = 1; i <= 20; i++) {
		char name[24];

		snprintf(name, sizeof(name), "storm-%d ", i);
		assert_non_null(strstr(outcome.said, name));
	}
}

static void without_a_channel_a_scenario_runs_all_the_same(void **state)
{
	static const enum channel channels[] = {CHANNEL_NONE, CHANNEL_DEAD, CHANNEL_WRONG};

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		struct outcome outcome;

		RUN(channels[i], &outcome, "counter-single", "--count", "10");
		assert_int_equal(outcome.status, 0);
		assert_string_equal(outcome.facts, "");
		assert_non_null(strstr(outcome.said, "10, exact"));
	}
}

static void options_that_make_no_sense_are_refused(void **state)
{
	static const char *const bad[] = {
		"--count=0", "--count=-1", "--count=1x",
		"--count=",  "--cuont=1",  "--count",
		"nonsense",  "--",	   "--count=99999999999999999999"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct outcome outcome;

		RUN(CHANNEL_FILE, &outcome, "counter-race", bad[i]);
		assert_true(WIFEXITED(outcome.status));
		assert_int_equal(WEXITSTATUS(outcome.status), 2);
		assert_non_null(strstr(outcome.said, "--help"));
	}
}

static void every_scenario_explains_itself(void **state)
{
	struct scenario_list list;
	struct scenario *scenario;

	assert_int_equal(scenario_list(&list), 0);
	vector_for_each (&list.items, scenario) {
		struct outcome outcome;

		RUN(CHANNEL_NONE, &outcome, scenario->name, "--help");
		assert_int_equal(outcome.status, 0);
		assert_memory_equal(outcome.said, scenario->name, strlen(scenario->name));
		assert_non_null(strstr(outcome.said, scenario->title));
		assert_non_null(strstr(outcome.said, "--help"));
	}
	scenario_list_free(&list);
}

static void an_interrupt_ends_a_scenario_as_any_program(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};
	static const char *const argv[] = {"counter-single", "--count", "100000000000", NULL};
	const struct timespec moment = {.tv_nsec = 50000000};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int program = scenario_open(argv[0]), null = open("/dev/null", O_RDWR | O_CLOEXEC);
		int status;
		pid_t pid;

		assert_true(program >= 0 && null >= 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			child(program, argv, null, CHANNEL_NONE, null);
		nanosleep(&moment, NULL);
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		close(program);
		close(null);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_sorted_by_chapter_and_order),
		cmocka_unit_test(an_unknown_scenario_is_not_there),
		cmocka_unit_test(the_program_is_sealed_and_closed_on_exec),
		cmocka_unit_test(a_damaged_program_yields_no_text_outside_of_it),
		cmocka_unit_test(what_is_no_program_has_no_text),
		cmocka_unit_test(exact_counters_report_an_exact_result),
		cmocka_unit_test(racy_counters_report_no_more_than_was_expected),
		cmocka_unit_test(a_storm_gives_back_its_lock_whoever_fails),
		cmocka_unit_test(a_storm_prints_each_threads_own_name),
		cmocka_unit_test(without_a_channel_a_scenario_runs_all_the_same),
		cmocka_unit_test(options_that_make_no_sense_are_refused),
		cmocka_unit_test(every_scenario_explains_itself),
		cmocka_unit_test(an_interrupt_ends_a_scenario_as_any_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
