// SPDX-License-Identifier: GPL-2.0-only
/* json.c - control blocks for programs: every member that the kernel side reads */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "model/signals.h"
#include "show/pcb/pcb.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static void put_hex(struct json *json, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_string(json, name, text);
}

static void put_identity(struct json *json, const struct pl_pcb_task *task)
{
	static const char *const names[PL_NS_COUNT] = {"pid", "mount", "net",	 "ipc",
						       "uts", "user",  "cgroup", "time"};

	json_object(json, "identity");
	json_unsigned(json, "pid", task->head.tgid);
	json_unsigned(json, "tid", task->head.tid);
	json_string(json, "name", task->comm);
	json_bool(json, "kernel", pcb_is_kernel(task));
	json_unsigned(json, "started_ns", task->start_time);
	json_unsigned(json, "started_since_boot_ns", task->start_boottime);
	json_array(json, "pid_in_namespaces");
	for (unsigned int i = 0; i <= task->level && i < PL_PCB_LEVELS; i++)
		json_unsigned(json, NULL, task->pid_in[i]);
	json_array_end(json);
	json_object(json, "namespaces");
	for (int i = 0; i < PL_NS_COUNT; i++)
		json_unsigned(json, names[i], task->namespaces[i]);
	json_object_end(json);
	json_object_end(json);
}

static void put_state(struct json *json, const struct pl_pcb_task *task, const char *arch)
{
	enum reason reason = pcb_reason(task, arch);

	json_object(json, "state");
	json_string(json, "name", pcb_state_name(pcb_state(task)));
	json_string(json, "reason", reason == REASON_NONE ? NULL : reason_name(reason));
	if (task->block.holder)
		json_unsigned(json, "holder", task->block.holder);
	else
		json_null(json, "holder");
	json_unsigned(json, "kernel_state", task->state);
	json_unsigned(json, "exit_state", task->exit_state);
	json_unsigned(json, "exit_code", task->exit_code);
	json_bool(json, "io_wait", task->flags & PL_PCB_IOWAIT);
	json_object_end(json);
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void put_place(struct json *json, const struct pcb_frame *frame)
{
	json_string(json, "function", frame ? or_null(frame->function) : NULL);
	json_string(json, "module", frame ? or_null(frame->module) : NULL);
	json_string(json, "file", frame ? or_null(frame->file) : NULL);
	if (frame && frame->line)
		json_unsigned(json, "line", frame->line);
	else
		json_null(json, "line");
}

static void put_stack(struct json *json, const char *name, const struct snapshot *snapshot,
		      uint32_t tid, bool is_kernel)
{
	struct snapshot_range range = snapshot_frames(snapshot, tid, is_kernel);

	json_array(json, name);
	for (size_t i = range.begin; i < range.end; i++) {
		const struct pcb_frame *frame = &snapshot->frames.items[i];

		if (frame->tid != tid || frame->is_kernel != is_kernel)
			continue;
		json_object(json, NULL);
		put_place(json, frame);
		/* Where the kernel lies is nobody's business. */
		if (!is_kernel)
			put_hex(json, "address", frame->address);
		json_bool(json, "outermost", frame->is_last);
		json_object_end(json);
	}
	json_array_end(json);
}

/* With what it goes on: registers, and the stacks that led to where it is. */
static void put_context(struct json *json, const struct snapshot *snapshot,
			const struct pl_pcb_task *task, const struct pcb_view *view)
{
	static const char *const names[PL_REG_COUNT] = {
		"ax", "cx",  "dx",  "bx",  "sp",  "bp",	 "si",	"di", "r8",
		"r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip", "flags",
	};
	bool has_registers = view->registers && task->flags & PL_PCB_HAS_REGISTERS;

	if (!has_registers && !view->stacks)
		return;
	json_object(json, "context");
	for (int i = 0; i < PL_REG_COUNT && has_registers; i++)
		put_hex(json, names[i], task->registers[i]);
	if (view->stacks) {
		put_stack(json, "user_stack", snapshot, task->head.tid, false);
		put_stack(json, "kernel_stack", snapshot, task->head.tid, true);
	}
	json_object_end(json);
}

static void put_counter(struct json *json, const struct snapshot *snapshot,
			const struct pl_pcb_task *task, const struct pcb_view *view)
{
	struct snapshot_range range = snapshot_frames(snapshot, task->head.tid, false);
	bool in_call = task->block.syscall != PL_NO_SYSCALL;

	json_object(json, "program_counter");
	if (!(task->flags & PL_PCB_HAS_REGISTERS)) {
		json_null(json, "ip");
		json_null(json, "syscall");
		json_object_end(json);
		return;
	}
	put_hex(json, "ip", task->registers[PL_REG_IP]);
	put_place(json, range.begin < range.end ? &snapshot->frames.items[range.begin] : NULL);
	json_string(json, "syscall",
		    in_call ? syscall_name(view->arch, task->block.syscall) : NULL);
	if (in_call) {
		json_unsigned(json, "syscall_number", task->block.syscall);
		json_array(json, "arguments");
		for (size_t i = 0; i < COUNT_OF(task->arguments); i++)
			put_hex(json, NULL, task->arguments[i]);
		json_array_end(json);
	}
	json_object_end(json);
}

static void put_scheduling(struct json *json, const struct pl_pcb_task *task)
{
	char path[PL_PCB_CGROUP + 8];

	json_object(json, "scheduling");
	json_string(json, "policy", pcb_policy_name(task->policy));
	json_signed(json, "nice", pcb_nice(task));
	json_signed(json, "priority", task->prio);
	json_unsigned(json, "realtime_priority", task->rt_priority);
	json_unsigned(json, "vruntime_ns", task->vruntime);
	json_unsigned(json, "cpu", task->cpu);
	json_unsigned(json, "cpus_allowed", task->cpus_allowed);
	json_array(json, "cpu_mask");
	for (unsigned int i = 0; i < PL_PCB_CPU_WORDS; i++)
		put_hex(json, NULL, task->cpus[i]);
	json_array_end(json);
	json_string(json, "cgroup", pcb_cgroup(task, path, sizeof(path)));
	json_unsigned(json, "cgroup_id", task->cgroup);
	json_unsigned(json, "ran_ns", task->runtime);
	json_unsigned(json, "waited_ns", task->wait);
	json_unsigned(json, "dispatches", task->dispatches);
	json_unsigned(json, "switches_voluntary", task->voluntary);
	json_unsigned(json, "switches_involuntary", task->involuntary);
	json_unsigned(json, "migrations", task->migrations);
	json_object_end(json);
}

static void put_capabilities(struct json *json, const char *name, uint64_t set)
{
	json_array(json, name);
	for (unsigned int i = 0; i < 64; i++)
		if (set >> i & 1 && capability_name(i))
			json_string(json, NULL, capability_name(i));
	json_array_end(json);
}

static void put_rights(struct json *json, const struct pl_pcb_task *task)
{
	static const char *const modes[] = {"off", "strict", "filter"};

	json_object(json, "rights");
	json_unsigned(json, "uid", task->uid);
	json_unsigned(json, "euid", task->euid);
	json_unsigned(json, "suid", task->suid);
	json_unsigned(json, "fsuid", task->fsuid);
	json_unsigned(json, "gid", task->gid);
	json_unsigned(json, "egid", task->egid);
	json_unsigned(json, "sgid", task->sgid);
	json_unsigned(json, "fsgid", task->fsgid);
	json_unsigned(json, "groups_count", task->groups_count);
	json_array(json, "groups");
	for (unsigned int i = 0; i < task->groups_count && i < PL_PCB_GROUPS; i++)
		json_unsigned(json, NULL, task->groups[i]);
	json_array_end(json);
	put_capabilities(json, "effective", task->cap_effective);
	put_capabilities(json, "permitted", task->cap_permitted);
	put_capabilities(json, "inheritable", task->cap_inheritable);
	put_capabilities(json, "bounding", task->cap_bounding);
	put_capabilities(json, "ambient", task->cap_ambient);
	json_string(json, "seccomp", task->seccomp < COUNT_OF(modes) ? modes[task->seccomp] : NULL);
	json_bool(json, "no_new_privileges", task->flags & PL_PCB_NO_NEW_PRIVS);
	json_object_end(json);
}

static void put_family(struct json *json, const struct snapshot *snapshot,
		       const struct pl_pcb_task *task)
{
	const struct pl_pcb_task *other;

	json_object(json, "family");
	json_unsigned(json, "parent", task->parent);
	json_unsigned(json, "creator", task->creator);
	if (task->tracer)
		json_unsigned(json, "tracer", task->tracer);
	else
		json_null(json, "tracer");
	json_unsigned(json, "group", task->group);
	json_unsigned(json, "session", task->session);
	json_unsigned(json, "threads", task->threads);
	json_unsigned(json, "terminal", task->terminal);
	json_array(json, "children");
	vector_for_each (&snapshot->tasks, other)
		if (pcb_is_leader(task) && pcb_is_leader(other) && other->parent == task->head.tgid)
			json_unsigned(json, NULL, other->head.tgid);
	json_array_end(json);
	json_object_end(json);
}

static void put_memory(struct json *json, const struct snapshot *snapshot,
		       const struct pl_pcb_task *task)
{
	const struct pl_pcb_area *stack = pcb_stack(snapshot, task);
	const struct {
		const char *name;
		uint64_t value;
	} bounds[] = {
		{"code_begin", task->code_begin},
		{"code_end", task->code_end},
		{"data_begin", task->data_begin},
		{"data_end", task->data_end},
		{"heap_begin", task->heap_begin},
		{"heap_end", task->heap_end},
		{"stack_begin", task->stack_begin},
		{"mmap_base", task->mmap_base},
		{"arguments_begin", task->arguments_begin},
		{"arguments_end", task->arguments_end},
		{"environment_begin", task->environment_begin},
		{"environment_end", task->environment_end},
	};
	const struct {
		const char *name;
		uint64_t value;
	} sizes[] = {
		{"total", task->total},
		{"resident_anonymous", task->resident[PL_RSS_ANON]},
		{"resident_file", task->resident[PL_RSS_FILE]},
		{"resident_shared", task->resident[PL_RSS_SHMEM]},
		{"swapped", task->resident[PL_RSS_SWAP]},
		{"locked", task->locked},
		{"pinned", task->pinned},
		{"data", task->data_size},
		{"code", task->code_size},
		{"stack", task->stack_size},
		{"page_tables", task->page_tables},
		{"resident_peak", task->resident_peak},
		{"total_peak", task->total_peak},
	};

	json_object(json, "memory");
	json_unsigned(json, "object", task->mm);
	json_unsigned(json, "minor_faults", task->minor_faults);
	json_unsigned(json, "major_faults", task->major_faults);
	for (size_t i = 0; task->flags & PL_PCB_HAS_MEMORY && i < COUNT_OF(bounds); i++)
		put_hex(json, bounds[i].name, bounds[i].value);
	for (size_t i = 0; task->flags & PL_PCB_HAS_MEMORY && i < COUNT_OF(sizes); i++)
		json_unsigned(json, sizes[i].name, sizes[i].value);
	json_unsigned(json, "areas", task->areas);
	if (stack) {
		json_object(json, "own_stack");
		put_hex(json, "begin", stack->begin);
		put_hex(json, "end", stack->end);
		json_object_end(json);
	}
	json_object_end(json);
}

static void put_signals(struct json *json, const char *name, uint64_t set)
{
	json_array(json, name);
	for (unsigned int i = 0; i < 64; i++)
		if (set >> i & 1)
			json_string(json, NULL, signal_label(i + 1).text);
	json_array_end(json);
}

static void put_limit(struct json *json, const char *name, uint64_t value)
{
	if (value == UINT64_MAX)
		json_string(json, name, "unlimited");
	else
		json_unsigned(json, name, value);
}

static void put_resources(struct json *json, const struct pl_pcb_task *task)
{
	json_object(json, "resources");
	json_unsigned(json, "files_object", task->files);
	json_unsigned(json, "open_files", task->open_files);
	json_unsigned(json, "handlers_object", task->handlers);
	json_unsigned(json, "directory_object", task->fs);
	put_signals(json, "pending", task->signals_pending);
	put_signals(json, "pending_process", task->signals_pending_process);
	put_signals(json, "blocked", task->signals_blocked);
	put_signals(json, "ignored", task->signals_ignored);
	put_signals(json, "handled", task->signals_handled);
	json_object(json, "limits");
	for (unsigned int i = 0; i < PL_PCB_LIMITS; i++) {
		json_object(json, limit_name(i));
		put_limit(json, "soft", task->limits[i][0]);
		put_limit(json, "hard", task->limits[i][1]);
		json_object_end(json);
	}
	json_object_end(json);
	json_unsigned(json, "timers", task->posix_timers);
	json_signed(json, "oom_adjust", task->oom_adjust);
	json_unsigned(json, "read_chars", task->read_chars);
	json_unsigned(json, "written_chars", task->written_chars);
	json_unsigned(json, "read_calls", task->read_calls);
	json_unsigned(json, "write_calls", task->write_calls);
	json_unsigned(json, "read_bytes", task->read_bytes);
	json_unsigned(json, "written_bytes", task->written_bytes);
	json_object_end(json);
}

static void put_files(struct json *json, const struct snapshot *snapshot)
{
	const struct pl_pcb_file *file;
	char kind[96];

	json_array(json, "files");
	vector_for_each (&snapshot->files, file) {
		json_object(json, NULL);
		json_unsigned(json, "pid", file->head.tgid);
		json_unsigned(json, "fd", file->fd);
		json_string(json, "kind", pcb_file_text(file, kind, sizeof(kind)));
		json_string(json, "name", file->name);
		json_unsigned(json, "inode", file->inode);
		json_unsigned(json, "flags", file->flags);
		json_unsigned(json, "position", file->position);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_areas(struct json *json, const struct snapshot *snapshot)
{
	const struct pl_pcb_area *area;
	char rights[5];

	json_array(json, "areas");
	vector_for_each (&snapshot->areas, area) {
		struct area_use use = pcb_area_use(snapshot, area);

		json_object(json, NULL);
		json_unsigned(json, "pid", area->head.tgid);
		put_hex(json, "begin", area->begin);
		put_hex(json, "end", area->end);
		json_string(json, "rights", pcb_area_rights(area, rights));
		json_string(json, "kind", area_kind_name(use.kind));
		if (use.tid)
			json_unsigned(json, "tid", use.tid);
		json_unsigned(json, "offset", area->offset);
		json_unsigned(json, "inode", area->inode);
		json_string(json, "name", area->name);
		json_object_end(json);
	}
	json_array_end(json);
}

int show_pcb_json(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	struct json json = json_start(out, true);
	const struct pl_pcb_task *task;

	json_object(&json, NULL);
	json_unsigned(&json, "time_ns", snapshot->time);
	json_unsigned(&json, "duration_ns", snapshot->duration_ns);
	json_string(&json, "arch", view->arch);
	json_array(&json, "tasks");
	snapshot_for_each(snapshot, task)
	{
		json_object(&json, NULL);
		put_identity(&json, task);
		put_state(&json, task, view->arch);
		put_counter(&json, snapshot, task, view);
		put_scheduling(&json, task);
		put_rights(&json, task);
		put_family(&json, snapshot, task);
		put_memory(&json, snapshot, task);
		put_resources(&json, task);
		put_context(&json, snapshot, task, view);
		json_object_end(&json);
	}
	json_array_end(&json);
	put_files(&json, snapshot);
	put_areas(&json, snapshot);
	json_object_end(&json);
	return json_finish(&json);
}
