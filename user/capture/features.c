// SPDX-License-Identifier: GPL-2.0-only
#include "capture/features.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/units.h"
#include "capture/kernel_side.h"
#include "capture/stacks/map_events.h"
#include "capture/privilege.h"
#include "symbols/unwind_cache.h"

static int probe_privileges(char *detail, size_t size)
{
	if (!geteuid())
		snprintf(detail, size, "root");
	else
		snprintf(detail, size, "user %u", geteuid());
	if (privilege_has(21 /* CAP_SYS_ADMIN */) || (privilege_has(38) && privilege_has(39)))
		return 0;
	return -EPERM;
}

static int probe_btf(char *detail, size_t size)
{
	struct stat info;
	struct utsname host;

	if (stat("/sys/kernel/btf/vmlinux", &info))
		return -errno;
	if (!uname(&host))
		snprintf(detail, size, "kernel %s", host.release);
	return 0;
}

/* The number that every kernel gives to the first namespace of process ids. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

static int probe_pid_namespace(char *detail, size_t size)
{
	struct stat info;

	if (stat("/proc/self/ns/pid", &info)) {
		snprintf(detail, size, "/proc is not mounted");
		return -errno;
	}
	return info.st_ino == FIRST_PID_NAMESPACE ? 0 : -EXDEV;
}

/* As much in one piece as the largest of our maps. Old kernels count it against the limit on locked
 * memory, newer ones (5.11) against the control group. */
static int probe_memory(char *detail, size_t size)
{
	const uint32_t bytes = 16u << 20;
	CLEANUP_CLOSE int fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", sizeof(uint32_t), bytes, 1, NULL);
	struct rlimit limit;

	if (fd < 0)
		return -errno;
	if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur < bytes)
		snprintf(detail, size, "the memlock limit of %s does not apply",
			 format_bytes(limit.rlim_cur).text);
	return 0;
}

/* Loads and attaches all of it, and gives up again. Its messages are left to the caller. */
static int with_kernel_side(const struct kernel_side_options *options,
			    int (*use)(struct kernel_side *side), char *detail, size_t size)
{
	enum log_level level = log_get_level();
	struct kernel_side *side = NULL;
	uint64_t begin = monotonic_ns();
	int status;

	if (level < LOG_DEBUG)
		log_set_level(LOG_NOTHING);
	status = kernel_side_load(options, &side);
	if (!status)
		status = kernel_side_attach(side);
	if (!status) {
		snprintf(detail, size, "ready in %s", format_duration(monotonic_ns() - begin).text);
		if (use)
			status = use(side);
	}
	kernel_side_free(&side);
	log_set_level(level);
	return !status ? 0 : status == EXIT_NO_PRIVILEGE ? -EPERM : -ENOTSUP;
}

static int probe_programs(char *detail, size_t size)
{
	return with_kernel_side(&(struct kernel_side_options){0}, NULL, detail, size);
}

static int iterate(struct kernel_side *side)
{
	size_t threads;

	return kernel_side_take_up(side, &(pid_t){getpid()}, 1, &threads);
}

static int probe_iterator(char *detail, size_t size)
{
	int error = with_kernel_side(&(struct kernel_side_options){0}, iterate, detail, size);

	*detail = '\0';
	return error;
}

/* Whether the programs that follow stacks pass, and what was mapped can be learnt. */
static int probe_stacks(char *detail, size_t size)
{
	const struct kernel_side_options options = {
		.stacks = PL_STACKS_BLOCKED | PL_STACKS_WAKERS | PL_STACKS_SAMPLES,
		.sample_rate = 99,
	};
	struct map_events *events;
	char folder[PATH_MAX];
	int error;

#if !defined(__x86_64__)
	return -EOPNOTSUPP;
#endif
	error = map_events_open(&events);
	if (error)
		return error;
	map_events_close(&events);
	error = with_kernel_side(&options, NULL, detail, size);
	if (!error && !unwind_cache_folder(folder))
		snprintf(detail, size, "without a cache of unwind tables");
	return error;
}

static int open_event(struct perf_event_attr *attr)
{
	attr->size = sizeof(*attr);
	return syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int probe_watchpoint(char *detail, size_t size)
{
	static volatile long watched;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.bp_type = HW_BREAKPOINT_W,
		.bp_addr = (uintptr_t)&watched,
		.bp_len = sizeof(watched),
		.sample_period = 1,
		.exclude_kernel = 1,
	};
	CLEANUP_CLOSE int fd = open_event(&attr);
	uint64_t hits = 0;

	if (fd < 0)
		return -errno;
	watched = 1;
	watched = 2;
	if (read(fd, &hits, sizeof(hits)) != sizeof(hits))
		return -EIO;
	snprintf(detail, size, "%d of 2 writes seen", (int)hits);
	return hits == 2 ? 0 : -EIO;
}

static int probe_event(uint32_t type, uint64_t config)
{
	struct perf_event_attr attr = {.type = type, .config = config, .exclude_kernel = 1};
	CLEANUP_CLOSE int fd = open_event(&attr);

	return fd < 0 ? -errno : 0;
}

static int probe_clock(char *detail, size_t size)
{
	return probe_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
}

static int probe_pmu(char *detail, size_t size)
{
	return probe_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
}

/* Kernel and user probes are event sources of their own, with numbers given at boot. */
static int probe_probe(const char *source, struct perf_event_attr *attr)
{
	CLEANUP_CLOSE int fd = -1;
	char path[128];
	FILE *file;
	int type, got;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", source);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	got = fscanf(file, "%d", &type);
	fclose(file);
	if (got != 1)
		return -EIO;
	attr->type = type;
	fd = open_event(attr);
	return fd < 0 ? -errno : 0;
}

static int probe_uprobe(char *detail, size_t size)
{
	/* Any offset within the program's code will do: nothing runs there while it is open. */
	struct perf_event_attr attr = {.uprobe_path = (uintptr_t) "/proc/self/exe",
				       .probe_offset = 0x1000};

	return probe_probe("uprobe", &attr);
}

static int probe_kprobe(char *detail, size_t size)
{
	struct perf_event_attr attr = {.kprobe_func = (uintptr_t) "do_nanosleep"};

	return probe_probe("kprobe", &attr);
}

static int probe_tracefs(char *detail, size_t size)
{
	if (!access("/sys/kernel/tracing/events", X_OK) ||
	    !access("/sys/kernel/debug/tracing/events", X_OK))
		return 0;
	return -ENOENT;
}

const struct feature features[] = {
	{"privileges", true, "nothing can be traced; recordings can still be reported on",
	 "run as root (sudo), or give CAP_BPF and CAP_PERFMON", probe_privileges},
	{"kernel types (BTF)", true, "nothing can be traced",
	 "a kernel built with CONFIG_DEBUG_INFO_BTF, and a mounted /sys", probe_btf},
	{"the machine's process ids", true, "targets cannot be told apart",
	 "leave the container's PID namespace (--pid=host), mount /proc", probe_pid_namespace},
	{"memory for BPF", true, "the tracer has no buffers", "ulimit -l unlimited, or more memory",
	 probe_memory},
	{"scheduler programs", true, "nothing can be traced",
	 "Linux 5.18 or later with CONFIG_BPF_SYSCALL; -v shows the verifier's words",
	 probe_programs},
	{"task iterator", false, "`attach` and `record` miss threads that were there before",
	 "Linux 6.1 or later", probe_iterator},
	{"user stacks", false, "no stacks of threads that block or run (--stacks, -F)",
	 "x86-64, Linux 5.18 or later, and kernel.perf_event_paranoid below 1, or root",
	 probe_stacks},
	{"hardware watchpoints", false, "a data race cannot be proven write by write",
	 "a machine that hands its debug registers on to guests", probe_watchpoint},
	{"timer samples", false, "no profile of what runs on a CPU",
	 "kernel.perf_event_paranoid below 2, or root", probe_clock},
	{"user probes", false, "no marks inside programs (USDT)", "CONFIG_UPROBES, and root",
	 probe_uprobe},
	{"hardware counters", false, "no cycles or instructions; nothing here depends on them",
	 "bare metal, or a guest with a virtual PMU", probe_pmu},
	{"kernel probes", false, "nothing: they are not used", "CONFIG_KPROBES", probe_kprobe},
	{"tracefs", false, "nothing: the tracer does without it",
	 "mount -t tracefs tracefs /sys/kernel/tracing", probe_tracefs},
	{0},
};
