/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel_side_inside.h - what the files of the kernel side share, and nobody else */
#ifndef CAPTURE_KERNEL_SIDE_INSIDE_H
#define CAPTURE_KERNEL_SIDE_INSIDE_H

#include "base/vector.h"
#include "capture/kernel_side.h"
#include "capture/map_window.h"
#include "capture/marks.h"
#include "ptrace_lab.skel.h"

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
#define WAITS_TOLD_BYTES (SLOTS * sizeof(struct pl_wait_told))

struct kernel_side {
	struct ptrace_lab_bpf *skeleton;
	unsigned int cpus;
	uint32_t lane_bytes;
	size_t lane_stride;
	struct pl_lane *lanes;
	uint8_t *lane_data;
	struct map_window slots; /* struct pl_slot */
	struct map_window words; /* of unwind tables */
	struct kernel_side_stacks stacks;
	uint32_t stack_kinds;
	struct bpf_link **clocks; /* of the sampling clock, one per CPU */
	bool faults;
	bool triggers;
	struct pl_wait_told *waits_told; /* of each slot; with triggers */
	const struct marks *marks;
	VECTOR(struct bpf_link *) mark_links;
	int marks_refused; /* errno of one that could not be attached to */
};

/* Between opening and loading: which programs are loaded, and how large the maps are. 0 or -errno.
 */
int kernel_side_choose(struct kernel_side *side, const struct kernel_side_options *options);
struct bpf_program *kernel_side_mark_program(const struct kernel_side *side,
					     enum mark_program program);

#endif
