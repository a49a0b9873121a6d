// SPDX-License-Identifier: GPL-2.0-only
/* names.c - modules, and the frames of them that are known already */
#include "symbols/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vector.h"
#include "recording/recording.h"
#include "symbols/binary.h"
#include "symbols/demangle.h"
#include "symbols/frame_map.h"
#include "symbols/jit_names.h"
#include "symbols/kernel_names.h"

struct names_module {
	struct binary *binary;
	char *path;
	enum module_kind kind;
	dev_t device;
	ino_t inode;
	uint32_t id; /* in the recording, 0: not written yet */
	struct frame_map frames;
};

struct names {
	struct names_options options;
	VECTOR(struct names_module *) modules;
	struct kernel_names *kernel; /* NULL until the first */
	struct frame_map kernel_frames;
	uint32_t kernel_id;
	struct jit_names *jit;
};

int names_new(const struct names_options *options, struct names **ret)
{
	CLEANUP(names_free)
	struct names *names = calloc(1, sizeof(*names));
	int r;

	if (!names)
		return -ENOMEM;
	names->options = *options;
	r = jit_names_new(&names->jit);
	if (r)
		return r;
	*ret = take_pointer(&names);
	return 0;
}

static void free_module(struct names_module *module)
{
	if (!module)
		return;
	binary_free(&module->binary);
	frame_map_free(&module->frames);
	free(module->path);
	free(module);
}

void names_free(struct names **slot)
{
	struct names *names = *slot;
	struct names_module **module;

	if (!names)
		return;
	vector_for_each (&names->modules, module)
		free_module(*module);
	vector_free(&names->modules);
	kernel_names_free(&names->kernel);
	frame_map_free(&names->kernel_frames);
	jit_names_free(&names->jit);
	free(names);
	*slot = NULL;
}

/* ---- modules -------------------------------------------------------------------------------- */

static struct names_module *module_of_file(struct names *names, const struct stat *st)
{
	struct names_module **module;

	vector_for_each (&names->modules, module) {
		if ((*module)->inode == st->st_ino && (*module)->device == st->st_dev)
			return *module;
	}
	return NULL;
}

static struct names_module *module_of_build(struct names *names, const char *build_id)
{
	struct names_module **module;

	if (!*build_id)
		return NULL;
	vector_for_each (&names->modules, module) {
		if (!strcmp(binary_build_id((*module)->binary), build_id))
			return *module;
	}
	return NULL;
}

/* Takes the binary over, even when it fails. */
static int add_module(struct names *names, struct binary *binary, const char *path,
		      enum module_kind kind, struct names_module **ret)
{
	struct names_module **place, *module;

	module = module_of_build(names, binary_build_id(binary));
	if (module) {
		binary_free(&binary);
		*ret = module;
		return 0;
	}
	module = calloc(1, sizeof(*module));
	if (!module) {
		binary_free(&binary);
		return -ENOMEM;
	}
	module->binary = binary;
	module->kind = kind;
	module->path = strdup(path);
	place = module->path ? vector_add(&names->modules) : NULL;
	if (!place) {
		free_module(module);
		return -ENOMEM;
	}
	*place = module;
	*ret = module;
	return 0;
}

int names_open(struct names *names, int fd, const char *path, struct names_module **ret)
{
	struct names_module *module;
	struct binary *binary;
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return -errno;
	module = module_of_file(names, &st);
	if (module) {
		*ret = module;
		return 0;
	}
	r = binary_open(fd, path, names->options.debuginfod, &binary);
	if (r)
		return r;
	r = add_module(names, binary, path, *binary_build_id(binary) ? MODULE_ELF : MODULE_OTHER,
		       &module);
	if (r)
		return r;
	/* A file that was replaced has another inode, though perhaps the same path. */
	module->device = st.st_dev;
	module->inode = st.st_ino;
	*ret = module;
	return 0;
}

int names_open_image(struct names *names, const void *image, size_t size, const char *path,
		     struct names_module **ret)
{
	struct binary *binary;
	int r = binary_open_image(image, size, path, &binary);

	return r ? r : add_module(names, binary, path, size ? MODULE_VDSO : MODULE_OTHER, ret);
}

const char *names_build_id(struct names_module *module)
{
	return binary_build_id(module->binary);
}

static int write_module(struct names_module *module, struct recording_writer *writer)
{
	struct recording_module row = {
		.kind = module->kind,
		.path = module->path,
		.build_id = binary_build_id(module->binary),
	};

	if (module->id)
		return 0;
	binary_code(module->binary, &row.begin, &row.end, &row.offset);
	return recording_write_module(writer, &row, &module->id);
}

/* ---- frames --------------------------------------------------------------------------------- */

#define FUNCTION_MAX 4096

/* Functions without a symbol are called after where their unwind entry begins, so that all
 * addresses in one of them are one function all the same. */
static void name_of(struct names_module *module, uint64_t address, char out[FUNCTION_MAX])
{
	const struct symbol_table *symbols = binary_symbols(module->binary);
	const struct symbol *symbol = symbol_table_find(symbols, address);
	const char *file = strrchr(module->path, '/');
	bool has_size = symbol && symbol->end > symbol->begin;
	uint64_t begin;

	file = file ? file + 1 : module->path;
	*out = '\0';
	if (symbol && has_size) {
		demangle(symbol_name(symbols, symbol), out, FUNCTION_MAX);
	} else if (binary_is_plt(module->binary, address)) {
		snprintf(out, FUNCTION_MAX, "%s![plt]", file);
	} else if (binary_entry(module->binary, address, &begin) &&
		   (!symbol || begin > symbol->begin)) {
		snprintf(out, FUNCTION_MAX, "%s!fn_0x%" PRIx64, file, begin);
	} else if (symbol) {
		demangle(symbol_name(symbols, symbol), out, FUNCTION_MAX);
	}
}

static int write_plain(struct names_module *module, struct recording_frame *frame,
		       struct recording_writer *writer, uint32_t *ret_frame)
{
	struct source_line line;

	if (binary_line(module->binary, frame->address, &line)) {
		frame->file = line.file;
		frame->line = line.line;
	}
	return recording_write_frame(writer, frame, ret_frame);
}

/* From the outermost to the innermost, as each refers to the one around it. */
static int write_inlined(struct names_module *module, struct recording_frame *frame,
			 struct recording_writer *writer, uint32_t *ret_frame)
{
	CLEANUP_FREE struct inlined *found = calloc(INLINED_MAX, sizeof(*found));
	size_t count;
	int r = 0;

	if (!found)
		return -ENOMEM;
	count = binary_inlined(module->binary, frame->address, found);
	if (!count)
		return recording_write_frame(writer, frame, ret_frame);
	for (size_t i = count; i-- > 0 && !r;) {
		if (i + 1 < count)
			frame->function = found[i].function;
		frame->file = found[i].file;
		frame->line = found[i].line;
		r = recording_write_frame(writer, frame, ret_frame);
		frame->outer = *ret_frame;
	}
	return r;
}

int names_frame(struct names *names, struct names_module *module, uint64_t address,
		struct recording_writer *writer, uint32_t *ret_frame)
{
	struct recording_frame frame = {.kind = FRAME_NATIVE, .address = address};
	char function[FUNCTION_MAX];
	uint32_t known = frame_map_find(&module->frames, address);
	int r;

	if (known) {
		*ret_frame = known;
		return 0;
	}
	r = write_module(module, writer);
	if (r)
		return r;
	name_of(module, address, function);
	frame.module = module->id;
	frame.function = function;
	r = names->options.inlines ? write_inlined(module, &frame, writer, ret_frame)
				   : write_plain(module, &frame, writer, ret_frame);
	return r ? r : frame_map_add(&module->frames, address, *ret_frame);
}

static int load_kernel(struct names *names)
{
	int r;

	if (names->kernel)
		return 0;
	r = kernel_names_load("/proc/kallsyms", &names->kernel);
	if (!r && kernel_names_are_hidden(names->kernel))
		log_warning("the kernel hides where its functions are (sysctl "
			    "kernel.kptr_restrict): its frames are shown as addresses");
	return r;
}

const char *names_kernel_function(struct names *names, uint64_t address)
{
	return load_kernel(names) ? "" : kernel_names_find(names->kernel, address);
}

int names_kernel_frame(struct names *names, uint64_t address, struct recording_writer *writer,
		       uint32_t *ret_frame)
{
	static const struct recording_module module = {.kind = MODULE_KERNEL, .path = "[kernel]"};
	struct recording_frame frame = {.kind = FRAME_KERNEL, .address = address};
	uint32_t known = frame_map_find(&names->kernel_frames, address);
	int r;

	if (known) {
		*ret_frame = known;
		return 0;
	}
	r = load_kernel(names);
	if (!r && !names->kernel_id)
		r = recording_write_module(writer, &module, &names->kernel_id);
	if (r)
		return r;
	frame.module = names->kernel_id;
	frame.function = kernel_names_find(names->kernel, address);
	r = recording_write_frame(writer, &frame, ret_frame);
	return r ? r : frame_map_add(&names->kernel_frames, address, *ret_frame);
}

int names_jit_frame(struct names *names, pid_t pid, uint64_t address,
		    struct recording_writer *writer, uint32_t *ret_frame)
{
	return jit_names_frame(names->jit, pid, address, writer, ret_frame);
}

void names_forget_process(struct names *names, pid_t pid)
{
	jit_names_forget(names->jit, pid);
}
