/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image.h - one ELF file with its debug information, wherever that lies
 *
 * All addresses are those that stand in the file; where it lies in a process is the caller's to
 * know.
 */
#ifndef SYMBOLS_IMAGE_H
#define SYMBOLS_IMAGE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	char *name; /* for people */
	Dwfl *dwfl;
	Dwfl_Module *module;
	uint64_t bias; /* libdwfl's address less the file's */
	uint64_t entry;
	bool dynamic; /* it has an interpreter: libraries are loaded before its entry is reached */
	bool moves;   /* ET_DYN: it may lie anywhere */
};

/* Takes over `fd`, even when it fails. 0 or -errno; -ENOEXEC if it is no ELF file. */
int image_open(int fd, const char *name, struct image **ret);
void image_close(struct image **image);

/* Address in a process less address in the file, of an image whose lowest mapping begins there. */
uint64_t image_bias(struct image *image, uint64_t start);

/* What stands at an address: "" and 0 where it is not known. */
struct image_place {
	char function[128];
	char file[128]; /* the last part of its path */
	unsigned int line;
};
void image_place(struct image *image, uint64_t address, struct image_place *ret);

/* The nearest address at or before this one where an instruction is sure to begin; 0 if none is
 * known. */
uint64_t image_boundary(struct image *image, uint64_t address);
/* Bytes of the file as they lie in memory: how many there were. */
size_t image_read(struct image *image, uint64_t address, void *out, size_t size);

/* Calls `found` for every variable of a type whose name is `type` (after typedefs) that has a fixed
 * address. */
void image_variables_of(struct image *image, const char *type,
			void (*found)(void *context, const char *name, uint64_t address),
			void *context);

#endif
