// SPDX-License-Identifier: GPL-2.0-only
#include "base/bus_guard.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>

/* The signal comes to the thread that touched the address. */
static _Thread_local sigjmp_buf *volatile guard;

static void on_fault(int signal)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigjmp_buf *back = guard;

	if (back) {
		guard = NULL;
		siglongjmp(*back, 1);
	}
	/* Not in our care: as if we had not been here. */
	sigaction(signal, &action, NULL);
	raise(signal);
}

bool bus_guarded(void (*work)(void *context), void *context)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	struct sigaction bus, segment;
	volatile bool arrived = false;
	sigjmp_buf back;

	if (sigaction(SIGBUS, &action, &bus) || sigaction(SIGSEGV, &action, &segment))
		return false;
	if (!sigsetjmp(back, 1)) {
		guard = &back;
		work(context);
		arrived = true;
	}
	guard = NULL;
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segment, NULL);
	return arrived;
}
