// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-cost.c - a ball between two threads, and between two processes, on one
 * CPU
 *
 * Each waits in read() for a byte and sends it back: for each message the CPU
 * goes over to the other one. Between processes it takes another address space
 * with it. The two pairs play by turns, so that whatever else happens on the
 * machine meets both.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "workloads/8-system/one_cpu.h"
#include "workloads/child.h"

#define THREAD_SWITCHES	 "(thread[thread-ping].switches + thread[thread-pong].switches)"
#define PROCESS_SWITCHES "(thread[process-ping].switches + thread[process-pong].switches)"
#define THREAD_COST                                                                                \
	"((thread[thread-ping].running + thread[thread-pong].running) "                            \
	"/ " THREAD_SWITCHES ")"
#define PROCESS_COST                                                                               \
	"((thread[process-ping].running + thread[process-pong].running) "                          \
	"/ " PROCESS_SWITCHES ")"

SCENARIO("title: a ball between two threads, and between two processes\n"
	 "chapter: 8\n"
	 "order: 6\n"
	 "table: to and fro | switches | a second | time of one | CPU time of one\n"
	 "row: between threads | " THREAD_SWITCHES " as count | " THREAD_SWITCHES
	 " / (fact.threads_ns / 1s) as count | fact.threads_ns / " THREAD_SWITCHES
	 " as duration | " THREAD_COST " as duration\n"
	 "row: between processes | " PROCESS_SWITCHES " as count | " PROCESS_SWITCHES
	 " / (fact.processes_ns / 1s) as count | fact.processes_ns / " PROCESS_SWITCHES
	 " as duration | " PROCESS_COST " as duration\n"
	 "row: processes / threads | | | fact.processes_ns / " PROCESS_SWITCHES
	 " / (fact.threads_ns / " THREAD_SWITCHES ") as ratio | " PROCESS_COST " / " THREAD_COST
	 " as ratio\n"
	 "claim: each message between the threads was a switch of the CPU\n"
	 "  holds: " THREAD_SWITCHES " >= 95% * fact.messages\n"
	 "  shows: " THREAD_SWITCHES " of fact.messages as count\n"
	 "claim: and each between the processes\n"
	 "  holds: " PROCESS_SWITCHES " >= 95% * fact.messages\n"
	 "  shows: " PROCESS_SWITCHES " of fact.messages as count\n"
	 "claim: no two of them ever ran at once\n"
	 "  holds: overlap < 2% * (threads[*-ping].running + "
	 "threads[*-pong].running)\n"
	 "  shows: overlap of threads[*-ping].running + threads[*-pong].running as "
	 "duration\n"
	 "claim: they waited for the ball in read() on a pipe, and for nothing "
	 "else\n"
	 "  holds: threads[*-ping].blocked.pipe + threads[*-pong].blocked.pipe >"
	 " 95% * (threads[*-ping].blocked + threads[*-pong].blocked)\n"
	 "  shows: threads[*-ping].blocked.pipe + threads[*-pong].blocked.pipe of"
	 " threads[*-ping].blocked + threads[*-pong].blocked as duration\n"
	 "claim: a message between threads, switch and all, took some microseconds "
	 "of CPU time\n"
	 "  needs: fact.messages >= 10000 else there were too few\n"
	 "  needs: fact.touch == 0 else most of it is the reading of memory\n"
	 "  holds: " THREAD_COST " > 200ns and " THREAD_COST " < 50us\n"
	 "  shows: " THREAD_COST " as duration\n"
	 "claim: between processes at least about as much\n"
	 "  needs: fact.messages >= 10000 else there were too few\n"
	 "  holds: " PROCESS_COST " > 80% * " THREAD_COST "\n"
	 "  shows: " PROCESS_COST " / " THREAD_COST " as ratio\n");

enum { PING, PONG, PLAYERS };

/* How often one pair plays before the other one has its turn. */
#define TURNS 10

/* One of a pair; each reads from a pipe of its own. */
struct player {
	uint64_t messages; /* to send in all turns together */
	uint64_t touch;	   /* how much memory to read before each */
	volatile char *memory;
	bool own_memory; /* as a process: a copy of it, once it was written to */
	bool serves;
	int in, out;
	int start; /* PING: each byte here starts a turn */
	int done;  /* PING: a byte here says that it is over */
	struct scenario_thread thread;
};

struct pair {
	const char *names[PLAYERS];
	struct player players[PLAYERS];
	int start, done; /* the referee's ends */
	uint64_t elapsed_ns;
};

static void throw(int fd)
{
	if (write(fd, "", 1) != 1)
		scenario_fail(errno, "the ball cannot be thrown");
}

static void fetch(int fd)
{
	char ball;
	ssize_t got;

	do
		got = read(fd, &ball, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		scenario_fail(got < 0 ? errno : 0, "the ball is lost");
}

static void touch_memory(const struct player *me)
{
	for (uint64_t i = 0; i < me->touch; i += 64)
		(void)me->memory[i];
}

static void play(void *argument)
{
	struct player *me = argument;
	/* Of the messages one half is the other one's. */
	uint64_t a_turn = me->messages / TURNS / PLAYERS;

	for (uint64_t i = 0; me->own_memory && i < me->touch; i++)
		me->memory[i] = 1;
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		if (me->serves)
			fetch(me->start);
		for (uint64_t i = 0; i < a_turn; i++) {
			if (!me->serves)
				fetch(me->in);
			touch_memory(me);
			throw(me->out);
			if (me->serves)
				fetch(me->in);
		}
		if (me->serves)
			throw(me->done);
	}
}

static void make_pipe(int *ret_out, int *ret_in)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		scenario_fail(errno, "no pipe");
	*ret_in = ends[0];
	*ret_out = ends[1];
}

static void pair_init(struct pair *pair, uint64_t messages, uint64_t touch, volatile char *memory,
		      bool own_memory)
{
	struct player *ping = &pair->players[PING], *pong = &pair->players[PONG];

	for (unsigned int i = 0; i < PLAYERS; i++)
		pair->players[i] = (struct player){.messages = messages,
						   .touch = touch,
						   .memory = memory,
						   .own_memory = own_memory};
	ping->serves = true;
	make_pipe(&ping->out, &pong->in);
	make_pipe(&pong->out, &ping->in);
	make_pipe(&pair->start, &ping->start);
	make_pipe(&ping->done, &pair->done);
}

static void play_one_turn(struct pair *pair)
{
	uint64_t begin = scenario_now();

	throw(pair->start);
	fetch(pair->done);
	pair->elapsed_ns += scenario_now() - begin;
}

static void tell(const char *what, const struct pair *pair, uint64_t messages)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_ns", what);
	scenario_fact(name, (int64_t)pair->elapsed_ns);
	scenario_say(what, "%s messages in %s, %s each, %s in a second",
		     scenario_count_text(messages).text,
		     scenario_duration_text(pair->elapsed_ns).text,
		     scenario_duration_text(pair->elapsed_ns / messages).text,
		     scenario_count_text(messages * 1000000000 / pair->elapsed_ns).text);
}

int main(int argc, char **argv)
{
	uint64_t messages = 40000, touch = 0;
	const struct scenario_option options[] = {
		SCENARIO_NUMBER("messages", &messages, 100, 100000000,
				"how often the ball is thrown in each pair"),
		SCENARIO_SIZE("touch", &touch, 0, 1 << 30, "memory to read before each throw"),
		SCENARIO_END,
	};
	char *memory;
	struct pair threads = {.names = {"thread-ping", "thread-pong"}};
	struct pair processes = {.names = {"process-ping", "process-pong"}};

	scenario_begin(argc, argv, options);
	messages -= messages % (TURNS * PLAYERS);
	one_cpu_for_all();
	memory = malloc(touch + 1);
	if (!memory)
		scenario_fail(errno, "no memory to touch");
	memset(memory, 1, touch + 1);
	pair_init(&threads, messages, touch, memory, false);
	pair_init(&processes, messages, touch, memory, true);
	/* First, while there is one thread: fork() copies no other. */
	for (unsigned int i = 0; i < PLAYERS; i++)
		child_start(play, &processes.players[i], processes.names[i]);
	for (unsigned int i = 0; i < PLAYERS; i++)
		scenario_thread_start(&threads.players[i].thread, play, &threads.players[i], "%s",
				      threads.names[i]);
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		play_one_turn(&threads);
		play_one_turn(&processes);
	}
	for (unsigned int i = 0; i < PLAYERS; i++)
		scenario_thread_join(&threads.players[i].thread);
	child_wait(PLAYERS);
	scenario_fact("messages", (int64_t)messages);
	scenario_fact("touch", (int64_t)touch);
	tell("threads", &threads, messages);
	tell("processes", &processes, messages);
	free(memory);
	return scenario_end();
}
