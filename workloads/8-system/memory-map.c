// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory-map.c - where code, data, bss, heap and stack lie, for threads and for a child process
 *
 * Two threads see the same code, data, bss and heap, and what the other one wrote there; each has a
 * stack of its own. A child process sees the same addresses, but from the first write on they lead
 * to memory of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include "workloads/child.h"
#include "workloads/sleep.h"

SCENARIO(
	"title: code, data, bss, heap and stacks of two threads and a child\n"
	"chapter: 8\n"
	"order: 1\n"
	"about: memory during threads look until threads go\n"
	"table: variables in | main | reader-1 | reader-2 | child\n"
	"row: code | fact.main_code as address | fact.reader_1_code as address"
	" | fact.reader_2_code as address | fact.child_code as address\n"
	"row: data | fact.main_data as address | fact.reader_1_data as address"
	" | fact.reader_2_data as address | fact.child_data as address\n"
	"row: bss | fact.main_bss as address | fact.reader_1_bss as address"
	" | fact.reader_2_bss as address | fact.child_bss as address\n"
	"row: heap | fact.main_heap as address | fact.reader_1_heap as address"
	" | fact.reader_2_heap as address | fact.child_heap as address\n"
	"row: stack | fact.main_stack as address | fact.reader_1_stack as address"
	" | fact.reader_2_stack as address | fact.child_stack as address\n"
	"table: the page that data lies in | before the child wrote | after\n"
	"row: main | fact.main_frame_before * 4096 as address"
	" | fact.main_frame_after * 4096 as address\n"
	"row: child | fact.child_frame_before * 4096 as address"
	" | fact.child_frame_after * 4096 as address\n"
	"about: sharing during child looks until child goes\n"
	"claim: each thread found in data, bss and heap what the one before it had written\n"
	"  holds: fact.reader_1_found == 1 and fact.reader_2_found == 2 and processes == 2 and"
	" threads[reader-*] == 2\n"
	"  shows: threads[reader-*] as count\n"
	"claim: but each has a stack of its own\n"
	"  holds: fact.reader_1_stack_end <= fact.reader_2_stack_begin or"
	" fact.reader_2_stack_end <= fact.reader_1_stack_begin\n"
	"  shows: fact.reader_1_stack_end - fact.reader_1_stack_begin as bytes\n"
	"claim: in which its local variable lies\n"
	"  holds: fact.reader_1_stack >= fact.reader_1_stack_begin and"
	" fact.reader_1_stack < fact.reader_1_stack_end and"
	" fact.reader_2_stack >= fact.reader_2_stack_begin and"
	" fact.reader_2_stack < fact.reader_2_stack_end\n"
	"  shows: fact.reader_1_stack_end - fact.reader_1_stack as bytes\n"
	"claim: from low to high: code, data, bss, heap, the threads' stacks, the first stack\n"
	"  needs: fact.usual_layout == 1 else this process has the old layout, in another order\n"
	"  holds: fact.main_code < fact.main_data and fact.main_data < fact.main_bss and"
	" fact.main_bss < fact.main_heap and fact.main_heap < fact.reader_1_stack and"
	" fact.main_heap < fact.reader_2_stack and fact.reader_1_stack < fact.main_stack and"
	" fact.reader_2_stack < fact.main_stack\n"
	"  shows: fact.main_stack - fact.main_code as bytes\n"
	"claim: the child had all at the same addresses, and found what was there\n"
	"  holds: fact.child_data == fact.main_data and fact.child_bss == fact.main_bss and"
	" fact.child_heap == fact.main_heap and fact.child_stack == fact.main_stack and"
	" fact.child_found == 3\n"
	"  shows: fact.child_found as count\n"
	"claim: what it wrote there its parent did not see\n"
	"  holds: fact.child_wrote == 4 and fact.main_found == 3\n"
	"  shows: fact.main_found of fact.child_wrote as count\n"
	"claim: both had the same page of memory before the write, and not after it\n"
	"  needs: fact.frames_known == 1 else the kernel tells page numbers to the privileged only\n"
	"  holds: fact.child_frame_before == fact.main_frame_before and"
	" fact.child_frame_after != fact.main_frame_after\n"
	"  shows: fact.pages_after as count\n");

/* Variables in the three places that all threads share; volatile, as who looks is not who writes.
 * The first is far from what else there is, so that its page is written by nobody else. */
static volatile int in_data[4096] = {[2048] = 1};
static volatile int in_bss;
static volatile int *in_heap;

#define READERS 2

struct place {
	uint64_t code, data, bss, heap, stack;
};

struct reader {
	const char *who;
	int writes; /* this, after having read what was there */
	int found;  /* -1: not the same everywhere */
	struct place place;
	uint64_t stack_begin, stack_end; /* the memory that its stack lies in */
	struct meeting *meeting;
	struct scenario_thread thread;
};

static void tell_fact(const char *who, const char *what, uint64_t value)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", who, what);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	scenario_fact_address(name, (const void *)(uintptr_t)value);
}

/* One line of the table, and the facts. */
static void tell_place(const char *who, const struct place *place)
{
	scenario_say(who, "%#14" PRIx64 " %#14" PRIx64 " %#14" PRIx64 " %#14" PRIx64 " %#14" PRIx64,
		     place->code, place->data, place->bss, place->heap, place->stack);
	tell_fact(who, "code", place->code);
	tell_fact(who, "data", place->data);
	tell_fact(who, "bss", place->bss);
	tell_fact(who, "heap", place->heap);
	tell_fact(who, "stack", place->stack);
}

static struct place look_around(const volatile int *local)
{
	return (struct place){
		.code = (uintptr_t)look_around,
		.data = (uintptr_t)&in_data[2048],
		.bss = (uintptr_t)&in_bss,
		.heap = (uintptr_t)in_heap,
		.stack = (uintptr_t)local,
	};
}

static int read_shared(void)
{
	int value = in_data[2048];

	return in_bss == value && *in_heap == value ? value : -1;
}

static void write_shared(int value)
{
	in_data[2048] = value;
	in_bss = value;
	*in_heap = value;
}

/* The line of /proc/self/maps that the address lies in. */
static void find_memory(uint64_t address, uint64_t *ret_begin, uint64_t *ret_end)
{
	FILE *file = fopen("/proc/self/maps", "re");
	uint64_t begin, end;
	char line[512];
	bool found = false;

	if (!file)
		scenario_fail(errno, "/proc/self/maps cannot be opened");
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2 &&
			begin <= address && address < end;
	fclose(file);
	if (!found)
		scenario_fail(0, "an address is not in /proc/self/maps");
	*ret_begin = begin;
	*ret_end = end;
}

/* Which page of the machine's memory is there, 0: not known. Its number is for the privileged. */
static uint64_t frame_of(const volatile void *address)
{
	uint64_t page = (uintptr_t)address / (uint64_t)sysconf(_SC_PAGESIZE), entry = 0;
	FILE *file = fopen("/proc/self/pagemap", "re");

	if (!file)
		return 0;
	if (fseeko(file, (off_t)(page * sizeof(entry)), SEEK_SET) ||
	    fread(&entry, sizeof(entry), 1, file) != 1)
		entry = 0;
	fclose(file);
	/* Bit 63: it is in memory; the number is in the lower 55 bits. */
	return entry >> 63 ? entry & ((1ull << 55) - 1) : 0;
}

/* Both threads live while the second one looks, or it would get the first one's stack. */
struct meeting {
	pthread_barrier_t looked; /* a reader, and who started it */
	pthread_barrier_t leave;  /* both, and who started them */
};

static void read_as_thread(void *argument)
{
	struct reader *me = argument;
	volatile int local = me->writes;

	me->found = read_shared();
	write_shared(me->writes);
	me->place = look_around(&local);
	find_memory((uintptr_t)&local, &me->stack_begin, &me->stack_end);
	pthread_barrier_wait(&me->meeting->looked);
	pthread_barrier_wait(&me->meeting->leave);
}

static void run_readers(struct reader readers[READERS], uint64_t hold_ns)
{
	struct meeting meeting;
	int error = pthread_barrier_init(&meeting.looked, NULL, 2);

	if (!error)
		error = pthread_barrier_init(&meeting.leave, NULL, READERS + 1);
	if (error)
		scenario_fail(error, "no barrier");
	for (unsigned int i = 0; i < READERS; i++) {
		readers[i].meeting = &meeting;
		scenario_thread_start(&readers[i].thread, read_as_thread, &readers[i], "%s",
				      readers[i].who);
		pthread_barrier_wait(&meeting.looked);
	}
	/* They hold still, so that a snapshot of them can be taken. */
	PTRACE_LAB_PHASE("threads look");
	sleep_for(hold_ns);
	PTRACE_LAB_PHASE("threads go");
	pthread_barrier_wait(&meeting.leave);
	for (unsigned int i = 0; i < READERS; i++)
		scenario_thread_join(&readers[i].thread);
	pthread_barrier_destroy(&meeting.looked);
	pthread_barrier_destroy(&meeting.leave);
}

static void tell_reader(const struct reader *reader)
{
	tell_place(reader->who, &reader->place);
	tell_fact(reader->who, "stack_begin", reader->stack_begin);
	tell_fact(reader->who, "stack_end", reader->stack_end);
}

/* What the child lets its parent know; this memory is shared. */
struct report {
	struct place place;
	const volatile int *local;
	int found, wrote;
	uint64_t frame_before, frame_after;
	uint64_t hold_ns;
};

static void read_as_process(void *argument)
{
	struct report *report = argument;

	report->found = read_shared();
	report->frame_before = frame_of(&in_data[2048]);
	PTRACE_LAB_PHASE("child writes");
	write_shared(4);
	report->wrote = read_shared();
	report->frame_after = frame_of(&in_data[2048]);
	report->place = look_around(report->local);
	PTRACE_LAB_PHASE("child looks");
	sleep_for(report->hold_ns);
	PTRACE_LAB_PHASE("child goes");
}

/* Stacks without a limit turn the layout around, as does a personality. */
static bool layout_is_usual(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur != RLIM_INFINITY &&
	       !(personality(0xffffffff) & ADDR_COMPAT_LAYOUT);
}

static void tell_frames(const struct report *report, uint64_t before, uint64_t after)
{
	bool known = before && after && report->frame_before && report->frame_after;

	scenario_fact("frames_known", known);
	if (!known) {
		scenario_say("page", "the kernel hides from us which page of memory is where");
		return;
	}
	scenario_fact("main_frame_before", (int64_t)before);
	scenario_fact("main_frame_after", (int64_t)after);
	scenario_fact("child_frame_before", (int64_t)report->frame_before);
	scenario_fact("child_frame_after", (int64_t)report->frame_after);
	scenario_fact("pages_after", 1 + (after != report->frame_after));
	scenario_say("page of data", "before the child wrote: main %" PRIu64 ", child %" PRIu64,
		     before, report->frame_before);
	scenario_say("", "after it:               main %" PRIu64 ", child %" PRIu64, after,
		     report->frame_after);
}

int main(int argc, char **argv)
{
	uint64_t hold_ns = 100000000;
	const struct scenario_option options[] = {
		SCENARIO_DURATION("hold", &hold_ns, 0, 3600000000000, 10000000000,
				  "how long threads and child stay, to be looked at"),
		SCENARIO_END,
	};
	struct reader readers[READERS] = {{.who = "reader-1", .writes = 2},
					  {.who = "reader-2", .writes = 3}};
	volatile int local = 0;
	struct report *report;
	struct place place;
	uint64_t before;

	scenario_begin(argc, argv, options);
	in_heap = malloc(sizeof(*in_heap));
	if (!in_heap)
		scenario_fail(errno, "no memory on the heap");
	write_shared(1);
	place = look_around(&local);
	scenario_say("", "%14s %14s %14s %14s %14s", "code", "data", "bss", "heap", "stack");
	tell_place("main", &place);
	run_readers(readers, hold_ns);
	for (unsigned int i = 0; i < READERS; i++)
		tell_reader(&readers[i]);
	report = child_shared_memory(sizeof(*report));
	report->local = &local;
	report->hold_ns = hold_ns;
	before = frame_of(&in_data[2048]);
	child_start(read_as_process, report, "child");
	child_wait(1);
	tell_place("child", &report->place);
	scenario_fact("reader_1_found", readers[0].found);
	scenario_fact("reader_2_found", readers[1].found);
	scenario_fact("child_found", report->found);
	scenario_fact("child_wrote", report->wrote);
	scenario_fact("main_found", read_shared());
	scenario_fact("usual_layout", layout_is_usual());
	scenario_say("values", "reader-1 found %d, reader-2 %d, child %d and wrote %d, main %d",
		     readers[0].found, readers[1].found, report->found, report->wrote,
		     read_shared());
	tell_frames(report, before, frame_of(&in_data[2048]));
	munmap(report, sizeof(*report));
	free((int *)in_heap);
	return scenario_end();
}
