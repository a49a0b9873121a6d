// SPDX-License-Identifier: GPL-2.0-only
/* marks.c - a program with USDT marks: marks WHAT [COUNT]; built static, not PIE, with a library,
 * too */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef WITH_SEMAPHORE
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
unsigned short ptrace_lab_phase_semaphore __attribute__((section(".probes")));
unsigned short ptrace_lab_uthread_switch_semaphore __attribute__((section(".probes")));
unsigned short marks_number_semaphore __attribute__((section(".probes")));
#define IS_WATCHED (ptrace_lab_phase_semaphore)
#else
#include <sys/sdt.h>
#define IS_WATCHED 1
#endif

#ifdef LIBRARY
/* The probe that is not in the program itself. */
void library_phase(void);
void library_phase(void)
{
	DTRACE_PROBE1(ptrace_lab, phase, "from the library");
}
#else

#ifdef WITH_LIBRARY
void library_phase(void);
#else
static void library_phase(void)
{
}
#endif

static void phase(const char *text)
{
	if (IS_WATCHED)
		DTRACE_PROBE1(ptrace_lab, phase, text);
}

static void switches(int count)
{
	for (int i = 0; i < count; i++)
		DTRACE_PROBE2(ptrace_lab, uthread_switch, (uint32_t)(1 + i % 2),
			      i % 2 ? "odd" : "even");
	DTRACE_PROBE2(ptrace_lab, uthread_switch, 0u, "");
}

static void numbers(int count)
{
	for (int i = 0; i < count; i++)
		DTRACE_PROBE1(marks, number, i);
}

static int in_child(void)
{
	pid_t child = fork();

	if (!child) {
		phase("child");
		_exit(0);
	}
	return waitpid(child, NULL, 0) != child;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	phase("first");
	if (!strcmp(what, "fork"))
		return in_child();
	if (!strcmp(what, "exec") && argc > 2)
		return execl(argv[2], argv[2], NULL);
	if (!strcmp(what, "switches"))
		switches(count);
	if (!strcmp(what, "numbers"))
		numbers(count);
	if (!strcmp(what, "sleep"))
		usleep(count ? (unsigned int)count * 1000 : 300000);
	library_phase();
	phase("last");
	return 0;
}
#endif
