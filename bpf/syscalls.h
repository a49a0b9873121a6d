/* SPDX-License-Identifier: GPL-2.0-only */
/* syscalls.h - which system calls have an argument worth looking at when a thread blocks in them */
#ifndef PTRACE_LAB_SYSCALLS_H
#define PTRACE_LAB_SYSCALLS_H

#include <asm/unistd.h>
#include "bpf/registers.h"

#ifndef __NR_futex_waitv
#define __NR_futex_waitv 449
#endif

#ifndef __NR_futex_wait
#define __NR_futex_wake	   454
#define __NR_futex_wait	   455
#define __NR_futex_requeue 456
#endif

/* Those that can block on the descriptor in their first argument. Calls that wait for several are
 * told by their number alone. */
/* clang-format off */
#define FILE_CALLS(X)										\
	X(read) X(write) X(readv) X(writev) X(pread64) X(pwrite64) X(preadv) X(pwritev)		\
	X(preadv2) X(pwritev2) X(recvfrom) X(sendto) X(recvmsg) X(sendmsg) X(recvmmsg)		\
	X(sendmmsg) X(accept) X(accept4) X(connect) X(sendfile) X(splice) X(tee)		\
	X(vmsplice) X(ioctl) X(fsync) X(fdatasync) X(ftruncate) X(fallocate) X(getdents64)	\
	X(copy_file_range)
/* clang-format on */

/* One bit per number, so that the check is a load and a test. */
#define FILE_CALL_BIT(name) (__NR_##name / 64 == FILE_CALL_WORD ? 1ull << (__NR_##name % 64) : 0) |

static const __u64 file_call_bits[8] = {
#define FILE_CALL_WORD 0
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
#define FILE_CALL_WORD 1
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
#define FILE_CALL_WORD 2
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
#define FILE_CALL_WORD 3
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
#define FILE_CALL_WORD 4
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
#define FILE_CALL_WORD 5
	FILE_CALLS(FILE_CALL_BIT) 0,
#undef FILE_CALL_WORD
};

inlined bool syscall_takes_file(__s64 number)
{
	__u32 word = (__u32)number >> 6;

	return word < 8 && (file_call_bits[word & 7] >> (number & 63)) & 1;
}

/* The operation of a futex, the command for a descriptor, the number of descriptors to poll. */
inlined bool syscall_keeps_arg1(__s64 number)
{
#ifdef __NR_poll
	if (number == __NR_poll)
		return true;
#endif
	return number == __NR_futex || number == __NR_fcntl || number == __NR_ioctl ||
	       number == __NR_ppoll;
}

#endif
