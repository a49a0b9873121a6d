// SPDX-License-Identifier: GPL-2.0-only
/* files.bpf.c - the open files of every process: of each table once, however many threads share it
 */
#include "bpf/files.h"
#include "bpf/pcb/pieces.h"

#define AF_INET	 2
#define AF_INET6 10

inlined void socket_of(struct pl_pcb_file *to, struct file___whole *file)
{
	struct socket *socket = file->private_data;
	struct sock *sock = BPF_CORE_READ(socket, sk);
	struct sock_common *common = &sock->__sk_common;

	to->protocol_type = BPF_CORE_READ(socket, type);
	if (!sock)
		return;
	to->family = BPF_CORE_READ(common, skc_family);
	to->socket_state = BPF_CORE_READ(common, skc_state);
	if (to->family != AF_INET && to->family != AF_INET6)
		return;
	to->local_port = BPF_CORE_READ(common, skc_num);
	to->remote_port = __builtin_bswap16(BPF_CORE_READ(common, skc_dport));
	if (to->family == AF_INET) {
		bpf_core_read(to->local_address, 4, &common->skc_rcv_saddr);
		bpf_core_read(to->remote_address, 4, &common->skc_daddr);
	} else {
		bpf_core_read(to->local_address, 16, &common->skc_v6_rcv_saddr);
		bpf_core_read(to->remote_address, 16, &common->skc_v6_daddr);
	}
}

SEC("iter/task_file")
int show_file(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file___whole *file = context->file;
	union pl_pcb *record = room();
	struct pl_pcb_file *to;
	struct inode___whole *inode;

	if (!record || !file || !is_wanted(task))
		return 0;
	to = &record->file;
	head_of(&to->head, PL_PCB_FILE, sizeof(*to), task);
	to->fd = context->fd;
	to->flags = file->f_flags;
	to->position = file->f_pos;
	inode = file->f_inode;
	to->mode = BPF_CORE_READ(inode, i_mode);
	to->device = BPF_CORE_READ(inode, i_rdev);
	to->inode = BPF_CORE_READ(inode, i_ino);
	to->size = BPF_CORE_READ(inode, i_size);
	if ((to->mode & S_IFMT) == S_IFSOCK)
		socket_of(to, file);
	if (bpf_d_path(&file->f_path, to->name, sizeof(to->name)) < 0)
		to->name[0] = '\0';
	bpf_seq_write(context->meta->seq, to, sizeof(*to));
	return 0;
}
