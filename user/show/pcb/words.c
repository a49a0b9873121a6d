// SPDX-License-Identifier: GPL-2.0-only
/* words.c - short texts that tables, cards and JSON share */
#include "show/pcb/pcb.h"

#include <inttypes.h>
#include <string.h>

const char *pcb_wait_text(const struct pl_pcb_task *task, const char *arch, char *out, size_t size)
{
	enum reason reason = pcb_reason(task, arch);
	const char *call = task->block.syscall == PL_NO_SYSCALL
				   ? NULL
				   : syscall_name(arch, task->block.syscall);

	out[0] = '\0';
	if (reason == REASON_NONE)
		return out;
	if (reason == REASON_SYSCALL && call)
		snprintf(out, size, "%s", call);
	else
		snprintf(out, size, "%s", reason_name(reason));
	if (task->block.holder) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, reason == REASON_JOIN ? " of %u" : ", held by %u",
			 task->block.holder);
	}
	return out;
}

const char *pcb_priority_text(const struct pl_pcb_task *task, char *out, size_t size)
{
	const char *policy = pcb_policy_name(task->policy);

	if (!policy)
		snprintf(out, size, "policy %u", task->policy);
	else if (pcb_is_realtime(task))
		snprintf(out, size, "%s %u", policy, task->rt_priority);
	else if (task->policy)
		snprintf(out, size, "%s, nice %d", policy, pcb_nice(task));
	else
		snprintf(out, size, "nice %d", pcb_nice(task));
	return out;
}
