// SPDX-License-Identifier: GPL-2.0-only
#include "capture/watch/modules.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct mapping {
	uint64_t start, end, offset;
	char permissions[8];
	const char *path;
};

static bool parse_mapping(char *line, struct mapping *ret)
{
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &ret->start,
		   &ret->end, ret->permissions, &ret->offset, &path) < 4 ||
	    !path)
		return false;
	ret->path = line + path;
	return true;
}

static FILE *open_maps(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	return fopen(path, "re");
}

/* Where the kernel says the program's first instruction is; 0 if it does not say. */
static uint64_t entry_of(pid_t pid)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	Elf64_auxv_t item;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	file = fopen(path, "re");
	while (file && fread(&item, sizeof(item), 1, file) == 1)
		if (item.a_type == AT_ENTRY)
			return item.a_un.a_val;
	return 0;
}

static struct mapped_file *find(struct mapped_files *modules, const char *path)
{
	struct mapped_file *module;

	vector_for_each (&modules->items, module)
		if (!strcmp(module->path, path))
			return module;
	return NULL;
}

static int add_mapping(struct mapped_files *modules, const struct mapping *mapping)
{
	struct mapped_file *module;

	/* Only files; [heap], [vdso] and nameless memory hold no variables of any. */
	if (*mapping->path != '/')
		return 0;
	module = find(modules, mapping->path);
	if (!module) {
		module = vector_add(&modules->items);
		if (!module)
			return -ENOMEM;
		module->path = strdup(mapping->path);
		if (!module->path) {
			modules->items.count--;
			return -ENOMEM;
		}
		module->start = mapping->start;
		module->bias = mapping->start - mapping->offset;
	}
	if (mapping->start < module->start)
		module->start = mapping->start;
	if (mapping->end > module->end)
		module->end = mapping->end;
	return 0;
}

int files_look(struct mapped_files *modules, pid_t pid)
{
	CLEANUP_FCLOSE FILE *file = open_maps(pid);
	CLEANUP_FREE char *line = NULL;
	uint64_t entry = entry_of(pid);
	size_t capacity = 0;
	struct mapped_file *module;
	int error = 0;

	if (!file)
		return -errno;
	modules->pid = pid;
	while (!error && getline(&line, &capacity, file) >= 0) {
		struct mapping mapping;

		if (parse_mapping(line, &mapping))
			error = add_mapping(modules, &mapping);
	}
	/* .bss lies in nameless memory behind the file's. */
	vector_for_each (&modules->items, module)
		if (entry >= module->start && entry < module->end)
			module->is_program = true;
	return error;
}

void files_free(struct mapped_files *modules)
{
	struct mapped_file *module;

	vector_for_each (&modules->items, module) {
		image_close(&module->image);
		free(module->path);
	}
	vector_free(&modules->items);
}

struct mapped_file *files_program(struct mapped_files *modules)
{
	struct mapped_file *module;

	vector_for_each (&modules->items, module)
		if (module->is_program)
			return module;
	return NULL;
}

struct mapped_file *files_at(struct mapped_files *modules, uint64_t address)
{
	struct mapped_file *module;

	vector_for_each (&modules->items, module)
		if (address >= module->start && address < module->end)
			return module;
	return NULL;
}

/* A file that has no name any more, or another one where the process lives, is still its own. */
static int open_module(const struct mapped_files *modules, const struct mapped_file *module)
{
	char path[4200];
	int fd = -1;

	if (module->is_program) {
		snprintf(path, sizeof(path), "/proc/%d/exe", modules->pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/root%s", modules->pid, module->path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		fd = open(module->path, O_RDONLY | O_CLOEXEC);
	return fd;
}

struct image *file_image(struct mapped_files *modules, struct mapped_file *module)
{
	const char *slash = strrchr(module->path, '/');
	char name[128];
	int fd;

	if (module->tried)
		return module->image;
	module->tried = true;
	fd = open_module(modules, module);
	/* "/memfd:counter-race (deleted)" */
	snprintf(name, sizeof(name), "%s",
		 strncmp(module->path, "/memfd:", 7) ? slash + 1 : module->path + 7);
	name[strcspn(name, " ")] = '\0';
	if (fd < 0 || image_open(fd, name, &module->image))
		return NULL;
	/* The first segment need not begin at address 0 of the file. */
	module->bias = image_bias(module->image, module->start);
	return module->image;
}

bool files_is_shared(pid_t pid, uint64_t address, bool *ret_mapped)
{
	CLEANUP_FCLOSE FILE *file = open_maps(pid);
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;

	*ret_mapped = false;
	while (file && getline(&line, &capacity, file) >= 0) {
		struct mapping mapping;

		if (!parse_mapping(line, &mapping) || address < mapping.start ||
		    address >= mapping.end)
			continue;
		*ret_mapped = true;
		return mapping.permissions[3] == 's';
	}
	return false;
}
