// SPDX-License-Identifier: GPL-2.0-only
/*
 * python.bpf.c - what Python functions a stack's native frames execute
 *
 * A native stack says that the interpreter runs, not what: the interpreter's own frames are walked
 * beside it, and user space puts the two together. Functions are sent once, with their names and
 * line tables, as the process may be gone before user space could read them.
 */
#include "bpf/python.h"
#include "bpf/stack_send.h"

/* By the number that a list of mappings has (struct pl_space). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* PL_PYTHONS */
	__type(key, __u32);
	__type(value, struct pl_python);
} pythons SEC(".maps");

inlined int python_read(void *memory, void *to, __u32 size, __u64 address)
{
	return bpf_probe_read_user(to, size, (void *)address);
}

#include "bpf/python_frames.h"

#define BYTES_LENGTH 16u /* of a bytes object, where its length is */
#define BYTES_DATA   32u
#define SEEN_WAYS    4u

struct python_scratch {
	struct python_walk walk;
	struct pl_stack_python stack;
	struct pl_python_code code;
};

/* One per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct python_scratch);
} python_scratches SEC(".maps");

/* Functions that were sent. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* PL_PYTHON_CODES */
	__type(key, __u32);
	__type(value, __u64);
} python_codes SEC(".maps");

inlined struct python_scratch *python_scratch_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&python_scratches, &cpu);
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Where a function is kept, or is to be kept: a place that is free, or else one that is not. */
inlined __u64 *place_of_code(__u64 code)
{
	__u32 first = code >> 20 & (PL_PYTHON_CODES - 1), number, chosen = first;
	bool found = false;
	__u64 *place;

	for (__u32 i = 0; i < SEEN_WAYS && !found; i++) {
		number = first ^ i;
		place = bpf_map_lookup_elem(&python_codes, &number);
		if (!place)
			return 0;
		if (*place == code || !*place) {
			chosen = number;
			found = true;
		}
	}
	return bpf_map_lookup_elem(&python_codes, &chosen);
}

/* A PyUnicodeObject: its length at 16, its state at 32. What is not in one piece names no function.
 */
inlined void read_text(struct pl_python_text *text, __u8 *to, __u32 most, __u64 address,
		       const struct pl_python *python)
{
	__u64 head[5] = {};
	__u32 state, width, bytes;
	__u64 length;

	text->bytes = 0;
	text->width = 0;
	if (bpf_probe_read_user(head, sizeof(head), (void *)address))
		return;
	state = head[4];
	width = state >> 2 & 7;
	if (!(state >> 5 & 1) || width > 4)
		return;
	length = head[2] * width;
	bytes = length < most ? length : most;
	address += state >> 6 & 1 ? python->text_ascii : python->text_other;
	asm volatile("" : "+r"(bytes));
	if (bytes > most || bpf_probe_read_user(to, bytes, (void *)address))
		return;
	text->bytes = bytes;
	text->width = state >> 6 & 1 ? 0 : width;
}

inlined void read_table(struct pl_python_code *code, __u64 address)
{
	__u64 length = 0;
	__u32 bytes;

	code->table_bytes = 0;
	code->table_length = 0;
	code->table_address = address + BYTES_DATA;
	if (bpf_probe_read_user(&length, sizeof(length), (void *)(address + BYTES_LENGTH)))
		return;
	code->table_length = length;
	bytes = length < PL_PYTHON_TABLE_MAX ? length : PL_PYTHON_TABLE_MAX;
	asm volatile("" : "+r"(bytes));
	if (bytes > PL_PYTHON_TABLE_MAX ||
	    bpf_probe_read_user(code->table, bytes, (void *)(address + BYTES_DATA)))
		return;
	code->table_bytes = bytes;
}

/* The function of the frame that was just found. */
__weak __noinline __u32 send_code(__u32 number)
{
	struct python_scratch *scratch = python_scratch_here();
	struct pl_python *python = bpf_map_lookup_elem(&pythons, &number);
	__u64 pid = bpf_get_current_pid_tgid(), *seen;
	struct pl_python_code *code;
	struct python_walk *walk;
	__u32 bytes;

	if (!scratch || !python)
		return 0;
	walk = &scratch->walk;
	code = &scratch->code;
	seen = place_of_code(walk->found.code);
	if (!seen || *seen == walk->found.code)
		return 0;
	head_fill(&code->head, pid >> 32, pid, 0, PL_STACK_CODE, 0);
	code->code = walk->found.code;
	code->address = walk->code_object;
	code->first_line =
		python_word(walk->code_words, python->first_line) >> 8 * (python->first_line & 7);
	read_text(&code->name_text, code->name, PL_PYTHON_NAME_MAX,
		  python_word(walk->code_words, python->name), python);
	read_text(&code->file_text, code->file, PL_PYTHON_FILE_MAX,
		  python_word(walk->code_words, python->file), python);
	read_table(code, python_word(walk->code_words, python->table));
	bytes = code->table_bytes;
	if (bytes > PL_PYTHON_TABLE_MAX)
		return 0;
	if (bpf_ringbuf_output(&stack_ring, code, sizeof(*code) - PL_PYTHON_TABLE_MAX + bytes,
			       ring_flags())) {
		__sync_fetch_and_add(&stack_control.lost, 1);
		return 0;
	}
	*seen = walk->found.code;
	return 1;
}

/* ---- frames ---------------------------------------------------------------------------------- */

struct python_run {
	__u64 hash;
	__u32 number; /* of the Python */
	__u32 count;
	__u32 stop;
	__u32 reserved;
};

/* One frame. A callback of bpf_loop(). */
static long python_frame_step(__u32 index, void *context)
{
	struct python_run *run = context;
	struct python_scratch *scratch = python_scratch_here();
	__u32 number = run->number, count = run->count, step;
	struct pl_python *python = bpf_map_lookup_elem(&pythons, &number);

	if (!scratch || !python)
		return 1;
	if (!scratch->walk.frame) {
		run->stop = PL_STOP_ROOT;
		return 1;
	}
	if (count >= PL_PYTHON_FRAMES)
		return 1;
	step = python_step(0, python, &scratch->walk);
	if (step == PYTHON_BROKEN) {
		run->stop = PL_STOP_READ;
		return 1;
	}
	run->hash = python_mix(run->hash, step);
	if (step == PYTHON_NO_FRAME) {
		if (count)
			scratch->stack.frame[(count - 1) & (PL_PYTHON_FRAMES - 1)].flags |=
				PL_PYTHON_EDGE;
		return 0;
	}
	scratch->stack.frame[count & (PL_PYTHON_FRAMES - 1)] = scratch->walk.found;
	run->hash = python_mix(run->hash, scratch->walk.found.code);
	run->hash = python_mix(run->hash, (__u64)scratch->walk.found.position << 1 |
						  scratch->walk.found.flags);
	run->count = count + 1;
	send_code(number);
	return 0;
}

__weak __noinline __u32 id_of_python(__u64 hash, __u32 native, __u32 count, __u32 stop)
{
	struct python_scratch *scratch = python_scratch_here();
	__u32 number = hash & (PL_STACK_IDS - 1), id;
	__u64 pid = bpf_get_current_pid_tgid(), *known;

	known = bpf_map_lookup_elem(&stack_ids, &number);
	if (!scratch || !known || count > PL_PYTHON_FRAMES)
		return native;
	if (*known >> ID_BITS == hash >> ID_BITS)
		return *known & ID_MASK;
	id = new_id();
	head_fill(&scratch->stack.head, pid >> 32, pid, 0, PL_STACK_PYTHON, id);
	scratch->stack.head.count = count;
	scratch->stack.head.stop = stop;
	scratch->stack.native = native;
	scratch->stack.reserved = 0;
	if (!id || bpf_ringbuf_output(&stack_ring, &scratch->stack,
				      sizeof(struct pl_stack_head) + 8 +
					      count * sizeof(struct pl_python_frame),
				      ring_flags())) {
		__sync_fetch_and_add(&stack_control.lost, 1);
		return native;
	}
	*known = (hash & ~(__u64)ID_MASK) | id;
	return id;
}

__noinline __u32 python_of_current(__u32 native, __u32 space_number)
{
	struct pl_space *space = bpf_map_lookup_elem(&spaces, &space_number);
	struct python_scratch *scratch = python_scratch_here();
	struct python_run run = {.stop = PL_STOP_DEPTH};
	struct pl_python *python;

	if (!space || !space->python || !scratch)
		return native;
	run.number = space->python;
	python = bpf_map_lookup_elem(&pythons, &run.number);
	if (!python ||
	    !python_first(0, python, thread_pointer(bpf_get_current_task_btf()), &scratch->walk))
		return native;
	run.hash = python_mix(native, space->python);
	bpf_loop(PL_PYTHON_FRAMES * 2, python_frame_step, &run, 0);
	if (!run.count)
		return native;
	return id_of_python(python_mix(run.hash, run.count << 8 | run.stop), native, run.count,
			    run.stop);
}
