/* SPDX-License-Identifier: GPL-2.0-only */
/* python.h - the Python frames of the current thread, for who has its native ones */
#ifndef PTRACE_LAB_PYTHON_H
#define PTRACE_LAB_PYTHON_H

#include "bpf/kernel.h"

/* The id of a stack that is stack `native` of a thread in list of mappings `space`, with what the
 * interpreter executes there; `native` itself if it runs no Python that is known. */
__u32 python_of_current(__u32 native, __u32 space);

#endif
