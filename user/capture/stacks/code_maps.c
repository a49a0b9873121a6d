// SPDX-License-Identifier: GPL-2.0-only
#include "capture/stacks/code_maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "base/vector.h"
#include "capture/stacks/map_events.h"

/* Spaces and mappings are taken from one half until that is used up; then all that still counts is
 * written into the other one. */
#define SPACES_HALF   (PL_SPACES / 2)
#define MAPPINGS_HALF (PL_MAPPINGS / 2)

/* A process whose code is not where we think it is asked again after this long. */
#define LOOK_AGAIN_NS (100 * NS_PER_MS)

/* On x86-64 user addresses end here; [vsyscall] lies beyond. */
#define ADDRESS_MAX (1ull << 56)

struct code_list {
	struct mapped_code *list;
	size_t count;
	uint32_t python;
};

struct process {
	pid_t pid;
	VECTOR(struct mapped_code) code; /* in order of addresses */
	uint32_t space;			 /* 0: none yet */
	uint32_t python;		 /* number, 0: it runs none */
	bool changed;
	bool ended;	 /* still of use for the stacks that are being fetched */
	uint64_t looked; /* when it was last read from /proc */
};

struct code_maps {
	const struct kernel_side_stacks *shared;
	struct modules *modules;
	struct map_events *events;
	VECTOR(struct process *) processes;
	struct code_list spaces[PL_SPACES];
	pid_t pids[PL_SPACES];
	uint32_t half; /* 0 or 1 */
	uint32_t next_space, next_mapping;
	uint32_t pythons; /* that were made known */
	uint64_t changed; /* when something last was mapped */
};

static void enter_half(struct code_maps *maps, uint32_t half)
{
	maps->half = half;
	maps->next_space = half * SPACES_HALF + 1; /* never number 0 */
	maps->next_mapping = half * MAPPINGS_HALF;
}

int code_maps_new(const struct kernel_side_stacks *shared, struct modules *modules,
		  struct code_maps **ret)
{
	struct code_maps *maps = calloc(1, sizeof(*maps));
	int error;

	if (!maps)
		return -ENOMEM;
	maps->shared = shared;
	maps->modules = modules;
	enter_half(maps, 0);
	error = map_events_open(&maps->events);
	if (error)
		free(maps);
	else
		*ret = maps;
	return error;
}

static void process_free(struct process *process)
{
	vector_free(&process->code);
	free(process);
}

void code_maps_free(struct code_maps **slot)
{
	struct code_maps *maps = *slot;
	struct process **process;

	if (!maps)
		return;
	vector_for_each (&maps->processes, process)
		process_free(*process);
	vector_free(&maps->processes);
	for (size_t i = 0; i < PL_SPACES; i++)
		free(maps->spaces[i].list);
	map_events_close(&maps->events);
	free(maps);
	*slot = NULL;
}

int code_maps_watch(struct code_maps *maps, int epoll_fd)
{
	return map_events_watch(maps->events, epoll_fd);
}

/* ---- processes ------------------------------------------------------------------------------- */

static struct process *find_process(const struct code_maps *maps, pid_t pid)
{
	struct process **process;

	vector_for_each (&maps->processes, process)
		if ((*process)->pid == pid)
			return *process;
	return NULL;
}

static struct process *add_process(struct code_maps *maps, pid_t pid)
{
	struct process *process = find_process(maps, pid), **slot;

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	slot = process ? vector_add(&maps->processes) : NULL;
	if (!slot) {
		free(process);
		return NULL;
	}
	process->pid = pid;
	*slot = process;
	return process;
}

static void remove_process(struct code_maps *maps, pid_t pid)
{
	struct process **process;

	vector_for_each (&maps->processes, process) {
		if ((*process)->pid != pid)
			continue;
		process_free(*process);
		*process = maps->processes.items[--maps->processes.count];
		return;
	}
}

static size_t place_for(const struct process *process, uint64_t begin)
{
	size_t low = 0, high = process->code.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (process->code.items[middle].begin < begin)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert_code(struct process *process, size_t at, const struct mapped_code *code)
{
	if (!vector_add(&process->code))
		return -ENOMEM;
	memmove(process->code.items + at + 1, process->code.items + at,
		(process->code.count - 1 - at) * sizeof(*code));
	process->code.items[at] = *code;
	return 0;
}

/* What lay in the way is gone, or cut down to what is left of it. */
static int make_room(struct process *process, uint64_t begin, uint64_t end)
{
	size_t at = place_for(process, begin);
	int error = 0;

	/* The one before may reach into it. */
	if (at && process->code.items[at - 1].end > begin)
		at--;
	while (!error && at < process->code.count && process->code.items[at].begin < end) {
		struct mapped_code *code = &process->code.items[at], left = *code, right = *code;

		memmove(code, code + 1, (--process->code.count - at) * sizeof(*code));
		left.end = begin;
		right.begin = end;
		if (left.begin < left.end)
			error = insert_code(process, at++, &left);
		if (!error && right.begin < right.end)
			error = insert_code(process, at++, &right);
	}
	return error;
}

static bool is_same(const struct process *process, const struct mapped_code *code)
{
	size_t at = place_for(process, code->begin);

	return at < process->code.count && !memcmp(&process->code.items[at], code, sizeof(*code));
}

static void add_code(struct code_maps *maps, struct process *process,
		     const struct mapped_file *file, uint64_t offset)
{
	struct mapped_code code = {.begin = file->begin, .end = file->end};
	uint64_t address;

	if (file->end > ADDRESS_MAX || !strcmp(file->path, "[uprobes]"))
		return;
	code.module = modules_find(maps->modules, file);
	if (code.module && code.module->is_good &&
	    elf_image_address(&code.module->image, offset, &address))
		code.bias = file->begin - address;
	if (is_same(process, &code) || make_room(process, code.begin, code.end))
		return;
	if (insert_code(process, place_for(process, code.begin), &code))
		return;
	process->changed = true;
}

/* A line of /proc/PID/maps, if it is one of code. */
static void take_line(struct code_maps *maps, struct process *process, char *line)
{
	struct mapped_file file = {.pid = process->pid};
	unsigned int major, minor;
	uint64_t offset;
	int path = 0;
	char mode[5];

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &file.begin, &file.end, mode, &offset, &major, &minor, &file.inode, &path) < 7 ||
	    mode[2] != 'x')
		return;
	file.device = makedev(major, minor);
	file.path = line + path;
	add_code(maps, process, &file, offset);
}

static void look_up(struct code_maps *maps, struct process *process)
{
	CLEANUP_FCLOSE FILE *file = NULL;
	CLEANUP_FREE char *line = NULL;
	char path[64];
	size_t size = 0;

	process->looked = monotonic_ns();
	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &size, file) > 0)
		take_line(maps, process, line);
}

static void inherit(struct code_maps *maps, pid_t parent, pid_t child)
{
	struct process *from = find_process(maps, parent), *to;

	if (!from)
		return;
	remove_process(maps, child);
	to = add_process(maps, child);
	if (!to)
		return;
	for (size_t i = 0; i < from->code.count; i++) {
		struct mapped_code *code = vector_add(&to->code);

		if (code)
			*code = from->code.items[i];
	}
	/* The kernel side did the same at its birth; what its parent mapped since is not its. */
	to->space = from->space;
	to->python = from->python;
}

static void take_event(void *context, const struct map_event *event)
{
	struct code_maps *maps = context;
	struct process *process, **each;

	switch (event->kind) {
	case MAP_EVENT_FORK:
		inherit(maps, event->parent, event->pid);
		return;
	case MAP_EVENT_LOST:
		vector_for_each (&maps->processes, each)
			look_up(maps, *each);
		return;
	default:
		break;
	}
	process = find_process(maps, event->pid);
	if (!process)
		return;
	if (event->kind == MAP_EVENT_EXIT) {
		process->ended = true;
	} else if (event->kind == MAP_EVENT_EXEC) {
		process->code.count = 0;
		process->space = 0;
		process->python = 0;
		maps->changed = monotonic_ns();
	} else if (event->kind == MAP_EVENT_MAP) {
		struct mapped_file file = {
			.pid = process->pid,
			.begin = event->begin,
			.end = event->end,
			.device = event->device,
			.inode = event->inode,
			.path = event->path,
		};

		add_code(maps, process, &file, event->offset);
	}
}

/* ---- spaces ---------------------------------------------------------------------------------- */

static struct pl_mapping shared_mapping(const struct mapped_code *code)
{
	const struct module *module = code->module;
	struct pl_mapping mapping = {.begin = code->begin, .end = code->end};

	if (module && module->is_shared) {
		mapping.bias = code->bias + module->table->base;
		mapping.index = module->index;
		mapping.blocks = module->table->block_count;
	} else if (module_has_frame_pointers(module)) {
		mapping.index = PL_MAPPING_FRAME_POINTER;
	}
	return mapping;
}

static bool has_room(const struct code_maps *maps, size_t count)
{
	return maps->next_space < (maps->half + 1) * SPACES_HALF &&
	       count <= (maps->half + 1) * MAPPINGS_HALF - maps->next_mapping;
}

/* A program that is executed anew has a number of its own, as other functions may lie where those
 * of the one before did; children have their parent's until then. */
static void find_python(struct code_maps *maps, struct process *process)
{
	const struct mapped_code *code;
	struct pl_python *python;

	vector_for_each (&process->code, code) {
		if (!code->module || !code->module->python || process->python ||
		    maps->pythons + 1 >= PL_PYTHONS)
			continue;
		process->python = ++maps->pythons;
		python = &maps->shared->pythons[process->python];
		*python = code->module->python->offsets;
		python->key += code->bias;
		python->number = process->python;
	}
}

static void publish(struct code_maps *maps, struct process *process)
{
	size_t count = process->code.count;
	struct mapped_code *list;
	struct pl_space *space;
	uint32_t pid = process->pid;

	process->changed = false;
	maps->changed = monotonic_ns();
	if (count > MAPPINGS_HALF)
		count = MAPPINGS_HALF;
	if (!count || !has_room(maps, count))
		return;
	list = malloc(count * sizeof(*list));
	if (!list)
		return;
	memcpy(list, process->code.items, count * sizeof(*list));
	find_python(maps, process);
	process->space = maps->next_space++;
	free(maps->spaces[process->space].list);
	maps->spaces[process->space] = (struct code_list){list, count, process->python};
	maps->pids[process->space] = process->pid;
	for (size_t i = 0; i < count; i++)
		maps->shared->mappings[maps->next_mapping + i] = shared_mapping(&list[i]);
	space = &maps->shared->spaces[process->space];
	space->first = maps->next_mapping;
	space->python = process->python;
	__atomic_store_n(&space->count, count, __ATOMIC_RELEASE);
	maps->next_mapping += count;
	bpf_map_update_elem(maps->shared->processes_fd, &pid, &process->space, BPF_ANY);
}

/* Processes that we do not know, or that share a list of their parent's: they get one of their own
 * when they are met again. */
static void forget_old_spaces(struct code_maps *maps)
{
	uint32_t pid, next, space, *before = NULL;

	while (!bpf_map_get_next_key(maps->shared->processes_fd, before, &next)) {
		if (before && !bpf_map_lookup_elem(maps->shared->processes_fd, &pid, &space) &&
		    space / SPACES_HALF != maps->half)
			bpf_map_delete_elem(maps->shared->processes_fd, &pid);
		pid = next;
		before = &pid;
	}
	if (before && !bpf_map_lookup_elem(maps->shared->processes_fd, &pid, &space) &&
	    space / SPACES_HALF != maps->half)
		bpf_map_delete_elem(maps->shared->processes_fd, &pid);
}

static void turn_over(struct code_maps *maps)
{
	struct process **process;

	/* Whoever still looks at what stood there must be done first. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	enter_half(maps, !maps->half);
	vector_for_each (&maps->processes, process)
		publish(maps, *process);
	forget_old_spaces(maps);
}

static void publish_all(struct code_maps *maps)
{
	struct process **process;

	vector_for_each (&maps->processes, process) {
		if (!(*process)->changed || (*process)->ended)
			continue;
		if (!has_room(maps, (*process)->code.count))
			turn_over(maps);
		else
			publish(maps, *process);
	}
}

void code_maps_follow(struct code_maps *maps, pid_t pid)
{
	struct process *process = add_process(maps, pid);

	if (process)
		look_up(maps, process);
	publish_all(maps);
}

static void remove_ended(struct code_maps *maps)
{
	for (size_t i = 0; i < maps->processes.count;) {
		struct process *process = maps->processes.items[i];

		if (!process->ended) {
			i++;
			continue;
		}
		process_free(process);
		maps->processes.items[i] = maps->processes.items[--maps->processes.count];
	}
}

void code_maps_life(struct code_maps *maps, const union pl_life *life)
{
	const struct pl_life_head *head = &life->head;
	struct map_event event = {.time = head->time, .pid = head->tgid};

	if (head->kind == PL_LIFE_FORK && head->flags & PL_TASK_LEADER) {
		event.kind = MAP_EVENT_FORK;
		event.parent = life->task.parent;
	} else if (head->kind == PL_LIFE_EXIT && head->flags & PL_TASK_LAST) {
		event.kind = MAP_EVENT_EXIT;
	} else {
		return;
	}
	map_events_add(maps->events, &event);
}

static void take_events(struct code_maps *maps)
{
	map_events_read(maps->events, take_event, maps);
	publish_all(maps);
}

void code_maps_update(struct code_maps *maps)
{
	remove_ended(maps);
	take_events(maps);
}

uint64_t code_maps_changed(const struct code_maps *maps)
{
	return maps->changed;
}

bool code_maps_space(const struct code_maps *maps, uint32_t number, struct code_space *ret)
{
	if (!number || number >= PL_SPACES || !maps->spaces[number].list)
		return false;
	ret->list = maps->spaces[number].list;
	ret->count = maps->spaces[number].count;
	ret->python = maps->spaces[number].python;
	ret->pid = maps->pids[number];
	return true;
}

static struct code_space space_of(const struct process *process)
{
	return (struct code_space){process->code.items, process->code.count, process->pid,
				   process->python};
}

bool code_maps_process(struct code_maps *maps, pid_t pid, uint64_t address, struct code_space *ret)
{
	struct process *process = add_process(maps, pid);
	uint32_t number = pid, space = 0;

	if (!process)
		return false;
	*ret = space_of(process);
	/* The stack may be younger than what we know. */
	if (!code_space_at(ret, address)) {
		take_events(maps);
		process = add_process(maps, pid);
		if (!process)
			return false;
		*ret = space_of(process);
	}
	if (!code_space_at(ret, address) && monotonic_ns() - process->looked >= LOOK_AGAIN_NS) {
		look_up(maps, process);
		*ret = space_of(process);
	}
	/* The kernel side asked, so that it may have none: an exec takes it back there. */
	if (!process->ended && (bpf_map_lookup_elem(maps->shared->processes_fd, &number, &space) ||
				space != process->space))
		process->changed = true;
	publish_all(maps);
	*ret = space_of(process);
	return ret->count > 0;
}

const struct mapped_code *code_space_at(const struct code_space *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (space->list[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= space->list[low - 1].end)
		return NULL;
	return &space->list[low - 1];
}
