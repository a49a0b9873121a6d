// SPDX-License-Identifier: GPL-2.0-only
#include "recording/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "recording/stack_tables.h"

/* A consumer may copy a whole union pl_life although the record is shorter. */
#define ZEROS_BEHIND sizeof(union pl_life)

/* ---- errors and bytes ----------------------------------------------------------------------- */

int recording_fail(struct recording_error *ret, int error, const char *format, ...)
{
	va_list args;

	if (!ret)
		return error;
	va_start(args, format);
	vsnprintf(ret->text, sizeof(ret->text), format, args);
	va_end(args);
	return error;
}

int recording_fail_at(const struct recording *recording, struct recording_error *ret, int error,
		      uint64_t offset, const char *fault)
{
	if (error == -EBADMSG)
		return recording_fail(ret, error,
				      "%s is damaged at byte %llu, %s; what came before is good",
				      recording->name, (unsigned long long)offset, fault);
	return recording_fail(ret, error, "%s cannot be read at byte %llu: %s", recording->name,
			      (unsigned long long)offset, fault);
}

int recording_pread(const struct recording *recording, void *data, size_t size, uint64_t offset)
{
	char *at = data;

	while (size) {
		ssize_t n = pread(recording->fd, at, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		at += n;
		offset += n;
		size -= n;
	}
	return 0;
}

static int reserve(void **memory, size_t *capacity, size_t size)
{
	void *grown;

	if (size <= *capacity)
		return 0;
	grown = realloc(*memory, size);
	if (!grown)
		return -ENOMEM;
	*memory = grown;
	*capacity = size;
	return 0;
}

int recording_load(struct recording *recording, const struct block_place *place,
		   const char **ret_fault)
{
	const struct block_header *header = &place->header;
	const char *fault;
	int r;

	r = reserve(&recording->stored, &recording->stored_capacity, header->stored_size);
	if (!r)
		r = reserve(&recording->raw, &recording->raw_capacity,
			    header->raw_size + ZEROS_BEHIND);
	if (!r)
		r = recording_pread(recording, recording->stored, header->stored_size,
				    place->offset + sizeof(*header));
	if (r) {
		*ret_fault = r == -EBADMSG ? "the file became shorter" : strerror(-r);
		return r;
	}
	fault = block_unpack(recording->zstd, header, recording->stored, recording->raw);
	if (fault) {
		*ret_fault = fault;
		return -EBADMSG;
	}
	memset((uint8_t *)recording->raw + header->raw_size, 0, ZEROS_BEHIND);
	return 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int check_kind_of_file(struct recording *recording, struct recording_error *ret_error)
{
	struct stat st;

	if (fstat(recording->fd, &st))
		return recording_fail(ret_error, -errno, "%s cannot be read: %s", recording->name,
				      strerror(errno));
	if (S_ISDIR(st.st_mode))
		return recording_fail(ret_error, -EISDIR,
				      "%s is a directory: name a recording in it", recording->name);
	if (!S_ISREG(st.st_mode))
		return recording_fail(ret_error, -ESPIPE,
				      "%s is not a regular file: a recording is read from back and "
				      "forth, so copy it into a file first",
				      recording->name);
	if (st.st_size == 0)
		return recording_fail(ret_error, -ENODATA, "%s is empty: nothing was recorded",
				      recording->name);
	recording->size = st.st_size;
	return 0;
}

/* A transfer as text changes line ends, or cuts off the eighth bit. */
static bool was_sent_as_text(const uint8_t *magic)
{
	return (magic[0] & 0x7f) == (0x89 & 0x7f) && !memcmp(magic + 1, "PTL", 3);
}

static int check_file_header(struct recording *recording, struct recording_error *ret_error)
{
	struct file_header header = {.major = 0};
	size_t size = recording->size < sizeof(header) ? recording->size : sizeof(header);
	size_t magic_size = size < FILE_MAGIC_SIZE ? size : FILE_MAGIC_SIZE;
	int r;

	r = recording_pread(recording, &header, size, 0);
	if (r)
		return recording_fail(ret_error, r, "%s cannot be read: %s", recording->name,
				      r == -EBADMSG ? "it became shorter" : strerror(-r));
	if (memcmp(header.magic, FILE_MAGIC, magic_size)) {
		if (size >= FILE_MAGIC_SIZE && was_sent_as_text(header.magic))
			return recording_fail(ret_error, -EBADMSG,
					      "%s was damaged by a transfer as text: transfer it "
					      "again, in binary mode",
					      recording->name);
		return recording_fail(ret_error, -EBADMSG, "%s is not a ptrace-lab recording",
				      recording->name);
	}
	if (size < sizeof(header))
		return recording_fail(ret_error, -EBADMSG,
				      "%s ends within its first %zu bytes: nothing was recorded",
				      recording->name, sizeof(header));
	if (header.major > FORMAT_MAJOR)
		return recording_fail(ret_error, -EPROTONOSUPPORT,
				      "%s has format %u.%u, and this ptrace-lab reads up to "
				      "%u: read it with a newer ptrace-lab",
				      recording->name, header.major, header.minor, FORMAT_MAJOR);
	if (header.major < FORMAT_MAJOR ||
	    header.checksum != block_checksum(&header, offsetof(struct file_header, checksum)))
		return recording_fail(ret_error, -EBADMSG, "%s is damaged in its first %zu bytes",
				      recording->name, sizeof(header));
	return 0;
}

static int allocate(struct recording *recording, struct recording_error *ret_error)
{
	size_t sources;

	recording->zstd = ZSTD_createDCtx();
	recording->lane_of_cpu = calloc(LANE_CPU_MAX, sizeof(*recording->lane_of_cpu));
	recording->stacks = stack_store_new();
	if (!recording->zstd || !recording->lane_of_cpu || !recording->stacks)
		goto no_memory;
	recording_scan(recording);
	sources = recording->lanes.count + recording->lives.count;
	recording->heap = calloc(sources ? sources : 1, sizeof(*recording->heap));
	if (!recording->heap)
		goto no_memory;
	recording_rewind(recording);
	return 0;
no_memory:
	return recording_fail(ret_error, -ENOMEM, "%s cannot be read: %s", recording->name,
			      strerror(ENOMEM));
}

static int open_named(int fd, const char *name, struct recording **ret,
		      struct recording_error *ret_error)
{
	CLEANUP(recording_close)
	struct recording *recording = NULL;
	int r;

	recording = calloc(1, sizeof(*recording));
	if (!recording) {
		close(fd);
		return recording_fail(ret_error, -ENOMEM, "%s cannot be read: %s", name,
				      strerror(ENOMEM));
	}
	recording->fd = fd;
	snprintf(recording->name, sizeof(recording->name), "%s", name);
	r = check_kind_of_file(recording, ret_error);
	if (!r)
		r = check_file_header(recording, ret_error);
	if (!r)
		r = allocate(recording, ret_error);
	if (r)
		return r;
	*ret = take_pointer(&recording);
	return 0;
}

int recording_open_fd(int fd, struct recording **ret, struct recording_error *ret_error)
{
	return open_named(fd, "the recording", ret, ret_error);
}

/* What a message calls the file: of a long path the last part. */
static void name_of(const char *path, char *name, size_t size)
{
	size_t length = strlen(path), most = 80;
	char escaped[160];

	escape_text(escaped, sizeof(escaped), length > most ? path + length - most : path);
	snprintf(name, size, "%s%.120s", length > most ? "..." : "", escaped);
}

int recording_open(const char *path, struct recording **ret, struct recording_error *ret_error)
{
	char name[160];
	int fd;

	name_of(path, name, sizeof(name));
	/* Without O_NONBLOCK it would wait for somebody to write into a named pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return recording_fail(ret_error, -errno, "%s cannot be opened: %s", name,
				      strerror(errno));
	return open_named(fd, name, ret, ret_error);
}

static void free_source(struct source *source)
{
	vector_free(&source->blocks);
	free(source->unpacked);
}

void recording_close(struct recording **slot)
{
	struct recording *recording = *slot;
	struct source *source;

	if (!recording)
		return;
	close(recording->fd);
	vector_for_each (&recording->lanes, source)
		free_source(source);
	vector_for_each (&recording->lives, source)
		free_source(source);
	vector_free(&recording->lanes);
	vector_free(&recording->watches);
	vector_free(&recording->lives);
	vector_free(&recording->pcbs);
	notes_free(&recording->notes);
	stack_store_free(&recording->stacks);
	free(recording->lane_of_cpu);
	free(recording->heap);
	free(recording->stored);
	free(recording->raw);
	ZSTD_freeDCtx(recording->zstd);
	free(recording);
	*slot = NULL;
}

/* ---- what it says of itself ----------------------------------------------------------------- */

bool recording_complete(const struct recording *recording)
{
	return recording->complete;
}

uint64_t recording_first_time(const struct recording *recording)
{
	return recording->first_time;
}

uint64_t recording_last_time(const struct recording *recording)
{
	return recording->last_time;
}

uint64_t recording_size(const struct recording *recording)
{
	return recording->size;
}

const char *recording_note(const struct recording *recording, const char *key)
{
	const struct note *note = notes_find(&recording->notes, key);

	return note ? note->value : NULL;
}

uint64_t recording_note_number(const struct recording *recording, const char *key,
			       uint64_t fallback)
{
	const char *text = recording_note(recording, key);
	uint64_t number = 0;

	if (!text || !*text)
		return fallback;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return fallback;
	}
	return number;
}

bool recording_note_at(const struct recording *recording, const char *prefix, size_t index,
		       const char **ret_key, const char **ret_value)
{
	size_t length = strlen(prefix);
	const struct note *note;

	vector_for_each (&recording->notes.list, note) {
		if (strncmp(note->key, prefix, length) || index--)
			continue;
		*ret_key = note->key;
		*ret_value = note->value;
		return true;
	}
	return false;
}
