// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - signals, and how threads ended */
#include <inttypes.h>
#include <stdio.h>

#include "model/signals.h"
#include "show/derive.h"
#include "show/json/sections.h"
#include "show/json/schema.h"

static const char *const sources[] = {
	[0] = "unknown",
	[PL_SOURCE_THREAD] = "thread",
	[PL_SOURCE_KERNEL] = "kernel",
	[PL_SOURCE_FAULT] = "fault",
};

static const char *const ends[] = {
	[PL_END_UNKNOWN] = NULL,  [PL_END_ITSELF] = "itself", [PL_END_EXITED] = "exited",
	[PL_END_TAKEN] = "taken", [PL_END_EXEC] = "exec",
};

static void put_index(struct json *json, const char *name, uint32_t index, size_t count)
{
	if (index < count)
		json_unsigned(json, name, index);
	else
		json_null(json, name);
}

static void put_address(struct json *json, const char *name, bool known, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	json_string(json, name, known ? text : NULL);
}

static void put_time(struct json *json, const char *name, const struct model *model, bool known,
		     uint64_t time)
{
	if (known)
		json_unsigned(json, name, time > model->begin ? time - model->begin : 0);
	else
		json_null(json, name);
}

static void put_signal(struct json *json, const struct model *model, const struct signal_sum *sum)
{
	size_t source = sum->source < sizeof(sources) / sizeof(*sources) ? sum->source : 0;

	json_object(json, NULL);
	json_unsigned(json, "number", sum->number);
	json_string(json, "name", signal_label(sum->number).text);
	json_string(json, "source", sources[source]);
	put_index(json, "from", sum->from, model->threads.count);
	json_unsigned(json, "from_tid", sum->from_tid);
	json_unsigned(json, "from_pid", sum->from_tgid);
	json_string(json, "from_name", *sum->from_name ? sum->from_name : NULL);
	put_index(json, "to", sum->to, model->processes.count);
	json_unsigned(json, "to_pid", sum->to_tgid);
	json_string(json, "to_name", *sum->to_name ? sum->to_name : NULL);
	json_unsigned(json, "sent", sum->sent);
	json_unsigned(json, "ignored", sum->ignored);
	json_unsigned(json, "merged", sum->merged);
	json_unsigned(json, "overflowed", sum->overflowed);
	json_unsigned(json, "handled", sum->handled);
	put_index(json, "handler", sum->handled ? sum->handler : NO_THREAD, model->threads.count);
	json_unsigned(json, "stopped", sum->stopped);
	put_time(json, "first_ns", model, true, sum->first);
	put_time(json, "last_ns", model, true, sum->last);
	put_time(json, "fatal_ns", model, sum->fatal, sum->fatal_time);
	json_signed(json, "code", sum->has_fault ? sum->code : 0);
	put_address(json, "address", sum->has_fault, sum->address);
	put_address(json, "instruction", sum->has_fault, sum->ip);
	put_index(json, "faulter", sum->has_fault ? sum->faulter : NO_THREAD, model->threads.count);
	json_object_end(json);
}

void json_signals(struct json *json, const struct model *model)
{
	const struct signal_sum *sum;

	json_array(json, "signals");
	vector_for_each (&model->signals, sum)
		put_signal(json, model, sum);
	json_array_end(json);
	json_unsigned(json, "signals_beyond", model->signals_beyond);
}

void json_thread_end(struct json *json, const struct model *model, const struct thread *thread)
{
	const char *how =
		thread->end_how < sizeof(ends) / sizeof(*ends) ? ends[thread->end_how] : NULL;
	struct reason_label syscall = reason_label(model, REASON_SYSCALL, thread->ended_syscall);

	if (!how) {
		json_null(json, "ended");
		return;
	}
	json_object(json, "ended");
	json_string(json, "how", how);
	put_index(json, "by", how == ends[PL_END_TAKEN] ? thread->ended_by : NO_THREAD,
		  model->threads.count);
	json_string(json, "waiting_for",
		    thread->ended_in != REASON_NONE ? reason_name(thread->ended_in) : NULL);
	json_string(json, "syscall",
		    thread->ended_in != REASON_NONE && thread->ended_syscall != PL_NO_SYSCALL
			    ? syscall.text
			    : NULL);
	json_unsigned(json, "waited_ns", thread->ended_wait_ns);
	json_object_end(json);
}

const struct member thread_end_members[] = {
	MEMBER("how", STRING,
	       "itself: it returned; exited: it ended its process; taken: its process ended, by "
	       "another thread or a signal; exec: another thread executed a new program."),
	MEMBER_OR_NULL("by", COUNT,
		       "taken: index into threads of the one that ended the process; null if a "
		       "signal did."),
	MEMBER_OR_NULL("waiting_for", STRING,
		       "The reason of the wait out of which it was taken; null if it was in none."),
	MEMBER_OR_NULL("syscall", STRING, "The system call of that wait."),
	MEMBER("waited_ns", COUNT, "How long that wait had been."),
	{0},
};

const struct member signal_members[] = {
	MEMBER("number", COUNT, "The signal."),
	MEMBER("name", STRING, "SIGTERM, SIGRTMIN+1, ..."),
	MEMBER("source", STRING,
	       "thread: one sent it; kernel: a timer, a terminal, ...; fault: the receiver's own "
	       "instruction; unknown: only its arrival was seen."),
	MEMBER_OR_NULL("from", COUNT, "Index into threads; null: not one of the target's."),
	MEMBER("from_tid", COUNT, "The thread that sent it; 0: nobody, or not known."),
	MEMBER("from_pid", COUNT, "Its process; 0: nobody, or not known."),
	MEMBER_OR_NULL("from_name", STRING, "Its name."),
	MEMBER_OR_NULL("to", COUNT, "Index into processes; null: not one of the target's."),
	MEMBER("to_pid", COUNT, "The process that got it."),
	MEMBER_OR_NULL("to_name", STRING, "The name of the thread that it was sent to."),
	MEMBER("sent", COUNT, "How many were sent."),
	MEMBER("ignored", COUNT, "Of these: to somebody who does not want them."),
	MEMBER("merged", COUNT, "Of these: while one of the number was on its way already."),
	MEMBER("overflowed", COUNT, "Of these: refused, as too many were queued."),
	MEMBER("handled", COUNT, "How often a handler was called for them."),
	MEMBER_OR_NULL("handler", COUNT, "Index into threads: whose handler it was last."),
	MEMBER("stopped", COUNT, "How often one of them stopped the process."),
	MEMBER("first_ns", COUNT, "When the first one was sent, since the begin."),
	MEMBER("last_ns", COUNT, "When the last one was sent (a flood: told of), since the begin."),
	MEMBER_OR_NULL("fatal_ns", COUNT, "When one was sent that ended the process."),
	MEMBER("code", SIGNED, "fault: the kernel's reason (si_code)."),
	MEMBER_OR_NULL("address", STRING, "fault: what it was about."),
	MEMBER_OR_NULL("instruction", STRING, "fault: the address of the instruction."),
	MEMBER_OR_NULL("faulter", COUNT, "fault: index into threads."),
	{0},
};
