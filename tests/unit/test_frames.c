// SPDX-License-Identifier: GPL-2.0-only
/* test_frames.c - modules and frames, as they are written into a recording */
#include "binary_samples.h"

#include <errno.h>
#include <inttypes.h>

#include "base/vector.h"
#include "symbols/names.h"

static void nameless_functions_are_called_after_their_unwind_entry(void **state)
{
	struct recording_writer *writer;
	struct names_module *module;
	struct recording *recording;
	struct names *names;
	char path[64], line[512];
	uint32_t frames[3];
	int fd = memory_file(), entries = 0;
	FILE *output;

	need("readelf");
	snprintf(path, sizeof(path), "%s/stripped", folder);
	output = run("strip -o %s /proc/%d/exe", path, getpid());
	assert_int_equal(pclose(output), 0);
	writer = writer_on(fd);
	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	{
		int elf = open(path, O_RDONLY | O_CLOEXEC);

		assert_int_equal(names_open(names, elf, path, &module), 0);
		close(elf);
	}
	output = run("readelf --debug-dump=frames %s 2>/dev/null | grep -o 'pc=[0-9a-f.]*'", path);
	while (fgets(line, sizeof(line), output) && entries < 300) {
		uint64_t begin = strtoull(line + 3, NULL, 16);
		uint64_t end = strtoull(strstr(line, "..") + 2, NULL, 16);
		uint64_t places[3] = {begin, begin + (end - begin) / 2, end - 1};

		for (int i = 0; i < 3; i++)
			assert_int_equal(names_frame(names, module, places[i], writer, &frames[i]),
					 0);
		entries++;
	}
	pclose(output);
	assert_true(entries > 200);
	/* Where there is nothing there is no name. */
	assert_int_equal(names_frame(names, module, 1, writer, &frames[0]), 0);
	assert_int_equal(recording_writer_finish(writer), 0);
	names_free(&names);

	recording = reader_on(fd);
	output = run("readelf --debug-dump=frames %s 2>/dev/null | grep -o 'pc=[0-9a-f.]*'", path);
	for (uint32_t id = 1; fgets(line, sizeof(line), output) && entries;) {
		uint64_t begin = strtoull(line + 3, NULL, 16);
		uint64_t end = strtoull(strstr(line, "..") + 2, NULL, 16);
		struct recording_frame frame;
		char name[64];

		snprintf(name, sizeof(name), "stripped!fn_0x%" PRIx64, begin);
		/* A short function's middle may be its begin. */
		for (uint64_t last = UINT64_MAX;;) {
			assert_true(recording_frame(recording, id, &frame));
			if (frame.address < begin || frame.address >= end)
				break;
			assert_true(frame.address != last);
			last = frame.address;
			if (strcmp(frame.function, "stripped![plt]") &&
			    !strncmp(frame.function, "stripped!", 9))
				assert_string_equal(frame.function, name);
			id++;
		}
		entries--;
	}
	pclose(output);
	recording_close(&recording);
	close(fd);
}

static void the_same_code_is_one_module(void **state)
{
	struct names_module *one, *other, *third;
	struct names *names;
	size_t size;
	uint8_t *data = inlined_binary(&size);
	int fd = memory_file_of(data, size), copy = memory_file_of(data, size);

	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	assert_int_equal(names_open(names, fd, "/lib/a", &one), 0);
	assert_int_equal(names_open(names, fd, "/lib/b", &other), 0);
	assert_ptr_equal(one, other);
	/* The copy has the same build-id, if the linker makes any. */
	assert_int_equal(names_open(names, copy, "/lib/c", &other), 0);
	assert_true(!*names_build_id(one) || one == other);
	assert_int_equal(names_open_image(names, data, size, "[vdso]", &third), 0);
	assert_true(!*names_build_id(one) || one == third);
	names_free(&names);
	close(fd);
	close(copy);
	free(data);
}

static void frames_are_written_once_and_with_all_that_is_known(void **state)
{
	struct recording_frame inner, outer;
	struct recording_module row;
	struct recording *recording;
	struct names_module *module;
	struct names *names;
	size_t size;
	uint8_t *data = inlined_binary(&size);
	int elf = memory_file_of(data, size), fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	uint64_t begin = 0;
	uint32_t frame, again, deep = 0;
	const struct symbol *symbol;
	struct binary *binary;

	assert_int_equal(binary_open(elf, "x", false, &binary), 0);
	vector_for_each (&binary_symbols(binary)->symbols, symbol) {
		if (!strcmp(symbol_name(binary_symbols(binary), symbol), "first"))
			begin = symbol->begin;
	}
	assert_int_equal(names_new(&(struct names_options){.inlines = true}, &names), 0);
	assert_int_equal(names_open(names, elf, "/lib/inlined", &module), 0);
	for (uint64_t at = begin; at < begin + 32; at++) {
		assert_int_equal(names_frame(names, module, at, writer, &frame), 0);
		assert_int_equal(names_frame(names, module, at, writer, &again), 0);
		assert_int_equal(frame, again);
	}
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	for (uint32_t id = 1; id <= recording_frame_count(recording); id++) {
		assert_true(recording_frame(recording, id, &inner));
		assert_int_equal(inner.kind, FRAME_NATIVE);
		assert_int_equal(inner.module, 1);
		if (strcmp(inner.function, "third"))
			continue;
		assert_int_equal(inner.line, 4);
		assert_true(recording_frame(recording, inner.outer, &outer));
		assert_string_equal(outer.function, "second");
		assert_int_equal(outer.line, 8);
		assert_true(recording_frame(recording, outer.outer, &outer));
		assert_string_equal(outer.function, "first");
		assert_int_equal(outer.line, 12);
		assert_int_equal(outer.outer, 0);
		deep++;
	}
	assert_true(deep);
	assert_true(recording_module(recording, 1, &row));
	assert_string_equal(row.path, "/lib/inlined");
	assert_true(row.begin <= begin && begin < row.end);
	recording_close(&recording);
	binary_free(&binary);
	names_free(&names);
	close(elf);
	close(fd);
	free(data);
}

/* The frame of an address that had none with a name up to now. A slow look at the map, as on a busy
 * machine, puts the next one off. */
static uint32_t named_jit_frame(struct names *names, uint64_t address, uint32_t nameless,
				struct recording_writer *writer)
{
	uint32_t frame = nameless;

	for (int i = 0; i < 1000 && frame == nameless; i++) {
		if (i)
			usleep(2000);
		assert_int_equal(names_jit_frame(names, getpid(), address, writer, &frame), 0);
	}
	return frame;
}

static void written_code_is_called_what_the_program_calls_it(void **state)
{
	struct recording_frame row;
	struct recording *recording;
	struct names *names;
	char path[64];
	uint32_t frames[4], nameless;
	int fd = memory_file();
	struct recording_writer *writer = writer_on(fd);
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	assert_int_equal(names_new(&(struct names_options){false}, &names), 0);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[0]), 0);
	map = fopen(path, "wex");
	assert_non_null(map);
	fprintf(map, "1000 10 old name\nnonsense\n1000 10 LazyCompile:~f a.js:1\n2000 0x20 g\n30");
	fflush(map);
	frames[1] = named_jit_frame(names, 0x1005, frames[0], writer);
	assert_int_equal(names_jit_frame(names, getpid(), 0x3001, writer, &nameless), 0);
	/* Known from now on; and what was added later is found as well. */
	fprintf(map, "00 10 h\n");
	fclose(map);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[2]), 0);
	assert_int_equal(frames[1], frames[2]);
	frames[3] = named_jit_frame(names, 0x3001, nameless, writer);
	names_forget_process(names, getpid());
	names_forget_process(names, 1);
	unlink(path);
	/* Not through a link: it could lead anywhere. */
	assert_int_equal(symlink("/proc/self/maps", path), 0);
	assert_int_equal(names_jit_frame(names, getpid(), 0x1005, writer, &frames[2]), 0);
	unlink(path);
	assert_int_equal(recording_writer_finish(writer), 0);
	recording = reader_on(fd);
	assert_true(recording_frame(recording, frames[0], &row));
	assert_string_equal(row.function, "");
	assert_true(recording_frame(recording, frames[1], &row));
	assert_string_equal(row.function, "LazyCompile:~f a.js:1");
	assert_int_equal(row.kind, FRAME_JIT);
	assert_true(recording_frame(recording, frames[3], &row));
	assert_string_equal(row.function, "h");
	assert_true(recording_frame(recording, frames[2], &row));
	assert_string_equal(row.function, "");
	recording_close(&recording);
	names_free(&names);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nameless_functions_are_called_after_their_unwind_entry,
				       reset),
		cmocka_unit_test_setup(the_same_code_is_one_module, reset),
		cmocka_unit_test_setup(frames_are_written_once_and_with_all_that_is_known, reset),
		cmocka_unit_test_setup(written_code_is_called_what_the_program_calls_it, reset),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
