// SPDX-License-Identifier: GPL-2.0-only
#define PTRACE_LAB_DEFINE_MAPS
#include "bpf/stack.h"

char LICENSE[] SEC("license") = "GPL";
