// SPDX-License-Identifier: GPL-2.0-only
/*
 * taken
 *
 * Takes locks that nobody waits for, in all ways, known numbers of times:
 *
 *	plain_lock	1,000 times
 *	nested_lock	100 times, each time twice: it was had 100 times
 *	tried_lock	50 tries that succeed; 30 that fail, as `plain_lock`'s holder has it
 *	shared_lock	70 times to read, 20 times to write
 *	waited_lock	for a condition, that comes after 50 ms: given up and taken again
 *	kept_lock	once, for 80 ms, and not given up before the end
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

pthread_mutex_t plain_lock = PTHREAD_MUTEX_INITIALIZER, tried_lock = PTHREAD_MUTEX_INITIALIZER,
		waited_lock = PTHREAD_MUTEX_INITIALIZER, kept_lock = PTHREAD_MUTEX_INITIALIZER,
		nested_lock;
pthread_rwlock_t shared_lock = PTHREAD_RWLOCK_INITIALIZER;
pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static int there;

static void nap(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	nanosleep(&time, NULL);
}

static void *try_in_vain(void *unused)
{
	for (int i = 0; i < 30; i++)
		if (!pthread_mutex_trylock(&tried_lock))
			exit(1);
	/* That tells of the last one. */
	pthread_mutex_lock(&plain_lock);
	pthread_mutex_unlock(&plain_lock);
	return unused;
}

static void *come(void *unused)
{
	nap(50);
	pthread_mutex_lock(&waited_lock);
	there = 1;
	pthread_cond_signal(&came);
	pthread_mutex_unlock(&waited_lock);
	return unused;
}

static void in_a_thread(void *(*work)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL) || pthread_join(thread, NULL))
		exit(1);
}

static void wait_for_it(void)
{
	pthread_t thread;

	pthread_mutex_lock(&waited_lock);
	if (pthread_create(&thread, NULL, come, NULL))
		exit(1);
	while (!there)
		pthread_cond_wait(&came, &waited_lock);
	nap(20);
	pthread_mutex_unlock(&waited_lock);
	pthread_join(thread, NULL);
}

int main(void)
{
	pthread_mutexattr_t nested;

	pthread_mutexattr_init(&nested);
	pthread_mutexattr_settype(&nested, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&nested_lock, &nested);
	for (int i = 0; i < 999; i++) {
		pthread_mutex_lock(&plain_lock);
		pthread_mutex_unlock(&plain_lock);
	}
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&nested_lock);
		pthread_mutex_lock(&nested_lock);
		pthread_mutex_unlock(&nested_lock);
		pthread_mutex_unlock(&nested_lock);
	}
	for (int i = 0; i < 50; i++) {
		if (pthread_mutex_trylock(&tried_lock))
			return 1;
		if (i == 49)
			in_a_thread(try_in_vain);
		pthread_mutex_unlock(&tried_lock);
	}
	for (int i = 0; i < 90; i++) {
		if (i < 70)
			pthread_rwlock_rdlock(&shared_lock);
		else
			pthread_rwlock_wrlock(&shared_lock);
		pthread_rwlock_unlock(&shared_lock);
	}
	wait_for_it();
	pthread_mutex_lock(&kept_lock);
	nap(80);
	return 0;
}
