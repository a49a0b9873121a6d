// SPDX-License-Identifier: GPL-2.0-only
/* races.c - variables of all kinds, updated in all ways, for the tests of watchpoints
 *
 * races HOW COUNT [THREADS]: each thread adds COUNT times, in one way; prints what came out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long counter;
static long plain;
static atomic_long exact;
static volatile int narrow;
static volatile unsigned char tiny;
struct queue {
	int length;
	struct {
		volatile long head;
	} inner;
	unsigned int bits : 3;
} queue;
volatile long table[8];
static __thread volatile long own;
long *heap;
static int folded;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static long count;
static const char *how;

/* Not in a loop that a compiler could add up in. */
static __attribute__((noinline)) void add_plain(void)
{
	plain++;
	__asm__ volatile("" ::: "memory");
}

static void add_once(void)
{
	if (!strcmp(how, "volatile"))
		counter = counter + 1;
	else if (!strcmp(how, "plain"))
		add_plain();
	else if (!strcmp(how, "atomic"))
		atomic_fetch_add(&exact, 1);
	else if (!strcmp(how, "exchange"))
		for (long seen = atomic_load(&exact);
		     !atomic_compare_exchange_weak(&exact, &seen, seen + 1);)
			;
	else if (!strcmp(how, "narrow"))
		narrow = narrow - 3;
	else if (!strcmp(how, "tiny"))
		tiny = tiny + 1;
	else if (!strcmp(how, "member"))
		queue.inner.head = queue.inner.head + 1;
	else if (!strcmp(how, "element"))
		table[3] = table[3] + 1;
	else if (!strcmp(how, "read"))
		counter = counter + 1;
	else if (!strcmp(how, "lock")) {
		pthread_mutex_lock(&mutex);
		counter = counter + 1;
		pthread_mutex_unlock(&mutex);
	}
	own++;
}

static void *work(void *argument)
{
	for (long i = 0; i < count; i++)
		add_once();
	return argument;
}

static void children(void)
{
	for (int i = 0; i < 2; i++) {
		if (fork())
			continue;
		how = "volatile";
		work(NULL);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void all_at_work(long threads)
{
	pthread_t ids[16];

	for (long i = 0; i < threads && i < 16; i++)
		pthread_create(&ids[i], NULL, work, NULL);
	for (long i = 0; i < threads && i < 16; i++)
		pthread_join(ids[i], NULL);
}

/* A hundred processes, one after another, each with a variable of its own that its threads race
 * for; each says what came out. */
static void rounds(long threads)
{
	how = "volatile";
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();

		if (!child) {
			all_at_work(threads);
			dprintf(STDOUT_FILENO, "%d %ld\n", getpid(), counter);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	long threads = argc > 3 ? atol(argv[3]) : 2;

	how = argc > 1 ? argv[1] : "volatile";
	count = argc > 2 ? atol(argv[2]) : 1000;
	heap = malloc(sizeof(*heap));
	if (!strcmp(how, "environ"))
		return setenv("RACES", "1", 1);
	if (!strcmp(how, "hold"))
		return (int)sleep(60);
	if (!strcmp(how, "read")) {
		long value = 7;
		int ends[2];

		work(NULL);
		return pipe(ends) || write(ends[1], &value, sizeof(value)) != sizeof(value) ||
		       read(ends[0], (void *)&counter, sizeof(counter)) != sizeof(counter);
	}
	if (!strcmp(how, "fork")) {
		children();
		return 0;
	}
	if (!strcmp(how, "wait")) {
		how = "volatile";
		usleep(2000000);
	}
	if (!strcmp(how, "rounds")) {
		rounds(threads);
		return 0;
	}
	all_at_work(threads);
	printf("%ld %ld %ld %d %d %ld %ld\n", counter, plain, (long)exact, narrow, tiny,
	       queue.inner.head, table[3]);
	return folded;
}
