// SPDX-License-Identifier: GPL-2.0-only
/*
 * remaps.c - sixteen threads wait, each for a mutex of its own, while one changes the map of the
 * process all the time, so that the kernel can often not be asked what lies where
 *
 *	remaps ROUNDS	they wait so many times
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 16

static pthread_mutex_t lock_of_thread[THREADS];
static pthread_barrier_t begin, end;
static atomic_bool over;
static int rounds;

static void *remap(void *unused)
{
	while (!atomic_load(&over)) {
		void *memory = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory != MAP_FAILED)
			munmap(memory, 1 << 16);
	}
	return unused;
}

static void *wait_for_own(void *argument)
{
	pthread_mutex_t *own = argument;

	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&begin);
		pthread_mutex_lock(own);
		pthread_mutex_unlock(own);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void hold_all(void)
{
	for (int i = 0; i < THREADS; i++)
		pthread_mutex_lock(&lock_of_thread[i]);
	pthread_barrier_wait(&begin);
	usleep(2000);
	for (int i = 0; i < THREADS; i++)
		pthread_mutex_unlock(&lock_of_thread[i]);
	pthread_barrier_wait(&end);
}

int main(int argc, char **argv)
{
	pthread_t remapper, threads[THREADS];

	rounds = argc > 1 ? atoi(argv[1]) : 1;
	if (pthread_barrier_init(&begin, NULL, THREADS + 1) ||
	    pthread_barrier_init(&end, NULL, THREADS + 1) ||
	    pthread_create(&remapper, NULL, remap, NULL))
		return 1;
	for (int i = 0; i < THREADS; i++)
		if (pthread_mutex_init(&lock_of_thread[i], NULL) ||
		    pthread_create(&threads[i], NULL, wait_for_own, &lock_of_thread[i]))
			return 1;
	for (int i = 0; i < rounds; i++)
		hold_all();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&over, 1);
	pthread_join(remapper, NULL);
	return 0;
}
