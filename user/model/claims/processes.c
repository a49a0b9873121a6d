// SPDX-License-Identifier: GPL-2.0-only
/* processes.c - process[NAME].pid, .parent, .life, .status, .signal */
#include "model/claims/inside.h"

#include <inttypes.h>
#include <string.h>

enum figure_result find_process(const struct model *model, const char *name,
				const struct process **ret, struct because because)
{
	const struct process *process, *found = NULL;
	size_t count = 0;

	vector_for_each (&model->processes, process)
		if (!strncmp(process->name, name, PL_COMM_LEN - 1)) {
			found = process;
			count++;
		}
	if (!count)
		return unknown(because, "no process is called '%s'", name);
	if (count > 1)
		return unknown(because, "%zu processes are called '%s'", count, name);
	*ret = found;
	return FIGURE_KNOWN;
}

static enum figure_result process_end_figure(const struct process *process, const char *field,
					     long double *ret, struct because because)
{
	/* As wait(2) has it: the signal below, the status above. */
	uint32_t signal = process->code & 0x7f, status = process->code >> 8 & 0xff;

	if (process->alive_at_end || !process->has_code)
		return unknown(because, "how '%s' ended was not recorded", process->name);
	if (!strcmp(field, "signal"))
		return known(ret, signal);
	if (signal)
		return unknown(because, "'%s' ended by signal %" PRIu32, process->name, signal);
	return known(ret, status);
}

enum figure_result process_figure(const struct model *model, const struct claim_name *name,
				  long double *ret, struct because because)
{
	static const char *const fields[] = {"pid", "parent", "life", "signal", "status"};
	const struct process *process = NULL;
	const char *field = name->tail;
	enum figure_result result;

	if (!is_among(field, fields, sizeof(fields) / sizeof(fields[0])))
		return FIGURE_NO_NAME;
	if (!threads_are_known(model, because))
		return FIGURE_UNKNOWN;
	result = find_process(model, name->bracket, &process, because);
	if (result != FIGURE_KNOWN)
		return result;
	if (!strcmp(field, "pid"))
		return known(ret, process->tgid);
	if (!strcmp(field, "parent"))
		return process->parent_tgid
			       ? known(ret, process->parent_tgid)
			       : unknown(because, "the parent of '%s' is not known", process->name);
	if (!strcmp(field, "life"))
		return known(ret, process->end - process->begin);
	return process_end_figure(process, field, ret, because);
}
