/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf_image.h - what a mapped file tells about itself, read piece by piece
 *
 * Only headers and what is asked for are ever read, so that neither the size of the file nor its
 * being cut short or replaced meanwhile does harm. Nothing in it is trusted.
 */
#ifndef SYMBOLS_ELF_IMAGE_H
#define SYMBOLS_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 32

struct elf_segment {
	uint64_t address; /* as the file's own symbols count */
	uint64_t offset;
	uint64_t size; /* in the file */
	bool executable;
};

#define ELF_SEGMENTS_MAX 64

struct elf_image {
	int fd;		       /* not ours; -1: in memory */
	const uint8_t *memory; /* not ours */
	uint64_t size;
	uint64_t entry;
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* those that are loaded */
	size_t segment_count;
	uint64_t frame_address, frame_size; /* .eh_frame; 0: there is none */
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_size; /* 0: it has none */
	bool is_go;	      /* compiled by Go, which keeps frame pointers */
};

/* 64-bit ELF of this machine; both must outlive the image. 0 or -errno (-ENOEXEC: no such file). */
int elf_image_open(int fd, struct elf_image *ret);
int elf_image_open_memory(const void *memory, size_t size, struct elf_image *ret);

/* Exactly so many bytes from the place that is mapped to `address`. 0 or -errno. */
int elf_image_read(const struct elf_image *image, uint64_t address, void *out, size_t size);
/* The address of the byte at `offset` of the file, where that is mapped as code. False: it is not.
 */
bool elf_image_address(const struct elf_image *image, uint64_t offset, uint64_t *ret_address);

/* In lower-case hexadecimal. */
#define BUILD_ID_TEXT (2 * BUILD_ID_MAX + 1)
void elf_image_build_id(const struct elf_image *image, char ret_text[BUILD_ID_TEXT]);

#endif
