/* SPDX-License-Identifier: GPL-2.0-only */
/* derive.h - figures and words that several formats take from a model in the same way */
#ifndef SHOW_DERIVE_H
#define SHOW_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vector.h"
#include "model/model.h"

/* Sums over threads. */
struct sums {
	uint64_t threads, kernel_threads;
	uint64_t life_ns;
	uint64_t state_ns[STATE_COUNT];
	uint64_t voluntary, involuntary, migrations, wakeups;
	uint64_t wakers_known, wakers_unknown;
	uint64_t minor_faults, major_faults; /* of the threads with totals */
	uint64_t with_totals, disagree;
};

void sums_add(struct sums *sums, const struct thread *thread);
struct sums sums_of(const struct model *model);
uint64_t sums_ready(const struct sums *sums);
uint64_t sums_blocked(const struct sums *sums); /* stopped included */

uint64_t model_wall_ns(const struct model *model);
/* Time during which at least two threads of the target ran. */
uint64_t model_overlap_ns(const struct model *model);
/* Over all locks that have an owner; conditions and semaphores are not among them. */
uint64_t model_lock_wait_ns(const struct model *model);
uint64_t model_lock_waits(const struct model *model);

/* What a process executed, for people: "" if it did not, or if that says nothing. */
const char *process_program(const struct model *model, const struct process *process);

/* NULL if there is no such fact. */
const char *model_fact(const struct model *model, const char *name);
/* The facts `expected` and `actual`, if both are there and numbers. */
struct result {
	bool known;
	bool exact;
	int64_t expected, actual;
	uint64_t difference;
};
struct result model_result(const struct model *model);

/* One reason over several threads; a system call that has no word of its own is one of its own. */
struct reason_sum {
	enum reason reason;
	uint16_t syscall;
	uint64_t count, total_ns, max_ns;
	uint32_t most; /* thread index with the most of it */
	uint64_t most_ns;
	uint32_t threads;
};
struct reason_sums {
	VECTOR(struct reason_sum) items; /* most time first, idleness last */
};
/* 0 or -ENOMEM. */
int reason_sums_of(const struct model *model, struct reason_sums *ret);

/* "1.03": with a point in every locale; "-" if it is no number. */
struct ratio_label {
	char text[32];
};
struct ratio_label ratio_label(double ratio);

/* "lock", "page fault", "fsync", "system call 451" */
struct reason_label {
	char text[48];
};
struct reason_label reason_label(const struct model *model, enum reason reason, uint16_t syscall);

/* "status 3", "signal 9 (SIGKILL)", "signal 11 (SIGSEGV), core dumped" */
struct status_label {
	char text[64];
};
struct status_label status_label(uint32_t status);

/* What a finding says; NULL when memory is out. The caller frees. */
char *finding_sentence(const struct model *model, const struct finding *finding);

/* As one would type it in a shell; NULL when memory is out. The caller frees. */
char *command_line(const struct model *model);

#endif
