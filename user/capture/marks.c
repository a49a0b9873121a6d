// SPDX-License-Identifier: GPL-2.0-only
/* marks.c - which USDT probes of the target are followed, and where they are */
#include "capture/marks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/find_program.h"
#include "base/log.h"
#include "capture/mapped_code.h"
#include "capture/usdt.h"
#include "recording/recording.h"

#define OUR_PROVIDER "ptrace_lab"

static const char *const our_names[MARK_PROGRAMS] = {
	[MARK_PHASE] = "phase",
	[MARK_UTHREAD_SWITCH] = "uthread_switch",
	[MARK_UTHREAD_STATE] = "uthread_state",
};

struct search {
	struct marks *marks;
	bool *found; /* which of marks->others is anywhere */
};

static int add_mark(struct marks *marks, const char *path, const struct usdt_probe *probe,
		    enum mark_program program, uint32_t definition)
{
	struct mark *mark = vector_add(&marks->items);

	if (!mark)
		return -ENOMEM;
	mark->program = program;
	mark->definition = definition;
	mark->path = strdup(path);
	mark->provider = strdup(probe->provider);
	mark->name = strdup(probe->name);
	return mark->path && mark->provider && mark->name ? 0 : -ENOMEM;
}

static bool is_called(const char *wanted, const struct usdt_probe *probe)
{
	size_t length = strlen(probe->provider);

	return !strncmp(wanted, probe->provider, length) && wanted[length] == ':' &&
	       !strcmp(wanted + length + 1, probe->name);
}

static int take_probe(struct search *search, const char *path, const struct usdt_probe *probe)
{
	struct marks *marks = search->marks;
	int error = 0;

	for (int i = 0; i < MARK_OTHER && !error; i++) {
		if (!strcmp(probe->provider, OUR_PROVIDER) && !strcmp(probe->name, our_names[i]))
			error = add_mark(marks, path, probe, i, 0);
	}
	for (uint32_t i = 0; i < marks->others.count && !error; i++) {
		if (!is_called(marks->others.items[i], probe))
			continue;
		search->found[i] = true;
		error = add_mark(marks, path, probe, MARK_OTHER, i);
	}
	return error;
}

static int look_in(struct search *search, const char *path)
{
	struct usdt_probes probes;
	const struct usdt_probe *probe;
	int error = usdt_find(path, &probes);

	if (error)
		return error;
	vector_for_each (&probes.items, probe) {
		if (!error)
			error = take_probe(search, path, probe);
	}
	usdt_free(&probes);
	return error;
}

static int look_in_program(struct search *search, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	int error = find_program(name, &path);

	return error || !path ? error : look_in(search, path);
}

static int look_in_mapped(void *context, const char *path, const char *name)
{
	return look_in(context, path);
}

static int look_in_files(struct search *search, const char *files)
{
	CLEANUP_FREE char *list = strdup(files);
	char *rest = list, *path;
	int error = list ? 0 : -ENOMEM;

	while (!error && (path = strsep(&rest, ":"))) {
		if (!*path)
			continue;
		if (access(path, R_OK)) {
			log_error("--mark-in %s: %s", path, strerror(errno));
			return EXIT_USAGE;
		}
		error = look_in(search, path);
	}
	return error;
}

static int read_wanted(struct marks *marks, const char *wanted)
{
	CLEANUP_FREE char *list = strdup(wanted);
	char *rest = list, *name, **place;

	if (!list)
		return -ENOMEM;
	while ((name = strsep(&rest, ","))) {
		char *colon = strchr(name, ':');

		if (!colon || colon == name || !colon[1]) {
			log_error("--mark %s: a probe is named PROVIDER:NAME, as `readelf -n` "
				  "shows them",
				  name);
			return EXIT_USAGE;
		}
		place = vector_add(&marks->others);
		if (!place)
			return -ENOMEM;
		*place = strdup(name);
		if (!*place)
			return -ENOMEM;
	}
	return 0;
}

static int search_all(struct search *search, const struct marks_request *request)
{
	char path[64];
	int status = 0;

	if (request->program_fd >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", request->program_fd);
		status = look_in(search, path);
	} else if (request->program) {
		status = look_in_program(search, request->program);
	}
	if (!status && request->pid)
		status = mapped_code_each(request->pid, look_in_mapped, search);
	if (!status && request->files)
		status = look_in_files(search, request->files);
	for (size_t i = 0; !status && i < search->marks->others.count; i++) {
		if (search->found[i])
			continue;
		log_error("--mark %s: there is no such probe in the program%s; for a library or a "
			  "program that it starts, name the file with --mark-in",
			  search->marks->others.items[i], request->files ? " or in --mark-in" : "");
		status = EXIT_USAGE;
	}
	return status;
}

int marks_find(const struct marks_request *request, struct marks *ret)
{
	CLEANUP(marks_free)
	struct marks marks = {0};
	CLEANUP_FREE bool *found = NULL;
	struct search search = {.marks = &marks};
	int status = request->wanted ? read_wanted(&marks, request->wanted) : 0;

	if (!status) {
		found = calloc(marks.others.count + 1, sizeof(*found));
		search.found = found;
		status = found ? search_all(&search, request) : -ENOMEM;
	}
	if (status < 0) {
		log_error("the target's probes cannot be looked for: %s", strerror(-status));
		return EXIT_INTERNAL;
	}
	if (status)
		return status;
	*ret = marks;
	memset(&marks, 0, sizeof(marks));
	return 0;
}

void marks_free(struct marks *marks)
{
	struct mark *mark;
	char **name;

	vector_for_each (&marks->items, mark) {
		free(mark->path);
		free(mark->provider);
		free(mark->name);
	}
	vector_for_each (&marks->others, name)
		free(*name);
	vector_free(&marks->items);
	vector_free(&marks->others);
}

bool marks_need(const struct marks *marks, enum mark_program program)
{
	const struct mark *mark;

	vector_for_each (&marks->items, mark) {
		if (mark->program == program)
			return true;
	}
	return false;
}

void marks_note(const struct marks *marks, struct recording_writer *writer)
{
	char key[32];

	for (size_t i = 0; i < marks->others.count; i++) {
		snprintf(key, sizeof(key), NOTE_MARK "%zu", i);
		recording_write_note(writer, key, "%s", marks->others.items[i]);
	}
}
