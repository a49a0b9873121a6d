// SPDX-License-Identifier: GPL-2.0-only
/* schema_pcb.c - what every member of control blocks in JSON means; tests hold show/pcb/json.c to
 * it */
#include "show/pcb/pcb.h"
#include "show/report_format.h"
#include "show/json/schema.h"

static const struct member namespace_members[] = {
	MEMBER("pid", COUNT, "Of its processes."),
	MEMBER("mount", COUNT, "Of its mounts."),
	MEMBER("net", COUNT, "Of its network."),
	MEMBER("ipc", COUNT, "Of its System V IPC and message queues."),
	MEMBER("uts", COUNT, "Of its host's name."),
	MEMBER("user", COUNT, "Of its users and capabilities."),
	MEMBER("cgroup", COUNT, "Of its view of control groups."),
	MEMBER("time", COUNT, "Of its clocks."),
	{0},
};

static const struct member identity_members[] = {
	MEMBER("pid", COUNT, "Its process."),
	MEMBER("tid", COUNT, "The task itself."),
	MEMBER("name", STRING, "As the kernel has it: at most 15 bytes."),
	MEMBER("kernel", BOOLEAN, "Whether it is a thread of the kernel."),
	MEMBER("started_ns", COUNT, "On CLOCK_MONOTONIC."),
	MEMBER("started_since_boot_ns", COUNT, "On CLOCK_BOOTTIME."),
	MEMBER("pid_in_namespaces", COUNTS, "Its tid in each namespace, the machine's first."),
	NESTED("namespaces", OBJECT, "By their inode numbers; 0: it has none.", namespace_members),
	{0},
};

static const struct member state_members[] = {
	MEMBER("name", STRING, "running, ready, blocked, stopped, traced, zombie, …"),
	MEMBER_OR_NULL("reason", STRING, "What it is blocked for."),
	MEMBER_OR_NULL("holder", COUNT, "Who holds what it waits for, where that is known."),
	MEMBER("kernel_state", COUNT, "task_struct.__state."),
	MEMBER("exit_state", COUNT, "task_struct.exit_state."),
	MEMBER("exit_code", COUNT, "task_struct.exit_code."),
	MEMBER("io_wait", BOOLEAN, "Whether it counts as waiting for a disk."),
	{0},
};

#define PLACE_MEMBERS(member_)                                                                     \
	member_("function", STRING, "Its name, where there is one."),                              \
		member_("module", STRING, "The file that it lies in."),                            \
		member_("file", STRING, "Its source, where debug information tells."),             \
		member_("line", COUNT, "The line of it.")
#define PLACE_IF_ANY(name_, kind_, text_)                                                          \
	{                                                                                          \
		.name = name_, .kind = kind_, .text = text_, .nullable = true, .optional = true    \
	}

static const struct member counter_members[] = {
	MEMBER_OR_NULL("ip", STRING, "The instruction in user space, hexadecimal."),
	PLACE_MEMBERS(PLACE_IF_ANY),
	MEMBER_OR_NULL("syscall", STRING, "The system call that it is in."),
	MEMBER_IF_ANY("syscall_number", COUNT, "Its number."),
	MEMBER_IF_ANY("arguments", STRINGS, "Its six arguments, hexadecimal."),
	{0},
};

static const struct member scheduling_members[] = {
	MEMBER("policy", STRING, "normal, batch, idle, fifo, round robin, deadline."),
	MEMBER("nice", SIGNED, "From -20, much of the CPU, to 19, little."),
	MEMBER("priority", SIGNED, "The kernel's own: lower is more."),
	MEMBER("realtime_priority", COUNT, "From 1 to 99; 0: it has none."),
	MEMBER("vruntime_ns", COUNT, "Its weighted run time; 0 where the kernel keeps none."),
	MEMBER("cpu", COUNT, "Where it is, or ran last."),
	MEMBER("cpus_allowed", COUNT, "On how many it may run."),
	MEMBER("cpu_mask", STRINGS, "On which: words of 64 bits, the lowest CPUs first."),
	MEMBER_OR_NULL("cgroup", STRING, "Its path in the unified hierarchy."),
	MEMBER("cgroup_id", COUNT, "The inode of that."),
	MEMBER("ran_ns", COUNT, "Time on CPUs."),
	MEMBER("waited_ns", COUNT, "Time ready, waiting for a CPU."),
	MEMBER("dispatches", COUNT, "Times that it got a CPU."),
	MEMBER("switches_voluntary", COUNT, "Times that it left it to wait for something."),
	MEMBER("switches_involuntary", COUNT, "Times that it was taken."),
	MEMBER("migrations", COUNT, "Times that it went to another CPU."),
	{0},
};

static const struct member rights_members[] = {
	MEMBER("uid", COUNT, "The user."),
	MEMBER("euid", COUNT, "Whose rights it uses."),
	MEMBER("suid", COUNT, "Whose it may take up again."),
	MEMBER("fsuid", COUNT, "Whose it uses for files."),
	MEMBER("gid", COUNT, "The group."),
	MEMBER("egid", COUNT, "Whose rights it uses."),
	MEMBER("sgid", COUNT, "Whose it may take up again."),
	MEMBER("fsgid", COUNT, "Whose it uses for files."),
	MEMBER("groups_count", COUNT, "Supplementary groups in all."),
	MEMBER("groups", COUNTS, "The first of them."),
	MEMBER("effective", STRINGS, "Capabilities that are in force."),
	MEMBER("permitted", STRINGS, "That it may put in force."),
	MEMBER("inheritable", STRINGS, "That it may hand on over exec."),
	MEMBER("bounding", STRINGS, "That it could ever get."),
	MEMBER("ambient", STRINGS, "That it keeps over exec."),
	MEMBER_OR_NULL("seccomp", STRING, "off, strict or filter."),
	MEMBER("no_new_privileges", BOOLEAN, "Whether exec cannot give it more."),
	{0},
};

static const struct member family_members[] = {
	MEMBER("parent", COUNT, "Who is told of its end; 0: nobody."),
	MEMBER("creator", COUNT, "Its real parent."),
	MEMBER_OR_NULL("tracer", COUNT, "Who traces it."),
	MEMBER("group", COUNT, "Its process group."),
	MEMBER("session", COUNT, "Its session."),
	MEMBER("threads", COUNT, "Threads of its process."),
	MEMBER("terminal", COUNT, "The device number of its terminal; 0: it has none."),
	MEMBER("children", COUNTS, "Processes in this document that it is the parent of."),
	{0},
};

static const struct member range_members[] = {
	MEMBER("begin", STRING, "Its lowest address."),
	MEMBER("end", STRING, "The first address above."),
	{0},
};

#define BOUND(name_, text_) MEMBER_IF_ANY(name_, STRING, text_)
#define SIZE(name_, text_)  MEMBER_IF_ANY(name_, COUNT, text_)

/* Threads of the kernel have none of their own, and whoever has ended has none any more. */
static const struct member memory_members[] = {
	MEMBER("object", COUNT, "The same number: the same memory; 0: none."),
	MEMBER("minor_faults", COUNT, "Page faults that needed no disk."),
	MEMBER("major_faults", COUNT, "Page faults that did."),
	BOUND("code_begin", "Of the program's code."),
	BOUND("code_end", "Of the program's code."),
	BOUND("data_begin", "Of its initialised data."),
	BOUND("data_end", "Of its initialised data."),
	BOUND("heap_begin", "Of what brk() gave."),
	BOUND("heap_end", "Of what brk() gave."),
	BOUND("stack_begin", "The first thread's, which grows down from here."),
	BOUND("mmap_base", "Mappings lie below."),
	BOUND("arguments_begin", "Of the words of its command."),
	BOUND("arguments_end", "Of the words of its command."),
	BOUND("environment_begin", "Of its environment."),
	BOUND("environment_end", "Of its environment."),
	SIZE("total", "Bytes of all mappings."),
	SIZE("resident_anonymous", "Bytes in memory that lie in no file."),
	SIZE("resident_file", "Bytes of files in memory."),
	SIZE("resident_shared", "Bytes of shared memory in memory."),
	SIZE("swapped", "Bytes that were moved to disk."),
	SIZE("locked", "Bytes that may not be moved."),
	SIZE("pinned", "Bytes that may not change their place."),
	SIZE("data", "Bytes of private writable mappings."),
	SIZE("code", "Bytes of executable mappings."),
	SIZE("stack", "Bytes of the first thread's stack."),
	SIZE("page_tables", "Bytes that describe where all this lies."),
	SIZE("resident_peak", "The most bytes in memory so far."),
	SIZE("total_peak", "The most bytes of mappings so far."),
	MEMBER("areas", COUNT, "How many mappings there are."),
	NESTED_IF_ANY("own_stack", OBJECT, "The mapping in which its stack pointer lies.",
		      range_members),
	{0},
};

static const struct member resources_members[] = {
	MEMBER("files_object", COUNT, "The same number: the same table of open files."),
	MEMBER("open_files", COUNT, "Open files in it."),
	MEMBER("handlers_object", COUNT, "The same number: the same signal handlers."),
	MEMBER("directory_object", COUNT, "The same number: the same working directory."),
	MEMBER("pending", STRINGS, "Signals that wait for this thread."),
	MEMBER("pending_process", STRINGS, "Signals that wait for its process."),
	MEMBER("blocked", STRINGS, "Signals that it does not take now."),
	MEMBER("ignored", STRINGS, "Signals that do nothing to it."),
	MEMBER("handled", STRINGS, "Signals that it has a handler for."),
	MEMBER("limits", LIMITS, "What it may use; a number, or `unlimited`."),
	MEMBER("timers", COUNT, "POSIX timers of its process."),
	MEMBER("oom_adjust", SIGNED, "From -1000, spared, to 1000, ended first."),
	MEMBER("read_chars", COUNT, "Bytes that read() and its like gave it."),
	MEMBER("written_chars", COUNT, "Bytes that it gave to write() and its like."),
	MEMBER("read_calls", COUNT, "Calls of read() and its like."),
	MEMBER("write_calls", COUNT, "Calls of write() and its like."),
	MEMBER("read_bytes", COUNT, "Bytes fetched from disks for it."),
	MEMBER("written_bytes", COUNT, "Bytes to be written to disks for it."),
	{0},
};

static const struct member frame_members[] = {
	PLACE_MEMBERS(MEMBER_OR_NULL),
	MEMBER_IF_ANY("address", STRING, "In user space, hexadecimal."),
	MEMBER("outermost", BOOLEAN, "Whether the stack is known to end there."),
	{0},
};

static const struct member context_members[] = {
	BOUND("ax", "A register, with --registers."),
	BOUND("cx", "A register."),
	BOUND("dx", "A register."),
	BOUND("bx", "A register."),
	BOUND("sp", "The stack pointer."),
	BOUND("bp", "The base pointer."),
	BOUND("si", "A register."),
	BOUND("di", "A register."),
	BOUND("r8", "A register."),
	BOUND("r9", "A register."),
	BOUND("r10", "A register."),
	BOUND("r11", "A register."),
	BOUND("r12", "A register."),
	BOUND("r13", "A register."),
	BOUND("r14", "A register."),
	BOUND("r15", "A register."),
	BOUND("ip", "The program counter."),
	BOUND("flags", "The processor's flags."),
	NESTED_IF_ANY("user_stack", OBJECTS, "The innermost first, with --stack.", frame_members),
	NESTED_IF_ANY("kernel_stack", OBJECTS, "The innermost first, with --stack.", frame_members),
	{0},
};

static const struct member task_members[] = {
	NESTED("identity", OBJECT, "Who it is.", identity_members),
	NESTED("state", OBJECT, "What it does.", state_members),
	NESTED("program_counter", OBJECT, "Where it is.", counter_members),
	NESTED("scheduling", OBJECT, "How it gets its share.", scheduling_members),
	NESTED("rights", OBJECT, "What it may.", rights_members),
	NESTED("family", OBJECT, "Whose it is.", family_members),
	NESTED("memory", OBJECT, "Where its memory lies.", memory_members),
	NESTED("resources", OBJECT, "What it has and may have.", resources_members),
	NESTED_IF_ANY("context", OBJECT, "What it goes on with.", context_members),
	{0},
};

static const struct member file_members[] = {
	MEMBER("pid", COUNT, "Whose it is."),
	MEMBER("fd", COUNT, "Its number there."),
	MEMBER("kind", STRING, "file, pipe, socket, …"),
	MEMBER("name", STRING, "Its path, or what there is instead."),
	MEMBER("inode", COUNT, "Its number on its device."),
	MEMBER("flags", COUNT, "As open() takes them."),
	MEMBER("position", COUNT, "Where it is read and written next."),
	{0},
};

static const struct member area_members[] = {
	MEMBER("pid", COUNT, "Whose it is."),
	MEMBER("begin", STRING, "Its lowest address."),
	MEMBER("end", STRING, "The first address above."),
	MEMBER("rights", STRING, "As /proc/PID/maps has them: rwxp."),
	MEMBER("kind", STRING, "code, data, heap, stack, …"),
	MEMBER_IF_ANY("tid", COUNT, "The thread whose stack it is."),
	MEMBER("offset", COUNT, "Where it begins in its file."),
	MEMBER("inode", COUNT, "Of that file; 0: there is none."),
	MEMBER("name", STRING, "Of that file, or what the kernel calls it."),
	{0},
};

static const struct member pcb_members[] = {
	MEMBER("time_ns", COUNT, "When it was taken, on CLOCK_MONOTONIC."),
	MEMBER("duration_ns", COUNT, "How long that took."),
	MEMBER_OR_NULL("arch", STRING, "The machine's architecture: x86_64, aarch64."),
	NESTED("tasks", OBJECTS, "One for each thread.", task_members),
	NESTED("files", OBJECTS, "Open files, process by process.", file_members),
	NESTED("areas", OBJECTS, "Mappings, process by process.", area_members),
	{0},
};

int show_pcb_schema(FILE *out)
{
	return schema_write(out, PCB_FORMAT,
			    "What the kernel keeps of tasks, as `ptrace-lab pcb --json` tells it.",
			    pcb_members);
}
