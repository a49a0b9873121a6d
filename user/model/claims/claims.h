/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * claims.h - statements of a scenario about what happened, worked out on the model
 *
 * A scenario carries its claims as text (workloads/scenario.h shows the form), the recording keeps
 * that text, and this evaluates it: never on what the scenario printed, only on the model and on
 * the facts that it reported. A claim that needs something that is not known is undecided, with
 * the reason, and never held.
 */
#ifndef MODEL_CLAIMS_H
#define MODEL_CLAIMS_H

#include <stddef.h>

struct model;

enum verdict {
	VERDICT_HELD = 0,
	VERDICT_NOT_HELD = 1,
	VERDICT_UNDECIDED = 2,
};

struct claim {
	char *text; /* the sentence */
	enum verdict verdict;
	char *measured; /* the figure with its unit, or "" */
	char *because;	/* UNDECIDED: why; else "" */
};

const char *verdict_name(enum verdict verdict);

/* Fills in model->claims and model->scenario_title from the scenario's text. 0 or -errno; a text
 * that cannot be understood becomes an undecided claim that says where. */
int claims_evaluate(struct model *model, const char *scenario_text);
/* Holds the model against the claims of another scenario than it is a run of; `scenario` is that
 * one's name, which must live as long as the model. */
int claims_judge(struct model *model, const char *scenario, const char *scenario_text);
/* Works out what a `shows` says: a figure in words, "" if it is not known. `ret_mistake` is ""
 * unless it cannot be understood. 0 or -ENOMEM. */
int claims_measure(const struct model *model, const char *shows, char **ret, char *ret_mistake,
		   size_t size);
void claim_free(struct claim *claim);

#endif
