/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * python_frames.h - the frames of Python functions, as a CPython interpreter keeps them
 *
 * A thread of Python has a thread state, found as pthread_getspecific() finds it, and that leads to
 * a chain of frames, innermost first. Each run of the interpreter's loop, which is one native
 * frame, executes several of these, and says at which one it began.
 *
 * The kernel side walks them at switches and samples, and user space in processes that stand still.
 * Plain C without helpers: whoever includes this defines
 *
 *	python_read(memory, to, size, address)	bytes of the process's memory; 0 if it worked
 *
 * before. Where things lie differs between versions: struct pl_python says it.
 */
#ifndef PTRACE_LAB_PYTHON_FRAMES_H
#define PTRACE_LAB_PYTHON_FRAMES_H

#include "bpf/python_records.h"

/* On the way. The buffers are longer than what is read, so that any offset of 8 bits may be used.
 */
struct python_walk {
	PL_U64 frame;	    /* the next one's address, 0: that was all */
	PL_U64 code_object; /* address of the last one's code */
	struct pl_python_frame found;
	PL_U64 frame_words[32];
	PL_U64 code_words[32];
};

enum python_step {
	PYTHON_FRAME = 0,    /* walk->found */
	PYTHON_NO_FRAME = 1, /* a shim: go on */
	PYTHON_BROKEN = 2,   /* its memory could not be read, or is no frame */
};

#define python_inline static inline __attribute__((always_inline))

python_inline PL_U64 python_word(const PL_U64 words[32], PL_U8 offset)
{
	return words[offset / 8 & 31];
}

python_inline PL_U64 python_mix(PL_U64 hash, PL_U64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* The innermost frame of the thread whose thread pointer this is. False: it has none. */
python_inline _Bool python_first(void *memory, const struct pl_python *python, PL_U64 thread,
				 struct python_walk *walk)
{
	struct {
		PL_U32 is_set, number;
	} key = {0};
	PL_U64 state = 0, frame = 0;

	if (python_read(memory, &key, sizeof(key), python->key) || !key.is_set ||
	    key.number >= PL_PYTHON_KEYS)
		return 0;
	if (python_read(memory, &state, sizeof(state),
			thread + python->specific + key.number * 16ull) ||
	    !state || python_read(memory, &frame, sizeof(frame), state + python->frame))
		return 0;
	if (python->frame_within != PL_PYTHON_HERE &&
	    (!frame || python_read(memory, &frame, sizeof(frame), frame + python->frame_within)))
		return 0;
	walk->frame = frame;
	return frame != 0;
}

/* Another object may lie there by the time that somebody looks: what it is made of names it. */
python_inline PL_U64 python_code_name(const struct pl_python *python,
				      const struct python_walk *walk)
{
	PL_U64 first_line =
		python_word(walk->code_words, python->first_line) >> 8 * (python->first_line & 7);
	PL_U64 name = python_mix(python->number, walk->code_object);

	name = python_mix(name, (PL_U32)first_line);
	name = python_mix(name, python_word(walk->code_words, python->file));
	name = python_mix(name, python_word(walk->code_words, python->name));
	name = python_mix(name, python_word(walk->code_words, python->table));
	return name ? name : 1;
}

/* Takes the frame at walk->frame, and goes on to its caller. */
python_inline PL_U32 python_step(void *memory, const struct pl_python *python,
				 struct python_walk *walk)
{
	PL_U64 instruction, edge;
	_Bool is_edge;

	if (python_read(memory, walk->frame_words, PL_PYTHON_FRAME_BYTES, walk->frame))
		return PYTHON_BROKEN;
	edge = python_word(walk->frame_words, python->edge) >> 8 * (python->edge & 7) & 0xff;
	is_edge = edge == python->edge_value;
	walk->frame = python_word(walk->frame_words, python->previous);
	if (is_edge && python->edge_kind == PL_PYTHON_SHIM)
		return PYTHON_NO_FRAME;
	walk->code_object = python_word(walk->frame_words, python->code);
	if (python_read(memory, walk->code_words, PL_PYTHON_CODE_BYTES,
			walk->code_object + python->looked_at))
		return PYTHON_BROKEN;
	instruction = python_word(walk->frame_words, python->instruction);
	walk->found.code = python_code_name(python, walk);
	walk->found.position = (PL_S32)(instruction - walk->code_object - python->bytecode);
	walk->found.flags = is_edge ? PL_PYTHON_EDGE : 0;
	return PYTHON_FRAME;
}

#endif
