/* SPDX-License-Identifier: GPL-2.0-only */
/* run_all.h - `run --all`: every scenario, one after another, and one table */
#ifndef CLI_RUN_ALL_H
#define CLI_RUN_ALL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/present.h"

/* An enum exit_status: EXIT_OK if no claim was found not to hold; after a signal as a shell has it.
 */
int run_all(const struct present_options *present, uint64_t buffer_bytes, bool as_root);

#endif
