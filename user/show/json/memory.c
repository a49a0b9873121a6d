// SPDX-License-Identifier: GPL-2.0-only
/* memory.c - page faults and resident memory of a process */
#include "show/json/sections.h"
#include "show/json/schema.h"

static void put_known(struct json *json, const char *name, bool known, uint64_t value)
{
	if (known)
		json_unsigned(json, name, value);
	else
		json_null(json, name);
}

static const char *moment_name(uint8_t moment)
{
	return moment == PL_MEMORY_BORN ? "forked" : moment == PL_MEMORY_EXEC ? "exec" : "found";
}

void json_process_memory(struct json *json, const struct process *process)
{
	const struct memory *memory = &process->memory;

	json_object(json, "memory");
	json_string(json, "begin", memory->has_begin ? moment_name(memory->begin_moment) : NULL);
	put_known(json, "begin_bytes", memory->has_begin, memory->begin);
	put_known(json, "begin_anonymous_bytes", memory->has_begin, memory->begin_anonymous);
	put_known(json, "end_bytes", memory->has_end, memory->end);
	put_known(json, "end_anonymous_bytes", memory->has_end, memory->end_anonymous);
	put_known(json, "peak_bytes", memory->peak, memory->peak);
	put_known(json, "minor_faults", memory->has_faults, memory->minor_faults);
	put_known(json, "major_faults", memory->has_faults, memory->major_faults);
	put_known(json, "cow_faults", memory->has_cow, memory->cow_faults);
	json_object_end(json);
}

const struct member process_memory_members[] = {
	MEMBER_OR_NULL("begin", STRING,
		       "When its memory began: forked: it is a copy of its parent's; exec: it is "
		       "new; found: it was there before."),
	MEMBER_OR_NULL("begin_bytes", COUNT,
		       "Resident at that moment. "
		       "Resident sizes are the kernel's counters, which lag by up to some 32 pages "
		       "a CPU."),
	MEMBER_OR_NULL("begin_anonymous_bytes", COUNT, "The part of it that is no file's."),
	MEMBER_OR_NULL("end_bytes", COUNT, "Resident when it ended, or at the capture's end."),
	MEMBER_OR_NULL("end_anonymous_bytes", COUNT, "The part of it that is no file's."),
	MEMBER_OR_NULL("peak_bytes", COUNT, "Resident at most."),
	MEMBER_OR_NULL("minor_faults", COUNT,
		       "Page faults without reading from a disk, all threads; the kernel's count."),
	MEMBER_OR_NULL("major_faults", COUNT, "Page faults that waited for a disk."),
	MEMBER_OR_NULL("cow_faults", COUNT,
		       "Writes to a page that was there and must not be written, which the kernel "
		       "answers with a copy (but for the last one that has it, and for pages of "
		       "shared files); null: not counted (--faults)."),
	{0},
};
