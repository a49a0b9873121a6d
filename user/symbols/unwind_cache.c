// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/unwind_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "symbols/unwind_table.h"

#define FOLDER "ptrace-lab"
/* The largest programs have tables of some megabytes. */
#define CACHED_BYTES_MAX (64u << 20)

/* Ours, and nobody else may put files in it. */
static bool is_private(const char *path)
{
	struct stat info;

	return !lstat(path, &info) && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
	       !(info.st_mode & (S_IWGRP | S_IWOTH));
}

static bool use_folder(const char *parent, char ret_path[PATH_MAX])
{
	int length = snprintf(ret_path, PATH_MAX, "%s/" FOLDER, parent);

	if (length < 0 || length >= PATH_MAX)
		return false;
	if (mkdir(parent, 0700) && errno != EEXIST)
		return false;
	if (mkdir(ret_path, 0700) && errno != EEXIST)
		return false;
	return is_private(ret_path);
}

bool unwind_cache_folder(char ret_path[PATH_MAX])
{
	const char *chosen = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char parent[PATH_MAX];

	/* Empty or relative: to be ignored, says the specification of that variable. */
	if (chosen && *chosen == '/')
		return use_folder(chosen, ret_path);
	if (!geteuid())
		return use_folder("/var/cache", ret_path);
	if (!home || snprintf(parent, sizeof(parent), "%s/.cache", home) >= (int)sizeof(parent))
		return false;
	return use_folder(parent, ret_path);
}

static bool file_name(char path[PATH_MAX], const char *folder, const char *build_id,
		      const char *suffix)
{
	return snprintf(path, PATH_MAX, "%s/%s.unwind%s", folder, build_id, suffix) < PATH_MAX;
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t got = read(fd, bytes, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		bytes += got;
		size -= (size_t)got;
	}
	return 0;
}

int unwind_cache_load(const char *folder, const char *build_id, uint64_t key,
		      struct unwind_table **ret)
{
	CLEANUP_FREE uint8_t *bytes = NULL;
	CLEANUP_CLOSE int fd = -1;
	char path[PATH_MAX];
	struct stat info;
	int error;

	if (!file_name(path, folder, build_id, ""))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode) || info.st_size > CACHED_BYTES_MAX)
		return -EBADMSG;
	/* Read, not mapped: a file that somebody cuts short would kill us. */
	bytes = malloc((size_t)info.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	error = read_all(fd, bytes, (size_t)info.st_size);
	return error ? error : unwind_table_unpack(bytes, (size_t)info.st_size, key, ret);
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t put = write(fd, bytes, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		bytes += put;
		size -= (size_t)put;
	}
	return 0;
}

int unwind_cache_save(const char *folder, const char *build_id, uint64_t key,
		      const struct unwind_table *table)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	CLEANUP_FREE uint8_t *bytes = NULL;
	CLEANUP_CLOSE int fd = -1;
	size_t size;
	int error;

	if (!file_name(path, folder, build_id, "") ||
	    !file_name(temporary, folder, build_id, ".XXXXXX"))
		return -ENAMETOOLONG;
	error = unwind_table_pack(table, key, &bytes, &size);
	if (error)
		return error;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = write_all(fd, bytes, size);
	/* Whoever reads it meanwhile sees the old one or the new one. Not synced: after a loss of
	 * power its checksum is wrong, and it is made again. */
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}
