// SPDX-License-Identifier: GPL-2.0-only
/* test_pcb_records.c - control blocks from a recording are any bytes: nothing that they say may
 * harm */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "model/tasks/pcb.h"
#include "show/pcb/pcb.h"

#define RUNS 300

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 11;
}

/* Small numbers for tids, so that families, threads and holders come about, circles included. */
static void make_record(uint64_t *random, union pl_pcb *record, size_t *ret_size)
{
	static const size_t sizes[] = {0, sizeof(struct pl_pcb_task), sizeof(struct pl_pcb_file),
				       sizeof(struct pl_pcb_area)};
	uint16_t kind = 1 + random_next(random) % 3;
	unsigned char *bytes = (unsigned char *)record;

	for (size_t i = 0; i < sizeof(*record); i++)
		bytes[i] = random_next(random) % 4 ? 0 : (unsigned char)random_next(random);
	*ret_size = sizes[kind];
	/* As an older ptrace-lab may have written it. */
	if (random_next(random) % 4 == 0)
		*ret_size = sizeof(struct pl_pcb_head) +
			    random_next(random) % (sizes[kind] - sizeof(struct pl_pcb_head));
	record->head.size = (uint32_t)*ret_size;
	record->head.kind = kind;
	record->head.tid = 1 + random_next(random) % 40;
	record->head.tgid =
		random_next(random) % 3 ? record->head.tid : 1 + random_next(random) % 40;
	if (kind == PL_PCB_TASK && *ret_size == sizes[kind]) {
		record->task.parent = random_next(random) % 40;
		record->task.mm = random_next(random) % 5;
		record->task.block.holder = random_next(random) % 40;
		record->task.flags = (uint32_t)random_next(random);
	}
}

static bool is_odd(const struct pl_pcb_head *head, void *context)
{
	(void)context;
	return head->tid % 2;
}

static void show_all(const struct snapshot *snapshot, const struct snapshot *other)
{
	FILE *out = fopen("/dev/null", "w");
	struct pcb_view view = {.text = {.columns = 80, .utf8 = true},
				.arch = "x86_64",
				.registers = true,
				.cpus = 4};

	assert_non_null(out);
	assert_int_equal(show_pcb_table(out, snapshot, &view), 0);
	assert_int_equal(show_pcb_tree(out, snapshot, &view), 0);
	assert_int_equal(show_pcb_cards(out, snapshot, &view), 0);
	assert_int_equal(show_pcb_json(out, snapshot, &view), 0);
	assert_int_equal(show_pcb_changes(out, other, snapshot, &view), 0);
	assert_int_equal(show_memory_text(out, snapshot, &view), 0);
	assert_int_equal(show_memory_svg(out, snapshot, &view), 0);
	fclose(out);
}

static void whatever_records_say_every_format_shows_it(void **state)
{
	uint64_t random = 0x9cb;

	for (int run = 0; run < RUNS; run++) {
		struct snapshot snapshots[2] = {{0}, {0}};

		for (int which = 0; which < 2; which++) {
			for (uint64_t n = random_next(&random) % 60; n; n--) {
				union pl_pcb record;
				size_t size;

				make_record(&random, &record, &size);
				assert_int_equal(snapshot_add(&snapshots[which], &record, size), 0);
			}
			assert_int_equal(snapshot_settle(&snapshots[which]), 0);
		}
		if (run % 3 == 0)
			assert_int_equal(snapshot_choose(&snapshots[0], is_odd, NULL), 0);
		show_all(&snapshots[0], &snapshots[1]);
		snapshot_free(&snapshots[0]);
		snapshot_free(&snapshots[1]);
	}
}

static void a_record_must_say_its_own_size(void **state)
{
	struct snapshot snapshot = {0};
	struct pl_pcb_head head = {.size = 40, .kind = PL_PCB_TASK};

	assert_int_equal(snapshot_add(&snapshot, &head, sizeof(head)), -EINVAL);
	assert_int_equal(snapshot_add(&snapshot, &head, 3), -EINVAL);
	head.size = sizeof(head);
	head.kind = 77;
	assert_int_equal(snapshot_add(&snapshot, &head, sizeof(head)), 0);
	assert_int_equal(snapshot.tasks.count + snapshot.files.count + snapshot.areas.count, 0);
	snapshot_free(&snapshot);
}

static struct pl_pcb_task *add_task(struct snapshot *snapshot, uint32_t tid, uint32_t tgid)
{
	struct pl_pcb_task task = {
		.head = {.size = sizeof(task), .kind = PL_PCB_TASK, .tid = tid, .tgid = tgid},
		.block = {.syscall = PL_NO_SYSCALL},
	};

	assert_int_equal(snapshot_add(snapshot, &task, sizeof(task)), 0);
	return &snapshot->tasks.items[snapshot->tasks.count - 1];
}

static void threads_get_what_they_share_and_nothing_else(void **state)
{
	struct snapshot snapshot = {0};
	struct pl_pcb_task *task = add_task(&snapshot, 10, 10);
	const struct pl_pcb_task *same, *apart;

	task->mm = 0xffff888000001000;
	task->files = 0xffff888000002000;
	task->flags = PL_PCB_HAS_MEMORY;
	task->heap_begin = 0x5000;
	task->open_files = 7;
	task->minor_faults = 100;
	task->limits[7][0] = 1024;
	task = add_task(&snapshot, 11, 10);
	task->mm = 0xffff888000001000;
	task->files = 0xffff888000002000;
	task->minor_faults = 3;
	task = add_task(&snapshot, 12, 10);
	task->mm = 0xffff888000001000;
	task->files = 0xffff888000009000; /* CLONE_FILES was not given */
	assert_int_equal(snapshot_settle(&snapshot), 0);
	same = snapshot_task(&snapshot, 11);
	apart = snapshot_task(&snapshot, 12);
	assert_int_equal(same->heap_begin, 0x5000);
	assert_int_equal(same->open_files, 7);
	assert_int_equal(same->minor_faults, 3);
	assert_int_equal(same->limits[7][0], 1024);
	assert_int_equal(apart->heap_begin, 0x5000);
	assert_int_equal(apart->open_files, 0);
	/* Small numbers, and no address of the kernel. */
	assert_int_equal(same->mm, 1);
	assert_int_equal(same->files, 1);
	assert_int_equal(apart->files, 2);
	snapshot_free(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_records_say_every_format_shows_it),
		cmocka_unit_test(a_record_must_say_its_own_size),
		cmocka_unit_test(threads_get_what_they_share_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
