// SPDX-License-Identifier: GPL-2.0-only
/*
 * marks.bpf.c - what programs say of themselves: USDT probes
 *
 * Loaded and attached only for probes that are there; without, a probe is a nop. The provider
 * ptrace_lab tells of phases, and of user-level threads that a program switches by itself:
 *
 *	phase(const char *text)
 *	uthread_switch(u32 id, const char *name)	it runs on this kernel thread now; 0: none
 *	uthread_state(u32 id, const char *name, int state)	0 ready, 1 blocked, 2 ended
 *
 * The programs may sleep, as a text can lie on a page that nobody has touched yet.
 */
#define BPF_USDT_MAX_SPEC_CNT 1024
#include "bpf/life.h"
#include "bpf/slot.h"
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

#define USER_PAGE 4096

/* In what may sleep task storage must not be used before 6.3, so a thread is found by its tid
 * alone: all but one that changes its tid at this moment. */
inlined bool is_followed(struct task_struct *task)
{
	struct pl_slot *slot = slot_of_its_tid(task);

	return slot && slot->task == (__u64)task;
}

/* The text, or as much as there is room for. Reads in two steps if it may run into a page that is
 * not there, as what lies behind the text need not be. */
inlined void read_text(char *text, __u32 size, __u64 address)
{
	__u32 here = USER_PAGE - (address & (USER_PAGE - 1));

	if (bpf_probe_read_user_str(text, size, (void *)address) >= 0)
		return;
	if (here >= size) {
		bpf_copy_from_user(text, size, (void *)address);
	} else {
		here &= PL_MARK_TEXT - 1;
		if (!bpf_copy_from_user(text, here, (void *)address))
			bpf_probe_read_user_str(text, size, (void *)address);
	}
	text[size - 1] = 0;
}

/* Marks may come in millions; lives must find room beside them. */
inlined bool has_room(void)
{
	if (bpf_ringbuf_query(&life, BPF_RB_AVAIL_DATA) < settings.life_bytes / 2)
		return true;
	__sync_fetch_and_add(&control.lost_marks, 1);
	return false;
}

inlined void tell_mark(struct pl_life_mark *mark, __u32 text_size)
{
	__u32 size = PL_LIFE_MARK_LEAST - PL_MARK_NAME + text_size;
	struct task_struct *task = bpf_get_current_task_btf();

	life_head(&mark->head, task, PL_LIFE_MARK, size, bpf_ktime_get_ns());
	if (bpf_ringbuf_output(&life, mark, size, life_wakeup()))
		__sync_fetch_and_add(&control.lost_marks, 1);
}

inlined bool may_tell(void)
{
	return !control.end && is_followed(bpf_get_current_task_btf()) && has_room();
}

SEC("usdt")
int on_phase(struct pt_regs *context)
{
	struct pl_life_mark mark = {.what = PL_MARK_PHASE};
	long text = 0;

	if (!may_tell() || bpf_usdt_arg(context, 0, &text))
		return 0;
	read_text(mark.text, PL_MARK_TEXT, text);
	tell_mark(&mark, PL_MARK_TEXT);
	return 0;
}

SEC("usdt")
int on_uthread_switch(struct pt_regs *context)
{
	struct pl_life_mark mark = {.what = PL_MARK_UTHREAD_SWITCH};
	long id = 0, name = 0;

	if (!may_tell() || bpf_usdt_arg(context, 0, &id))
		return 0;
	mark.uthread = id;
	bpf_usdt_arg(context, 1, &name);
	if (mark.uthread && name)
		read_text(mark.text, PL_MARK_NAME, name);
	tell_mark(&mark, PL_MARK_NAME);
	return 0;
}

SEC("usdt")
int on_uthread_state(struct pt_regs *context)
{
	struct pl_life_mark mark = {.what = PL_MARK_UTHREAD_STATE};
	long id = 0, name = 0, state = 0;

	if (!may_tell() || bpf_usdt_arg(context, 0, &id) || bpf_usdt_arg(context, 2, &state))
		return 0;
	mark.uthread = id;
	mark.state = state;
	bpf_usdt_arg(context, 1, &name);
	if (name)
		read_text(mark.text, PL_MARK_NAME, name);
	tell_mark(&mark, PL_MARK_NAME);
	return 0;
}

/* Any other probe that was asked for; the cookie says which one. */
SEC("usdt")
int on_mark(struct pt_regs *context)
{
	struct pl_life_mark mark = {.what = PL_MARK_OTHER};
	long value = 0;

	if (!may_tell())
		return 0;
	mark.definition = bpf_usdt_cookie(context);
	mark.count = bpf_usdt_arg_cnt(context);
	if (!bpf_usdt_arg(context, 0, &value))
		mark.arguments[0] = value;
	if (!bpf_usdt_arg(context, 1, &value))
		mark.arguments[1] = value;
	tell_mark(&mark, PL_MARK_NAME);
	return 0;
}
