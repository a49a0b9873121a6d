// SPDX-License-Identifier: GPL-2.0-only
/* kernel_side_choose.c - what is loaded, and how much memory it gets */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "bpf/holds_sums.h"
#include "capture/kernel_side_inside.h"
#include "capture/marks.h"

#define LANES_DEFAULT	 (16ull << 20) /* all lanes together */
#define LANE_MIN	 (64ull << 10)
#define LANE_DEFAULT_MIN (512ull << 10)
#define LANE_DEFAULT_MAX (4ull << 20)
#define LANE_MAX	 (256ull << 20)

static uint64_t read_number(const char *path, uint64_t fallback)
{
	CLEANUP_FCLOSE FILE *file = fopen(path, "re");
	unsigned long long value;

	return file && fscanf(file, "%llu", &value) == 1 ? value : fallback;
}

static uint32_t lane_bytes_for(uint64_t wanted, unsigned int cpus)
{
	uint64_t each = (wanted ? wanted : LANES_DEFAULT) / cpus;
	uint64_t low = wanted ? LANE_MIN : LANE_DEFAULT_MIN;
	uint64_t high = wanted ? LANE_MAX : LANE_DEFAULT_MAX;
	uint64_t bytes = low;

	while (bytes * 2 <= each && bytes < high)
		bytes *= 2;
	return bytes;
}

/* Without stacks, the memory for them is as small as it may be. */
static int set_stack_sizes(struct kernel_side *side, const struct kernel_side_options *options)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;

	bpf_program__set_autoload(skeleton->progs.on_sample, options->stacks & PL_STACKS_SAMPLES);
	bpf_program__set_autoload(skeleton->progs.copy_stacks, options->stacks & PL_STACKS_BLOCKED);
	if (!options->stacks)
		return 0;
	skeleton->rodata->stack_settings.kinds = options->stacks;
	skeleton->rodata->stack_settings.ring_bytes = STACK_BYTES;
	if (options->sample_rate)
		skeleton->rodata->stack_settings.period = NS_PER_S / options->sample_rate;
	if (bpf_map__set_max_entries(skeleton->maps.unwind_words, PL_CHUNKS) ||
	    bpf_map__set_max_entries(skeleton->maps.unwind_rules, PL_RULES_KEPT) ||
	    bpf_map__set_max_entries(skeleton->maps.mappings, PL_MAPPINGS) ||
	    bpf_map__set_max_entries(skeleton->maps.spaces, PL_SPACES) ||
	    bpf_map__set_max_entries(skeleton->maps.pythons, PL_PYTHONS) ||
	    bpf_map__set_max_entries(skeleton->maps.kernel_scratches, side->cpus) ||
	    bpf_map__set_max_entries(skeleton->maps.python_scratches, side->cpus) ||
	    bpf_map__set_max_entries(skeleton->maps.python_codes, PL_PYTHON_CODES) ||
	    bpf_map__set_max_entries(skeleton->maps.stack_scratches, side->cpus) ||
	    bpf_map__set_max_entries(skeleton->maps.stack_places, PL_PLACES) ||
	    bpf_map__set_max_entries(skeleton->maps.stack_ids, PL_STACK_IDS) ||
	    bpf_map__set_max_entries(skeleton->maps.stack_ring, STACK_BYTES) ||
	    bpf_map__set_max_entries(skeleton->maps.space_of_process, PROCESSES) ||
	    bpf_map__set_max_entries(skeleton->maps.stacks_told, SLOTS))
		return -errno;
	return 0;
}

/* x86 alone has these tracepoints; a kernel that lacks them would refuse the whole object. */
static bool kernel_shows_faults(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool shows =
		btf &&
		btf__find_by_name_kind(btf, "btf_trace_page_fault_user", BTF_KIND_TYPEDEF) > 0 &&
		btf__find_by_name_kind(btf, "btf_trace_page_fault_kernel", BTF_KIND_TYPEDEF) > 0;

	btf__free(btf);
	return shows;
}

struct bpf_program *kernel_side_mark_program(const struct kernel_side *side,
					     enum mark_program program)
{
	switch (program) {
	case MARK_PHASE:
		return side->skeleton->progs.on_phase;
	case MARK_UTHREAD_SWITCH:
		return side->skeleton->progs.on_uthread_switch;
	case MARK_UTHREAD_STATE:
		return side->skeleton->progs.on_uthread_state;
	default:
		return side->skeleton->progs.on_mark;
	}
}

/* What is not asked for is not loaded, and its maps stay empty. */
static int choose_holds(struct ptrace_lab_bpf *skeleton, bool wanted)
{
	struct bpf_program *programs[] = {skeleton->progs.on_lock, skeleton->progs.on_try_lock,
					  skeleton->progs.on_unlock, skeleton->progs.on_condition,
					  skeleton->progs.on_hold_switch};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		bpf_program__set_autoload(programs[i], wanted);
	if (wanted && (bpf_map__set_max_entries(skeleton->maps.hold_sums, PL_HOLD_LOCKS) ||
		       bpf_map__set_max_entries(skeleton->maps.holds, PL_HOLD_LOCKS) ||
		       bpf_map__set_max_entries(skeleton->maps.hold_calls, PL_HOLD_TASKS)))
		return -errno;
	return 0;
}

static int choose_programs(struct kernel_side *side, const struct kernel_side_options *options)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;

	side->faults = options->faults && kernel_shows_faults();
	skeleton->rodata->settings.faults = side->faults;
	bpf_program__set_autoload(skeleton->progs.on_user_fault, side->faults);
	bpf_program__set_autoload(skeleton->progs.on_kernel_fault, side->faults);
	side->marks = options->marks;
	for (int i = 0; i < MARK_PROGRAMS; i++) {
		struct bpf_program *program = kernel_side_mark_program(side, i);

		bpf_program__set_autoload(program, side->marks && marks_need(side->marks, i));
		/* libbpf 1.1 has no section name for it. */
		bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_SLEEPABLE);
	}
	return side->faults && bpf_map__set_max_entries(skeleton->maps.cow_faults, SLOTS) ? -errno
											  : 0;
}

/* Without --ring nobody looks while threads run. */
static int choose_checkpoints(struct kernel_side *side, const struct kernel_side_options *options)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	bool triggers = options->triggers && options->triggers[0].kind;

	side->triggers = triggers;
	skeleton->rodata->settings.checkpoints = options->checkpoints;
	bpf_program__set_autoload(skeleton->progs.checkpoint, options->checkpoints);
	bpf_program__set_autoload(skeleton->progs.on_long_wait, triggers);
	for (size_t i = 0; triggers && i < PL_TRIGGERS; i++)
		skeleton->rodata->trigger_settings.triggers[i] = options->triggers[i];
	return triggers && bpf_map__set_max_entries(skeleton->maps.waits_told, SLOTS) ? -errno : 0;
}

static int set_sizes(struct kernel_side *side, const struct kernel_side_options *options)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	uint32_t tids = read_number("/proc/sys/kernel/pid_max", 4194304) + 1;
	int error;

	skeleton->rodata->settings.lane_mask = side->lane_bytes - PL_RECORD_SIZE;
	skeleton->rodata->settings.slots = SLOTS;
	skeleton->rodata->settings.tracer = getpid();
	skeleton->rodata->settings.whole_machine = options->whole_machine;
	skeleton->rodata->settings.life_bytes = LIFE_BYTES;
	/* Only tests/bench/locks asks for it. */
	skeleton->rodata->settings.no_locks = getenv("PTRACE_LAB_NO_LOCKS") != NULL;
	skeleton->bss->control.next_slot = 1;
	skeleton->bss->stack_control.next_id = options->stack_ids;
	error = set_stack_sizes(side, options);
	if (error)
		return error;
	if (bpf_map__set_max_entries(skeleton->maps.lanes, side->cpus) ||
	    bpf_map__set_max_entries(skeleton->maps.lane_data, side->cpus) ||
	    bpf_map__set_value_size(skeleton->maps.lane_data, side->lane_bytes) ||
	    bpf_map__set_max_entries(skeleton->maps.slots, SLOTS) ||
	    bpf_map__set_max_entries(skeleton->maps.slot_of_tid, tids) ||
	    bpf_map__set_max_entries(skeleton->maps.slot_of_task, SLOTS) ||
	    bpf_map__set_max_entries(skeleton->maps.slot_of_number, SLOTS) ||
	    bpf_map__set_max_entries(skeleton->maps.free_slots, SLOTS) ||
	    bpf_map__set_max_entries(skeleton->maps.life, LIFE_BYTES))
		return -errno;
	return 0;
}

/* What is not asked for is not loaded, and its memory is not taken. */
static int set_watches(struct ptrace_lab_bpf *skeleton, bool wanted)
{
	struct bpf_program *programs[] = {skeleton->progs.on_watch, skeleton->progs.on_watch_exec,
					  skeleton->progs.on_watch_entry,
					  skeleton->progs.on_watch_begin};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		bpf_program__set_autoload(programs[i], wanted);
	if (wanted && bpf_map__set_max_entries(skeleton->maps.watch_ring, WATCH_BYTES))
		return -errno;
	return 0;
}

int kernel_side_choose(struct kernel_side *side, const struct kernel_side_options *options)
{
	int error;

	side->cpus = libbpf_num_possible_cpus();
	side->stack_kinds = options->stacks;
	side->lane_bytes = lane_bytes_for(options->buffer_bytes, side->cpus);
	side->lane_stride = side->lane_bytes;
	error = set_sizes(side, options);
	if (!error)
		error = choose_checkpoints(side, options);
	if (!error)
		error = set_watches(side->skeleton, options->watches);
	if (!error)
		error = choose_holds(side->skeleton, options->holds);
	if (!error)
		error = choose_programs(side, options);
	return error;
}
