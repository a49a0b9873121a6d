// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - signals and ends with known answers: signals WHAT [NUMBER]; prints what it knows */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

static void call_me(const char *name)
{
	prctl(PR_SET_NAME, name);
}

static void nap(unsigned int ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	while (nanosleep(&time, &time))
		;
}

static pid_t child_that_sleeps(void)
{
	pid_t child = fork();

	if (!child) {
		call_me("sleeper");
		nap(5000);
		_exit(0);
	}
	return child;
}

static int sent(int number)
{
	pid_t child = child_that_sleeps();

	nap(30);
	kill(child, number);
	printf("%d\n", child);
	return waitpid(child, NULL, 0) != child;
}

static int stop_and_continue(void)
{
	pid_t child = child_that_sleeps();
	int status;

	nap(20);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	nap(40);
	kill(child, SIGCONT);
	nap(20);
	kill(child, SIGKILL);
	return waitpid(child, NULL, 0) != child;
}

/* All to itself, so that none is merged: each is taken before the next one is sent. */
static int storm(int count)
{
	signal(SIGUSR1, handle);
	for (int i = 0; i < count; i++)
		syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	printf("%d\n", (int)handled);
	return 0;
}

static int ignored(int count)
{
	signal(SIGUSR2, SIG_IGN);
	for (int i = 0; i < count; i++)
		raise(SIGUSR2);
	return 0;
}

/* The first one waits, and all others fall together with it. */
static int blocked(int count)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < count; i++)
		kill(getpid(), SIGUSR1);
	return 0;
}

static void *wait_for_ever(void *unused)
{
	call_me("waiter");
	pause();
	return unused;
}

static void *touch_nothing(void *unused)
{
	call_me("toucher");
	nap(30);
	*(volatile char *)0x12340 = 1;
	return unused;
}

static int fault_of_a_thread(void)
{
	pthread_t threads[2];

	if (pthread_create(&threads[0], NULL, wait_for_ever, NULL) ||
	    pthread_create(&threads[1], NULL, touch_nothing, NULL))
		return 1;
	pthread_join(threads[1], NULL);
	return 0;
}

/* Writes to a page that may only be read, and survives by a handler that lets it. */
static char *page;

static void allow(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	handled += info->si_addr == page + 8;
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

static int handled_fault(void)
{
	struct sigaction action = {.sa_sigaction = allow, .sa_flags = SA_SIGINFO};

	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGSEGV, &action, NULL);
	page[8] = 1;
	printf("%p %d\n", page + 8, (int)handled);
	return 0;
}

static int divide(int number)
{
	volatile int zero = number;

	return 1000 / zero;
}

/* exit() takes one thread out of its wait; another one ended by itself before. */
static void *end_at_once(void *unused)
{
	call_me("quick");
	return unused;
}

static int leave_waiting(void)
{
	pthread_t threads[2];

	if (pthread_create(&threads[0], NULL, wait_for_ever, NULL) ||
	    pthread_create(&threads[1], NULL, end_at_once, NULL))
		return 1;
	pthread_join(threads[1], NULL);
	nap(50);
	return 3;
}

static int alarmed(void)
{
	signal(SIGALRM, handle);
	ualarm(20000, 0);
	pause();
	printf("%d\n", (int)handled);
	return 0;
}

int main(int argc, char **argv)
{
	int number = argc > 2 ? atoi(argv[2]) : 0;
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "sent"))
		return sent(number);
	if (!strcmp(what, "stop"))
		return stop_and_continue();
	if (!strcmp(what, "storm"))
		return storm(number);
	if (!strcmp(what, "ignored"))
		return ignored(number);
	if (!strcmp(what, "blocked"))
		return blocked(number);
	if (!strcmp(what, "thread-fault"))
		return fault_of_a_thread();
	if (!strcmp(what, "handled-fault"))
		return handled_fault();
	if (!strcmp(what, "divide"))
		return divide(number);
	if (!strcmp(what, "leave"))
		return leave_waiting();
	if (!strcmp(what, "alarm"))
		return alarmed();
	return 2;
}
