// SPDX-License-Identifier: GPL-2.0-only
/* usdt.c - the USDT probes of a program or library, as its ELF notes have them */
#include "capture/usdt.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NOTE_OWNER "stapsdt"
#define NOTE_PROBE 3
/* Hostile files: no program has as many. */
#define PROBES_MAX 4096

static void cleanup_elf(Elf **elf)
{
	elf_end(*elf);
}

static bool is_known(const struct usdt_probes *probes, const char *provider, const char *name)
{
	const struct usdt_probe *probe;

	vector_for_each (&probes->items, probe) {
		if (!strcmp(probe->provider, provider) && !strcmp(probe->name, name))
			return true;
	}
	return false;
}

static int add(struct usdt_probes *probes, const char *provider, const char *name)
{
	struct usdt_probe *probe;

	if (is_known(probes, provider, name) || probes->items.count >= PROBES_MAX)
		return 0;
	probe = vector_add(&probes->items);
	if (!probe)
		return -ENOMEM;
	probe->provider = strdup(provider);
	probe->name = strdup(name);
	return probe->provider && probe->name ? 0 : -ENOMEM;
}

/* Three addresses, then provider, name and arguments, each with its NUL. */
static int read_note(struct usdt_probes *probes, const char *note, size_t size, size_t word)
{
	const char *provider, *name, *end = note + size;
	size_t length;

	if (size <= 3 * word)
		return 0;
	provider = note + 3 * word;
	length = strnlen(provider, (size_t)(end - provider));
	name = provider + length + 1;
	if (!length || name >= end)
		return 0;
	length = strnlen(name, (size_t)(end - name));
	if (!length || name + length >= end)
		return 0;
	return add(probes, provider, name);
}

static int read_notes(struct usdt_probes *probes, Elf_Data *data, size_t word)
{
	size_t offset = 0, name_at, desc_at;
	GElf_Nhdr note;
	int error = 0;

	while (!error && (offset = gelf_getnote(data, offset, &note, &name_at, &desc_at)) > 0) {
		const char *bytes = data->d_buf;

		if (note.n_type != NOTE_PROBE || note.n_namesz != sizeof(NOTE_OWNER) ||
		    memcmp(bytes + name_at, NOTE_OWNER, sizeof(NOTE_OWNER)) != 0)
			continue;
		error = read_note(probes, bytes + desc_at, note.n_descsz, word);
	}
	return error;
}

static int read_elf(Elf *elf, struct usdt_probes *ret)
{
	struct usdt_probes probes = {0};
	Elf_Scn *section = NULL;
	GElf_Ehdr header;
	int error = 0;

	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header)) {
		size_t word = header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;

		while (!error && (section = elf_nextscn(elf, section))) {
			GElf_Shdr shape;
			Elf_Data *data;

			if (!gelf_getshdr(section, &shape) || shape.sh_type != SHT_NOTE)
				continue;
			data = elf_getdata(section, NULL);
			if (data && data->d_buf)
				error = read_notes(&probes, data, word);
		}
	}
	if (error)
		usdt_free(&probes);
	else
		*ret = probes;
	return error;
}

int usdt_find(const char *path, struct usdt_probes *ret)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(cleanup_elf)
	Elf *elf = NULL;

	if (elf_version(EV_CURRENT) != EV_NONE && fd >= 0)
		elf = elf_begin(fd, ELF_C_READ, NULL);
	return read_elf(elf, ret);
}

int usdt_find_in(const void *image, size_t size, struct usdt_probes *ret)
{
	CLEANUP(cleanup_elf)
	Elf *elf = NULL;

	/* It only reads, its parameter is merely not const. */
	if (elf_version(EV_CURRENT) != EV_NONE)
		elf = elf_memory((char *)image, size);
	return read_elf(elf, ret);
}

void usdt_free(struct usdt_probes *probes)
{
	struct usdt_probe *probe;

	vector_for_each (&probes->items, probe) {
		free(probe->provider);
		free(probe->name);
	}
	vector_free(&probes->items);
}
