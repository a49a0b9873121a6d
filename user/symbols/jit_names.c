// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/jit_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "recording/recording.h"
#include "recording/stacks.h"
#include "symbols/frame_map.h"
#include "symbols/symbol_table.h"

/* A file that is longer has grown for other reasons than to name functions. */
#define MAP_BYTES_MAX (64 << 20)

struct jit_process {
	pid_t pid;
	off_t read;	     /* bytes of the file that were read */
	uint64_t read_again; /* not before then, monotonic ns */
	struct symbol_table symbols;
	struct frame_map frames, nameless;
};

struct jit_names {
	VECTOR(struct jit_process) processes;
	uint32_t module;
};

int jit_names_new(struct jit_names **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void process_free(struct jit_process *process)
{
	symbol_table_free(&process->symbols);
	frame_map_free(&process->frames);
	frame_map_free(&process->nameless);
}

void jit_names_free(struct jit_names **slot)
{
	struct jit_names *names = *slot;
	struct jit_process *process;

	if (!names)
		return;
	vector_for_each (&names->processes, process)
		process_free(process);
	vector_free(&names->processes);
	free(names);
	*slot = NULL;
}

void jit_names_forget(struct jit_names *names, pid_t pid)
{
	struct jit_process *process;

	vector_for_each (&names->processes, process) {
		if (process->pid != pid)
			continue;
		process_free(process);
		*process = names->processes.items[--names->processes.count];
		return;
	}
}

static struct jit_process *process_of(struct jit_names *names, pid_t pid)
{
	struct jit_process *process;

	vector_for_each (&names->processes, process) {
		if (process->pid == pid)
			return process;
	}
	process = vector_add(&names->processes);
	if (process)
		process->pid = pid;
	return process;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* The last number of the line: what it is called in its own container. And whose it is. */
static bool read_status(pid_t pid, pid_t *ret_inner, uid_t *ret_user)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	char path[64], line[512];
	bool has_user = false;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	*ret_inner = pid;
	while (fgets(line, sizeof(line), file)) {
		const char *last = strrchr(line, '\t');
		unsigned int effective;

		if (!strncmp(line, "NSpid:", 6) && last)
			*ret_inner = atoi(last);
		if (sscanf(line, "Uid: %*u %u", &effective) == 1) {
			*ret_user = effective;
			has_user = true;
		}
	}
	return has_user;
}

/* /tmp belongs to everybody: only what the process itself (or root) wrote says anything about it,
 * and a link could lead us, who may read everything, anywhere. */
static int open_map(pid_t pid, off_t *ret_size)
{
	CLEANUP_CLOSE int fd = -1;
	char path[96];
	struct stat st;
	pid_t inner;
	uid_t user;

	if (!read_status(pid, &inner, &user))
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", (int)pid, (int)inner);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != user && st.st_uid != 0))
		return -EPERM;
	*ret_size = st.st_size < MAP_BYTES_MAX ? st.st_size : MAP_BYTES_MAX;
	return take_fd(&fd);
}

static int add_line(struct symbol_table *symbols, char *line)
{
	uint64_t begin, size;
	char *at, *behind;

	begin = strtoull(line, &at, 16);
	if (at == line || *at != ' ')
		return 0;
	size = strtoull(at, &behind, 16);
	if (behind == at || *behind != ' ' || !size)
		return 0;
	/* What was written last is what lies there now. */
	return symbol_table_add(symbols, begin, size, behind + 1,
				UINT32_MAX - symbols->symbols.count);
}

static int read_map(struct jit_process *process)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_CLOSE int fd = -1;
	off_t size = 0;
	ssize_t got;
	char *line, *rest;

	fd = open_map(process->pid, &size);
	if (fd < 0 || size <= process->read)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	got = pread(fd, text, size, 0);
	if (got <= 0)
		return 0;
	/* A last line that is not there as a whole yet comes the next time. */
	while (got > 0 && text[got - 1] != '\n')
		got--;
	text[got] = '\0';
	symbol_table_free(&process->symbols);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (add_line(&process->symbols, line))
			return -ENOMEM;
	}
	symbol_table_sort(&process->symbols);
	process->read = size;
	return 0;
}

/* A large map that grows and grows must not take all our time: a tenth of it at most. */
static int look_again(struct jit_process *process)
{
	uint64_t begin = monotonic_ns(), took;
	int r;

	if (begin < process->read_again)
		return 0;
	r = read_map(process);
	took = monotonic_ns() - begin;
	if (took > NS_PER_MS)
		process->read_again = begin + 10 * took;
	return r;
}

/* ---- frames --------------------------------------------------------------------------------- */

int jit_names_frame(struct jit_names *names, pid_t pid, uint64_t address,
		    struct recording_writer *writer, uint32_t *ret_frame)
{
	static const struct recording_module module = {.kind = MODULE_JIT, .path = "[jit]"};
	struct recording_frame frame = {.kind = FRAME_JIT, .address = address};
	struct jit_process *process = process_of(names, pid);
	const struct symbol *symbol;
	int r = 0;

	if (!process)
		return -ENOMEM;
	*ret_frame = frame_map_find(&process->frames, address);
	if (*ret_frame)
		return 0;
	symbol = symbol_table_find(&process->symbols, address);
	if (!symbol) {
		r = look_again(process);
		symbol = symbol_table_find(&process->symbols, address);
	}
	if (!r && !names->module)
		r = recording_write_module(writer, &module, &names->module);
	if (r)
		return r;
	/* What has no name yet may get one later. */
	*ret_frame = symbol ? 0 : frame_map_find(&process->nameless, address);
	if (*ret_frame)
		return 0;
	frame.module = names->module;
	frame.function = symbol ? symbol_name(&process->symbols, symbol) : "";
	r = recording_write_frame(writer, &frame, ret_frame);
	if (r)
		return r;
	return frame_map_add(symbol ? &process->frames : &process->nameless, address, *ret_frame);
}
