/* SPDX-License-Identifier: GPL-2.0-only */
/* locks.h - the names in claims that speak of locks and deadlocks */
#ifndef MODEL_CLAIMS_LOCKS_H
#define MODEL_CLAIMS_LOCKS_H

#include "model/claims/names.h"

/* `whole` says whether the figures, which come from the stream alone, can be trusted; else
 * `because` says why not. */
enum figure_result claim_deadlock_figure(const struct model *model, const char *tail, bool whole,
					 long double *ret);
/* lock.at_once, lock.handover, lock.timed_out, condition.waits */
enum figure_result claim_lock_figure(const struct model *model, const char *head, const char *tail,
				     bool whole, long double *ret);

#endif
