// SPDX-License-Identifier: GPL-2.0-only
/*
 * process-isolation.c - parent and child change "the same" variable, and do not disturb each other
 *
 * After a fork both have the variable at the same address, and at first in the same page of memory.
 * Whoever writes to it first is given a copy of the page, by a page fault in the middle of the
 * store. From then on the same address means two places.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "workloads/child.h"

SCENARIO("title: one address, two processes, two values\n"
	 "chapter: 3\n"
	 "order: 4\n"
	 "table: the same variable | its address | page before | page after | value\n"
	 "row: parent | fact.parent_address as address | fact.place_before as address"
	 " | fact.parent_place_after as address | fact.parent_sees as count\n"
	 "row: child | fact.child_address as address | fact.place_before as address"
	 " | fact.child_place_after as address | fact.child_sees as count\n"
	 "claim: each sees what it wrote itself\n"
	 "  holds: fact.child_sees == 2 and fact.parent_sees == 3\n"
	 "  shows: fact.child_sees as count\n"
	 "claim: the child's store did not reach the parent\n"
	 "  holds: fact.parent_saw == 1 and processes == 2\n"
	 "  shows: fact.parent_saw as count\n"
	 "claim: it was at the same address in both\n"
	 "  holds: fact.child_address == fact.parent_address\n"
	 "  shows: fact.child_address as address\n"
	 "claim: before the store both had one page, after it each its own\n"
	 "  needs: fact.pages_visible == 1 else /proc/self/pagemap cannot be read here\n"
	 "  holds: fact.alone_before == 0 and fact.child_alone_after == 1"
	 " and fact.parent_alone_after == 1\n"
	 "  shows: fact.child_alone_after + fact.parent_alone_after as count\n"
	 "claim: one page fault came between: copy on write\n"
	 "  holds: fact.child_write_faults == 1\n"
	 "  shows: fact.child_write_faults as count\n"
	 "claim: the child's page lies elsewhere in memory, the parent's stayed\n"
	 "  needs: fact.frames_visible == 1"
	 " else only root may know where a page lies (run --as-root)\n"
	 "  holds: fact.place_before == fact.parent_place_after"
	 " and fact.place_before != fact.child_place_after\n"
	 "  shows: fact.child_place_after as address\n");

/* Nothing else may lie in its page, whose first write is what this is about. Pages of 64 KiB are
 * the largest that are common. */
static struct {
	volatile uint64_t value;
	char padding[65536 - sizeof(uint64_t)];
} alone __attribute__((aligned(65536)));

/* What the kernel tells of a page. The place is its physical address, 0 for those who may not know
 * it; whether it belongs to one process alone, everybody may. */
struct page {
	bool known, mapped_once;
	uint64_t place;
};

static struct page look_at(const volatile void *address)
{
	const uint64_t present = 1ull << 63, once = 1ull << 56, frame = (1ull << 55) - 1;
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE), number = (uintptr_t)address / size;
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return (struct page){.known = false};
	if (pread(fd, &entry, sizeof(entry), (off_t)(number * sizeof(entry))) != sizeof(entry))
		entry = 0;
	close(fd);
	return (struct page){
		.known = entry & present,
		.mapped_once = entry & once,
		.place = entry & present ? (entry & frame) * size : 0,
	};
}

static uint64_t page_faults(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		scenario_fail(errno, "the page faults cannot be counted");
	return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* Turns at the variable, so that the order is the same each time. */
struct turns {
	int to_parent[2], to_child[2];
};

static void pass_on(int fd)
{
	if (write(fd, "x", 1) != 1)
		scenario_fail(errno, "the turn cannot be passed on");
}

static void wait_for_turn(int fd)
{
	char turn;

	if (read(fd, &turn, 1) != 1)
		scenario_fail(errno, "the other process is gone");
}

static void change_own(void *argument)
{
	const struct turns *turns = argument;
	struct page before, after;
	uint64_t faults;

	/* All that is needed below has been called once, and so is in memory. */
	before = look_at(&alone.value);
	page_faults();
	faults = page_faults();
	alone.value = 2;
	faults = page_faults() - faults;
	after = look_at(&alone.value);
	PTRACE_LAB_PHASE("child has written");
	scenario_fact_address("child_address", &alone.value);
	scenario_fact("child_write_faults", (int64_t)faults);
	scenario_fact("alone_before", before.mapped_once);
	scenario_fact("child_alone_after", after.mapped_once);
	scenario_fact("place_before", (int64_t)before.place);
	scenario_fact("child_place_after", (int64_t)after.place);
	scenario_say("child", "wrote 2 at %p, which took %s page fault%s",
		     (void *)(uintptr_t)&alone.value, scenario_count_text(faults).text,
		     faults == 1 ? "" : "s");
	pass_on(turns->to_parent[1]);
	wait_for_turn(turns->to_child[0]);
	scenario_fact("child_sees", (int64_t)alone.value);
	scenario_say("child", "sees %s", scenario_count_text(alone.value).text);
}

int main(int argc, char **argv)
{
	struct turns turns;
	struct page after;
	pid_t child;

	scenario_begin(argc, argv, NULL);
	if (pipe2(turns.to_parent, O_CLOEXEC) || pipe2(turns.to_child, O_CLOEXEC))
		scenario_fail(errno, "no pipe");
	alone.value = 1;
	child = child_start(change_own, &turns, "child");
	/* So that each of the two notices if the other one dies. */
	close(turns.to_parent[1]);
	close(turns.to_child[0]);
	wait_for_turn(turns.to_parent[0]);
	scenario_fact("parent_saw", (int64_t)alone.value);
	scenario_say("parent", "still sees %s at %p, and writes 3",
		     scenario_count_text(alone.value).text, (void *)(uintptr_t)&alone.value);
	alone.value = 3;
	PTRACE_LAB_PHASE("parent has written");
	after = look_at(&alone.value);
	pass_on(turns.to_child[1]);
	if (child_join(child))
		scenario_fail(0, "the child failed");
	scenario_fact_address("parent_address", &alone.value);
	scenario_fact("parent_sees", (int64_t)alone.value);
	scenario_fact("pages_visible", after.known);
	scenario_fact("frames_visible", after.place != 0);
	scenario_fact("parent_alone_after", after.mapped_once);
	scenario_fact("parent_place_after", (int64_t)after.place);
	scenario_say("parent", "sees %s", scenario_count_text(alone.value).text);
	return scenario_end();
}
