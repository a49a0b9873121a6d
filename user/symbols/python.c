// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/python.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* struct _gil_runtime_state with its two mutexes and two conditions */
#define GIL_SIZE 208

/* In the interpreter's own table of offsets (_Py_DebugOffsets), which begins with a word to know
 * it by: where the first interpreter is told, and where in an interpreter its lock is. */
#define OFFSETS_COOKIE	     "xdebugpy"
#define OFFSETS_INTERPRETERS 40
#define OFFSETS_GIL	     112
#define OFFSETS_MAX	     (1u << 24) /* larger ones are none */

/* From _PyRuntime; measured with the debug information of these versions, and seen in use. */
static const struct {
	unsigned int minor;
	uint64_t offset;
} known[] = {
	{9, 352}, {10, 352}, {11, 360}, {12, 77432}, {13, 96104},
};

/* "libpython3.11.so.1.0", "python3.11", "python3.11d" */
static bool is_python(const char *path, unsigned int *ret_minor)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!strncmp(name, "lib", 3))
		name += 3;
	return sscanf(name, "python3.%u", ret_minor) == 1;
}

static int known_gil(uint64_t runtime, struct python_gil *gil)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].minor != gil->minor)
			continue;
		gil->start = runtime + known[i].offset;
		gil->end = gil->start + GIL_SIZE;
		return 1;
	}
	return -ENOTSUP;
}

static bool read_from(pid_t pid, uint64_t address, void *to, size_t size)
{
	struct iovec here = {to, size}, there = {(void *)address, size};

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size;
}

static bool told_gil(pid_t pid, uint64_t runtime, struct python_gil *gil)
{
	char cookie[8];
	uint64_t head, in_interpreter, interpreter, start;

	if (!read_from(pid, runtime, cookie, sizeof(cookie)) ||
	    memcmp(cookie, OFFSETS_COOKIE, sizeof(cookie)) != 0 ||
	    !read_from(pid, runtime + OFFSETS_INTERPRETERS, &head, sizeof(head)) ||
	    !read_from(pid, runtime + OFFSETS_GIL, &in_interpreter, sizeof(in_interpreter)) ||
	    head > OFFSETS_MAX || in_interpreter > OFFSETS_MAX ||
	    !read_from(pid, runtime + head, &interpreter, sizeof(interpreter)) ||
	    !read_from(pid, interpreter + in_interpreter, &start, sizeof(start)) || !start)
		return false;
	gil->start = start;
	gil->end = start + GIL_SIZE;
	return true;
}

int python_gil_find(struct variables *variables, pid_t pid, const struct process_map *map,
		    struct python_gil *ret)
{
	const struct process_area *area;
	int found = 0;

	/* Program and library may both be called so; one of them has it. */
	vector_for_each (&map->areas, area) {
		struct python_gil gil = {0};
		uint64_t runtime;

		if (!area->executable || !is_python(area->path, &gil.minor))
			continue;
		runtime = variables_find(variables, pid, map, area, "_PyRuntime");
		if (!runtime)
			continue;
		found = told_gil(pid, runtime, &gil) ? 1 : known_gil(runtime, &gil);
		*ret = gil;
		if (found == 1)
			break;
	}
	return found;
}

int python_gil_trace(struct variables *variables, int fd, uint64_t code, struct python_gil *ret)
{
	struct python_gil gil = {0};
	char link[64], path[512];
	uint64_t runtime;
	ssize_t length;
	int found;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = '\0';
	if (!is_python(path, &gil.minor))
		return 0;
	runtime = variables_find_in(variables, fd, code, "_PyRuntime");
	if (!runtime)
		return 0;
	found = known_gil(runtime, &gil);
	*ret = gil;
	return found;
}
