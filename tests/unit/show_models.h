/* SPDX-License-Identifier: GPL-2.0-only */
/* show_models.h - sketches of runs, from two threads to a whole machine */
#ifndef TESTS_UNIT_SHOW_MODELS_H
#define TESTS_UNIT_SHOW_MODELS_H

#include "sketch.h"

static inline struct sketch *sketch_lock(void)
{
	struct sketch *sketch = sketch_scenario(
		"counter-lock", "two threads add 500,000 each, one lock around each loop",
		4210 * US);
	uint32_t one = sketch_thread(sketch, 0, 41078, "counter-1", 90 * US);
	uint32_t two = sketch_thread(sketch, 0, 41079, "counter-2", 130 * US);
	struct lock *lock = sketch_must(vector_add(&sketch->model.locks));
	struct what_if *what_if;

	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 140 * US);
	sketch_go(sketch, 0, STATE_BLOCKED, REASON_JOIN, 4000 * US);
	sketch_go(sketch, 0, STATE_READY_WOKEN, REASON_NONE, 12 * US);
	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 58 * US);
	sketch_go(sketch, one, STATE_READY_WOKEN, REASON_NONE, 20 * US);
	sketch_go(sketch, one, STATE_RUNNING, REASON_NONE, 2010 * US);
	sketch_go(sketch, two, STATE_READY_WOKEN, REASON_NONE, 8 * US);
	sketch_go(sketch, two, STATE_RUNNING, REASON_NONE, 12 * US);
	sketch_go(sketch, two, STATE_BLOCKED, REASON_LOCK, 1980 * US);
	sketch_go(sketch, two, STATE_READY_WOKEN, REASON_NONE, 4 * US);
	sketch_go(sketch, two, STATE_RUNNING, REASON_NONE, 2000 * US);
	*lock = (struct lock){
		.address = 0x55d0c0de4040,
		.reason = REASON_LOCK,
		.waits = 1,
		.total_ns = 1980 * US,
		.max_ns = 1980 * US,
		.waiters_max = 1,
		.main_holder = one,
		.main_holder_ns = 1980 * US,
		.main_holder_running_ns = 1975 * US,
		.main_waiter = two,
		.main_waiter_ns = 1980 * US,
	};
	sketch_path(sketch, 0, PATH_RUNNING, REASON_NONE, 90 * US);
	sketch_path(sketch, one, PATH_READY, REASON_NONE, 20 * US);
	sketch_path(sketch, one, PATH_RUNNING, REASON_LOCK, 2010 * US);
	sketch_path(sketch, two, PATH_READY, REASON_NONE, 4 * US);
	sketch_path(sketch, two, PATH_RUNNING, REASON_JOIN, 2000 * US);
	sketch_path(sketch, 0, PATH_READY, REASON_NONE, 12 * US);
	sketch_path(sketch, 0, PATH_RUNNING, REASON_NONE, 58 * US);
	sketch->model.path.after_ns = 16 * US;
	what_if = sketch_must(vector_add(&sketch->model.what_ifs));
	*what_if = (struct what_if){
		.kind = WHAT_IF_LOCK,
		.address = 0x55d0c0de4040,
		.reason = REASON_LOCK,
		.first = sketch->model.begin + 150 * US,
		.last = sketch->model.begin + 2130 * US,
		.from = sketch->model.begin + 150 * US,
		.waits = 1,
		.wait_ns = 1980 * US,
		.gain_ns = 1900 * US,
	};
	if (findings_find(&sketch->model))
		abort();
	sketch_fact(sketch, "expected", "1000000");
	sketch_fact(sketch, "actual", "1000000");
	sketch_fact(sketch, "elapsed_ns", "4120000");
	sketch_fact(sketch, "lock_address", "0x55d0c0de4040");
	sketch_claim(sketch, VERDICT_HELD, "the result is exact", "1,000,000 of 1,000,000", "");
	sketch_claim(sketch, VERDICT_HELD, "one waited as long as the other held",
		     "1.98 of 1.99 ms", "");
	sketch_claim(sketch, VERDICT_HELD, "about one thread ran at a time", "1.03", "");
	sketch_finish(sketch);
	return sketch;
}

static inline struct sketch *sketch_race(void)
{
	struct sketch *sketch = sketch_scenario(
		"counter-race", "two threads add to one variable and lose each other's updates",
		4800 * US);
	uint32_t one = sketch_thread(sketch, 0, 41078, "counter-1", 210 * US);
	uint32_t two = sketch_thread(sketch, 0, 41079, "counter-2", 260 * US);

	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 290 * US);
	sketch_go(sketch, 0, STATE_BLOCKED, REASON_JOIN, 4300 * US);
	sketch_go(sketch, 0, STATE_READY_WOKEN, REASON_NONE, 30 * US);
	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 180 * US);
	sketch_go(sketch, one, STATE_READY_WOKEN, REASON_NONE, 40 * US);
	sketch_go(sketch, one, STATE_RUNNING, REASON_NONE, 1500 * US);
	sketch_go(sketch, one, STATE_READY_PREEMPTED, REASON_NONE, 700 * US);
	sketch_go(sketch, one, STATE_RUNNING, REASON_NONE, 2100 * US);
	sketch_go(sketch, two, STATE_READY_WOKEN, REASON_NONE, 25 * US);
	sketch_go(sketch, two, STATE_RUNNING, REASON_NONE, 4200 * US);
	sketch_fact(sketch, "expected", "2000000");
	sketch_fact(sketch, "actual", "1203441");
	sketch_claim(sketch, VERDICT_HELD, "updates were lost", "796,559 of 2,000,000", "");
	sketch_claim(sketch, VERDICT_NOT_HELD,
		     "the two threads ran at the same time for most of it", "3.60 ms", "");
	sketch_claim(sketch, VERDICT_UNDECIDED, "nobody waited for a lock, so nothing ordered them",
		     "", "records were lost, and waits may be among them");
	sketch_finish(sketch);
	return sketch;
}

static inline struct sketch *sketch_pipeline(void)
{
	struct sketch *sketch = sketch_new("run", 48 * MS);
	uint32_t sh = sketch_process(sketch, 100, "sh", "/usr/bin/dash", NO_THREAD);
	uint32_t seq = sketch_process(sketch, 101, "seq", "/usr/bin/seq", sh);
	uint32_t grep = sketch_process(sketch, 102, "grep", "/usr/bin/grep", sh);
	uint32_t wc = sketch_process(sketch, 103, "wc", "/usr/bin/wc", sh);
	uint32_t t0 = sketch_thread(sketch, sh, 100, "sh", 0);
	uint32_t t1 = sketch_thread(sketch, seq, 101, "seq", 1 * MS);
	uint32_t t2 = sketch_thread(sketch, grep, 102, "grep", 1500 * US);
	uint32_t t3 = sketch_thread(sketch, wc, 103, "wc", 2 * MS);

	sketch->model.target = 100;
	sketch->model.has_status = true;
	sketch->model.status = 1 << 8;
	sketch_word(sketch, "sh");
	sketch_word(sketch, "-c");
	sketch_word(sketch, "seq 1000000 | grep 7 | wc -l; kill -9 $$");
	sketch_go(sketch, t0, STATE_RUNNING, REASON_NONE, 2 * MS);
	sketch_go(sketch, t0, STATE_BLOCKED, REASON_CHILD, 45 * MS);
	sketch_go(sketch, t0, STATE_RUNNING, REASON_NONE, 1 * MS);
	for (int i = 0; i < 20; i++) {
		sketch_go(sketch, t1, STATE_RUNNING, REASON_NONE, 1 * MS);
		sketch_go(sketch, t1, STATE_BLOCKED, REASON_PIPE, (unsigned int)(i % 3) * MS + 10);
		sketch_go(sketch, t1, STATE_READY_WOKEN, REASON_NONE,
			  3000u + 911u * (unsigned int)i);
		sketch_go(sketch, t2, STATE_RUNNING, REASON_NONE, 1900 * US);
		sketch_go(sketch, t2, STATE_READY_PREEMPTED, REASON_NONE,
			  1500u + 7001u * (unsigned int)i * (unsigned int)(i % 3));
		sketch_go(sketch, t3, STATE_RUNNING, REASON_NONE, 20 * US);
		sketch_go(sketch, t3, STATE_BLOCKED, REASON_PIPE, 2000 * US);
		sketch_go(sketch, t3, STATE_READY_WOKEN, REASON_NONE, 900u << (i % 9));
	}
	sketch_code(sketch, sh, 1 << 8);
	sketch_code(sketch, seq, 13);
	sketch_code(sketch, grep, 0);
	sketch_code(sketch, wc, 0);
	sketch_finish(sketch);
	return sketch;
}

static inline struct sketch *sketch_storm(void)
{
	struct sketch *sketch = sketch_scenario(
		"counter-storm-lock", "10,000 threads each add 1 once, under a lock", 312 * MS);
	struct lock *lock = sketch_must(vector_add(&sketch->model.locks));

	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 180 * MS);
	sketch_go(sketch, 0, STATE_BLOCKED, REASON_JOIN, 100 * MS);
	sketch_go(sketch, 0, STATE_RUNNING, REASON_NONE, 32 * MS);
	for (unsigned int i = 1; i <= 10000; i++) {
		char name[PL_COMM_LEN + 1];
		uint32_t thread;

		snprintf(name, sizeof(name), "storm-%u", i);
		thread = sketch_thread(sketch, 0, 41077 + i, name, i * 28 * US);
		sketch_go(sketch, thread, STATE_READY_WOKEN, REASON_NONE, 800 + i * 7919 % 60000);
		sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, 9000 + i * 31 % 4000);
		if (i % 17 == 0)
			sketch_go(sketch, thread, STATE_BLOCKED, REASON_LOCK, 40000 + i * 13);
		sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, 3000);
	}
	*lock = (struct lock){
		.address = 0x55d0c0de4080,
		.reason = REASON_LOCK,
		.waits = 588,
		.total_ns = 61 * MS,
		.max_ns = 169 * US,
		.waiters_max = 4,
		.main_holder = 7341,
		.main_holder_ns = 150 * US,
		.main_holder_running_ns = 2 * US,
		.main_waiter = 9996,
		.main_waiter_ns = 170 * US,
		.waiting = {.buckets = {[15] = 88, [16] = 300, [17] = 200},
			    .count = 588,
			    .total_ns = 61 * MS,
			    .max_ns = 169 * US},
		.handovers = 588,
		.handover_ns = 17 * MS,
		.handover_max_ns = 88 * US,
	};
	sketch_fact(sketch, "expected", "10000");
	sketch_fact(sketch, "actual", "10000");
	sketch_claim(sketch, VERDICT_HELD, "every thread was seen", "10,001", "");
	sketch_finish(sketch);
	return sketch;
}

static inline struct sketch *sketch_attach(void)
{
	static const char *const names[] = {"worker-1", "worker-2", "worker-3", "worker-4"};
	struct sketch *sketch = sketch_new("attach", 2000 * MS);
	uint32_t process = sketch_process(sketch, 1234, "nginx", "/usr/sbin/nginx", NO_THREAD);
	uint32_t thread = sketch_thread(sketch, process, 1234, "nginx", 0);

	sketch->model.target = 1234;
	sketch->model.complete = false;
	sketch->model.losses.records = 3201;
	((struct lost_lane *)sketch_must(vector_add(&sketch->model.lost_lanes)))[0] =
		(struct lost_lane){1, 3201};
	sketch->model.losses.repaired = 2;
	sketch_go(sketch, thread, STATE_BLOCKED, REASON_SIGNAL, 2000 * MS);
	for (unsigned int w = 0; w < 4; w++) {
		thread = sketch_thread(sketch, process, 1240 + w, names[w], 0);
		for (unsigned int i = 0; i < 40; i++) {
			enum reason reason = (i + w) % 5 ? REASON_POLL : REASON_DISK;
			uint64_t run = (w + 1) * 6 * MS + i * 10 * US;

			sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, run);
			if (w == 2 && i >= 12 && i < 18) {
				sketch_go(sketch, thread, STATE_UNKNOWN, REASON_NONE,
					  50 * MS - run);
				continue;
			}
			sketch_go(sketch, thread, STATE_BLOCKED, reason, 49 * MS - run);
			sketch_go(sketch, thread, STATE_READY_WOKEN, REASON_NONE,
				  i * w * 9 * US + 1);
			sketch_go(sketch, thread, STATE_BLOCKED, REASON_SOCKET,
				  1 * MS - i * w * 9 * US % MS - 1);
		}
		sketch->model.threads.items[thread].end = sketch->model.end;
	}
	sketch_finish(sketch);
	return sketch;
}

/* A whole machine, with kernel threads. */
static inline struct sketch *sketch_machine(void)
{
	struct sketch *sketch = sketch_new("record", 5000 * MS);

	for (unsigned int i = 0; i < 60; i++) {
		char name[PL_COMM_LEN + 1];
		uint32_t process, thread;

		snprintf(name, sizeof(name), "kworker/%u:%u", i % 2, i / 2);
		process = sketch_process(sketch, 20 + i, name, "", NO_THREAD);
		thread = sketch_thread(sketch, process, 20 + i, name, 0);
		sketch->model.threads.items[thread].kernel = true;
		sketch->model.threads.items[thread].began_before = true;
		sketch_go(sketch, thread, STATE_BLOCKED, REASON_IDLE, (i * 70 + 1) * MS);
		if (i % 4)
			sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, i * MS / 2);
		sketch_go(sketch, thread, STATE_BLOCKED, REASON_IDLE,
			  4999 * MS - i * 70 * MS - (i % 4 ? i * MS / 2 : 0));
	}
	for (unsigned int i = 0; i < 12; i++) {
		char name[PL_COMM_LEN + 1];
		uint32_t process, thread;

		snprintf(name, sizeof(name), "postgres%s", i % 3 ? "" : "-main");
		process = sketch_process(sketch, 500 + i * 10, name,
					 "/usr/lib/postgresql/15/bin/postgres", i ? 60 : NO_THREAD);
		for (unsigned int t = 0; t < i % 4 + 1; t++) {
			enum reason reason = t ? REASON_CONDITION : REASON_SOCKET;
			uint64_t idle = i * 380 * MS + t * 90 * MS, run = i * 20 * MS + t * MS;

			thread = sketch_thread(sketch, process, 500 + i * 10 + t, name, 0);
			sketch->model.threads.items[thread].began_before = i != 7;
			sketch_go(sketch, thread, STATE_BLOCKED, reason, idle);
			sketch_go(sketch, thread, STATE_READY_WOKEN, REASON_NONE, i * 17 * US + 1);
			sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, run);
			sketch_go(sketch, thread, STATE_BLOCKED, reason,
				  5000 * MS - idle - run - i * 17 * US - 1);
		}
	}
	sketch_finish(sketch);
	return sketch;
}

/* Names that want to harm a terminal, a report or a page. */
static inline struct sketch *sketch_hostile(void)
{
	static const char *const names[] = {"\033[2J\033[1;1H", "<script>", "日本語名前",
					    "\xff\xfe\x80",	"a\nb\tc",  "e\u0301\u0301"};
	struct sketch *sketch = sketch_new("run", 10 * MS);
	uint32_t process =
		sketch_process(sketch, 7, "\033]0;own\a", "/tmp/a b\n\033[31m/x", NO_THREAD);

	sketch->model.target = 7;
	sketch->model.has_status = true;
	sketch->model.status = 11 | 0x80;
	sketch_word(sketch, "./it's");
	sketch_word(sketch, "");
	sketch_word(sketch, "a\033[5mb");
	sketch_code(sketch, process, 11 | 0x80);
	for (unsigned int i = 0; i < 6; i++) {
		uint32_t thread = sketch_thread(sketch, process, 7 + i, names[i], i * MS);

		sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, 1 * MS);
		sketch_go(sketch, thread, STATE_STOPPED, REASON_STOP, 2 * MS);
		sketch_go(sketch, thread, STATE_RUNNING, REASON_NONE, 500 * US);
	}
	sketch_claim(sketch, VERDICT_NOT_HELD, "a claim with a \033[31mcolour and ≥ 日本語", "\r0",
		     "");
	sketch_finish(sketch);
	return sketch;
}

#endif
