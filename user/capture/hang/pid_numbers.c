// SPDX-License-Identifier: GPL-2.0-only
/* pid_numbers.c - threads of processes that number themselves otherwise than we do */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "capture/hang/pid_numbers.h"

struct namespace
{
	char name[64]; /* what /proc calls it */
};

static bool namespace_of(const char *process, struct namespace *ret)
{
	struct namespace found = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/ns/pid", process);
	if (readlink(path, found.name, sizeof(found.name) - 1) <= 0)
		return false;
	*ret = found;
	return true;
}

/* The last one of the line is that of its own namespace. */
static pid_t own_number(const char *process, const char *tid)
{
	CLEANUP_FCLOSE FILE *in = NULL;
	char path[80], line[512];

	snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/status", process, tid);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		const char *last = strrchr(line, '\t');

		if (!strncmp(line, "NSpid:", 6) && last)
			return (pid_t)strtol(last, NULL, 10);
	}
	return 0;
}

static const char *next_number(DIR *folder)
{
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (isdigit((unsigned char)*entry->d_name))
			return entry->d_name;
	return NULL;
}

static pid_t find_in_process(const char *process, pid_t number)
{
	CLEANUP_CLOSEDIR DIR *folder = NULL;
	const char *tid;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.16s/task", process);
	folder = opendir(path);
	while ((tid = next_number(folder)))
		if (own_number(process, tid) == number)
			return (pid_t)strtol(tid, NULL, 10);
	return 0;
}

static pid_t find_in_namespace(const struct namespace *wanted, pid_t number)
{
	CLEANUP_CLOSEDIR DIR *folder = opendir("/proc");
	struct namespace its;
	const char *process;
	pid_t found = 0;

	while (!found && (process = next_number(folder)))
		if (namespace_of(process, &its) && !strcmp(its.name, wanted->name))
			found = find_in_process(process, number);
	return found;
}

pid_t pid_number_inside(pid_t tid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", tid);
	return own_number(number, number);
}

pid_t pid_number_here(pid_t process, pid_t number)
{
	struct namespace its, ours;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", process);
	if (!namespace_of(pid, &its) || !namespace_of("self", &ours))
		return 0;
	return strcmp(its.name, ours.name) ? find_in_namespace(&its, number) : number;
}
