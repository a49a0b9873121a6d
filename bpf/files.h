/* SPDX-License-Identifier: GPL-2.0-only */
/* files.h - what a file descriptor leads to */
#ifndef PTRACE_LAB_FILES_H
#define PTRACE_LAB_FILES_H

#include "bpf/events.h"
#include "bpf/kernel.h"

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000

/* Major numbers of virtual consoles, /dev/tty and the like, serial lines, pseudo-terminals. */
inlined bool is_terminal(__u32 device)
{
	__u32 major = device >> 20;

	return major == 4 || major == 5 || (major >= 128 && major <= 143) || major == 229;
}

/* A function of its own, so that the verifier goes through its many ways once, and not once for
 * each way that leads to it. Weak, as every object that includes this has one. */
__weak __noinline __u32 file_kind_at(__u64 address)
{
	struct inode *inode = (void *)address;
	__u16 mode = BPF_CORE_READ(inode, i_mode);

	switch (mode & S_IFMT) {
	case S_IFIFO:
		return PL_FILE_PIPE;
	case S_IFSOCK:
		return PL_FILE_SOCKET;
	case S_IFREG:
		return PL_FILE_REGULAR;
	case S_IFDIR:
		return PL_FILE_DIRECTORY;
	case S_IFBLK:
		return PL_FILE_BLOCK;
	case S_IFCHR:
		return is_terminal(BPF_CORE_READ(inode, i_rdev)) ? PL_FILE_TERMINAL
								 : PL_FILE_CHARACTER;
	case 0:
		return PL_FILE_ANONYMOUS;
	}
	return PL_FILE_OTHER;
}

/* table[fd]->f_inode, or NULL. A table of pointers is no type of its own in BTF, so that its entry
 * is read as the member of a struct that happens to lie there. */
inlined struct inode *inode_of(struct file **table, __u32 fd)
{
	struct file *file = 0;

	if (has_kernel_cast()) {
		void *entry = &table[fd];
		__u32 offset = bpf_core_field_offset(struct fdtable, fd);

		file = (void *)kernel_cast(entry - offset, struct fdtable)->fd;
		return file ? kernel_cast(file, struct file)->f_inode : 0;
	}
	if (bpf_probe_read_kernel(&file, sizeof(file), &table[fd]) || !file)
		return 0;
	return BPF_CORE_READ(file, f_inode);
}

#endif
