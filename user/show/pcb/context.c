// SPDX-License-Identifier: GPL-2.0-only
/* context.c - where a task is, how it came there, and with what it goes on */
#include "show/pcb/card.h"

#include <inttypes.h>

#include "model/timeline/reasons.h"

/* "read (libc.so.6)", "work (pool.c:31)", "" if nothing is known. */
static const char *frame_text(const struct pcb_frame *frame, char *out, size_t size)
{
	const char *function = *frame->function ? frame->function : "?";

	if (frame->line)
		snprintf(out, size, "%s (%s:%u)", function, frame->file, frame->line);
	else if (*frame->module)
		snprintf(out, size, "%s (%s)", function, frame->module);
	else if (*frame->function)
		snprintf(out, size, "%s", function);
	else
		snprintf(out, size, "%#" PRIx64, frame->address);
	return out;
}

static const struct pcb_frame *place_of(const struct card *card)
{
	struct snapshot_range range = snapshot_frames(card->snapshot, card->task->head.tid, false);

	return range.begin < range.end ? &card->snapshot->frames.items[range.begin] : NULL;
}

void card_counter(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	const struct pcb_frame *frame = place_of(card);
	char number[16], place[320] = "";
	const char *call;

	if (!(task->flags & PL_PCB_HAS_REGISTERS))
		return;
	if (frame && *frame->module) {
		snprintf(place, sizeof(place), " in ");
		frame_text(frame, place + 4, sizeof(place) - 4);
	}
	snprintf(number, sizeof(number), "%u", task->block.syscall);
	call = syscall_name(card->view->arch, task->block.syscall);
	if (pcb_state(task) == PCB_RUNNING)
		card_line(card, "counter",
			  "running: where it last entered the kernel, at %#" PRIx64
			  "%s, stack pointer %#" PRIx64,
			  task->registers[PL_REG_IP], place, task->registers[PL_REG_SP]);
	else if (task->block.syscall == PL_NO_SYSCALL)
		card_line(card, "counter",
			  "%#" PRIx64 "%s, in no system call; stack pointer %#" PRIx64,
			  task->registers[PL_REG_IP], place, task->registers[PL_REG_SP]);
	else
		card_line(card, "counter",
			  "%#" PRIx64 "%s, in the system call %s(%#" PRIx64 ", %#" PRIx64
			  ", %#" PRIx64 ", %#" PRIx64 ", ...); stack pointer %#" PRIx64,
			  task->registers[PL_REG_IP], place, call ? call : number,
			  task->arguments[0], task->arguments[1], task->arguments[2],
			  task->arguments[3], task->registers[PL_REG_SP]);
}

/* Each frame on a line of its own, as debuggers do. */
static const char *put_stack(struct card *card, const char *head, bool is_kernel)
{
	struct snapshot_range range =
		snapshot_frames(card->snapshot, card->task->head.tid, is_kernel);
	char place[320];

	for (size_t i = range.begin; i < range.end; i++) {
		const struct pcb_frame *frame = &card->snapshot->frames.items[i];

		if (frame->is_kernel != is_kernel || frame->tid != card->task->head.tid)
			continue;
		frame_text(frame, place, sizeof(place));
		card_line(card, head, "%s %2zu  %s", is_kernel ? "kernel" : "user  ",
			  i - range.begin, place);
		head = "";
		if (i + 1 == range.end && !frame->is_last)
			card_line(card, "",
				  "           (it does not end here: that is how far it could "
				  "be followed)");
	}
	return head;
}

static const char *put_registers(struct card *card, const char *head)
{
	static const char *const names[PL_REG_COUNT] = {
		"ax", "cx",  "dx",  "bx",  "sp",  "bp",	 "si",	"di", "r8",
		"r9", "r10", "r11", "r12", "r13", "r14", "r15", "ip", "flags",
	};
	char words[900];
	size_t used = 0;

	if (!card->view->registers || !(card->task->flags & PL_PCB_HAS_REGISTERS))
		return head;
	for (int i = 0; i < PL_REG_COUNT && used < sizeof(words); i++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s %#" PRIx64,
					 i ? ", " : "", names[i], card->task->registers[i]);
	card_line(card, head, "%s", words);
	return "";
}

void card_context(struct card *card)
{
	const char *head = put_registers(card, "context");

	/* One frame is the counter's place, which was said. */
	if (!card->view->stacks)
		return;
	head = put_stack(card, head, true);
	put_stack(card, head, false);
}
