// SPDX-License-Identifier: GPL-2.0-only
/* test_unwind_table.c - the tables against elfutils' own reading of the same .eh_frame */
#include <dwarf.h>
#include <errno.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "symbols/cfi.h"
#include "symbols/unwind_cache.h"
#include "symbols/unwind_table.h"

#define LIBC "/lib/x86_64-linux-gnu/libc.so.6"

/* Hand-written assembly, exceptions, interpreters, static and position-dependent programs: what
 * there is of them here. */
static const char *const modules[] = {
	LIBC,
	"/lib64/ld-linux-x86-64.so.2",
	"/usr/bin/python3",
	"/lib/x86_64-linux-gnu/libm.so.6",
	"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	"/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
	"/usr/lib/x86_64-linux-gnu/libgcc_s.so.1",
	"/bin/bash",
	"/sbin/ldconfig",
};

/* ---- elfutils' account ----------------------------------------------------------------------- */

static bool is_saved_at_cfa(const Dwarf_Op *ops, size_t count, int64_t *ret)
{
	if (count == 1 && ops[0].atom == DW_OP_call_frame_cfa) {
		*ret = 0;
		return true;
	}
	if (count != 2 || ops[0].atom != DW_OP_call_frame_cfa || ops[1].atom != DW_OP_plus_uconst)
		return false;
	*ret = (int64_t)ops[1].number;
	return true;
}

static bool is_register_offset(const Dwarf_Op *op, uint64_t *ret_number, int64_t *ret_offset)
{
	if (op->atom == DW_OP_bregx) {
		*ret_number = op->number;
		*ret_offset = (int64_t)op->number2;
	} else if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*ret_number = op->atom - DW_OP_breg0;
		*ret_offset = (int64_t)op->number;
	} else {
		return false;
	}
	return true;
}

static void expect_base(const Dwarf_Op *ops, size_t count, struct pl_unwind_rule *rule)
{
	uint64_t number;
	int64_t offset;

	rule->kind = PL_UNWIND_ODD;
	if (count == 9 && ops[0].atom == DW_OP_breg7 && ops[1].atom == DW_OP_breg16 &&
	    ops[5].atom == DW_OP_ge) {
		rule->kind = PL_UNWIND_PLT;
		rule->offset = ops[4].atom - DW_OP_lit0;
	} else if (count >= 1 && count <= 3 && is_register_offset(&ops[0], &number, &offset) &&
		   (count < 2 || ops[1].atom == DW_OP_deref) &&
		   (count < 3 || ops[2].atom == DW_OP_plus_uconst) && number <= PL_REG_RIP) {
		rule->kind = count == 1 ? PL_UNWIND_CFA : PL_UNWIND_DEREF;
		rule->base = number;
		rule->offset = offset;
		rule->addend = count == 3 ? ops[2].number : 0;
	}
}

static int16_t expect_saved(Dwarf_Frame *frame, int number, uint8_t by_rbp, uint8_t *flags)
{
	Dwarf_Op memory[3], *ops;
	uint64_t base;
	int64_t offset;
	size_t count;

	assert_int_equal(dwarf_frame_register(frame, number, memory, &ops, &count), 0);
	/* elfutils takes rbx, of which nothing was said, for lost; callees leave it as it is. */
	if (!count)
		return ops && number != PL_REG_RBX ? PL_UNWIND_LOST : 0;
	if (is_saved_at_cfa(ops, count, &offset) && offset)
		return offset;
	if (count == 1 && is_register_offset(ops, &base, &offset) && base == PL_REG_RBP) {
		*flags |= by_rbp;
		return offset;
	}
	return PL_UNWIND_LOST;
}

static struct pl_unwind_rule expect(Dwarf_Frame *frame, bool signal)
{
	struct pl_unwind_rule rule = {0};
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t count;

	if (signal)
		return (struct pl_unwind_rule){.kind = PL_UNWIND_SIGNAL};
	assert_int_equal(dwarf_frame_register(frame, PL_REG_RIP, memory, &ops, &count), 0);
	if (!count && ops)
		return (struct pl_unwind_rule){.kind = PL_UNWIND_ROOT};
	if (count == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg16) {
		rule.flags = PL_UNWIND_RA_IN_REGISTER;
		rule.ra = ops[0].atom - DW_OP_reg0;
	} else if (count == 1 && ops[0].atom == DW_OP_regx) {
		rule.flags = PL_UNWIND_RA_IN_REGISTER;
		rule.ra = ops[0].number;
	} else if (!is_saved_at_cfa(ops, count, &offset) || offset != -8) {
		return (struct pl_unwind_rule){.kind = PL_UNWIND_ODD};
	}
	assert_int_equal(dwarf_frame_cfa(frame, &ops, &count), 0);
	expect_base(ops, count, &rule);
	if (rule.kind == PL_UNWIND_ODD)
		return (struct pl_unwind_rule){.kind = PL_UNWIND_ODD};
	rule.saved_rbp = expect_saved(frame, PL_REG_RBP, PL_UNWIND_RBP_BY_RBP, &rule.flags);
	rule.saved_rbx = expect_saved(frame, PL_REG_RBX, PL_UNWIND_RBX_BY_RBP, &rule.flags);
	return rule;
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct comparison {
	const char *path;
	Dwarf_CFI *frames;
	struct unwind_table *table;
	size_t rows, odd;
};

static void compare_at(struct comparison *comparison, uint64_t address,
		       const struct pl_unwind_rule *expected)
{
	const struct pl_unwind_rule *found = unwind_table_rule(comparison->table, address);

	if (!memcmp(found, expected, sizeof(*found)))
		return;
	fail_msg("%s at %#lx: kind %d base %d flags %d ra %d offset %d+%d rbp %d rbx %d; elfutils: "
		 "kind %d base %d flags %d ra %d offset %d+%d rbp %d rbx %d",
		 comparison->path, address, found->kind, found->base, found->flags, found->ra,
		 found->offset, found->addend, found->saved_rbp, found->saved_rbx, expected->kind,
		 expected->base, expected->flags, expected->ra, expected->offset, expected->addend,
		 expected->saved_rbp, expected->saved_rbx);
}

static void compare_function(struct comparison *comparison, uint64_t begin, uint64_t end)
{
	while (begin < end) {
		Dwarf_Frame *frame;
		Dwarf_Addr row_begin, row_end;
		struct pl_unwind_rule expected;
		bool signal = false;

		if (dwarf_cfi_addrframe(comparison->frames, begin, &frame))
			fail_msg("%s: elfutils knows nothing of %#lx", comparison->path, begin);
		assert_true(dwarf_frame_info(frame, &row_begin, &row_end, &signal) >= 0);
		assert_true(row_end > begin);
		expected = expect(frame, signal);
		free(frame);
		if (row_end > end)
			row_end = end;
		compare_at(comparison, begin, &expected);
		compare_at(comparison, row_end - 1, &expected);
		comparison->rows++;
		comparison->odd += expected.kind == PL_UNWIND_ODD;
		begin = row_end;
	}
}

static void compare_module(const char *path, Elf *elf, const struct elf_image *image,
			   size_t *ret_rows, size_t *ret_odd)
{
	struct comparison comparison = {.path = path, .frames = dwarf_getcfi_elf(elf)};
	struct cfi_functions functions;
	struct cfi_section section = {.size = image->frame_size, .address = image->frame_address};
	uint8_t *bytes = malloc(section.size);
	uint64_t last = 0;

	assert_non_null(comparison.frames);
	assert_int_equal(elf_image_read(image, section.address, bytes, section.size), 0);
	section.bytes = bytes;
	assert_int_equal(unwind_table_build(image, &comparison.table), 0);
	assert_int_equal(cfi_functions(&section, &functions), 0);
	for (size_t i = 0; i < functions.count; i++) {
		assert_true(functions.list[i].begin >= last);
		last = functions.list[i].end;
		compare_function(&comparison, functions.list[i].begin, last);
	}
	*ret_rows += comparison.rows;
	*ret_odd += comparison.odd;
	cfi_functions_free(&functions);
	free(bytes);
	unwind_table_free(&comparison.table);
	dwarf_cfi_end(comparison.frames);
}

static void every_row_is_what_elfutils_says(void **state)
{
	size_t rows = 0, odd = 0;

	elf_version(EV_CURRENT);
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		CLEANUP_CLOSE int fd = open(modules[i], O_RDONLY | O_CLOEXEC);
		struct elf_image image;
		Elf *elf;

		if (fd < 0)
			continue;
		assert_int_equal(elf_image_open(fd, &image), 0);
		elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
		compare_module(modules[i], elf, &image, &rows, &odd);
		elf_end(elf);
	}
	assert_true(rows > 25000);
	/* What cannot be expressed is assembly that keeps its frame in strange places. */
	assert_true(odd * 1000 < rows);
}

static void the_vdso_has_a_table(void **state)
{
	const uint8_t *vdso = (const void *)getauxval(AT_SYSINFO_EHDR);
	size_t size = 2 * sysconf(_SC_PAGESIZE), rows = 0, odd = 0;
	struct elf_image image;
	Elf *elf;

	if (!vdso)
		skip();
	elf_version(EV_CURRENT);
	assert_int_equal(elf_image_open_memory(vdso, size, &image), 0);
	elf = elf_memory((char *)vdso, size);
	compare_module("vdso", elf, &image, &rows, &odd);
	elf_end(elf);
	assert_true(rows > 0);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static struct unwind_table *table_of(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unwind_table *table = NULL;
	struct elf_image image;

	if (fd >= 0 && !elf_image_open(fd, &image))
		unwind_table_build(&image, &table);
	return table;
}

static void the_tables_of_a_python_process_take_less_than_a_mebibyte(void **state)
{
	static const char *const loaded[] = {
		LIBC,
		"/lib64/ld-linux-x86-64.so.2",
		"/usr/bin/python3",
		"/lib/x86_64-linux-gnu/libm.so.6",
		"/lib/x86_64-linux-gnu/libz.so.1",
		"/lib/x86_64-linux-gnu/libexpat.so.1",
	};
	size_t bytes = 0;

	for (size_t i = 0; i < sizeof(loaded) / sizeof(*loaded); i++) {
		struct unwind_table *table = table_of(loaded[i]);

		if (!table)
			continue;
		bytes += (table->block_count + table->row_count) * sizeof(uint32_t) +
			 table->rule_count * sizeof(struct pl_unwind_rule);
		unwind_table_free(&table);
	}
	print_message("# tables: %zu KiB\n", bytes / 1024);
	assert_in_range(bytes, 100 << 10, 1 << 20);
}

/* ---- the cache ------------------------------------------------------------------------------- */

struct cached {
	char folder[64];
	int fd;
	struct elf_image image;
	char build_id[BUILD_ID_TEXT];
};

static int set_up(void **state)
{
	struct cached *cached = calloc(1, sizeof(*cached));

	strcpy(cached->folder, "/tmp/ptrace-lab-test-XXXXXX");
	assert_non_null(mkdtemp(cached->folder));
	cached->fd = open(LIBC, O_RDONLY | O_CLOEXEC);
	if (cached->fd >= 0 && !elf_image_open(cached->fd, &cached->image))
		elf_image_build_id(&cached->image, cached->build_id);
	*state = cached;
	return 0;
}

static int tear_down(void **state)
{
	struct cached *cached = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", cached->folder);
	cleanup_close(&cached->fd);
	free(cached);
	return system(command);
}

static char *only_file(const struct cached *cached)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s.unwind", cached->folder, cached->build_id) > 0);
	return path;
}

static void assert_same(const struct unwind_table *a, const struct unwind_table *b)
{
	assert_int_equal(a->base, b->base);
	assert_int_equal(a->block_count, b->block_count);
	assert_int_equal(a->row_count, b->row_count);
	assert_int_equal(a->rule_count, b->rule_count);
	assert_memory_equal(a->index, b->index, a->block_count * 4);
	assert_memory_equal(a->rows, b->rows, a->row_count * 4);
	assert_memory_equal(a->rules, b->rules, a->rule_count * sizeof(*a->rules));
}

static void a_cached_table_is_the_same_as_a_new_one(void **state)
{
	struct cached *cached = *state;
	struct unwind_table *built, *first, *second;

	if (!*cached->build_id)
		skip();
	assert_int_equal(unwind_table_build(&cached->image, &built), 0);
	assert_int_equal(unwind_table_get(&cached->image, cached->folder, &first), 0);
	assert_int_equal(unwind_table_get(&cached->image, cached->folder, &second), 0);
	assert_same(built, first);
	assert_same(built, second);
	unwind_table_free(&built);
	unwind_table_free(&first);
	unwind_table_free(&second);
}

static void damage_in_the_cache_is_noticed_and_mended(void **state)
{
	struct cached *cached = *state;
	struct unwind_table *good, *again;
	CLEANUP_FREE char *path = NULL;
	struct stat info;

	if (!*cached->build_id)
		skip();
	path = only_file(cached);
	assert_int_equal(unwind_table_get(&cached->image, cached->folder, &good), 0);
	assert_int_equal(stat(path, &info), 0);
	for (int i = 0; i < 40; i++) {
		CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
		off_t at = i < 20 ? i * 3 : info.st_size / 20 * (i - 20);
		uint8_t byte;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 1 << i % 8;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		if (i % 10 == 9)
			assert_int_equal(ftruncate(fd, at), 0);
		assert_int_equal(unwind_table_get(&cached->image, cached->folder, &again), 0);
		assert_same(good, again);
		unwind_table_free(&again);
	}
	unwind_table_free(&good);
}

/* Sums that are right do not make an index that is. */
static void a_table_that_leads_out_of_itself_is_refused(void **state)
{
	struct unwind_table *table = table_of(LIBC), *found = NULL;
	uint8_t *bytes;
	size_t size;

	if (!table)
		skip();
	table->index[3] = table->row_count << PL_BLOCK_ROWS_BITS;
	assert_int_equal(unwind_table_pack(table, 7, &bytes, &size), 0);
	assert_int_equal(unwind_table_unpack(bytes, size, 7, &found), -EBADMSG);
	free(bytes);
	table->index[3] = 0;
	table->rows[9] = PL_ROW(0, table->rule_count);
	assert_int_equal(unwind_table_pack(table, 7, &bytes, &size), 0);
	assert_int_equal(unwind_table_unpack(bytes, size, 7, &found), -EBADMSG);
	assert_int_equal(unwind_table_unpack(bytes, size, 8, &found), -EBADMSG);
	free(bytes);
	unwind_table_free(&table);
}

static void a_folder_that_others_can_write_to_is_not_used(void **state)
{
	struct cached *cached = *state;
	char path[PATH_MAX], before[PATH_MAX] = "";

	if (getenv("XDG_CACHE_HOME"))
		strcpy(before, getenv("XDG_CACHE_HOME"));
	setenv("XDG_CACHE_HOME", cached->folder, 1);
	assert_true(unwind_cache_folder(path));
	assert_int_equal(chmod(path, 0777), 0);
	assert_false(unwind_cache_folder(path));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_false(unwind_cache_folder(path));
	if (*before)
		setenv("XDG_CACHE_HOME", before, 1);
	else
		unsetenv("XDG_CACHE_HOME");
}

/* ---- hostile files --------------------------------------------------------------------------- */

static uint32_t random_state = 12345;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static void try_memory(const uint8_t *bytes, size_t size)
{
	struct unwind_table *table = NULL;
	struct elf_image image;

	if (elf_image_open_memory(bytes, size, &image))
		return;
	if (!unwind_table_build(&image, &table)) {
		for (int i = 0; i < 64; i++)
			unwind_table_rule(table, table->base + next_random());
		unwind_table_free(&table);
	}
}

/* A small file, of which each byte counts. */
static uint8_t *read_small(size_t *ret_size)
{
	CLEANUP_CLOSE int fd = open("/usr/lib/x86_64-linux-gnu/libgcc_s.so.1", O_RDONLY);
	uint8_t *bytes;
	struct stat info;

	if (fd < 0 || fstat(fd, &info))
		return NULL;
	bytes = malloc(info.st_size);
	assert_int_equal(read(fd, bytes, info.st_size), info.st_size);
	*ret_size = info.st_size;
	return bytes;
}

static void no_file_however_damaged_does_harm(void **state)
{
	struct elf_image image;
	uint8_t *good, *bad;
	uint64_t frames;
	size_t size;

	good = read_small(&size);
	if (!good)
		skip();
	assert_int_equal(elf_image_open_memory(good, size, &image), 0);
	frames = image.frame_address;
	bad = malloc(size);
	for (int i = 0; i < 600; i++) {
		memcpy(bad, good, size);
		for (uint32_t n = next_random() % 8 + 1; n; n--) {
			size_t at = i % 3 == 0	 ? next_random() % 1024
				    : i % 3 == 1 ? frames + next_random() % image.frame_size
						 : frames + next_random() % 256;

			bad[at % size] = next_random() % 4 ? next_random() : 0xff;
		}
		try_memory(bad, size);
	}
	for (size_t cut = 0; cut < size; cut += cut < 2048 ? 61 : size / 97)
		try_memory(good, cut);
	free(bad);
	free(good);
}

static void what_is_no_program_is_refused(void **state)
{
	static const char text[4096] = "\177ELF";
	CLEANUP_CLOSE int folder = open("/tmp", O_RDONLY | O_CLOEXEC);
	struct elf_image image;

	assert_int_equal(elf_image_open_memory(text, 0, &image), -ENOEXEC);
	assert_int_equal(elf_image_open_memory(text, 4, &image), -ENOEXEC);
	assert_int_equal(elf_image_open_memory(text, sizeof(text), &image), -ENOEXEC);
	assert_int_equal(elf_image_open(folder, &image), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_what_elfutils_says),
		cmocka_unit_test(the_vdso_has_a_table),
		cmocka_unit_test(the_tables_of_a_python_process_take_less_than_a_mebibyte),
		cmocka_unit_test_setup_teardown(a_cached_table_is_the_same_as_a_new_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(damage_in_the_cache_is_noticed_and_mended, set_up,
						tear_down),
		cmocka_unit_test(a_table_that_leads_out_of_itself_is_refused),
		cmocka_unit_test_setup_teardown(a_folder_that_others_can_write_to_is_not_used,
						set_up, tear_down),
		cmocka_unit_test(no_file_however_damaged_does_harm),
		cmocka_unit_test(what_is_no_program_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
