/* SPDX-License-Identifier: GPL-2.0-only */
/* cleanup.h - give back on scope exit, so that every way out of a function frees the same */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_closedir(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

#define CLEANUP_FREE	 CLEANUP(cleanup_free)
#define CLEANUP_CLOSE	 CLEANUP(cleanup_close)
#define CLEANUP_FCLOSE	 CLEANUP(cleanup_fclose)
#define CLEANUP_CLOSEDIR CLEANUP(cleanup_closedir)

/* Hands a value on past its cleanup: `return take_pointer(&thing);` */
static inline void *take_pointer_(void *slot)
{
	void *value = *(void **)slot;

	*(void **)slot = NULL;
	return value;
}
#define take_pointer(slot) ((__typeof__(*(slot)))take_pointer_(slot))

static inline int take_fd(int *slot)
{
	int fd = *slot;

	*slot = -1;
	return fd;
}

#endif
