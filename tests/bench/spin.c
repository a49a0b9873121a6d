// SPDX-License-Identifier: GPL-2.0-only
/* spin.c - computes and never waits: spin ADDITIONS; prints the nanoseconds that they took */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	long additions = argc > 1 ? atol(argv[1]) : 100000000;
	volatile long sum = 0;
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (long i = 0; i < additions; i++)
		sum = sum + i;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lld\n", (end.tv_sec - begin.tv_sec) * 1000000000ll + end.tv_nsec - begin.tv_nsec);
	return 0;
}
