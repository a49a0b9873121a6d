// SPDX-License-Identifier: GPL-2.0-only
#define PTRACE_LAB_DEFINE_MAPS
#include "bpf/maps.h"

char LICENSE[] SEC("license") = "GPL";
