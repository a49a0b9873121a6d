/* SPDX-License-Identifier: GPL-2.0-only */
/* binary_samples.h - programs to be named: this one, and one that a compiler makes on the spot */
#ifndef TESTS_UNIT_BINARY_SAMPLES_H
#define TESTS_UNIT_BINARY_SAMPLES_H

#include "recording_samples.h"

#include <fcntl.h>
#include <stdio.h>

#include "skip.h"
#include "symbols/binary.h"
#include "symbols/symbol_table.h"

static char folder[] = "/tmp/test-names-XXXXXX";

static inline int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

__attribute__((format(printf, 1, 2))) static FILE *run(const char *format, ...)
{
	char command[1024];
	va_list args;
	FILE *output;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	output = popen(command, "re");
	assert_non_null(output);
	return output;
}

static inline void need(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s > /dev/null", tool);
	if (system(command))
		skip_because("binutils are not installed");
}

static inline struct binary *binary_of(const char *path)
{
	struct binary *binary = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(binary_open(fd, path, false, &binary), 0);
	close(fd);
	return binary;
}

/* A library with third() within second() within first(), twice; its path is in `ret_path`. */
static inline void build_inlined(char ret_path[64])
{
	FILE *output;

	snprintf(ret_path, 64, "%s/inlined", folder);
	if (!access(ret_path, R_OK))
		return;
	if (system("command -v cc > /dev/null"))
		skip_because("no compiler");
	output = run("cc -O2 -g -shared -fPIC -x c -o %s - <<'END'\n"
		     "extern int work(int);\n"
		     "static inline __attribute__((always_inline)) int third(int a)\n"
		     "{\n\treturn work(a) + 1;\n}\n"
		     "static inline __attribute__((always_inline)) int second(int a)\n"
		     "{\n\treturn third(a) * 3;\n}\n"
		     "int first(int a)\n{\n\treturn second(a) + second(a + 1);\n}\nEND\n",
		     ret_path);
	assert_int_equal(pclose(output), 0);
}

static inline uint8_t *inlined_binary(size_t *ret_size)
{
	char path[64];
	uint8_t *data;
	int fd;

	build_inlined(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	data = contents_of(fd, ret_size);
	close(fd);
	return data;
}

#endif
