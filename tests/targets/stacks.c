// SPDX-License-Identifier: GPL-2.0-only
/*
 * stacks.c - stacks that are hard to follow
 *
 *	stacks KIND SECONDS [PLUGIN]
 *
 * Each kind waits and computes for a while in frames of one shape, of which the main thread makes
 * one after the other; `all` goes through all of them.
 */
#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define NEVER_INLINE __attribute__((noinline, noclone))

static volatile unsigned long sink;
static const char *plugin_path;

NEVER_INLINE static void rest(void)
{
	struct timespec time = {.tv_nsec = 300000};

	nanosleep(&time, NULL);
	sink++;
}

NEVER_INLINE static void compute(int rounds)
{
	for (volatile int i = 0; i < rounds; i++)
		sink += i;
	sink++;
}

NEVER_INLINE static void work(void)
{
	compute(100000);
	rest();
	sink++;
}

/* The frame's size is known only when it runs: found by rbp. */
NEVER_INLINE static void variable(size_t size)
{
	char *bytes = alloca(size);

	memset(bytes, 1, size);
	work();
	sink += bytes[size / 2];
}

/* The stack pointer is rounded down: where the frame ends must be kept in memory. */
NEVER_INLINE static void realigned(size_t size)
{
	char bytes[128] __attribute__((aligned(64)));

	memset(bytes, size, sizeof(bytes));
	variable(size + bytes[1]);
	work();
	sink += bytes[5];
}

NEVER_INLINE static int deep(int depth)
{
	volatile char bytes[24];
	int below;

	bytes[0] = depth;
	if (!depth) {
		realigned(64);
		return 0;
	}
	below = deep(depth - 1);
	return below + bytes[0];
}

static int compare(const void *a, const void *b)
{
	if (sink++ % 64 == 0)
		work();
	return *(const int *)a - *(const int *)b;
}

/* Called back from the C library. */
NEVER_INLINE static void sorted(void)
{
	int numbers[64];

	for (size_t i = 0; i < 64; i++)
		numbers[i] = rand();
	qsort(numbers, 64, sizeof(*numbers), compare);
}

static void on_signal(int signal)
{
	compute(20000);
	rest();
	sink += signal;
}

/* Interrupted at any instruction. */
NEVER_INLINE static void signalled(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct itimerval every = {{0, 2000}, {0, 2000}}, never = {0};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < 20; i++) {
		compute(200000);
		realigned(32);
	}
	setitimer(ITIMER_REAL, &never, NULL);
}

/* The same on a stack of the handler's own. */
NEVER_INLINE static void signalled_elsewhere(void)
{
	static char memory[1 << 16];
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 10; i++)
		raise(SIGUSR1);
}

/* The parent waits with its return address in a register. */
NEVER_INLINE static void vforked(void)
{
	pid_t child = vfork();

	if (!child) {
		rest();
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

NEVER_INLINE static void loaded(void)
{
	void *library = plugin_path ? dlopen(plugin_path, RTLD_NOW) : NULL;
	void (*call)(void (*)(void));

	if (!library)
		return;
	*(void **)&call = dlsym(library, "plugin_call");
	for (int i = 0; call && i < 5; i++)
		call(work);
	dlclose(library);
}

static ucontext_t outside, inside;

static void routine(void)
{
	for (;;) {
		work();
		swapcontext(&inside, &outside);
	}
}

/* A stack that is no thread's. */
NEVER_INLINE static void switched(void)
{
	static char memory[1 << 16];

	if (!inside.uc_stack.ss_sp) {
		getcontext(&inside);
		inside.uc_stack.ss_sp = memory;
		inside.uc_stack.ss_size = sizeof(memory);
		makecontext(&inside, routine, 0);
	}
	swapcontext(&outside, &inside);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile bool stop;

NEVER_INLINE static void critical_section(void)
{
	pthread_mutex_lock(&mutex);
	work();
	pthread_mutex_unlock(&mutex);
	sink++;
}

static void *contender(void *unused)
{
	while (!stop)
		critical_section();
	return unused;
}

NEVER_INLINE static void contended(void)
{
	pthread_t threads[3];

	stop = false;
	for (size_t i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, contender, NULL))
			exit(1);
	for (int i = 0; i < 10; i++)
		critical_section();
	stop = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void recursion(void)
{
	deep(40);
}

static void too_deep(void)
{
	deep(400);
}

static void aligned(void)
{
	realigned(100);
}

static const struct {
	const char *name;
	void (*run)(void);
} kinds[] = {
	{"recursion", recursion}, {"aligned", aligned},
	{"sorted", sorted},	  {"signalled", signalled},
	{"vforked", vforked},	  {"signalled-elsewhere", signalled_elsewhere},
	{"loaded", loaded},	  {"contended", contended},
	{"switched", switched},	  {"too-deep", too_deep},
};

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	double end;

	if (argc < 3) {
		fprintf(stderr, "usage: stacks KIND SECONDS [PLUGIN]\n");
		return 2;
	}
	plugin_path = argc > 3 ? argv[3] : NULL;
	end = seconds_now() + atof(argv[2]);
	while (seconds_now() < end) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (!strcmp(argv[1], kinds[i].name) || !strcmp(argv[1], "all"))
				kinds[i].run();
	}
	return 0;
}
