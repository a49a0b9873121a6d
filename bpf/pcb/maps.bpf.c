// SPDX-License-Identifier: GPL-2.0-only
/* maps.bpf.c - the one definition of what the iterators over control blocks share */
#include "bpf/pcb/pieces.h"

const volatile struct pl_pcb_settings pcb_settings = {};
struct pl_pcb_room pcb_room SEC(".maps");

char LICENSE[] SEC("license") = "GPL";
