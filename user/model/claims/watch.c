// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - names in claims about variables that were watched */
#include <string.h>

#include "model/claims/inside.h"
#include "model/race/watch.h"

/* Of all processes and variables that were watched together: a scenario watches one. */
struct watch_sums {
	uint64_t reads, writes, updates, lost, named, undecided;
	bool exact, locked;
};

static struct watch_sums sums_of_watch(const struct watch_report *report)
{
	struct watch_sums sums = {.exact = watch_is_complete(report), .locked = true};
	const struct watched *watched;

	vector_for_each (&report->variables, watched) {
		sums.reads += watched->read_count;
		sums.writes += watched->write_count;
		sums.updates += watched->race.updates;
		sums.lost += watched->race.lost;
		sums.named += watched->race.named;
		sums.undecided += watched->race.undecided;
		sums.exact = sums.exact && watched->race.exact;
		sums.locked = sums.locked && watched->accesses.count && watched->locks_always;
	}
	return sums;
}

static enum figure_result watch_fact(bool has, int64_t value, long double *ret,
				     struct because because)
{
	if (!has)
		return unknown(because, "the program did not report that where it was watched");
	return known(ret, value);
}

enum figure_result watch_figure(const struct model *model, const struct claim_name *name,
				long double *ret, struct because because)
{
	static const char *const counts[] = {"lost", "named", "undecided"};
	const struct watch_report *report = model->watch;
	const char *tail = name->tail;
	struct watch_sums sums;
	bool counted = false;

	if (name->has_bracket || strcmp(name->head, "watch") != 0)
		return FIGURE_NO_NAME;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		counted = counted || !strcmp(tail, counts[i]);
	if (!counted && strcmp(tail, "writes") && strcmp(tail, "reads") &&
	    strcmp(tail, "updates") && strcmp(tail, "locked") && strcmp(tail, "expected") &&
	    strcmp(tail, "actual"))
		return FIGURE_NO_NAME;
	if (!report || report->problem)
		return unknown(because, "%s", report ? report->problem : "no variable was watched");
	if (!strcmp(tail, "expected"))
		return watch_fact(report->has_expected, report->expected, ret, because);
	if (!strcmp(tail, "actual"))
		return watch_fact(report->has_actual, report->actual, ret, because);
	sums = sums_of_watch(report);
	if (!watch_is_complete(report))
		return unknown(because, "accesses to the variable are missing");
	if (counted && !sums.exact)
		return unknown(because, "it is not certain how many updates were lost");
	if (!strcmp(tail, "reads"))
		return known(ret, sums.reads);
	if (!strcmp(tail, "writes"))
		return known(ret, sums.writes);
	if (!strcmp(tail, "updates"))
		return known(ret, sums.updates);
	if (!strcmp(tail, "locked"))
		return known(ret, sums.locked);
	if (!strcmp(tail, "lost"))
		return known(ret, sums.lost);
	return known(ret, !strcmp(tail, "named") ? sums.named : sums.undecided);
}
