/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pid_numbers.h - threads of processes that number themselves otherwise than we do
 *
 * In a pid namespace of its own (a container) a thread knows itself by another number than the one
 * that we see, and that is what it writes into locks.
 */
#ifndef CAPTURE_HANG_PID_NUMBERS_H
#define CAPTURE_HANG_PID_NUMBERS_H

#include <sys/types.h>

/* By which number we know the thread that is `number` to `process`; 0: no such thread, or none that
 * we can see. Looks at every thread of that namespace: not for what happens often. */
pid_t pid_number_here(pid_t process, pid_t number);

/* By which number that thread knows itself; 0: it has ended. */
pid_t pid_number_inside(pid_t tid);

#endif
