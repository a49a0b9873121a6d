// SPDX-License-Identifier: GPL-2.0-only
/*
 * jit.c - code that was made at run time
 *
 *	jit code SECONDS
 *	jit mappings COUNT
 *
 * The first has machine code with frame pointers, as JIT compilers make it, that calls back; the
 * second maps that many pieces of code, and waits in the last one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096u

/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};

typedef void call_fn(void (*function)(void));

static void rest(void)
{
	struct timespec time = {.tv_nsec = 500000};

	nanosleep(&time, NULL);
}

static call_fn *make(void *where)
{
	unsigned char *memory = mmap(where, PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0), -1, 0);
	call_fn *call;

	if (memory == MAP_FAILED)
		exit(1);
	memcpy(memory, code, sizeof(code));
	if (mprotect(memory, PAGE, PROT_READ | PROT_EXEC))
		exit(1);
	memcpy(&call, &memory, sizeof(call));
	return call;
}

static void name_code(const void *code_address)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	file = fopen(path, "w");
	if (!file)
		exit(1);
	fprintf(file, "%lx %zx made_at_run_time\n", (unsigned long)code_address, sizeof(code));
	fclose(file);
}

static call_fn *inner;

static void through(void)
{
	inner(rest);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

static void run_code(double end)
{
	call_fn *outer = make(NULL);
	char path[64];

	inner = make(NULL);
	name_code((const void *)outer);
	while (seconds_now() < end)
		outer(through);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
}

/* A page between each two, so that the kernel cannot join them. */
static void run_mappings(unsigned long count)
{
	unsigned char *room = mmap(NULL, 2 * count * PAGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		exit(1);
	for (unsigned long i = 0; i < count; i++)
		inner = make(room + 2 * i * PAGE);
	for (int i = 0; i < 400; i++)
		inner(rest);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "code"))
		run_code(seconds_now() + atof(argv[2]));
	else if (!strcmp(argv[1], "mappings"))
		run_mappings(strtoul(argv[2], NULL, 0));
	return 0;
}
