// SPDX-License-Identifier: GPL-2.0-only
#include "capture/kernel_side.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "bpf/holds_sums.h"
#include "capture/marks.h"
#include "capture/privilege.h"
#include "ptrace_lab.skel.h"

/* The number that every kernel gives to the first namespace of process ids. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

#define LIFE_BYTES	 (2u << 20)
#define SLOTS		 65536u
#define STACK_BYTES	 (4u << 20)
#define PROCESSES	 16384u
#define WORDS_BYTES	 ((size_t)PL_CHUNKS * PL_CHUNK_BYTES)
#define RULES_BYTES	 (PL_RULES_KEPT * sizeof(struct pl_unwind_rule))
#define MAPPINGS_BYTES	 (PL_MAPPINGS * sizeof(struct pl_mapping))
#define PYTHONS_BYTES	 (PL_PYTHONS * sizeof(struct pl_python))
#define SPACES_BYTES	 (PL_SPACES * sizeof(struct pl_space))
#define WATCH_BYTES	 (16u << 20)
#define LANES_DEFAULT	 (16ull << 20) /* all lanes together */
#define LANE_MIN	 (64ull << 10)
#define LANE_DEFAULT_MIN (512ull << 10)
#define LANE_DEFAULT_MAX (4ull << 20)
#define LANE_MAX	 (256ull << 20)

struct kernel_side {
	struct ptrace_lab_bpf *skeleton;
	unsigned int cpus;
	uint32_t lane_bytes;
	size_t lane_stride;
	struct pl_lane *lanes;
	uint8_t *lane_data;
	struct pl_slot *slots;
	struct kernel_side_stacks stacks;
	uint32_t stack_kinds;
	struct bpf_link **clocks; /* of the sampling clock, one per CPU */
	bool faults;
	const struct marks *marks;
	VECTOR(struct bpf_link *) mark_links;
	int marks_refused; /* errno of one that could not be attached to */
};

/* Ours is the sentence that people see; libbpf's account of it is for -v. The verifier's part of it
 * runs to many lines, so that it goes out as it is. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (log_get_level() < LOG_DEBUG || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

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

static struct bpf_program *mark_program(const struct kernel_side *side, enum mark_program program)
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
		struct bpf_program *program = mark_program(side, i);

		bpf_program__set_autoload(program, side->marks && marks_need(side->marks, i));
		/* libbpf 1.1 has no section name for it. */
		bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_SLEEPABLE);
	}
	return side->faults && bpf_map__set_max_entries(skeleton->maps.cow_faults, SLOTS) ? -errno
											  : 0;
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
	    bpf_map__set_max_entries(skeleton->maps.free_slots, SLOTS) ||
	    bpf_map__set_max_entries(skeleton->maps.life, LIFE_BYTES))
		return -errno;
	return 0;
}

/* What is not asked for is not loaded, and its memory is not taken. */
static int set_watches(struct ptrace_lab_bpf *skeleton, bool wanted)
{
	struct bpf_program *programs[] = {skeleton->progs.on_watch, skeleton->progs.on_watch_exec,
					  skeleton->progs.on_watch_entry};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		bpf_program__set_autoload(programs[i], wanted);
	if (wanted && bpf_map__set_max_entries(skeleton->maps.watch_ring, WATCH_BYTES))
		return -errno;
	return 0;
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

	*stacks = (struct kernel_side_stacks){.processes_fd = -1, .ring_fd = -1};
	if (!side->stack_kinds)
		return 0;
	stacks->words = map_memory(skeleton->maps.unwind_words, WORDS_BYTES);
	stacks->rules = map_memory(skeleton->maps.unwind_rules, RULES_BYTES);
	stacks->mappings = map_memory(skeleton->maps.mappings, MAPPINGS_BYTES);
	stacks->spaces = map_memory(skeleton->maps.spaces, SPACES_BYTES);
	stacks->pythons = map_memory(skeleton->maps.pythons, PYTHONS_BYTES);
	if (!stacks->words || !stacks->rules || !stacks->mappings || !stacks->spaces ||
	    !stacks->pythons)
		return -errno;
	stacks->control = &skeleton->bss->stack_control;
	stacks->processes_fd = bpf_map__fd(skeleton->maps.space_of_process);
	stacks->ring_fd = bpf_map__fd(skeleton->maps.stack_ring);
	return 0;
}

static int map_all(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;

	side->lanes = map_memory(skeleton->maps.lanes, sizeof(struct pl_lane) * side->cpus);
	side->lane_data = map_memory(skeleton->maps.lane_data, side->lane_stride * side->cpus);
	side->slots = map_memory(skeleton->maps.slots, sizeof(struct pl_slot) * SLOTS);
	if (!side->lanes || !side->lane_data || !side->slots)
		return -errno;
	return map_stacks(side);
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
	side->cpus = libbpf_num_possible_cpus();
	side->stack_kinds = options->stacks;
	side->lane_bytes = lane_bytes_for(options->buffer_bytes, side->cpus);
	side->lane_stride = side->lane_bytes;
	side->skeleton = ptrace_lab_bpf__open();
	error = side->skeleton ? set_sizes(side, options) : -errno;
	if (!error)
		error = set_watches(side->skeleton, options->watches);
	if (!error)
		error = choose_holds(side->skeleton, options->holds);
	if (!error)
		error = choose_programs(side, options);
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

static int attach_one(struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach_trace(program);
	return *link ? 0 : -errno;
}

/* A clock on each CPU: it strikes while that runs anything, and the program looks whom it struck.
 * Clocks on the threads would have to be wound at each switch. */
static int attach_clocks(struct kernel_side *side)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = side->skeleton->rodata->stack_settings.period,
	};

	side->clocks = calloc(side->cpus, sizeof(*side->clocks));
	if (!side->clocks)
		return -ENOMEM;
	for (unsigned int cpu = 0; cpu < side->cpus; cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		/* A CPU that is off line. */
		if (fd < 0 && errno == ENODEV)
			continue;
		if (fd < 0)
			return -errno;
		side->clocks[cpu] =
			bpf_program__attach_perf_event(side->skeleton->progs.on_sample, fd);
		if (!side->clocks[cpu]) {
			int error = -errno;

			close(fd);
			return error;
		}
	}
	return 0;
}

/* For every process that runs the file: those that are not followed are told apart in the kernel,
 * and children that the target forks are there from their first instruction. */
static int attach_marks(struct kernel_side *side)
{
	const struct mark *mark;

	if (!side->marks)
		return 0;
	vector_for_each (&side->marks->items, mark) {
		LIBBPF_OPTS(bpf_usdt_opts, options, .usdt_cookie = mark->definition);
		struct bpf_link **link = vector_add(&side->mark_links);

		if (!link)
			return -ENOMEM;
		*link = bpf_program__attach_usdt(mark_program(side, mark->program), -1, mark->path,
						 mark->provider, mark->name, &options);
		if (!*link) {
			side->mark_links.count--;
			side->marks_refused = errno;
		}
	}
	if (side->marks_refused == EACCES || side->marks_refused == EPERM)
		log_warning("the program's marks (USDT probes) are left out: they need root");
	else if (side->marks_refused)
		log_warning("not all of the program's marks (USDT probes) can be followed: %s",
			    strerror(side->marks_refused));
	return 0;
}

int kernel_side_marks_refused(const struct kernel_side *side)
{
	return side->marks_refused;
}

int kernel_side_attach(struct kernel_side *side)
{
	struct ptrace_lab_bpf *skeleton = side->skeleton;
	int error;

	/* Births before switches: no thread may switch before it has been announced. */
	error = attach_one(skeleton->progs.on_fork, &skeleton->links.on_fork);
	if (!error)
		error = attach_one(skeleton->progs.on_exit, &skeleton->links.on_exit);
	if (!error)
		error = attach_one(skeleton->progs.on_rename, &skeleton->links.on_rename);
	if (!error)
		error = attach_one(skeleton->progs.on_signal, &skeleton->links.on_signal);
	if (!error)
		error = attach_one(skeleton->progs.on_deliver, &skeleton->links.on_deliver);
	if (!error)
		error = attach_one(skeleton->progs.on_waking, &skeleton->links.on_waking);
	if (!error)
		error = attach_one(skeleton->progs.on_switch, &skeleton->links.on_switch);
	if (!error)
		error = attach_one(skeleton->progs.on_exec, &skeleton->links.on_exec);
	if (!error && side->stack_kinds & PL_STACKS_SAMPLES)
		error = attach_clocks(side);
	if (!error && bpf_program__autoload(skeleton->progs.on_watch_exec))
		error = attach_one(skeleton->progs.on_watch_exec, &skeleton->links.on_watch_exec);
	/* After the account of switches, which it looks at. */
	if (!error && bpf_program__autoload(skeleton->progs.on_hold_switch))
		error = attach_one(skeleton->progs.on_hold_switch, &skeleton->links.on_hold_switch);
	if (!error && side->faults)
		error = attach_one(skeleton->progs.on_user_fault, &skeleton->links.on_user_fault);
	if (!error && side->faults)
		error = attach_one(skeleton->progs.on_kernel_fault,
				   &skeleton->links.on_kernel_fault);
	if (!error)
		error = attach_marks(side);
	return error ? kernel_side_explain(error) : 0;
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
	if (side->slots)
		munmap(side->slots, page_round(sizeof(struct pl_slot) * SLOTS));
	if (side->stacks.words)
		munmap(side->stacks.words, page_round(WORDS_BYTES));
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

void kernel_side_arm(struct kernel_side *side, pid_t tid)
{
	__atomic_store_n(&side->skeleton->bss->control.armed, tid, __ATOMIC_SEQ_CST);
}

/* Reading an iterator to its end runs its program for every task. */
static int run_iterator(struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char buffer[4096];
	ssize_t got;
	int fd, error = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		error = -errno;
	} else {
		do
			got = read(fd, buffer, sizeof(buffer));
		while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
		if (got < 0)
			error = -errno;
		close(fd);
	}
	bpf_link__destroy(link);
	return error;
}

int kernel_side_take_up(struct kernel_side *side, pid_t pid, size_t *ret_threads)
{
	struct pl_control *control = &side->skeleton->bss->control;
	int error;

	__atomic_store_n(&control->wanted, pid, __ATOMIC_SEQ_CST);
	error = run_iterator(side->skeleton->progs.take_up);
	if (!error)
		error = run_iterator(side->skeleton->progs.announce);
	if (error)
		return kernel_side_explain(error);
	*ret_threads = __atomic_load_n(&control->next_slot, __ATOMIC_SEQ_CST) - 1;
	return 0;
}

int kernel_side_copy_stacks(struct kernel_side *side, size_t *ret_left)
{
	struct pl_stack_control *control = &side->skeleton->bss->stack_control;
	int error;

	__atomic_store_n(&control->owed, 0, __ATOMIC_SEQ_CST);
	error = run_iterator(side->skeleton->progs.copy_stacks);
	if (error)
		return kernel_side_explain(error);
	*ret_left = __atomic_load_n(&control->owed, __ATOMIC_SEQ_CST);
	return 0;
}

int kernel_side_settle(struct kernel_side *side)
{
	int error = run_iterator(side->skeleton->progs.settle);

	return error ? kernel_side_explain(error) : 0;
}

void kernel_side_new_epoch(struct kernel_side *side)
{
	__atomic_add_fetch(&side->skeleton->bss->control.epoch, 1, __ATOMIC_RELAXED);
}

/* Waits until every program that may still see the old control block has ended: they all run as
 * readers of RCU, and this system call waits for those. */
static void wait_for_programs(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(20000);
}

static bool has_threads(const struct kernel_side *side, pid_t pid)
{
	const struct pl_slot *slot;

	for (uint32_t i = 1; (slot = kernel_side_slot(side, i)); i++)
		if (slot->tgid == (uint32_t)pid && __atomic_load_n(&slot->task, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

void kernel_side_await_end(struct kernel_side *side, pid_t pid)
{
	/* Some microseconds, unless the machine is very busy; and nothing is wrong then, either. */
	for (int i = 0; i < 500 && has_threads(side, pid); i++)
		usleep(100);
}

void kernel_side_stop(struct kernel_side *side, uint64_t *ret_end)
{
	struct pl_control *control = &side->skeleton->bss->control;
	uint64_t end = monotonic_ns();

	__atomic_store_n(&control->end, end, __ATOMIC_SEQ_CST);
	wait_for_programs();
	/* A program that was under way may have written a slightly later time. */
	for (unsigned int cpu = 0; cpu < side->cpus; cpu++)
		if (side->lanes[cpu].last_time > end)
			end = side->lanes[cpu].last_time;
	__atomic_store_n(&control->end, end, __ATOMIC_SEQ_CST);
	*ret_end = end;
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

const struct pl_slot *kernel_side_slot(const struct kernel_side *side, uint32_t index)
{
	uint32_t used = __atomic_load_n(&side->skeleton->bss->control.next_slot, __ATOMIC_RELAXED);

	return index < used && index < SLOTS ? &side->slots[index] : NULL;
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
