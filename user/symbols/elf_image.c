// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/elf_image.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#else
#define OUR_MACHINE EM_AARCH64
#endif

/* More of either than any linker writes. */
#define NOTE_BYTES_MAX	 (64u << 10)
#define FRAME_BYTES_MAX	 (256u << 20)
#define NAME_BYTES_MAX	 (1u << 20)
#define PAGE_MASK_OFFSET 4095ull

static int read_file(const struct elf_image *image, uint64_t offset, void *out, size_t size)
{
	if (offset > image->size || size > image->size - offset)
		return -ENOEXEC;
	if (image->memory) {
		memcpy(out, image->memory + offset, size);
		return 0;
	}
	while (size) {
		ssize_t got = pread(image->fd, out, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENOEXEC;
		out = (char *)out + got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int elf_image_read(const struct elf_image *image, uint64_t address, void *out, size_t size)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uint64_t within = address - segment->address;

		if (address >= segment->address && within <= segment->size &&
		    size <= segment->size - within)
			return read_file(image, segment->offset + within, out, size);
	}
	return -ENOEXEC;
}

bool elf_image_address(const struct elf_image *image, uint64_t offset, uint64_t *ret_address)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];
		uint64_t before = segment->offset & PAGE_MASK_OFFSET;

		/* The kernel maps whole pages, from the one in which the segment begins. */
		if (segment->executable && offset >= segment->offset - before &&
		    offset < segment->offset + segment->size) {
			*ret_address = segment->address + (offset - segment->offset);
			return true;
		}
	}
	return false;
}

void elf_image_build_id(const struct elf_image *image, char ret_text[BUILD_ID_TEXT])
{
	*ret_text = '\0';
	for (size_t i = 0; i < image->build_id_size; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", image->build_id[i]);
}

static size_t round4(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* A list of notes; ours are the build-id and Go's mark. */
static void take_notes(struct elf_image *image, const Elf64_Phdr *header)
{
	size_t size = header->p_filesz, at = 0;
	CLEANUP_FREE uint8_t *bytes = NULL;

	if (size > NOTE_BYTES_MAX)
		return;
	bytes = malloc(size + 1);
	if (!bytes || read_file(image, header->p_offset, bytes, size))
		return;
	while (size - at >= sizeof(Elf64_Nhdr)) {
		const uint8_t *name = bytes + at + sizeof(Elf64_Nhdr);
		size_t left = size - at - sizeof(Elf64_Nhdr);
		Elf64_Nhdr note;

		memcpy(&note, bytes + at, sizeof(note));
		if (note.n_namesz > left || round4(note.n_namesz) > left ||
		    note.n_descsz > left - round4(note.n_namesz))
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(name, "GNU", 4) && note.n_descsz && note.n_descsz <= BUILD_ID_MAX) {
			image->build_id_size = note.n_descsz;
			memcpy(image->build_id, name + 4, note.n_descsz);
		}
		if (note.n_namesz == 4 && !memcmp(name, "Go\0", 4))
			image->is_go = true;
		left -= round4(note.n_namesz);
		if (round4(note.n_descsz) > left)
			return;
		at = size - (left - round4(note.n_descsz));
	}
}

/* .eh_frame_hdr: version 1, then how the pointer to .eh_frame is written. The size is not told: up
 * to the end of what is mapped, the entries themselves tell where they end. */
static void take_frame_header(struct elf_image *image, const Elf64_Phdr *header)
{
	int32_t relative;
	uint8_t head[8];
	uint64_t address;

	if (elf_image_read(image, header->p_vaddr, head, sizeof(head)) || head[0] != 1 ||
	    head[1] != 0x1b /* 4 bytes, signed, relative to themselves */)
		return;
	memcpy(&relative, head + 4, sizeof(relative));
	address = header->p_vaddr + 4 + (uint64_t)(int64_t)relative;
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (address >= segment->address && address - segment->address < segment->size) {
			image->frame_address = address;
			image->frame_size = segment->size - (address - segment->address);
			return;
		}
	}
}

static char *section_names(const struct elf_image *image, const Elf64_Ehdr *header, size_t *ret)
{
	Elf64_Shdr section;
	char *names;

	if (header->e_shstrndx >= header->e_shnum ||
	    read_file(image, header->e_shoff + sizeof(section) * header->e_shstrndx, &section,
		      sizeof(section)) ||
	    section.sh_size > NAME_BYTES_MAX)
		return NULL;
	names = malloc(section.sh_size + 1);
	if (!names || read_file(image, section.sh_offset, names, section.sh_size)) {
		free(names);
		return NULL;
	}
	names[section.sh_size] = '\0';
	*ret = section.sh_size;
	return names;
}

/* Programs that are linked statically have no .eh_frame_hdr; and the section knows its size. */
static void take_sections(struct elf_image *image, const Elf64_Ehdr *header)
{
	CLEANUP_FREE char *names = NULL;
	size_t size;

	if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff > image->size)
		return;
	names = section_names(image, header, &size);
	for (unsigned int i = 0; names && i < header->e_shnum; i++) {
		Elf64_Shdr section;

		if (read_file(image, header->e_shoff + sizeof(section) * i, &section,
			      sizeof(section)))
			return;
		if (section.sh_name < size && !strcmp(names + section.sh_name, ".eh_frame") &&
		    section.sh_type != SHT_NOBITS) {
			image->frame_address = section.sh_addr;
			image->frame_size = section.sh_size;
			return;
		}
	}
}

static int take_segments(struct elf_image *image, const Elf64_Ehdr *header)
{
	CLEANUP_FREE Elf64_Phdr *list = NULL;
	size_t size = sizeof(*list) * header->e_phnum;

	if (header->e_phentsize != sizeof(*list) || !header->e_phnum)
		return -ENOEXEC;
	list = malloc(size);
	if (!list)
		return -ENOMEM;
	if (read_file(image, header->e_phoff, list, size))
		return -ENOEXEC;
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (list[i].p_type != PT_LOAD || image->segment_count == ELF_SEGMENTS_MAX)
			continue;
		image->segments[image->segment_count++] = (struct elf_segment){
			.address = list[i].p_vaddr,
			.offset = list[i].p_offset,
			.size = list[i].p_filesz,
			.executable = list[i].p_flags & PF_X,
		};
	}
	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (list[i].p_type == PT_NOTE)
			take_notes(image, &list[i]);
		else if (list[i].p_type == PT_GNU_EH_FRAME)
			take_frame_header(image, &list[i]);
	}
	return 0;
}

static int open_image(struct elf_image *image)
{
	Elf64_Ehdr header;
	int error = read_file(image, 0, &header, sizeof(header));

	if (error)
		return error;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != OUR_MACHINE ||
	    (header.e_type != ET_EXEC && header.e_type != ET_DYN))
		return -ENOEXEC;
	image->entry = header.e_entry;
	error = take_segments(image, &header);
	if (!error)
		take_sections(image, &header);
	if (image->frame_size > FRAME_BYTES_MAX)
		image->frame_size = FRAME_BYTES_MAX;
	return error;
}

int elf_image_open(int fd, struct elf_image *ret)
{
	struct elf_image image = {.fd = fd};
	struct stat info;
	int error;

	if (fstat(fd, &info))
		return -errno;
	if (!S_ISREG(info.st_mode))
		return -ENOEXEC;
	image.size = (uint64_t)info.st_size;
	error = open_image(&image);
	if (!error)
		*ret = image;
	return error;
}

int elf_image_open_memory(const void *memory, size_t size, struct elf_image *ret)
{
	struct elf_image image = {.fd = -1, .memory = memory, .size = size};
	int error = open_image(&image);

	if (!error)
		*ret = image;
	return error;
}
