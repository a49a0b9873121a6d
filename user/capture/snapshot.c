// SPDX-License-Identifier: GPL-2.0-only
#include "capture/snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "bpf/pcb/settings.h"
#include "capture/kernel_side.h"
#include "model/tasks/pcb.h"
#include "pcb.skel.h"

#define READ_BYTES (256u << 10)

struct snapshot_reader {
	struct pcb_bpf *skeleton;
	struct snapshot_options options;
	char *buffer;
};

int snapshot_reader_new(const struct snapshot_options *options, struct snapshot_reader **ret)
{
	struct snapshot_reader *reader;
	int status = kernel_side_check(), error;

	if (status)
		return status;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return kernel_side_explain(-ENOMEM);
	reader->options = *options;
	reader->buffer = malloc(READ_BYTES);
	reader->skeleton = pcb_bpf__open();
	error = !reader->buffer ? -ENOMEM : reader->skeleton ? 0 : -errno;
	if (!error) {
		reader->skeleton->rodata->pcb_settings.tracer =
			options->with_ourselves ? 0 : getpid();
		reader->skeleton->rodata->pcb_settings.process = options->process;
		reader->skeleton->rodata->pcb_settings.cpus = libbpf_num_possible_cpus();
		reader->skeleton->rodata->pcb_settings.page_size = sysconf(_SC_PAGESIZE);
		bpf_program__set_autoload(reader->skeleton->progs.show_file, options->files);
		bpf_program__set_autoload(reader->skeleton->progs.show_area, options->areas);
		bpf_program__set_autoload(reader->skeleton->progs.show_stack, options->stacks);
		error = pcb_bpf__load(reader->skeleton);
	}
	if (error) {
		snapshot_reader_free(&reader);
		return kernel_side_explain(error);
	}
	*ret = reader;
	return EXIT_OK;
}

void snapshot_reader_free(struct snapshot_reader **slot)
{
	struct snapshot_reader *reader = *slot;

	if (!reader)
		return;
	pcb_bpf__destroy(reader->skeleton);
	free(reader->buffer);
	free(reader);
	*slot = NULL;
}

/* Records may be cut at the end of a read: what is left of the last one is kept for the next. */
static int add_records(struct snapshot *snapshot, char *buffer, size_t *filled)
{
	size_t at = 0;
	int error = 0;

	while (!error && *filled - at >= sizeof(struct pl_pcb_head)) {
		struct pl_pcb_head head;

		memcpy(&head, buffer + at, sizeof(head));
		if (head.size < sizeof(head) || head.size > sizeof(union pl_pcb))
			return -EBADMSG;
		if (head.size > *filled - at)
			break;
		error = snapshot_add(snapshot, buffer + at, head.size);
		at += head.size;
	}
	memmove(buffer, buffer + at, *filled - at);
	*filled -= at;
	return error;
}

static int read_all(struct snapshot_reader *reader, int fd, struct snapshot *snapshot)
{
	size_t filled = 0;

	for (;;) {
		ssize_t got = read(fd, reader->buffer + filled, READ_BYTES - filled);
		int error;

		if (!got)
			return filled ? -EBADMSG : 0;
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		filled += (size_t)got;
		error = add_records(snapshot, reader->buffer, &filled);
		if (error)
			return error;
	}
}

/* An iterator over what belongs to tasks can be held to one process, from Linux 6.1 on. */
static int run_iterator(struct snapshot_reader *reader, struct bpf_program *program,
			uint32_t process, struct snapshot *snapshot)
{
	union bpf_iter_link_info info = {.task.pid = process};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_link *link = bpf_program__attach_iter(program, process ? &options : NULL);
	int error = 0;

	if (!link)
		return -errno;
	{
		CLEANUP_CLOSE int fd = bpf_iter_create(bpf_link__fd(link));

		error = fd < 0 ? -errno : read_all(reader, fd, snapshot);
	}
	bpf_link__destroy(link);
	return error;
}

static int read_process(struct snapshot_reader *reader, uint32_t process, struct snapshot *snapshot)
{
	struct pcb_bpf *skeleton = reader->skeleton;
	int error = 0;

	if (reader->options.files)
		error = run_iterator(reader, skeleton->progs.show_file, process, snapshot);
	if (!error && reader->options.areas)
		error = run_iterator(reader, skeleton->progs.show_area, process, snapshot);
	/* It ended meanwhile, or is not there: it has no tasks to look through. */
	return error == -ESRCH ? 0 : error;
}

static int finish(struct snapshot *snapshot, int error, struct snapshot *ret)
{
	/* As read_process(). */
	if (error == -ESRCH)
		error = 0;
	if (!error)
		error = snapshot_settle(snapshot);
	if (error) {
		snapshot_free(snapshot);
		return kernel_side_explain(error);
	}
	*ret = *snapshot;
	return EXIT_OK;
}

int snapshot_read(struct snapshot_reader *reader, struct snapshot *ret)
{
	struct pcb_bpf *skeleton = reader->skeleton;
	uint32_t process = (uint32_t)reader->options.process;
	struct snapshot snapshot = {0};
	int error = run_iterator(reader, skeleton->progs.show_task, process, &snapshot);

	if (!error)
		error = read_process(reader, process, &snapshot);
	if (!error && reader->options.stacks)
		error = run_iterator(reader, skeleton->progs.show_stack, process, &snapshot);
	return finish(&snapshot, error, ret);
}

int snapshot_read_some(struct snapshot_reader *reader, const uint32_t *tgids, size_t count,
		       struct snapshot *ret)
{
	struct snapshot snapshot = {0};
	int error = run_iterator(reader, reader->skeleton->progs.show_task, 0, &snapshot);

	for (size_t i = 0; !error && i < count; i++)
		error = read_process(reader, tgids[i], &snapshot);
	return finish(&snapshot, error, ret);
}
