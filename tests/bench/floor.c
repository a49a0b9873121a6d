// SPDX-License-Identifier: GPL-2.0-only
/* floor.c - runs a command under floor.bpf.c: floor [--empty] COMMAND [ARGUMENTS] */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.skel.h"

static int discard(void *context, void *data, size_t size)
{
	(void)context;
	(void)data;
	(void)size;
	return 0;
}

int main(int argc, char **argv)
{
	struct ring_buffer *ring;
	struct floor_bpf *skeleton;
	int status, words = argc > 1 && !strcmp(argv[1], "--empty");
	pid_t pid;

	if (argc < 2 + words)
		return 2;
	skeleton = floor_bpf__open();
	if (!skeleton)
		return 1;
	skeleton->rodata->empty = words;
	if (floor_bpf__load(skeleton) || floor_bpf__attach(skeleton))
		return 1;
	ring = ring_buffer__new(bpf_map__fd(skeleton->maps.records), discard, NULL, NULL);
	if (!ring)
		return 1;
	pid = fork();
	if (!pid) {
		execvp(argv[1 + words], argv + 1 + words);
		_exit(127);
	}
	while (pid > 0 && !waitpid(pid, &status, WNOHANG)) {
		usleep(50000);
		ring_buffer__consume(ring);
	}
	printf("lost %llu\n", (unsigned long long)skeleton->bss->lost);
	ring_buffer__free(ring);
	floor_bpf__destroy(skeleton);
	return 0;
}
