/* SPDX-License-Identifier: GPL-2.0-only */
/* python_splice.h - native frames and those of Python functions as one stack */
#ifndef CAPTURE_PYTHON_SPLICE_H
#define CAPTURE_PYTHON_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/stacks.h"

/* Leaf first, each with its id in the recording. */
struct splice_native {
	uint32_t frame;
	bool is_loop; /* the interpreter's: it executes Python functions */
};

struct splice_python {
	uint32_t frame;
	bool is_edge; /* its caller is executed by another native frame */
};

/* All at most: no native frame is told but the loops. */
#define SPLICE_MAX (PL_STACK_FRAMES + PL_PYTHON_FRAMES)

/* Each frame of the interpreter's loop gives way to the functions that it executes. `native_whole`
 * and `python_whole`: to the root. What remains of the functions when the native frames end before
 * is told behind them. Returns how many frames there are in `ret`. */
size_t python_splice(const struct splice_native *native, size_t native_count, bool native_whole,
		     const struct splice_python *python, size_t python_count, bool python_whole,
		     uint32_t ret[SPLICE_MAX]);

#endif
