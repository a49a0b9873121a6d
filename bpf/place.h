/* SPDX-License-Identifier: GPL-2.0-only */
/* place.h - where a thread blocks: system call, descriptor's kind, futex and its holder */
#ifndef PTRACE_LAB_PLACE_H
#define PTRACE_LAB_PLACE_H

#include "bpf/files.h"
#include "bpf/futex.h"
#include "bpf/numbers.h"
#include "bpf/slot.h"
#include "bpf/syscalls.h"

struct place {
	__u16 syscall;
	__u8 futex_kind;
	__u8 file_kind;
	__u32 holder;
	__u64 arg0, arg1;
	__u64 inode;
	__u32 stack; /* id, where threads are taken up: else told by a record of its own */
};

/* The last place's answer serves again if the descriptor leads to the same inode: that is the
 * common case, and spares two reads. */
inlined void place_file(struct place *place, struct pl_slot *slot, struct task_struct *task)
{
	struct files_struct *files = task->files;
	__u32 fd = place->arg0;

	if (!files || fd >= files->fdt->max_fds)
		return;
	/* As a number: the verifier lets pointers be neither compared in one go nor handed on. */
	WRITE_ONCE(slot->scratch, (__u64)inode_of(files->fdt->fd, fd));
	place->inode = READ_ONCE(slot->scratch);
	if (place->inode && place->inode == slot->inode)
		place->file_kind = slot->file_kind;
	else if (place->inode)
		place->file_kind = file_kind_at(place->inode);
}

/* Who reads a lock's words. */
struct futex_reader {
	__u32 tgid;
	__u64 numbers; /* the namespace whose numbers it writes into locks, as numbers_of() */
};

/* A holder counts only if it is a thread that we follow and that lives, of the same process unless
 * the lock is shared between processes: the word might be anything. Returns 0 for all others. */
inlined __u32 holder_of(__u32 word, const struct futex_reader *reader, bool shared)
{
	struct pl_slot *slot = word ? slot_of_number_in(word, reader->numbers) : 0;

	if (!slot || slot->state == PL_STATE_DEAD || (!shared && slot->tgid != reader->tgid))
		return 0;
	return reader->numbers || slot->tid == word ? slot->tid : 0;
}

/* Kind and holder in one number (a function of its own returns nothing larger). */
struct futex_answer {
	__u32 kind;
	__u32 holder;
};

inlined struct futex_answer futex_judge(const struct futex_view *view, __u64 address,
					__u32 operation, __u32 value,
					const struct futex_reader *reader)
{
	struct futex_finding found = futex_classify(address, operation, value, view);
	bool shared = !(operation & FUTEX_PRIVATE);
	struct futex_answer answer = {.kind = found.kind};

	answer.holder = holder_of(found.holder, reader, shared);
	if (!answer.holder)
		answer.holder = holder_of(found.holder_else, reader, shared);
	/* The joined thread may have ended between the check of its word and now. */
	if (!answer.holder && found.kind == PL_FUTEX_JOIN && !reader->numbers)
		answer.holder = found.holder;
	return answer;
}

/* All but a futex's words, which are read in different ways from inside and outside. */
inlined void place_of(struct place *place, struct pl_slot *slot, struct task_struct *task,
		      struct syscall_view *call)
{
	syscall_of(task, call);
	if (call->number < 0 || call->number >= PL_NO_SYSCALL) {
		place->syscall = PL_NO_SYSCALL;
		return;
	}
	/* A thread that was killed in a call is still in it, by its registers. */
	if (task->flags & PF_EXITING) {
		place->syscall = __NR_exit;
		return;
	}
	place->syscall = call->number;
	place->arg0 = call->arg0;
	if (syscall_takes_file(call->number))
		place_file(place, slot, task);
	if (syscall_keeps_arg1(call->number))
		place->arg1 = call->arg1;
}

inlined bool is_futex_wait(__u16 syscall)
{
	return syscall == __NR_futex || syscall == __NR_futex_wait;
}

/* The operation of the classic call; what futex2's call spells in its flags, in the same way. */
inlined void place_futex(struct place *place, const struct syscall_view *call, __u32 *ret_value)
{
	*ret_value = call->arg2;
	place->inode = place->arg0;
	if (place->syscall != __NR_futex_wait)
		return;
	*ret_value = call->arg1;
	place->arg1 = FUTEX_CMD_WAIT_BITSET | (call->arg3 & FUTEX2_PRIVATE);
}

/* Without a branch for each member: faster, and one way instead of eight for the verifier. */
inlined bool place_is_same(const struct place *place, const struct pl_slot *slot)
{
	__u64 difference = (place->arg0 ^ slot->arg0) | (place->arg1 ^ slot->arg1) |
			   (place->holder ^ slot->holder) | (place->syscall ^ slot->syscall) |
			   (place->futex_kind ^ slot->futex_kind) |
			   (place->file_kind ^ slot->file_kind) |
			   (slot->block_epoch ^ READ_ONCE(control.epoch));

	return !difference;
}

inlined void place_keep(const struct place *place, struct pl_slot *slot)
{
	slot->syscall = place->syscall;
	slot->arg0 = place->arg0;
	slot->arg1 = place->arg1;
	slot->inode = place->inode;
	slot->holder = place->holder;
	slot->futex_kind = place->futex_kind;
	slot->file_kind = place->file_kind;
	slot->block_epoch = READ_ONCE(control.epoch);
}

/* The next time it is a place that was never told. */
inlined void place_forget(struct pl_slot *slot)
{
	slot->inode = 0;
	slot->block_epoch--;
}

inlined void place_tell(const struct place *place, __u32 tid, struct pl_block *block)
{
	block->kind = PL_BLOCK;
	block->futex_kind = place->futex_kind;
	block->file_kind = place->file_kind;
	block->reserved_3 = 0;
	block->syscall = place->syscall;
	block->reserved_6 = 0;
	block->tid = tid;
	block->holder = place->holder;
	block->arg0 = place->arg0;
	block->arg1 = place->arg1;
}

#endif
