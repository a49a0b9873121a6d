// SPDX-License-Identifier: GPL-2.0-only
#include "capture/kernel_side_inside.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/privilege.h"

/* The number that every kernel gives to the first namespace of process ids. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

/* Ours is the sentence that people see; libbpf's account of it is for -v. The verifier's part of it
 * runs to many lines, so that it goes out as it is. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (log_get_level() < LOG_DEBUG || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

static size_t page_round(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static void *map_memory(const struct bpf_map *map, size_t bytes)
{
	void *memory = mmap(NULL, page_round(bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int map_stacks(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	struct kernel_side_stacks *stacks = &side->stacks;
	int error;

	*stacks = (struct kernel_side_stacks){.processes_fd = -1, .ring_fd = -1};
	if (!side->stack_kinds)
		return 0;
	error = map_window_open(&side->words, bpf_map__fd(skeleton->maps.unwind_words),
				WORDS_BYTES);
	if (error)
		return error;
	stacks->words = &side->words;
	stacks->rules = map_memory(skeleton->maps.unwind_rules, RULES_BYTES);
	stacks->mappings = map_memory(skeleton->maps.mappings, MAPPINGS_BYTES);
	stacks->spaces = map_memory(skeleton->maps.spaces, SPACES_BYTES);
	stacks->pythons = map_memory(skeleton->maps.pythons, PYTHONS_BYTES);
	if (!stacks->rules || !stacks->mappings || !stacks->spaces || !stacks->pythons)
		return -errno;
	stacks->control = &skeleton->bss->stack_control;
	stacks->processes_fd = bpf_map__fd(skeleton->maps.space_of_process);
	stacks->ring_fd = bpf_map__fd(skeleton->maps.stack_ring);
	return 0;
}

static int map_all(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	int error;

	side->lanes = map_memory(skeleton->maps.lanes, sizeof(struct pl_lane) * side->cpus);
	side->lane_data = map_memory(skeleton->maps.lane_data, side->lane_stride * side->cpus);
	if (!side->lanes || !side->lane_data)
		return -errno;
	if (side->triggers) {
		side->waits_told = map_memory(skeleton->maps.waits_told, WAITS_TOLD_BYTES);
		if (!side->waits_told)
			return -errno;
	}
	error = map_window_open(&side->slots, bpf_map__fd(skeleton->maps.slots),
				sizeof(struct pl_slot) * SLOTS);
	return error ? error : map_stacks(side);
}

int kernel_side_explain(int error)
{
	if (error == -EPERM || error == -EACCES) {
		log_error("the kernel refused to load the BPF programs (%s): run as root, or see "
			  "what is missing with `ptrace-lab doctor`",
			  strerror(-error));
		return EXIT_NO_PRIVILEGE;
	}
	if (error == -ENOMEM) {
		log_error("no memory for the tracer's buffers: a smaller --buffer may help");
		return EXIT_INTERNAL;
	}
	log_error("the BPF programs cannot be used on this kernel (%s): `ptrace-lab doctor` says "
		  "what is missing, -v shows the details",
		  strerror(-error));
	return EXIT_NO_KERNEL;
}

int kernel_side_check(void)
{
	struct stat namespace;
	int status = privilege_check();

	if (status)
		return status;
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		log_error("this kernel has no type information (/sys/kernel/btf/vmlinux): a kernel "
			  "with CONFIG_DEBUG_INFO_BTF and a mounted /sys are needed");
		return EXIT_NO_KERNEL;
	}
	if (!stat("/proc/self/ns/pid", &namespace) && namespace.st_ino != FIRST_PID_NAMESPACE) {
		log_error("this is a PID namespace of its own, and the kernel tells the tracer the "
			  "machine's process ids: run it outside of the container, or give that "
			  "--pid=host");
		return EXIT_NO_KERNEL;
	}
	libbpf_set_print(print_libbpf);
	return EXIT_OK;
}

int kernel_side_load(const struct kernel_side_options *options, struct kernel_side **ret)
{
	struct kernel_side *side;
	int status = kernel_side_check(), error;

	if (status)
		return status;
	side = calloc(1, sizeof(*side));
	if (!side)
		return kernel_side_explain(-ENOMEM);
	side->skeleton = ptrace_lab_bpf__open();
	error = side->skeleton ? kernel_side_choose(side, options) : -errno;
	if (!error)
		error = ptrace_lab_bpf__load(side->skeleton);
	/* libbpf says nothing when it cannot map the programs' variables anew, once they are
	 * loaded. */
	if (!error && !side->skeleton->bss)
		error = -ENOMEM;
	if (!error)
		error = map_all(side);
	if (error) {
		kernel_side_free(&side);
		return kernel_side_explain(error);
	}
	*ret = side;
	return 0;
}

void kernel_side_free(struct kernel_side **slot)
{
	struct kernel_side *side = *slot;
	struct bpf_link **link;

	if (!side)
		return;
	if (side->lanes)
		munmap(side->lanes, page_round(sizeof(struct pl_lane) * side->cpus));
	if (side->lane_data)
		munmap(side->lane_data, page_round(side->lane_stride * side->cpus));
	map_window_close(&side->slots);
	map_window_close(&side->words);
	if (side->waits_told)
		munmap(side->waits_told, page_round(WAITS_TOLD_BYTES));
	if (side->stacks.rules)
		munmap(side->stacks.rules, page_round(RULES_BYTES));
	if (side->stacks.mappings)
		munmap(side->stacks.mappings, page_round(MAPPINGS_BYTES));
	if (side->stacks.spaces)
		munmap(side->stacks.spaces, page_round(SPACES_BYTES));
	if (side->stacks.pythons)
		munmap(side->stacks.pythons, page_round(PYTHONS_BYTES));
	for (unsigned int cpu = 0; side->clocks && cpu < side->cpus; cpu++)
		bpf_link__destroy(side->clocks[cpu]);
	free(side->clocks);
	vector_for_each (&side->mark_links, link)
		bpf_link__destroy(*link);
	vector_free(&side->mark_links);
	ptrace_lab_bpf__destroy(side->skeleton);
	free(side);
	*slot = NULL;
}

unsigned int kernel_side_lanes(const struct kernel_side *side)
{
	return side->cpus;
}

struct lane_view kernel_side_lane(const struct kernel_side *side, unsigned int cpu)
{
	return (struct lane_view){
		.lane = &side->lanes[cpu],
		.data = side->lane_data + cpu * side->lane_stride,
		.bytes = side->lane_bytes,
	};
}

const struct pl_slot *kernel_side_slot(struct kernel_side *side, uint32_t index)
{
	uint32_t used = __atomic_load_n(&side->skeleton->bss->control.next_slot, __ATOMIC_RELAXED);
	const struct pl_slot *slots = side->slots.memory;

	if (index >= used || index >= SLOTS)
		return NULL;
	if (map_window_reach(&side->slots, (index + 1) * sizeof(*slots))) {
		log_error("no memory to look at all threads: some are missing in what follows");
		return NULL;
	}
	return &slots[index];
}

int kernel_side_life_fd(const struct kernel_side *side)
{
	return bpf_map__fd(side->skeleton->maps.life);
}

const struct pl_control *kernel_side_control(const struct kernel_side *side)
{
	return &side->skeleton->bss->control;
}

bool kernel_side_next_signals(const struct kernel_side *side, const struct pl_signal_key *after,
			      struct pl_signal_key *ret_key, uint32_t *ret_waiting)
{
	int map = bpf_map__fd(side->skeleton->maps.signal_flows);
	struct pl_signal_flow flow;

	for (; !bpf_map_get_next_key(map, after, ret_key); after = ret_key) {
		if (!bpf_map_lookup_elem(map, ret_key, &flow) && flow.waiting) {
			*ret_waiting = flow.waiting;
			return true;
		}
	}
	return false;
}

const struct kernel_side_stacks *kernel_side_stacks(const struct kernel_side *side)
{
	return &side->stacks;
}

uint64_t kernel_side_missed(const struct kernel_side *side)
{
	const struct bpf_program *programs[] = {
		side->skeleton->progs.on_switch, side->skeleton->progs.on_waking,
		side->skeleton->progs.on_fork,	 side->skeleton->progs.on_exec,
		side->skeleton->progs.on_exit,	 side->skeleton->progs.on_rename,
		side->skeleton->progs.on_signal, side->skeleton->progs.on_deliver,
	};
	uint64_t missed = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(programs[i]), &info, &size))
			missed += info.recursion_misses;
	}
	return missed;
}

struct kernel_watch kernel_side_watch(struct kernel_side *side)
{
	return (struct kernel_watch){
		.control = &side->skeleton->bss->watch,
		.ring_fd = bpf_map__fd(side->skeleton->maps.watch_ring),
		.operands_fd = bpf_map__fd(side->skeleton->maps.watch_operands),
		.on_access = side->skeleton->progs.on_watch,
		.on_entry = side->skeleton->progs.on_watch_entry,
	};
}

struct kernel_holds kernel_side_holds(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;

	return (struct kernel_holds){
		.programs = {[HOLD_LOCK] = skeleton->progs.on_lock,
			     [HOLD_TRY] = skeleton->progs.on_try_lock,
			     [HOLD_UNLOCK] = skeleton->progs.on_unlock,
			     [HOLD_CONDITION] = skeleton->progs.on_condition},
		.sums_fd = bpf_map__fd(skeleton->maps.hold_sums),
		.holds_fd = bpf_map__fd(skeleton->maps.holds),
		.calls_fd = bpf_map__fd(skeleton->maps.hold_calls),
		.lost = (const uint64_t *)&skeleton->bss->holds_lost,
	};
}
