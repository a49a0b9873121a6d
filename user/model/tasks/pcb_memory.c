// SPDX-License-Identifier: GPL-2.0-only
/* pcb_memory.c - what the areas of an address space are for */
#include "model/tasks/pcb.h"

#include <errno.h>
#include <string.h>

#define VM_READ	  0x1
#define VM_WRITE  0x2
#define VM_EXEC	  0x4
#define VM_SHARED 0x8

static const struct pl_pcb_area *area_at(const struct snapshot *snapshot, uint32_t tgid,
					 uint64_t address)
{
	struct snapshot_range range = snapshot_areas(snapshot, tgid);

	for (size_t i = range.begin; i < range.end; i++) {
		const struct pl_pcb_area *area = &snapshot->areas.items[i];

		if (address >= area->begin && address < area->end)
			return area;
	}
	return NULL;
}

const struct pl_pcb_area *pcb_stack(const struct snapshot *snapshot, const struct pl_pcb_task *task)
{
	if (!(task->flags & PL_PCB_HAS_REGISTERS))
		return NULL;
	return area_at(snapshot, task->head.tgid, task->registers[PL_REG_SP]);
}

static bool lies_in(const struct pl_pcb_area *area, uint64_t begin, uint64_t end)
{
	return begin < end && area->begin < end && area->end > begin;
}

static uint32_t owner_of_stack(const struct snapshot *snapshot, const struct pl_pcb_area *area)
{
	struct snapshot_range threads = snapshot_threads(snapshot, area->head.tgid);

	for (size_t i = threads.begin; i < threads.end; i++) {
		const struct pl_pcb_task *task = &snapshot->tasks.items[i];
		uint64_t sp = task->registers[PL_REG_SP];

		if (task->flags & PL_PCB_HAS_REGISTERS && sp >= area->begin && sp < area->end)
			return task->head.tid;
	}
	return 0;
}

/* Which file the program itself is: the one that its code lies in. */
static const char *program_of(const struct snapshot *snapshot, const struct pl_pcb_task *task)
{
	const struct pl_pcb_area *area = area_at(snapshot, task->head.tgid, task->code_begin);

	return area ? area->name : "";
}

static struct area_use use_of_program(const struct pl_pcb_area *area)
{
	if (area->flags & VM_EXEC)
		return (struct area_use){.kind = AREA_CODE};
	if (area->flags & VM_WRITE)
		return (struct area_use){.kind = AREA_DATA};
	return (struct area_use){.kind = AREA_CONSTANTS};
}

static bool is_library(const char *name)
{
	const char *base = strrchr(name, '/');

	return base && (strstr(base, ".so") != NULL);
}

static struct area_use use_of_file(const struct pl_pcb_area *area, const char *program)
{
	if (*program && !strcmp(area->name, program))
		return use_of_program(area);
	if (!strncmp(area->name, "/memfd:", 7) || !strncmp(area->name, "/dev/shm/", 9) ||
	    !strncmp(area->name, "/dev/zero", 9) || !strncmp(area->name, "/SYSV", 5))
		return (struct area_use){.kind = AREA_SHARED};
	return (struct area_use){.kind = is_library(area->name) ? AREA_LIBRARY : AREA_FILE};
}

struct area_use pcb_area_use(const struct snapshot *snapshot, const struct pl_pcb_area *area)
{
	const struct pl_pcb_task *leader = snapshot_task(snapshot, area->head.tgid);
	uint32_t owner;

	if (area->inode || *area->name)
		return use_of_file(area, leader ? program_of(snapshot, leader) : "");
	if (leader && lies_in(area, leader->heap_begin, leader->heap_end))
		return (struct area_use){.kind = AREA_HEAP};
	if (leader && leader->stack_begin >= area->begin && leader->stack_begin < area->end)
		return (struct area_use){.kind = AREA_STACK, .tid = leader->head.tid};
	owner = owner_of_stack(snapshot, area);
	if (owner)
		return (struct area_use){.kind = AREA_THREAD_STACK, .tid = owner};
	if (!(area->flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return (struct area_use){.kind = AREA_GUARD};
	if (area->flags & VM_SHARED)
		return (struct area_use){.kind = AREA_SHARED};
	/* The variables that begin as zeroes follow those that do not. */
	if (leader && leader->data_end && area->begin <= leader->data_end + 4096 &&
	    area->end > leader->data_end)
		return (struct area_use){.kind = AREA_DATA};
	/* Nothing else is read-only or executable without a file and without being writable. */
	if (!(area->flags & VM_WRITE))
		return (struct area_use){.kind = AREA_KERNEL};
	return (struct area_use){.kind = AREA_ANONYMOUS};
}

const char *area_kind_name(enum area_kind kind)
{
	static const char *const names[AREA_KINDS] = {
		"code",	   "constants", "data",	  "heap",   "stack",	 "thread stack",
		"library", "file",	"shared", "kernel", "anonymous", "guard",
	};

	return kind < AREA_KINDS ? names[kind] : "?";
}

const char *pcb_area_rights(const struct pl_pcb_area *area, char out[5])
{
	out[0] = area->flags & VM_READ ? 'r' : '-';
	out[1] = area->flags & VM_WRITE ? 'w' : '-';
	out[2] = area->flags & VM_EXEC ? 'x' : '-';
	out[3] = area->flags & VM_SHARED ? 's' : 'p';
	out[4] = '\0';
	return out;
}

/* ---- segments ------------------------------------------------------------------------------ */

/* What nobody may touch belongs to the stack above it. */
static bool takes_guard(const struct segment *below, const struct area_use *use)
{
	return below->use.kind == AREA_GUARD && below->areas == 1 &&
	       (use->kind == AREA_THREAD_STACK || use->kind == AREA_STACK);
}

static bool continues(const struct segment *segment, const struct pl_pcb_area *area,
		      const struct area_use *use)
{
	if (segment->end != area->begin)
		return false;
	if (takes_guard(segment, use))
		return true;
	if (segment->use.tid != use->tid)
		return false;
	/* A library is one thing, though its parts have different rights. */
	if (use->kind == AREA_LIBRARY)
		return segment->use.kind == AREA_LIBRARY && !strcmp(segment->name, area->name);
	return segment->use.kind == use->kind && !strcmp(segment->name, area->name);
}

static void extend(struct segment *segment, const struct pl_pcb_area *area,
		   const struct area_use *use)
{
	char rights[5];

	if (takes_guard(segment, use)) {
		segment->guard = segment->end - segment->begin;
		segment->use = *use;
		pcb_area_rights(area, segment->rights);
	} else if (strcmp(segment->rights, pcb_area_rights(area, rights)))
		strcpy(segment->rights, "mixed");
	segment->end = area->end;
	segment->areas++;
}

int pcb_segments(const struct snapshot *snapshot, uint32_t tgid, struct segments *ret)
{
	struct snapshot_range range = snapshot_areas(snapshot, tgid);
	struct segments segments = {{0}};
	struct segment *segment = NULL;

	for (size_t i = range.begin; i < range.end; i++) {
		const struct pl_pcb_area *area = &snapshot->areas.items[i];
		struct area_use use = pcb_area_use(snapshot, area);

		if (segment && continues(segment, area, &use)) {
			extend(segment, area, &use);
			continue;
		}
		segment = vector_add(&segments.items);
		if (!segment) {
			vector_free(&segments.items);
			return -ENOMEM;
		}
		*segment = (struct segment){
			.begin = area->begin,
			.end = area->end,
			.use = use,
			.name = area->name,
			.areas = 1,
		};
		pcb_area_rights(area, segment->rights);
	}
	*ret = segments;
	return 0;
}
