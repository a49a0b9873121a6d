/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.h - facts of the kernel that BTF does not tell, and what differs between kernels */
#ifndef PTRACE_LAB_KERNEL_H
#define PTRACE_LAB_KERNEL_H

#include "vmlinux/vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define inlined static __always_inline

#define TASK_DEAD	  0x80
#define TASK_WAKING	  0x200
#define PF_EXITING	  0x00000004
#define SIGNAL_GROUP_EXIT 0x00000004
#define PF_KTHREAD	  0x00200000

#define VM_MAYSHARE 0x00000080 /* VM_SHARED as well, but for what may only be read */

#define THREAD_SIZE 16384

#define READ_ONCE(x)	 (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

/* Since 6.2: a plain load where the helper for reading kernel memory takes 20 ns. Only the hot path
 * asks for it, as libbpf 1.1's linker cannot join two objects that both refer to a kernel function.
 */
#ifdef PTRACE_LAB_HOT_PATH
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
#define has_kernel_cast()	   (!!bpf_rdonly_cast)
#define kernel_cast(pointer, type) ((type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type)))
#else
#define has_kernel_cast()	   false
#define kernel_cast(pointer, type) ((type *)(pointer))
#endif

/* Stores before it are seen before it by whoever reads the other side with acquire. BPF of the
 * kernels that we support has no store-release; x86 orders stores anyway. */
inlined void publish(__u64 *where, __u64 value)
{
#if defined(__TARGET_ARCH_x86)
	asm volatile("" ::: "memory");
	WRITE_ONCE(*where, value);
#else
	__sync_lock_test_and_set(where, value);
#endif
}

#endif
