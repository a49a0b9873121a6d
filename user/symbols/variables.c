// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/variables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/format_text.h"
#include "symbols/data_symbols.h"
#include "symbols/thread_stacks.h"

struct module {
	uint32_t device;
	uint64_t inode;
	struct data_symbols symbols;
};

struct variables {
	VECTOR(struct module) modules;
	struct thread_stacks stacks;
};

int variables_new(struct variables **ret)
{
	struct variables *variables = calloc(1, sizeof(*variables));

	if (!variables)
		return -ENOMEM;
	*ret = variables;
	return 0;
}

void variables_free(struct variables **variables)
{
	struct module *module;

	if (!*variables)
		return;
	vector_for_each (&(*variables)->modules, module)
		data_symbols_free(&module->symbols);
	vector_free(&(*variables)->modules);
	thread_stacks_free(&(*variables)->stacks);
	free(*variables);
	*variables = NULL;
}

static struct module *known_module(struct variables *variables, uint32_t device, uint64_t inode)
{
	struct module *module;

	vector_for_each (&variables->modules, module)
		if (module->device == device && module->inode == inode)
			return module;
	return NULL;
}

static struct module *add_module(struct variables *variables, uint32_t device, uint64_t inode,
				 int fd)
{
	struct module *module = vector_add(&variables->modules);

	if (!module)
		return NULL;
	module->device = device;
	module->inode = inode;
	/* What is no ELF file has no symbols. */
	if (fd >= 0)
		data_symbols_read(fd, &module->symbols);
	return module;
}

/* NULL only if memory is out. */
static const struct data_symbols *module_of(struct variables *variables, pid_t pid,
					    const struct process_area *area)
{
	struct module *module = known_module(variables, area->device, area->inode);
	CLEANUP_CLOSE int fd = -1;

	if (module)
		return &module->symbols;
	fd = process_area_open(pid, area);
	module = add_module(variables, area->device, area->inode, fd);
	return module ? &module->symbols : NULL;
}

static const struct data_symbols *module_in(struct variables *variables, int fd)
{
	struct module *module;
	struct stat status;
	uint32_t device;

	if (fstat(fd, &status))
		return NULL;
	device = major(status.st_dev) << 20 | minor(status.st_dev);
	module = known_module(variables, device, status.st_ino);
	if (!module)
		module = add_module(variables, device, status.st_ino, fd);
	return module ? &module->symbols : NULL;
}

/* The file to whose data the area belongs: variables without a value (.bss) lie in memory of no
 * file, directly behind. NULL if to none. */
static const struct process_area *file_of(const struct process_map *map,
					  const struct process_area *area)
{
	while (!area->inode && !*area->path && area > map->areas.items &&
	       area[-1].end == area->start)
		area--;
	return area->inode && area->path[0] == '/' ? area : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_program(pid_t pid, const struct process_area *area)
{
	char link[64], path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return !strcmp(path, area->path);
}

struct offset_label {
	char text[24];
};

static struct offset_label offset_label(uint64_t offset)
{
	struct offset_label label = {""};

	if (offset)
		snprintf(label.text, sizeof(label.text), "+0x%" PRIx64, offset);
	return label;
}

static char *symbol_name(const struct data_symbols *symbols, const struct data_symbol *symbol,
			 uint64_t address, const char *library)
{
	struct offset_label offset = offset_label(address - symbol->address);

	if (!library)
		return format_text("%s%s", data_symbol_name(symbols, symbol), offset.text);
	return format_text("%s%s (%s)", data_symbol_name(symbols, symbol), offset.text, library);
}

static char *variable_name(struct variables *variables, pid_t pid, const struct process_map *map,
			   const struct process_area *area, uint64_t address)
{
	const struct process_area *file = file_of(map, area);
	const struct data_symbols *symbols;
	const struct data_symbol *symbol = NULL;
	uint64_t bias;

	if (!file || file->shared || !(symbols = module_of(variables, pid, file)) ||
	    !data_symbols_bias(symbols, file->start, file->offset, &bias))
		return NULL;
	symbol = data_symbols_at(symbols, address - bias);
	/* Without symbols at least the file; but memory behind one need not be its own. */
	if (!symbol)
		return area->inode
			       ? format_text("%s+0x%" PRIx64, base_name(file->path), address - bias)
			       : NULL;
	return symbol_name(symbols, symbol, address - bias,
			   is_program(pid, file) ? NULL : base_name(file->path));
}

char *variables_name_in(struct variables *variables, int fd, const struct variable_trace *trace)
{
	const struct data_symbols *symbols = module_in(variables, fd);
	const struct data_symbol *symbol;
	uint64_t bias;

	if (!symbols)
		return NULL;
	if (trace->code ? !data_symbols_program_bias(symbols, trace->code, &bias)
			: !data_symbols_bias(symbols, trace->start, trace->offset, &bias))
		return NULL;
	symbol = data_symbols_at(symbols, trace->address - bias);
	return symbol ? symbol_name(symbols, symbol, trace->address - bias, trace->library) : NULL;
}

static char *stack_name(struct variables *variables, pid_t pid, const struct process_area *area)
{
	pid_t tid = thread_stacks_find(&variables->stacks, pid, area->start, area->end);
	CLEANUP_FCLOSE FILE *in = NULL;
	char path[64], name[64];

	if (!tid)
		return NULL;
	snprintf(name, sizeof(name), "%d", tid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
	in = fopen(path, "re");
	if (in && fgets(name, sizeof(name), in))
		name[strcspn(name, "\n")] = '\0';
	return format_text("stack of %s", name);
}

/* That of anonymous memory is a device that nobody has opened. */
const char *shared_memory_name(const char *file)
{
	bool anonymous = !*file || !strncmp(file, "/dev/zero", strlen("/dev/zero")) ||
			 !strncmp(file, "dev/zero", strlen("dev/zero"));

	return anonymous ? "memory" : file;
}

char *variables_name(struct variables *variables, pid_t pid, const struct process_map *map,
		     uint64_t address)
{
	const struct process_area *area = process_map_find(map, address);
	uint64_t offset;
	char *name;

	if (!area)
		return NULL;
	offset = address - area->start;
	name = variable_name(variables, pid, map, area, address);
	if (name)
		return name;
	if (!strcmp(area->path, "[heap]"))
		return format_text("heap+0x%" PRIx64, offset);
	if (area->shared)
		return format_text("shared %s+0x%" PRIx64, shared_memory_name(area->path),
				   offset + area->offset);
	if (area->inode)
		return format_text("%s+0x%" PRIx64, area->path, offset + area->offset);
	name = stack_name(variables, pid, area);
	if (!name && !strcmp(area->path, "[stack]"))
		name = format_text("stack of the main thread");
	return name ? name : format_text("anonymous+0x%" PRIx64, offset);
}

uint64_t variables_find(struct variables *variables, pid_t pid, const struct process_map *map,
			const struct process_area *area, const char *name)
{
	const struct data_symbols *symbols = module_of(variables, pid, area);
	const struct data_symbol *symbol;
	uint64_t bias;

	if (!symbols || !data_symbols_bias(symbols, area->start, area->offset, &bias))
		return 0;
	symbol = data_symbols_called(symbols, name);
	return symbol ? symbol->address + bias : 0;
}

uint64_t variables_find_in(struct variables *variables, int fd, uint64_t code, const char *name)
{
	const struct data_symbols *symbols = module_in(variables, fd);
	const struct data_symbol *symbol;
	uint64_t bias;

	if (!symbols || !data_symbols_program_bias(symbols, code, &bias))
		return 0;
	symbol = data_symbols_called(symbols, name);
	return symbol ? symbol->address + bias : 0;
}
