// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vector.h"
#include "symbols/unwind_cache.h"

struct modules {
	struct stack_tables *tables;
	VECTOR(struct module *) list;
	char folder[PATH_MAX]; /* of the cache, "" if there is none */
	int known_fd;	       /* of a file that has no name, the caller's; -1: none */
	uint64_t known_inode;
	bool told_python; /* that there is one that is not known */
};

int modules_new(struct stack_tables *tables, struct modules **ret)
{
	struct modules *modules = calloc(1, sizeof(*modules));

	if (!modules)
		return -ENOMEM;
	modules->tables = tables;
	modules->known_fd = -1;
	if (!unwind_cache_folder(modules->folder))
		*modules->folder = '\0';
	*ret = modules;
	return 0;
}

void modules_know(struct modules *modules, int fd)
{
	struct stat info;

	if (fstat(fd, &info))
		return;
	modules->known_fd = fd;
	modules->known_inode = info.st_ino;
}

static void module_free(struct module *module)
{
	unwind_table_free(&module->table);
	free(module->python);
	cleanup_close(&module->fd);
	free(module->path);
	free(module);
}

void modules_free(struct modules **slot)
{
	struct modules *modules = *slot;
	struct module **module;

	if (!modules)
		return;
	vector_for_each (&modules->list, module)
		module_free(*module);
	vector_free(&modules->list);
	free(modules);
	*slot = NULL;
}

/* Only where it is the very file that was mapped: the name may lead to its successor. */
static int open_if_same(const char *path, uint64_t inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && (!inode || info.st_ino == inode))
		return fd;
	close(fd);
	return -1;
}

/* Through the mapping itself, which also leads to files that were deleted; then by the name, as the
 * process sees it; then, as it may have ended, as we do. */
static int open_mapped(const struct modules *modules, const struct mapped_file *file)
{
	char path[PATH_MAX];
	int fd;

	if (modules->known_fd >= 0 && file->inode == modules->known_inode)
		return fcntl(modules->known_fd, F_DUPFD_CLOEXEC, 0);
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, file->pid,
		 file->begin, file->end);
	fd = open_if_same(path, 0);
	if (fd < 0 &&
	    snprintf(path, sizeof(path), "/proc/%d/root%s", file->pid, file->path) < PATH_MAX)
		fd = open_if_same(path, file->inode);
	return fd >= 0 ? fd : open_if_same(file->path, file->inode);
}

static void take_table(struct modules *modules, struct module *module)
{
	int error = unwind_table_get(&module->image, *modules->folder ? modules->folder : NULL,
				     &module->table);

	if (!error)
		error = stack_tables_add(modules->tables, module->table, &module->index);
	module->is_shared = !error;
	if (error)
		log_debug("%s has no unwind table: %s", module->path, strerror(-error));
}

/* The same for all processes, ours among them. */
static void open_vdso(struct module *module)
{
	const uint8_t *memory = (const void *)getauxval(AT_SYSINFO_EHDR);

	if (!memory)
		return;
	module->memory = memory;
	module->is_good = !elf_image_open_memory(memory, module->size, &module->image);
}

static void take_python(struct modules *modules, struct module *module)
{
	struct python_layout layout;
	int found = python_layout_find(module->fd, &module->image, module->path, &layout);

	if (found == -ENOTSUP && !modules->told_python) {
		char version[16] = "";

		if (layout.minor)
			snprintf(version, sizeof(version), " 3.%u", layout.minor);
		log_warning("this build of Python%s is not known: its stacks show the interpreter "
			    "without the functions that it executes",
			    version);
		modules->told_python = true;
	}
	if (found != 1)
		return;
	module->python = malloc(sizeof(*module->python));
	if (module->python)
		*module->python = layout;
}

static struct module *module_new(struct modules *modules, const struct mapped_file *file)
{
	struct module *module = calloc(1, sizeof(*module)), **slot;

	if (!module)
		return NULL;
	module->device = file->device;
	module->inode = file->inode;
	module->fd = -1;
	module->size = file->end - file->begin;
	module->path = strdup(file->path);
	slot = module->path ? vector_add(&modules->list) : NULL;
	if (!slot) {
		module_free(module);
		return NULL;
	}
	*slot = module;
	if (file->inode)
		module->fd = open_mapped(modules, file);
	else
		open_vdso(module);
	if (module->fd >= 0)
		module->is_good = !elf_image_open(module->fd, &module->image);
	if (module->is_good)
		take_table(modules, module);
	if (module->is_good && module->fd >= 0)
		take_python(modules, module);
	return module;
}

static bool is_file(const struct mapped_file *file)
{
	return (*file->path == '/' && file->inode) || !strcmp(file->path, "[vdso]");
}

struct module *modules_find(struct modules *modules, const struct mapped_file *file)
{
	struct module **slot;

	if (!is_file(file))
		return NULL;
	vector_for_each (&modules->list, slot) {
		struct module *module = *slot;

		if (module->inode == file->inode && module->device == file->device &&
		    (file->inode || !strcmp(module->path, file->path)))
			return module;
	}
	return module_new(modules, file);
}
