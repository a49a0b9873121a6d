/* SPDX-License-Identifier: GPL-2.0-only */
/* settings.h - what user space tells the iterators over control blocks before they are loaded */
#ifndef PTRACE_LAB_PCB_SETTINGS_H
#define PTRACE_LAB_PCB_SETTINGS_H

#include "bpf/events.h"

struct pl_pcb_settings {
	PL_U32 tracer;	/* our own process: it never appears */
	PL_U32 process; /* only this one; 0: all */
	PL_U32 cpus;
	PL_U32 page_size;
};

#endif
