// SPDX-License-Identifier: GPL-2.0-only
/*
 * futexes.c - waits of known length by all the ways that the kernel has to wait on a futex
 *
 *	futexes WAY
 *
 * Ways: wait, bitset, waitv (of three, woken on the second), waitv-none (nobody wakes it),
 * futex2, requeue, futex2-requeue (two wait on `condition`, one is woken and the other moved to
 * `gate`), requeue-pi (the same, with `gate` a lock that inherits priority).
 * Prints what it did, by the recording's clock:
 *
 *	word NAME ADDRESS
 *	wait THREAD NAME BEGIN END	from just before the call to just after what ended it
 *
 * Ends with 77 where the kernel does not have that way.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_futex_wake
#define SYS_futex_wake	  454
#define SYS_futex_wait	  455
#define SYS_futex_requeue 456
#endif
#define FUTEX2_U32_PRIVATE (2 | 128)
#define HOLD_MS		   60

struct waiter_of_several {
	uint64_t value, address;
	uint32_t flags, reserved;
};

uint32_t condition, gate, one, two, three;
static const char *way;
static unsigned int waiting;
static uint64_t woken_at, moved_at, opened_at, begins[2];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void hold(void)
{
	struct timespec time = {0, HOLD_MS * 1000000};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static int is(const char *name)
{
	return !strcmp(way, name);
}

static long futex(uint32_t *word, int operation, uint32_t value, void *timeout, uint32_t *second,
		  uint32_t third)
{
	return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, second,
		       third);
}

static void need(long result)
{
	if (result >= 0)
		return;
	if (errno == ENOSYS)
		exit(77);
	perror(way);
	exit(1);
}

static void told(const char *thread, const char *word, uint64_t begin, uint64_t end)
{
	printf("wait %s %s %llu %llu\n", thread, word, (unsigned long long)begin,
	       (unsigned long long)end);
}

/* ---- one waits, the main thread wakes it ---------------------------------------------------- */

static long wait_for_several(void *timeout)
{
	struct waiter_of_several several[] = {
		{0, (uintptr_t)&one, FUTEX2_U32_PRIVATE, 0},
		{0, (uintptr_t)&two, FUTEX2_U32_PRIVATE, 0},
		{0, (uintptr_t)&three, FUTEX2_U32_PRIVATE, 0},
	};

	return syscall(SYS_futex_waitv, several, 3u, 0u, timeout, CLOCK_MONOTONIC);
}

static void *wait_once(void *unused)
{
	struct timespec until;
	long result = 0;

	begins[0] = now();
	if (is("wait"))
		result = futex(&two, FUTEX_WAIT, 0, NULL, NULL, 0);
	else if (is("bitset"))
		result = futex(&two, FUTEX_WAIT_BITSET, 0, NULL, NULL, 4);
	else if (is("futex2"))
		result = syscall(SYS_futex_wait, &two, 0ul, ~0u, FUTEX2_U32_PRIVATE, NULL, 0);
	else if (is("waitv"))
		result = wait_for_several(NULL);
	else {
		until.tv_sec = (time_t)((begins[0] + HOLD_MS * 1000000ull) / 1000000000);
		until.tv_nsec = (long)((begins[0] + HOLD_MS * 1000000ull) % 1000000000);
		result = wait_for_several(&until);
		if (result < 0 && errno == ETIMEDOUT)
			result = 0;
		woken_at = now();
	}
	need(result);
	return unused;
}

static void one_waits(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_once, NULL);
	pthread_setname_np(thread, "waiter-0");
	hold();
	if (!is("waitv-none")) {
		woken_at = now();
		if (is("futex2"))
			need(syscall(SYS_futex_wake, &two, ~0u, 1, FUTEX2_U32_PRIVATE));
		else if (is("bitset"))
			need(futex(&two, FUTEX_WAKE_BITSET, 1, NULL, NULL, 4));
		else
			need(futex(&two, FUTEX_WAKE, 1, NULL, NULL, 0));
	}
	pthread_join(thread, NULL);
	told("waiter-0", "two", begins[0], woken_at);
}

/* ---- two wait, one is woken, the other moved ------------------------------------------------ */

static void *wait_and_pass(void *argument)
{
	unsigned int number = (unsigned int)(uintptr_t)argument;

	begins[number] = now();
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	if (!is("requeue-pi")) {
		need(futex(&condition, FUTEX_WAIT, 0, NULL, NULL, 0));
		return NULL;
	}
	need(futex(&condition, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &gate, 0));
	/* It has the gate now. The first one keeps it for a while. */
	if (!opened_at) {
		hold();
		opened_at = now();
	}
	need(futex(&gate, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
	return NULL;
}

static void move(void)
{
	struct waiter_of_several pair[] = {
		{0, (uintptr_t)&condition, FUTEX2_U32_PRIVATE, 0},
		{0, (uintptr_t)&gate, FUTEX2_U32_PRIVATE, 0},
	};

	moved_at = now();
	if (is("requeue"))
		need(futex(&condition, FUTEX_CMP_REQUEUE, 1, (void *)1000, &gate, 0));
	else if (is("futex2-requeue"))
		need(syscall(SYS_futex_requeue, pair, 0u, 1, 1000));
	else
		need(futex(&condition, FUTEX_CMP_REQUEUE_PI, 1, (void *)1000, &gate, 0));
}

static void two_wait(void)
{
	pthread_t threads[2];
	char name[16];

	for (unsigned int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, wait_and_pass, (void *)(uintptr_t)i);
		snprintf(name, sizeof(name), "waiter-%u", i);
		pthread_setname_np(threads[i], name);
		while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) <= i)
			usleep(100);
		hold(); /* the first in comes first out */
	}
	move();
	if (!is("requeue-pi")) {
		hold();
		opened_at = now();
		need(futex(&gate, FUTEX_WAKE, 1, NULL, NULL, 0));
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	told("waiter-0", "condition", begins[0], moved_at);
	told("waiter-1", "condition", begins[1], moved_at);
	told("waiter-1", "gate", moved_at, opened_at);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t *word;
	} words[] = {{"condition", &condition}, {"gate", &gate}, {"one", &one}, {"two", &two}};

	way = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		printf("word %s 0x%llx\n", words[i].name,
		       (unsigned long long)(uintptr_t)words[i].word);
	if (is("requeue") || is("futex2-requeue") || is("requeue-pi"))
		two_wait();
	else if (is("wait") || is("bitset") || is("waitv") || is("waitv-none") || is("futex2"))
		one_waits();
	else
		return 2;
	return 0;
}
