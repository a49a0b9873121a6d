// SPDX-License-Identifier: GPL-2.0-only
/* scenario.c - what all scenarios share; linked into each of them */
#include "workloads/scenario.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

#define EXIT_BAD_USAGE 2
#define HELP_COLUMN    24

/* One process is one scenario, so its name and its channel are the process's own. */
static char scenario_name[64] = "scenario";
static int result_fd = -1;

/* ---- figures ------------------------------------------------------------------------------- */

struct scenario_figure scenario_count_text(uint64_t count)
{
	struct scenario_figure figure;
	char digits[24], *out = figure.text;
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return figure;
}

struct unit {
	const char *name;
	uint64_t size;
};

/* Largest first. */
static const struct unit duration_units[] = {
	{"s", NS_PER_S}, {"ms", NS_PER_MS}, {"us", NS_PER_US}, {"ns", 1}};
static const struct unit size_units[] = {
	{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}};
#define UNITS 4

/* Whole if it is, otherwise with three digits. */
static struct scenario_figure unit_text(uint64_t value, const struct unit *units)
{
	struct scenario_figure figure;
	size_t i = 0;
	double scaled;
	int decimals;

	while (i < UNITS - 1 && value < units[i].size)
		i++;
	scaled = (double)value / units[i].size;
	decimals = value % units[i].size == 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
	snprintf(figure.text, sizeof(figure.text), "%.*f %s", decimals, scaled, units[i].name);
	return figure;
}

struct scenario_figure scenario_duration_text(uint64_t ns)
{
	return unit_text(ns, duration_units);
}

struct scenario_figure scenario_size_text(uint64_t bytes)
{
	return unit_text(bytes, size_units);
}

/* ---- for the person ------------------------------------------------------------------------ */

void scenario_say(const char *label, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	flockfile(stdout);
	printf("  %-11s ", label);
	vprintf(format, arguments);
	putchar('\n');
	funlockfile(stdout);
	va_end(arguments);
}

void scenario_fail(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	flockfile(stderr);
	fprintf(stderr, "%s: ", scenario_name);
	vfprintf(stderr, format, arguments);
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void scenario_result(uint64_t expected, uint64_t actual, uint64_t elapsed_ns)
{
	scenario_fact("expected", (int64_t)expected);
	scenario_fact("actual", (int64_t)actual);
	scenario_fact("elapsed_ns", (int64_t)elapsed_ns);
	scenario_say("expected", "%s", scenario_count_text(expected).text);
	if (actual == expected)
		scenario_say("actual", "%s, exact", scenario_count_text(actual).text);
	else if (actual < expected)
		scenario_say("actual", "%s, %s lost", scenario_count_text(actual).text,
			     scenario_count_text(expected - actual).text);
	else
		scenario_say("actual", "%s, %s too many", scenario_count_text(actual).text,
			     scenario_count_text(actual - expected).text);
	scenario_say("elapsed", "%s", scenario_duration_text(elapsed_ns).text);
}

/* ---- for the tracer ------------------------------------------------------------------------ */

static void find_result_channel(void)
{
	const char *text = getenv("PTRACE_LAB_RESULT_FD");
	char *end;
	long fd;
	int flags;

	if (!text || !isdigit((unsigned char)*text))
		return;
	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || *end || fd > INT_MAX)
		return;
	flags = fcntl((int)fd, F_GETFD);
	if (flags < 0)
		return;
	/* What the scenario executes has nothing to report, and must not find the number. The
	 * standard streams (PTRACE_LAB_RESULT_FD=1, to look at the facts) are everybody's. */
	if (fd > STDERR_FILENO && fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC))
		return;
	unsetenv("PTRACE_LAB_RESULT_FD");
	result_fd = (int)fd;
}

/* The tracer may be gone: that must not end the scenario by SIGPIPE. */
static bool write_without_sigpipe(int fd, const char *data, size_t size)
{
	const struct timespec at_once = {0};
	sigset_t pipe_signal, before, pending;
	bool was_pending, gone;
	ssize_t written;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	do
		written = write(fd, data, size);
	while (written < 0 && errno == EINTR);
	gone = written < 0 && errno == EPIPE;
	if (gone && !was_pending)
		while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return written == (ssize_t)size;
}

void scenario_fact_text(const char *name, const char *value)
{
	char line[512];
	int length;

	if (result_fd < 0)
		return;
	length = snprintf(line, sizeof(line) - 1, "%s %s", name, value);
	if (length < 0)
		return;
	if ((size_t)length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	for (int i = 0; i < length; i++)
		if (iscntrl((unsigned char)line[i]))
			line[i] = ' ';
	line[length++] = '\n';
	/* In one piece: threads and forked children share the channel. */
	if (!write_without_sigpipe(result_fd, line, (size_t)length))
		result_fd = -1;
}

void scenario_fact(const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	scenario_fact_text(name, text);
}

void scenario_fact_address(const char *name, const volatile void *address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIxPTR, (uintptr_t)address);
	scenario_fact_text(name, text);
}

/* ---- options ------------------------------------------------------------------------------- */

static struct scenario_figure option_text(const struct scenario_option *option, uint64_t value)
{
	switch (option->type) {
	case SCENARIO_DURATION_OPTION:
		return scenario_duration_text(value);
	case SCENARIO_SIZE_OPTION:
		return scenario_size_text(value);
	default:
		return scenario_count_text(value);
	}
}

static void print_help(const struct scenario_option *options, const char *text)
{
	const char *title = text && !strncmp(text, "title:", 6) ? text + 6 : "";
	bool any_full = false;

	while (*title == ' ')
		title++;
	printf("%s: %.*s\n\n", scenario_name, (int)strcspn(title, "\n"), title);
	for (const struct scenario_option *o = options; o && o->name; o++) {
		static const char *const argument[] = {
			[SCENARIO_FLAG_OPTION] = "",
			[SCENARIO_NUMBER_OPTION] = " N",
			[SCENARIO_DURATION_OPTION] = " TIME",
			[SCENARIO_SIZE_OPTION] = " SIZE",
		};
		int used = printf("  --%s%s", o->name, argument[o->type]);

		printf("%*s%s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", o->help);
		if (o->type != SCENARIO_FLAG_OPTION)
			printf("\n%*s%s, from %s to %s", HELP_COLUMN, "",
			       option_text(o, *o->value).text, option_text(o, o->min).text,
			       option_text(o, o->max).text);
		if (o->full) {
			printf("; with --full %s", option_text(o, o->full).text);
			any_full = true;
		}
		putchar('\n');
	}
	if (any_full)
		printf("  %-*s%s\n", HELP_COLUMN - 2, "--full",
		       "at human speed: the sizes above that are marked so");
	printf("  %-*s%s\n", HELP_COLUMN - 2, "--help", "this text");
}

__attribute__((noreturn, format(printf, 1, 2))) static void bad_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s: ", scenario_name);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "; %s --help lists the options\n", scenario_name);
	exit(EXIT_BAD_USAGE);
}

/* The factor for what follows the digits, 0 if it means nothing for this type. */
static uint64_t unit_factor(enum scenario_option_type type, const char *unit)
{
	const struct unit *units = type == SCENARIO_DURATION_OPTION ? duration_units
				   : type == SCENARIO_SIZE_OPTION   ? size_units
								    : NULL;

	if (!*unit)
		return type == SCENARIO_DURATION_OPTION ? NS_PER_S : 1;
	for (size_t i = 0; units && i < UNITS; i++)
		/* Sizes also as 64K and 64M. */
		if (!strcmp(unit, units[i].name) ||
		    (type == SCENARIO_SIZE_OPTION && unit[0] == units[i].name[0] && !unit[1]))
			return units[i].size;
	return 0;
}

static bool parse_value(const struct scenario_option *option, const char *text, uint64_t *ret)
{
	uint64_t factor, value;
	char *unit;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &unit, 10);
	factor = unit_factor(option->type, unit);
	if (errno || !factor || value > UINT64_MAX / factor)
		return false;
	value *= factor;
	if (value < option->min || value > option->max)
		return false;
	*ret = value;
	return true;
}

static const struct scenario_option *find_option(const struct scenario_option *options,
						 const char *name, size_t length)
{
	for (const struct scenario_option *o = options; o && o->name; o++)
		if (strlen(o->name) == length && !strncmp(o->name, name, length))
			return o;
	return NULL;
}

/* Takes one option at argv[i], and returns the index of the last word that belongs to it. */
static int take_option(const struct scenario_option *options, int argc, char **argv, int i)
{
	const char *name = argv[i] + 2, *value = strchr(name, '=');
	size_t length = value ? (size_t)(value - name) : strlen(name);
	const struct scenario_option *option = find_option(options, name, length);

	if (!option)
		bad_usage("there is no option --%.*s", (int)length, name);
	if (option->type == SCENARIO_FLAG_OPTION) {
		if (value)
			bad_usage("--%s takes no value", option->name);
		*option->flag = true;
		return i;
	}
	if (value)
		value++;
	else if (i + 1 < argc)
		value = argv[++i];
	else
		bad_usage("--%s needs a value", option->name);
	if (!parse_value(option, value, option->value))
		bad_usage("--%s: '%s' is not between %s and %s", option->name, value,
			  option_text(option, option->min).text,
			  option_text(option, option->max).text);
	return i;
}

static void parse_options(const struct scenario_option *options, const char *text, int argc,
			  char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			print_help(options, text);
			exit(scenario_end());
		}
	}
	/* First, so that what is given explicitly counts whatever the order. */
	for (int i = 1; i < argc; i++)
		for (const struct scenario_option *o = options; o && o->name; o++)
			if (!strcmp(argv[i], "--full") && o->full)
				*o->value = o->full;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--full"))
			continue;
		if (strncmp(argv[i], "--", 2) || !argv[i][2])
			bad_usage("'%s' is not an option", argv[i]);
		i = take_option(options, argc, argv, i);
	}
}

void scenario_begin_(int argc, char **argv, const struct scenario_option *options, const char *text,
		     const char *file)
{
	const char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	snprintf(scenario_name, sizeof(scenario_name), "%.*s", (int)strcspn(base, "."), base);
	/* Cut to what the kernel keeps; cannot fail with a valid pointer. */
	prctl(PR_SET_NAME, scenario_name);
	find_result_channel();
	parse_options(options, text, argc, argv);
	scenario_fact("cpus_allowed", scenario_cpus_allowed());
	/* Also into a file, so that several processes' lines come in order and none comes twice
	 * because a fork copied the buffer. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", scenario_name);
}

int scenario_end(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: the result cannot be written: %s\n", scenario_name,
			strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

/* ---- time ---------------------------------------------------------------------------------- */

uint64_t scenario_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct scenario_timer scenario_start(void)
{
	PTRACE_LAB_PHASE("start");
	return (struct scenario_timer){.begin = scenario_now()};
}

uint64_t scenario_stop(const struct scenario_timer *timer)
{
	uint64_t elapsed = scenario_now() - timer->begin;

	PTRACE_LAB_PHASE("stop");
	return elapsed;
}

/* ---- threads ------------------------------------------------------------------------------- */

static void *thread_main(void *argument)
{
	struct scenario_thread *thread = argument;
	int error = pthread_setname_np(pthread_self(), thread->name);

	if (error)
		scenario_fail(error, "the thread %s cannot be named", thread->name);
	thread->work(thread->argument);
	return NULL;
}

void scenario_thread_start(struct scenario_thread *thread, void (*work)(void *argument),
			   void *argument, const char *name, ...)
{
	pthread_attr_t attributes;
	va_list arguments;
	int error;

	va_start(arguments, name);
	vsnprintf(thread->name, sizeof(thread->name), name, arguments);
	va_end(arguments);
	thread->work = work;
	thread->argument = argument;
	error = pthread_attr_init(&attributes);
	if (error)
		scenario_fail(error, "the thread %s cannot be created", thread->name);
	if (thread->stack_size)
		error = pthread_attr_setstacksize(&attributes, thread->stack_size);
	if (!error)
		error = pthread_create(&thread->id, &attributes, thread_main, thread);
	pthread_attr_destroy(&attributes);
	if (error == EAGAIN)
		scenario_fail(error,
			      "the thread %s cannot be created: the limit on threads "
			      "(ulimit -u, pids.max of the cgroup) or on memory is reached",
			      thread->name);
	if (error)
		scenario_fail(error, "the thread %s cannot be created", thread->name);
}

void scenario_thread_join(struct scenario_thread *thread)
{
	int error = pthread_join(thread->id, NULL);

	if (error)
		scenario_fail(error, "the thread %s cannot be joined", thread->name);
}

unsigned int scenario_cpus_allowed(void)
{
	cpu_set_t set;
	long online;

	if (!sched_getaffinity(0, sizeof(set), &set))
		return (unsigned int)CPU_COUNT(&set);
	/* More CPUs than fit into a cpu_set_t. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned int)online : 1;
}

/* An answer within this time means that the other thread was on a CPU: to be switched to, had it
 * waited for one, takes the rest of a time slice, which is milliseconds. */
#define GATE_QUICK_NS (10 * NS_PER_US)
/* Other programs may have the second CPU: time for a moment in which both threads have one. */
#define GATE_PATIENCE_NS (200 * NS_PER_MS)

enum { GATE_SHUT, GATE_TOGETHER, GATE_APART };

static bool gate_asks(struct scenario_gate *gate)
{
	uint64_t begin = scenario_now(), asked, now = begin;
	uint64_t verdict = GATE_APART;

	for (uint64_t n = 1; verdict == GATE_APART && now - begin < GATE_PATIENCE_NS; n++) {
		bool answered;

		/* One more, as zero means that nobody has come yet. */
		__atomic_store_n(&gate->cpu.value, (uint64_t)sched_getcpu() + 1, __ATOMIC_RELAXED);
		asked = now;
		__atomic_store_n(&gate->ping.value, n, __ATOMIC_RELEASE);
		do {
			scenario_relax();
			answered = __atomic_load_n(&gate->pong.value, __ATOMIC_ACQUIRE) == n;
			now = scenario_now();
		} while (!answered && now - begin < GATE_PATIENCE_NS);
		if (answered && now - asked < GATE_QUICK_NS)
			verdict = GATE_TOGETHER;
	}
	__atomic_store_n(&gate->open.value, verdict, __ATOMIC_RELEASE);
	return verdict == GATE_TOGETHER;
}

/* Two threads that spin on one CPU may be left there for long, even beside an idle one. */
static void leave_cpu(unsigned int cpu, const cpu_set_t *allowed)
{
	cpu_set_t others = *allowed;

	CPU_CLR(cpu, &others);
	if (!CPU_COUNT(&others) || pthread_setaffinity_np(pthread_self(), sizeof(others), &others))
		return;
	/* It has moved; from here on the scheduler may do as it likes. */
	pthread_setaffinity_np(pthread_self(), sizeof(*allowed), allowed);
}

static bool gate_answers(struct scenario_gate *gate)
{
	uint64_t begin = scenario_now(), verdict;
	cpu_set_t allowed;

	if (pthread_getaffinity_np(pthread_self(), sizeof(allowed), &allowed))
		CPU_ZERO(&allowed);
	while (!(verdict = __atomic_load_n(&gate->open.value, __ATOMIC_ACQUIRE))) {
		uint64_t cpu = __atomic_load_n(&gate->cpu.value, __ATOMIC_RELAXED);

		if (cpu && (uint64_t)sched_getcpu() + 1 == cpu)
			leave_cpu((unsigned int)cpu - 1, &allowed);
		__atomic_store_n(&gate->pong.value,
				 __atomic_load_n(&gate->ping.value, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
		scenario_relax();
		/* The other one gives up at the same time, unless it never came here. */
		if (scenario_now() - begin > 2 * GATE_PATIENCE_NS)
			return false;
	}
	return verdict == GATE_TOGETHER;
}

bool scenario_gate_pass(struct scenario_gate *gate, unsigned int side)
{
	if (scenario_cpus_allowed() < 2)
		return false;
	return side ? gate_answers(gate) : gate_asks(gate);
}
