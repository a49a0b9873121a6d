// SPDX-License-Identifier: GPL-2.0-only
/* test_herds.c - wake-ups for nothing: many at once, and by a timer of one's own */
#include "model_simulator.h"

#define FUTEX	  202
#define NANOSLEEP 35
#define US	  1000ull
#define CONDITION 0x1000
#define WAKER	  99

static void start(struct stream *stream, uint32_t threads)
{
	add_task(stream, 10, WAKER, WAKER, PL_TASK_RUNNING);
	for (uint32_t i = 0; i < threads; i++)
		add_task(stream, 10, 100 + i, WAKER, PL_TASK_RUNNING);
}

static uint32_t cpu_of(uint32_t tid)
{
	return tid - 90;
}

static void wait_for(struct stream *stream, uint64_t time, uint32_t tid, uint64_t address)
{
	struct made_item *item = add_switch(stream, time, cpu_of(tid), tid, OUT_BLOCKED, 1, 0);

	set_block(item, FUTEX, PL_FUTEX_CONDITION, address, 0);
}

static void nap(struct stream *stream, uint64_t time, uint32_t tid)
{
	set_block(add_switch(stream, time, cpu_of(tid), tid, OUT_BLOCKED, 1, 0), NANOSLEEP,
		  PL_FUTEX_NONE, 0, 0);
}

static void run(struct stream *stream, uint64_t time, uint32_t tid, uint64_t woken, uint8_t context)
{
	set_woken(add_switch(stream, time, cpu_of(tid), 0, 0, 0, tid), (uint32_t)(time - woken),
		  context == PL_WAKER_TASK ? WAKER : 0, context);
}

/* Each round: `count` threads are woken within a moment; the first works for `work`, the others
 * look for `look` and wait again, as the first does in the end. */
static void rounds(struct stream *stream, uint32_t rounds, uint32_t count, uint64_t gap,
		   uint64_t work, uint64_t look)
{
	for (uint32_t i = 0; i < count; i++)
		wait_for(stream, 100 + i, 100 + i, CONDITION);
	for (uint32_t round = 0; round < rounds; round++) {
		uint64_t at = (round + 1) * 1000 * US;

		for (uint32_t i = 0; i < count; i++)
			run(stream, at + i * gap + 5 * US, 100 + i, at + i * gap, PL_WAKER_TASK);
		for (uint32_t i = 1; i < count; i++)
			wait_for(stream, at + count * gap + look + i, 100 + i, CONDITION);
		wait_for(stream, at + count * gap + work + count, 100, CONDITION);
	}
}

static void end(struct fed *fed, struct stream *stream)
{
	fed_free(fed);
	vector_free(&stream->items);
}

static void those_that_are_woken_together_and_go_back_are_a_herd(void **unused)
{
	struct stream stream = {0};
	const struct herd *herd;
	struct fed fed;

	start(&stream, 4);
	rounds(&stream, 10, 4, 2 * US, 400 * US, 8 * US);
	feed(&fed, &stream, 12000 * US);
	assert_int_equal(fed.model.herds.count, 1);
	herd = fed.model.herds.items;
	assert_int_equal(herd->bursts, 10);
	assert_int_equal(herd->woken, 40);
	/* The last round's waits have not ended: who went back in it is not known to have. */
	assert_in_range(herd->idle, 27, 30);
	assert_int_equal(herd->address, CONDITION);
	assert_int_equal(fed.population->threads.items[herd->waker].tid, WAKER);
	end(&fed, &stream);
}

static void one_of_each_burst_is_taken_to_be_needed(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 4);
	rounds(&stream, 10, 4, 2 * US, 9 * US, 8 * US);
	feed(&fed, &stream, 12000 * US);
	assert_in_range(fed.model.herds.items[0].idle, 27, 30);
	end(&fed, &stream);
}

static void who_has_work_to_do_is_not_woken_for_nothing(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 4);
	rounds(&stream, 10, 4, 2 * US, 400 * US, 100 * US);
	feed(&fed, &stream, 12000 * US);
	assert_int_equal(fed.model.herds.count, 0);
	end(&fed, &stream);
}

static void those_that_are_woken_one_by_one_are_no_herd(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 4);
	rounds(&stream, 10, 4, 50 * US, 8 * US, 8 * US);
	feed(&fed, &stream, 12000 * US);
	assert_int_equal(fed.model.herds.count, 0);
	end(&fed, &stream);
}

static void one_that_is_woken_again_and_again_is_no_herd(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 1);
	wait_for(&stream, 100, 100, CONDITION);
	for (uint64_t at = 1000 * US; at < 2000 * US; at += 10 * US) {
		run(&stream, at + 2 * US, 100, at, PL_WAKER_TASK);
		wait_for(&stream, at + 5 * US, 100, CONDITION);
	}
	feed(&fed, &stream, 12000 * US);
	assert_int_equal(fed.model.herds.count, 0);
	end(&fed, &stream);
}

static void two_are_no_herd(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 2);
	rounds(&stream, 10, 2, 2 * US, 8 * US, 8 * US);
	feed(&fed, &stream, 12000 * US);
	assert_int_equal(fed.model.herds.count, 0);
	end(&fed, &stream);
}

static void who_wakes_itself_and_does_nothing_polls(void **unused)
{
	struct stream stream = {0};
	const struct polling *polling;
	struct fed fed;

	start(&stream, 1);
	for (uint32_t i = 1; i <= 20; i++) {
		nap(&stream, i * 100 * US, 100);
		run(&stream, i * 100 * US + 90 * US, 100, i * 100 * US + 89 * US,
		    PL_WAKER_INTERRUPT);
	}
	feed(&fed, &stream, 3000 * US);
	assert_int_equal(fed.model.pollings.count, 1);
	polling = fed.model.pollings.items;
	assert_int_equal(fed.population->threads.items[polling->thread].tid, 100);
	assert_int_equal(polling->count, 19);
	assert_int_equal(polling->running_ns, 19 * 10 * US);
	assert_int_equal(polling->reason, REASON_SLEEP);
	end(&fed, &stream);
}

static void who_wakes_itself_and_works_does_not_poll(void **unused)
{
	struct stream stream = {0};
	struct fed fed;

	start(&stream, 1);
	for (uint32_t i = 1; i <= 20; i++) {
		nap(&stream, i * 100 * US, 100);
		run(&stream, i * 100 * US + 50 * US, 100, i * 100 * US + 49 * US,
		    PL_WAKER_INTERRUPT);
	}
	feed(&fed, &stream, 3000 * US);
	assert_int_equal(fed.model.pollings.count, 0);
	end(&fed, &stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_are_woken_together_and_go_back_are_a_herd),
		cmocka_unit_test(one_of_each_burst_is_taken_to_be_needed),
		cmocka_unit_test(who_has_work_to_do_is_not_woken_for_nothing),
		cmocka_unit_test(those_that_are_woken_one_by_one_are_no_herd),
		cmocka_unit_test(one_that_is_woken_again_and_again_is_no_herd),
		cmocka_unit_test(two_are_no_herd),
		cmocka_unit_test(who_wakes_itself_and_does_nothing_polls),
		cmocka_unit_test(who_wakes_itself_and_works_does_not_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
