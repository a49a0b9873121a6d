// SPDX-License-Identifier: GPL-2.0-only
#include "capture/holds.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/vector.h"
#include "bpf/holds_sums.h"
#include "capture/mapped_code.h"

/* What to do at the begin of which function. Spin locks begin with an instruction that cannot be
 * probed. */
static const struct {
	const char *name;
	enum hold_program program;
} functions[] = {
	{"pthread_mutex_lock", HOLD_LOCK},	    {"pthread_mutex_trylock", HOLD_TRY},
	{"pthread_mutex_timedlock", HOLD_TRY},	    {"pthread_mutex_clocklock", HOLD_TRY},
	{"pthread_mutex_unlock", HOLD_UNLOCK},	    {"pthread_cond_wait", HOLD_CONDITION},
	{"pthread_cond_timedwait", HOLD_CONDITION}, {"pthread_cond_clockwait", HOLD_CONDITION},
	{"pthread_rwlock_rdlock", HOLD_LOCK},	    {"pthread_rwlock_wrlock", HOLD_LOCK},
	{"pthread_rwlock_tryrdlock", HOLD_TRY},	    {"pthread_rwlock_trywrlock", HOLD_TRY},
	{"pthread_rwlock_timedrdlock", HOLD_TRY},   {"pthread_rwlock_timedwrlock", HOLD_TRY},
	{"pthread_rwlock_clockrdlock", HOLD_TRY},   {"pthread_rwlock_clockwrlock", HOLD_TRY},
	{"pthread_rwlock_unlock", HOLD_UNLOCK},
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Where to put a probe. A function may have several names, and a name several functions. */
struct site {
	uint64_t offset; /* in the file */
	enum hold_program program;
};

struct holds {
	struct kernel_side *side;
	VECTOR(struct bpf_link *) links;
	int refused; /* errno of one that could not be put */
};

typedef VECTOR(struct site) site_vector;

/* ---- where the functions are --------------------------------------------------------------- */

static bool file_offset(Elf *elf, uint64_t address, uint64_t *ret)
{
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		*ret = address - header.p_vaddr + header.p_offset;
		return true;
	}
	return false;
}

static int add_site(site_vector *sites, uint64_t offset, enum hold_program program)
{
	struct site *site;

	vector_for_each (sites, site)
		if (site->offset == offset && site->program == program)
			return 0;
	site = vector_add(sites);
	if (!site)
		return -ENOMEM;
	*site = (struct site){offset, program};
	return 0;
}

static int look_at_symbol(Elf *elf, const char *name, const GElf_Sym *symbol, site_vector *sites)
{
	uint64_t offset;

	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_value || !name)
		return 0;
	for (size_t i = 0; i < FUNCTIONS; i++) {
		if (!strcmp(name, functions[i].name) && file_offset(elf, symbol->st_value, &offset))
			return add_site(sites, offset, functions[i].program);
	}
	return 0;
}

static int look_at_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *shape, site_vector *sites)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = shape->sh_entsize ? shape->sh_size / shape->sh_entsize : 0;
	int error = 0;

	for (size_t i = 0; data && !error && i < count; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol))
			error = look_at_symbol(elf, elf_strptr(elf, shape->sh_link, symbol.st_name),
					       &symbol, sites);
	}
	return error;
}

static void cleanup_elf(Elf **elf)
{
	elf_end(*elf);
}

static int find_sites(const char *path, site_vector *sites)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(cleanup_elf)
	Elf *elf = NULL;
	Elf_Scn *section = NULL;
	int error = 0;

	if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while (elf && !error && (section = elf_nextscn(elf, section))) {
		GElf_Shdr shape;

		if (gelf_getshdr(section, &shape) &&
		    (shape.sh_type == SHT_DYNSYM || shape.sh_type == SHT_SYMTAB))
			error = look_at_symbols(elf, section, &shape, sites);
	}
	return error;
}

/* ---- probes -------------------------------------------------------------------------------- */

static int probe_file(struct holds *holds, const char *path)
{
	site_vector sites = {0};
	int error = find_sites(path, &sites);
	struct site *site;

	vector_for_each (&sites, site) {
		struct kernel_holds kernel = kernel_side_holds(holds->side);
		struct bpf_link **link = error ? NULL : vector_add(&holds->links);

		if (!link) {
			error = error ? error : -ENOMEM;
			break;
		}
		*link = bpf_program__attach_uprobe(kernel.programs[site->program], false, -1, path,
						   site->offset);
		if (!*link) {
			holds->refused = errno;
			holds->links.count--;
		}
	}
	vector_free(&sites);
	return error;
}

static int probe_mapped(void *context, const char *path, const char *name)
{
	return probe_file(context, path);
}

/* Of our own code, for the program to be run will have the same library. */
static int probe_c_library(void *context, const char *path, const char *name)
{
	return strstr(name, "/libc") ? probe_file(context, path) : 0;
}

static int probe_all(struct holds *holds, const struct holds_request *request)
{
	char path[64];
	int error = 0;

	if (request->pid)
		return mapped_code_each(request->pid, probe_mapped, holds);
	error = mapped_code_each(getpid(), probe_c_library, holds);
	if (error || (request->program_fd < 0 && !request->program))
		return error;
	/* It may have been linked statically. */
	if (request->program_fd < 0)
		return strchr(request->program, '/') ? probe_file(holds, request->program) : 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", request->program_fd);
	return probe_file(holds, path);
}

int holds_begin(const struct holds_request *request, struct kernel_side *side, struct holds **ret)
{
	struct holds *holds = calloc(1, sizeof(*holds));
	int error;

	if (!holds) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	holds->side = side;
	error = probe_all(holds, request);
	if (error || !holds->links.count) {
		log_error("--locks=all: no lock's functions can be probed: %s",
			  error		   ? strerror(-error)
			  : holds->refused ? strerror(holds->refused)
					   : "there is no C library that has them");
		holds_free(&holds);
		return error ? EXIT_INTERNAL : EXIT_NO_KERNEL;
	}
	if (holds->refused)
		log_warning("--locks=all: not all functions can be probed: %s",
			    strerror(holds->refused));
	*ret = holds;
	return EXIT_OK;
}

void holds_free(struct holds **slot)
{
	struct holds *holds = *slot;
	struct bpf_link **link;

	if (!holds)
		return;
	vector_for_each (&holds->links, link)
		bpf_link__destroy(*link);
	vector_free(&holds->links);
	free(holds);
	*slot = NULL;
}

/* ---- what was counted ---------------------------------------------------------------------- */

static void note_sums(const struct kernel_holds *kernel, struct recording_writer *writer)
{
	struct pl_hold_lock lock, *before = NULL;
	struct pl_hold_sum sum;
	char key[64];

	for (; !bpf_map_get_next_key(kernel->sums_fd, before, &lock); before = &lock) {
		if (bpf_map_lookup_elem(kernel->sums_fd, &lock, &sum))
			continue;
		snprintf(key, sizeof(key), NOTE_HOLDS "%" PRIu32 ".%" PRIx64, lock.tgid,
			 (uint64_t)lock.address);
		recording_write_note(writer, key, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
				     (uint64_t)sum.taken, (uint64_t)sum.refused,
				     (uint64_t)sum.held_ns, (uint64_t)sum.held_max_ns);
	}
}

/* Those that were not given up before the end. */
static void note_open(const struct kernel_holds *kernel, struct recording_writer *writer)
{
	struct pl_hold_key hold, *before = NULL;
	struct pl_hold value;
	char key[96];

	for (; !bpf_map_get_next_key(kernel->holds_fd, before, &hold); before = &hold) {
		if (bpf_map_lookup_elem(kernel->holds_fd, &hold, &value) || value.tried)
			continue;
		snprintf(key, sizeof(key), NOTE_HELD "%" PRIu32 ".%" PRIx64 ".%" PRIu32, hold.tgid,
			 (uint64_t)hold.address, hold.tid);
		recording_write_note(writer, key, "%" PRIu64, (uint64_t)value.since);
	}
}

/* Taken last, and nothing was done since. */
static void note_calls(const struct kernel_holds *kernel, struct recording_writer *writer)
{
	struct pl_hold_call call;
	uint32_t tid, last, *before = NULL;
	char key[96];

	for (; !bpf_map_get_next_key(kernel->calls_fd, before, &tid); before = &last) {
		last = tid;
		if (bpf_map_lookup_elem(kernel->calls_fd, &tid, &call) || !call.address ||
		    call.tried || call.asleep)
			continue;
		snprintf(key, sizeof(key), NOTE_HELD "0.%" PRIx64 ".%" PRIu32,
			 (uint64_t)call.address, tid);
		recording_write_note(writer, key, "%" PRIu64, (uint64_t)call.since);
	}
}

void holds_note(const struct holds *holds, struct recording_writer *writer)
{
	struct kernel_holds kernel;

	if (!holds)
		return;
	kernel = kernel_side_holds(holds->side);
	recording_write_note(writer, NOTE_HOLDS_LOST, "%" PRIu64, *kernel.lost);
	note_sums(&kernel, writer);
	note_open(&kernel, writer);
	note_calls(&kernel, writer);
}
