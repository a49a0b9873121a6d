// SPDX-License-Identifier: GPL-2.0-only
/* test_reasons.c - what the kernel side saw -> why a thread is blocked */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/timeline/reasons.h"

#define SLEEPING       1
#define DISK_SLEEP     2
#define KILLABLE_SLEEP 0x102

static const char *const archs[] = {"x86_64", "aarch64"};

static uint16_t number_of(const char *arch, const char *name)
{
	for (uint16_t number = 0; number < SYSCALL_NUMBERS; number++) {
		const char *it = syscall_name(arch, number);

		if (it && !strcmp(it, name))
			return number;
	}
	return PL_NO_SYSCALL;
}

struct example {
	const char *call;
	enum reason reason;
	uint8_t file_kind, futex_kind;
	uint64_t arg0, arg1;
	uint32_t state;
	bool iowait;
};

static void assert_example(const char *arch, const struct example *example)
{
	struct pl_block block = {
		.kind = PL_BLOCK,
		.syscall = number_of(arch, example->call),
		.file_kind = example->file_kind,
		.futex_kind = example->futex_kind,
		.arg0 = example->arg0,
		.arg1 = example->arg1,
	};
	uint32_t state = example->state ? example->state : SLEEPING;
	struct reason_rules rules;
	enum reason reason;

	if (block.syscall == PL_NO_SYSCALL)
		return; /* this architecture does without it */
	reason = reason_of(arch, &block, state, example->iowait, false);
	if (reason != example->reason)
		fail_msg("%s on %s: %s, not %s", example->call, arch, reason_name(reason),
			 reason_name(example->reason));
	reason_rules_init(&rules, arch);
	assert_int_equal(reason_by(&rules, &block, state, example->iowait, false), reason);
}

static void each_way_to_wait_has_its_reason_on_all_architectures(void **state)
{
	static const struct example examples[] = {
		{.call = "futex", .reason = REASON_LOCK, .futex_kind = PL_FUTEX_MUTEX},
		{.call = "futex", .reason = REASON_LOCK, .futex_kind = PL_FUTEX_PI_MUTEX},
		{.call = "futex", .reason = REASON_CONDITION, .futex_kind = PL_FUTEX_CONDITION},
		{.call = "futex", .reason = REASON_SEMAPHORE, .futex_kind = PL_FUTEX_SEMAPHORE},
		{.call = "futex", .reason = REASON_JOIN, .futex_kind = PL_FUTEX_JOIN},
		{.call = "futex", .reason = REASON_RWLOCK, .futex_kind = PL_FUTEX_RWLOCK},
		{.call = "futex", .reason = REASON_FUTEX, .futex_kind = PL_FUTEX_OTHER},
		{.call = "futex", .reason = REASON_FUTEX},
		{.call = "futex_waitv", .reason = REASON_FUTEX, .futex_kind = PL_FUTEX_VECTOR},
		{.call = "nanosleep", .reason = REASON_SLEEP},
		{.call = "clock_nanosleep", .reason = REASON_SLEEP},
		{.call = "poll", .reason = REASON_POLL, .arg1 = 2},
		{.call = "ppoll", .reason = REASON_POLL, .arg1 = 2},
		{.call = "ppoll", .reason = REASON_SLEEP},
		{.call = "select", .reason = REASON_POLL, .arg0 = 4},
		{.call = "pselect6", .reason = REASON_POLL, .arg0 = 4},
		{.call = "pselect6", .reason = REASON_SLEEP},
		{.call = "epoll_wait", .reason = REASON_POLL, .file_kind = PL_FILE_ANONYMOUS},
		{.call = "epoll_pwait", .reason = REASON_POLL, .file_kind = PL_FILE_ANONYMOUS},
		{.call = "epoll_pwait2", .reason = REASON_POLL},
		{.call = "wait4", .reason = REASON_CHILD},
		{.call = "waitid", .reason = REASON_CHILD},
		{.call = "vfork", .reason = REASON_CHILD, .state = DISK_SLEEP},
		{.call = "clone", .reason = REASON_CHILD, .state = DISK_SLEEP, .arg0 = 0x4000},
		{.call = "clone", .reason = REASON_SYSCALL, .state = DISK_SLEEP},
		{.call = "clone3", .reason = REASON_CHILD, .state = KILLABLE_SLEEP},
		{.call = "clone3", .reason = REASON_SYSCALL, .state = DISK_SLEEP},
		{.call = "mprotect", .reason = REASON_MEMORY, .state = DISK_SLEEP},
		{.call = "pause", .reason = REASON_SIGNAL},
		{.call = "rt_sigsuspend", .reason = REASON_SIGNAL},
		{.call = "rt_sigtimedwait", .reason = REASON_SIGNAL},
		{.call = "read", .reason = REASON_PIPE, .file_kind = PL_FILE_PIPE},
		{.call = "write", .reason = REASON_PIPE, .file_kind = PL_FILE_PIPE},
		{.call = "splice", .reason = REASON_PIPE},
		{.call = "read", .reason = REASON_SOCKET, .file_kind = PL_FILE_SOCKET},
		{.call = "recvfrom", .reason = REASON_SOCKET},
		{.call = "sendmsg", .reason = REASON_SOCKET},
		{.call = "accept4", .reason = REASON_SOCKET},
		{.call = "connect", .reason = REASON_SOCKET},
		{.call = "read", .reason = REASON_TERMINAL, .file_kind = PL_FILE_TERMINAL},
		{.call = "read",
		 .reason = REASON_DISK,
		 .file_kind = PL_FILE_REGULAR,
		 .state = DISK_SLEEP},
		{.call = "read",
		 .reason = REASON_DISK,
		 .file_kind = PL_FILE_BLOCK,
		 .state = DISK_SLEEP},
		{.call = "getdents64",
		 .reason = REASON_DISK,
		 .file_kind = PL_FILE_DIRECTORY,
		 .state = DISK_SLEEP},
		{.call = "read", .reason = REASON_EVENT, .file_kind = PL_FILE_ANONYMOUS},
		{.call = "read", .reason = REASON_SYSCALL, .file_kind = PL_FILE_CHARACTER},
		{.call = "fsync", .reason = REASON_DISK, .state = DISK_SLEEP},
		{.call = "openat", .reason = REASON_DISK, .state = DISK_SLEEP},
		{.call = "openat", .reason = REASON_SYSCALL},
		{.call = "mmap", .reason = REASON_DISK, .iowait = true, .state = DISK_SLEEP},
		{.call = "getrandom", .reason = REASON_SYSCALL, .state = DISK_SLEEP},
		{.call = "io_uring_enter", .reason = REASON_EVENT, .iowait = true},
		{.call = "flock", .reason = REASON_FILE_LOCK, .file_kind = PL_FILE_REGULAR},
		{.call = "fcntl",
		 .reason = REASON_FILE_LOCK,
		 .file_kind = PL_FILE_REGULAR,
		 .arg1 = 7},
		{.call = "fcntl", .reason = REASON_FILE_LOCK, .arg1 = 38},
		{.call = "fcntl", .reason = REASON_SYSCALL, .arg1 = 3},
		{.call = "mq_timedreceive", .reason = REASON_EVENT},
		{.call = "msgrcv", .reason = REASON_EVENT},
		{.call = "semop", .reason = REASON_SEMAPHORE},
		{.call = "semtimedop", .reason = REASON_SEMAPHORE},
		{.call = "exit_group", .reason = REASON_EXIT},
		{.call = "exit", .reason = REASON_EXIT},
		{.call = "membarrier", .reason = REASON_SYSCALL},
		{.call = "read", .reason = REASON_STOP, .file_kind = PL_FILE_PIPE, .state = 4},
		{.call = "read",
		 .reason = REASON_STOP,
		 .file_kind = PL_FILE_PIPE,
		 .state = 8 | 0x100},
	};

	for (size_t arch = 0; arch < 2; arch++) {
		for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
			assert_example(archs[arch], &examples[i]);
	}
}

static void outside_a_system_call_a_program_waits_for_memory(void **state)
{
	struct pl_block block = {.kind = PL_BLOCK, .syscall = PL_NO_SYSCALL};

	assert_int_equal(reason_of("x86_64", &block, DISK_SLEEP, true, false), REASON_PAGE_FAULT);
	assert_int_equal(reason_of("x86_64", &block, DISK_SLEEP, false, false), REASON_PAGE_FAULT);
	assert_int_equal(reason_of("x86_64", &block, SLEEPING, false, true), REASON_IDLE);
	assert_int_equal(reason_of("x86_64", &block, DISK_SLEEP, true, true), REASON_DISK);
}

static void what_is_not_known_is_said_to_be_unknown(void **state)
{
	struct pl_block block = {.kind = PL_BLOCK, .syscall = 60000};

	assert_int_equal(reason_of("x86_64", NULL, SLEEPING, false, false), REASON_UNKNOWN);
	assert_int_equal(reason_of("x86_64", NULL, DISK_SLEEP, true, false), REASON_DISK);
	assert_int_equal(reason_of("x86_64", NULL, 4, false, false), REASON_STOP);
	assert_int_equal(reason_of("x86_64", &block, SLEEPING, false, false), REASON_SYSCALL);
	assert_int_equal(reason_of("vax", &block, SLEEPING, false, false), REASON_SYSCALL);
	assert_int_equal(reason_of(NULL, &block, SLEEPING, false, false), REASON_SYSCALL);
}

static void a_futex_s_address_is_told_if_it_is_one(void **state)
{
	struct reason_rules rules;
	struct pl_block block = {.syscall = 202, .arg0 = 0x1000};

	reason_rules_init(&rules, "x86_64");
	assert_int_equal(block_futex(&rules, &block), 0x1000);
	block.futex_kind = PL_FUTEX_VECTOR;
	assert_int_equal(block_futex(&rules, &block), 0);
	block = (struct pl_block){.syscall = 0, .arg0 = 3};
	assert_int_equal(block_futex(&rules, &block), 0);
}

static void system_calls_have_their_architecture_s_numbers(void **state)
{
	assert_string_equal(syscall_name("x86_64", 0), "read");
	assert_string_equal(syscall_name("x86_64", 202), "futex");
	assert_string_equal(syscall_name("x86_64", 435), "clone3");
	assert_string_equal(syscall_name("aarch64", 63), "read");
	assert_string_equal(syscall_name("aarch64", 98), "futex");
	assert_string_equal(syscall_name("aarch64", 222), "mmap");
	assert_null(syscall_name("x86_64", 511));
	assert_null(syscall_name("x86_64", PL_NO_SYSCALL));
	assert_null(syscall_name("aarch64", 245));
	assert_null(syscall_name("vax", 1));
	assert_null(syscall_name(NULL, 1));
}

static void every_reason_has_a_name_of_its_own(void **state)
{
	for (int a = 0; a < REASON_COUNT; a++) {
		assert_non_null(reason_name(a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(reason_name(a), reason_name(b));
	}
	assert_string_equal(reason_name(REASON_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_to_wait_has_its_reason_on_all_architectures),
		cmocka_unit_test(outside_a_system_call_a_program_waits_for_memory),
		cmocka_unit_test(what_is_not_known_is_said_to_be_unknown),
		cmocka_unit_test(a_futex_s_address_is_told_if_it_is_one),
		cmocka_unit_test(system_calls_have_their_architecture_s_numbers),
		cmocka_unit_test(every_reason_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
