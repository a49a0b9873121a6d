// SPDX-License-Identifier: GPL-2.0-only
/*
 * failing.c - for LD_PRELOAD: one call fails that could fail
 *
 *	FAIL_WHAT	memory | calls: allocations, or what asks the kernel for something
 *	FAIL_AT		the how-manyth of them fails; 0: none
 *	FAIL_COUNT	a file that the number of them is written to at the end
 *
 * Only the program that it is loaded into: what that starts has it no more.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum what { NOTHING, MEMORY, CALLS };

static enum what what;
static unsigned long count, fail_at;
static const char *count_path;

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("FAIL_WHAT"), *at = getenv("FAIL_AT");

	count_path = getenv("FAIL_COUNT");
	unsetenv("LD_PRELOAD");
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	what = !name ? NOTHING : strcmp(name, "memory") ? CALLS : MEMORY;
}

__attribute__((destructor)) static void end(void)
{
	FILE *file;

	what = NOTHING;
	file = count_path ? fopen(count_path, "we") : NULL;
	if (!file)
		return;
	fprintf(file, "%lu\n", count);
	fclose(file);
}

static bool fails(enum what kind, int error)
{
	if (kind != what)
		return false;
	count++;
	if (count != fail_at)
		return false;
	errno = error;
	return true;
}

/* The next library's function of that name. */
#define NEXT(name)                                                                                 \
	static __typeof__(name) *next;                                                             \
	if (!next)                                                                                 \
	next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* ---- memory ---------------------------------------------------------------------------------- */

/* dlsym() may ask for some itself, before there is an answer. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails(MEMORY, ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
	return fails(MEMORY, ENOMEM) ? NULL : __libc_calloc(items, size);
}

void *realloc(void *old, size_t size)
{
	return fails(MEMORY, ENOMEM) ? NULL : __libc_realloc(old, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	NEXT(mmap);
	return fails(CALLS, ENOMEM) ? MAP_FAILED
				    : next(address, size, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	return mmap(address, size, protection, flags, fd, offset);
}

/* ---- files ----------------------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list more)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	NEXT(open);
	va_start(more, flags);
	mode = mode_of(flags, more);
	va_end(more);
	return fails(CALLS, EMFILE) ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = mode_of(flags, more);
	va_end(more);
	return open(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	NEXT(fopen);
	return fails(CALLS, EMFILE) ? NULL : next(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
	NEXT(fdopen);
	return fails(CALLS, ENOMEM) ? NULL : next(fd, mode);
}

ssize_t read(int fd, void *buffer, size_t size)
{
	NEXT(read);
	return fails(CALLS, EIO) ? -1 : next(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	NEXT(pread);
	return fails(CALLS, EIO) ? -1 : next(fd, buffer, size, offset);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	NEXT(write);
	return fails(CALLS, ENOSPC) ? -1 : next(fd, buffer, size);
}

int dup2(int from, int to)
{
	NEXT(dup2);
	return fails(CALLS, EMFILE) ? -1 : next(from, to);
}

int dup3(int from, int to, int flags)
{
	NEXT(dup3);
	return fails(CALLS, EMFILE) ? -1 : next(from, to, flags);
}

int pipe2(int ends[2], int flags)
{
	NEXT(pipe2);
	return fails(CALLS, EMFILE) ? -1 : next(ends, flags);
}

int memfd_create(const char *name, unsigned int flags)
{
	NEXT(memfd_create);
	return fails(CALLS, EMFILE) ? -1 : next(name, flags);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

int epoll_create1(int flags)
{
	NEXT(epoll_create1);
	return fails(CALLS, EMFILE) ? -1 : next(flags);
}

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	NEXT(epoll_ctl);
	return fails(CALLS, ENOSPC) ? -1 : next(epoll, operation, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	NEXT(epoll_wait);
	return fails(CALLS, EINTR) ? -1 : next(epoll, events, most, timeout);
}

int signalfd(int fd, const sigset_t *mask, int flags)
{
	NEXT(signalfd);
	return fails(CALLS, EMFILE) ? -1 : next(fd, mask, flags);
}

ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long local_count,
			 const struct iovec *remote, unsigned long remote_count,
			 unsigned long flags)
{
	NEXT(process_vm_readv);
	return fails(CALLS, EFAULT) ? -1
				    : next(pid, local, local_count, remote, remote_count, flags);
}

pid_t fork(void)
{
	NEXT(fork);
	return fails(CALLS, EAGAIN) ? -1 : next();
}

/* bpf, perf_event_open and pidfd_open among them. */
long syscall(long number, ...)
{
	va_list more;
	long words[6];

	NEXT(syscall);
	va_start(more, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(more, long);
	va_end(more);
	return fails(CALLS, number == SYS_bpf ? EPERM : ENOSYS)
		       ? -1
		       : next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
