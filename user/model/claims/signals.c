// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - names in claims about signals, and about how threads and processes ended */
#include <string.h>

#include "base/units.h"
#include "model/claims/inside.h"

/* ---- signals[FROM,TO,NUMBER] --------------------------------------------------------------- */

struct selection {
	char from[CLAIM_NAME_MAX], to[CLAIM_NAME_MAX];
	int64_t number; /* 0: any */
};

/* "FROM,TO" or "FROM,TO,NUMBER". */
static bool read_selection(const char *text, struct selection *ret)
{
	const char *comma = strchr(text, ','), *second;

	memset(ret, 0, sizeof(*ret));
	if (!comma)
		return false;
	second = strchr(comma + 1, ',');
	if (!second)
		second = comma + strlen(comma);
	memcpy(ret->from, text, (size_t)(comma - text));
	memcpy(ret->to, comma + 1, (size_t)(second - comma - 1));
	if (!*second || !strcmp(second, ",*"))
		return *ret->from && *ret->to;
	return *ret->from && *ret->to && !parse_number(second + 1, 1, 64, &ret->number);
}

static const char *sender_of(const struct model *model, const struct signal_sum *sum)
{
	if (sum->source == PL_SOURCE_FAULT)
		return "fault";
	if (sum->source == PL_SOURCE_KERNEL)
		return "kernel";
	return sum->from < model->threads.count ? model->threads.items[sum->from].name
						: sum->from_name;
}

static bool is_selected(const struct model *model, const struct signal_sum *sum,
			const struct selection *selection)
{
	const char *to = sum->to < model->processes.count ? model->processes.items[sum->to].name
							  : sum->to_name;

	return (!selection->number || selection->number == sum->number) &&
	       name_matches(selection->from, sender_of(model, sum)) &&
	       name_matches(selection->to, to);
}

static enum figure_result selected_figure(const struct model *model,
					  const struct selection *selection, const char *field,
					  long double *ret, struct because because)
{
	uint64_t sent = 0, ignored = 0, handled = 0, fatal = 0, first = UINT64_MAX;
	const struct signal_sum *sum;

	vector_for_each (&model->signals, sum) {
		if (!is_selected(model, sum, selection))
			continue;
		sent += sum->sent;
		ignored += sum->ignored;
		handled += sum->handled;
		fatal += sum->fatal;
		first = sum->first < first ? sum->first : first;
	}
	if (!strcmp(field, "ignored"))
		return known(ret, ignored);
	if (!strcmp(field, "handled"))
		return known(ret, handled);
	if (!strcmp(field, "fatal"))
		return known(ret, fatal);
	if (strcmp(field, "first"))
		return known(ret, sent);
	return first == UINT64_MAX ? unknown(because, "no such signal was seen")
				   : known(ret, (long double)first - model->begin);
}

static enum figure_result signals_figure(const struct model *model, const struct claim_name *name,
					 long double *ret, struct because because)
{
	static const char *const fields[] = {"", "ignored", "handled", "fatal", "first"};
	struct selection selection;
	size_t i = 0;

	while (i < sizeof(fields) / sizeof(fields[0]) && strcmp(name->tail, fields[i]))
		i++;
	if (i == sizeof(fields) / sizeof(fields[0]) || !read_selection(name->bracket, &selection))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	if (model->signals_beyond)
		return unknown(because, "there were too many senders of signals to tell apart");
	return selected_figure(model, &selection, name->tail, ret, because);
}

/* ---- thread[NAME].ended -------------------------------------------------------------------- */

static enum figure_result ended_by(const struct model *model, const struct thread *thread,
				   long double *ret, struct because because)
{
	if (thread->end_how != PL_END_TAKEN || thread->ended_by >= model->threads.count)
		return unknown(because, "'%s' was not ended by another thread's exit",
			       thread->name);
	return known(ret, model->threads.items[thread->ended_by].tid);
}

static bool is_end_field(const char *field, enum reason *ret_reason)
{
	static const char waiting_for[] = "waiting.";

	*ret_reason = REASON_NONE;
	if (!strncmp(field, waiting_for, strlen(waiting_for))) {
		*ret_reason = reason_called(field + strlen(waiting_for));
		return *ret_reason != REASON_NONE;
	}
	return !strcmp(field, "itself") || !strcmp(field, "taken") || !strcmp(field, "by") ||
	       !strcmp(field, "waiting");
}

static enum figure_result thread_end_figure(const struct model *model,
					    const struct claim_name *name, const char *field,
					    long double *ret, struct because because)
{
	const struct thread *thread = NULL;
	enum figure_result result;
	enum reason reason;
	bool taken;

	if (!is_end_field(field, &reason))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	result = find_thread(model, name->bracket, &thread, because);
	if (result != FIGURE_KNOWN)
		return result;
	if (thread->alive_at_end)
		return unknown(because, "'%s' had not ended", thread->name);
	if (thread->end_how == PL_END_UNKNOWN)
		return unknown(because, "how '%s' ended was not recorded", thread->name);
	taken = thread->end_how == PL_END_TAKEN || thread->end_how == PL_END_EXEC;
	if (!strcmp(field, "itself"))
		return known(ret, !taken);
	if (!strcmp(field, "taken"))
		return known(ret, taken);
	if (!strcmp(field, "by"))
		return ended_by(model, thread, ret, because);
	if (!taken || (reason != REASON_NONE && thread->ended_in != reason))
		return known(ret, 0);
	return known(ret, thread->ended_wait_ns);
}

/* ---- process[NAME].killer ------------------------------------------------------------------ */

static enum figure_result killer_figure(const struct model *model, const struct process *process,
					const char *field, long double *ret, struct because because)
{
	const struct signal_sum *killer;

	if (process->alive_at_end || process->killer >= model->signals.count)
		return unknown(because, "no signal was seen to end '%s'", process->name);
	killer = &model->signals.items[process->killer];
	if (!strcmp(field, "killer.pid"))
		return known(ret, killer->source == PL_SOURCE_THREAD ? killer->from_tgid : 0);
	if (!strcmp(field, "killer.at"))
		return known(ret, (long double)killer->fatal_time - model->begin);
	if (!killer->has_fault)
		return unknown(because, "'%s' did not end by a fault", process->name);
	return known(ret, !strcmp(field, "fault.address") ? killer->address
			  : !strcmp(field, "fault.ip")	  ? killer->ip
							  : (uint64_t)killer->code);
}

static enum figure_result process_end_figure(const struct model *model,
					     const struct claim_name *name, long double *ret,
					     struct because because)
{
	static const char *const fields[] = {"killer.pid", "killer.at", "fault.address", "fault.ip",
					     "fault.code"};
	const struct process *process = NULL;
	enum figure_result result;

	if (!is_among(name->tail, fields, sizeof(fields) / sizeof(fields[0])))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	result = find_process(model, name->bracket, &process, because);
	if (result != FIGURE_KNOWN)
		return result;
	return killer_figure(model, process, name->tail, ret, because);
}

enum figure_result signal_figure(const struct model *model, const struct claim_name *name,
				 long double *ret, struct because because)
{
	static const char ended[] = "ended.";

	if (!name->has_bracket)
		return FIGURE_NO_NAME;
	if (!strcmp(name->head, "signals"))
		return signals_figure(model, name, ret, because);
	if (!strcmp(name->head, "thread") && !strncmp(name->tail, ended, strlen(ended)))
		return thread_end_figure(model, name, name->tail + strlen(ended), ret, because);
	if (!strcmp(name->head, "process"))
		return process_end_figure(model, name, ret, because);
	return FIGURE_NO_NAME;
}
