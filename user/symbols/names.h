/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - from an address in a module to function, file and line, as frames of a recording
 *
 * A module is opened while the process that maps it lives, and kept open: what happens to the file
 * or the process later does not matter. Its symbols are sorted once, when the first address is
 * asked for; a frame that is known already takes a look into a table.
 *
 * Files are never trusted: one that cannot be understood has no names, and all addresses in it are
 * frames without function. No function here fails because of what a file says.
 */
#ifndef SYMBOLS_NAMES_H
#define SYMBOLS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "recording/stacks.h"

struct names;
struct names_module;
struct recording_writer;

struct names_options {
	bool inlines; /* also the functions that the compiler put into others: slow, from DWARF */
	bool debuginfod; /* ask the servers of $DEBUGINFOD_URLS for what is not on this machine */
};

int names_new(const struct names_options *options, struct names **ret);
void names_free(struct names **names);

/*
 * The module behind an open file, which is not taken over (the descriptor is duplicated). Two files
 * with the same build-id, or the same device and inode, are one module. `path` is what to call it.
 * 0 or -errno; a file that is not ELF, or damaged, is a module without names, not an error.
 */
int names_open(struct names *names, int fd, const char *path, struct names_module **ret);
/* The same for an ELF image that stands in memory, as the vdso does; the bytes are copied. With
 * none of them, a module without names. */
int names_open_image(struct names *names, const void *image, size_t size, const char *path,
		     struct names_module **ret);
const char *names_build_id(struct names_module *module); /* hexadecimal, or "" */

/*
 * Frames, written into the recording when first asked for. `address` is the instruction that was
 * being executed: for a return address, one less than it says. *ret_frame is 0 only when the
 * recording has no room for more. All return 0 or -errno of the writer, or -ENOMEM.
 */
int names_frame(struct names *names, struct names_module *module, uint64_t address,
		struct recording_writer *writer, uint32_t *ret_frame);
/* Of the kernel, from /proc/kallsyms. */
int names_kernel_frame(struct names *names, uint64_t address, struct recording_writer *writer,
		       uint32_t *ret_frame);
/* Its name alone; "" if the kernel does not tell it. */
const char *names_kernel_function(struct names *names, uint64_t address);
/* In memory that belongs to no file: named by /tmp/perf-PID.map, if the process writes one. */
int names_jit_frame(struct names *names, pid_t pid, uint64_t address,
		    struct recording_writer *writer, uint32_t *ret_frame);
/* The process has ended or executed something else: its JIT names mean nothing any more. */
void names_forget_process(struct names *names, pid_t pid);

#endif
