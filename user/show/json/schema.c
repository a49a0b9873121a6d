// SPDX-License-Identifier: GPL-2.0-only
/* schema.c - what every member of a JSON report means; tests hold json.c to it */
#include "model/model.h"
#include "show/report_format.h"
#include "show/json/schema.h"
#include "show/show.h"

static const struct member status_members[] = {
	MEMBER("wait", COUNT, "As wait(2) gives it."),
	MEMBER_OR_NULL("exited", COUNT, "The exit status; null if a signal ended it."),
	MEMBER_OR_NULL("signal", COUNT, "The signal that ended it; null if it exited."),
	MEMBER("core_dumped", BOOLEAN, "Whether the signal left a core dump."),
	{0},
};

static const struct member host_members[] = {
	MEMBER_OR_NULL("name", STRING, "The machine's name, as uname tells it."),
	MEMBER_OR_NULL("kernel", STRING, "The kernel's release."),
	MEMBER_OR_NULL("arch", STRING, "The machine's architecture: x86_64, aarch64."),
	MEMBER("cpus", COUNT, "CPUs that were on line; 0: not known."),
	{0},
};

static const struct member scenario_members[] = {
	MEMBER("name", STRING, "Its name, as `ptrace-lab run` takes it."),
	MEMBER_OR_NULL("title", STRING, "What it shows, in a sentence."),
	{0},
};

static const struct member target_members[] = {
	MEMBER("pid", COUNT, "The first process."),
	NESTED_OR_NULL("status", OBJECT, "How it ended; null if it had not.", status_members),
	{0},
};

static const struct member result_members[] = {
	MEMBER("expected", SIGNED, "What a correct run yields."),
	MEMBER("actual", SIGNED, "What this run yielded."),
	MEMBER("difference", COUNT, "How far apart the two are."),
	MEMBER("exact", BOOLEAN, "Whether they are the same."),
	{0},
};

static const struct member time_members[] = {
	MEMBER("begin_ns", COUNT, "Begin of the capture on CLOCK_MONOTONIC."),
	MEMBER("end_ns", COUNT, "End of the capture on CLOCK_MONOTONIC."),
	MEMBER("realtime_ns", COUNT, "CLOCK_REALTIME at the begin; 0: not known."),
	MEMBER("wall_ns", COUNT, "From begin to end."),
	{0},
};

/* Of one thread, and of all together. */
#define STATE_MEMBERS                                                                              \
	MEMBER("running_ns", COUNT, "Time on a CPU."),                                             \
		MEMBER("ready_ns", COUNT, "Time ready to run, waiting for a CPU."),                \
		MEMBER("ready_woken_ns", COUNT,                                                    \
		       "The part of ready_ns after a wake-up or after birth."),                    \
		MEMBER("ready_preempted_ns", COUNT, "The part of ready_ns after losing the CPU."), \
		MEMBER("blocked_ns", COUNT, "Time blocked, stopped_ns included."),                 \
		MEMBER("stopped_ns", COUNT,                                                        \
		       "The part of blocked_ns stopped by a signal or a debugger."),               \
		MEMBER("unknown_ns", COUNT,                                                        \
		       "Time for which the state is not known, as records were lost.")

static const struct member summary_members[] = {
	MEMBER("threads", COUNT, "Threads that were seen."),
	MEMBER("processes", COUNT, "Processes that were seen."),
	MEMBER("cpu_ns", COUNT, "CPU time of all threads."),
	MEMBER("parallelism", REAL,
	       "Threads that ran at once, on average over the time in which any did."),
	MEMBER("cpus_used", COUNT,
	       "CPUs on which the threads have run, those with less than a hundredth of it aside."),
	MEMBER("overlap_ns", COUNT, "Time during which at least two of the threads ran."),
	MEMBER("concurrency", COUNTS,
	       "Entry n: time during which exactly n of the threads ran; entry 64: 64 or more."),
	MEMBER("unplaced_ns", COUNT,
	       "Time that threads ran unseen and that was told too late to count in concurrency."),
	MEMBER("life_ns", COUNT,
	       "Captured lives of all threads added up; the sum of their states."),
	STATE_MEMBERS,
	MEMBER("switches", COUNT, "Times that one of the threads went off a CPU."),
	MEMBER("switches_voluntary", COUNT, "Switches as the kernel counts them: it blocked."),
	MEMBER("switches_involuntary", COUNT,
	       "Switches as the kernel counts them: it lost the CPU."),
	MEMBER("migrations", COUNT, "Times that a thread went on on another CPU."),
	MEMBER("wakeups", COUNT, "Times that a blocked thread was woken."),
	MEMBER("wakers_known", COUNT, "Waits that ended, and it is known who ended them."),
	MEMBER("wakers_unknown", COUNT, "Waits that ended, and it is not known who ended them."),
	MEMBER("unseen_switches", COUNT,
	       "Times that a thread got a CPU from one that this kernel lets nobody trace: who "
	       "was woken meanwhile may have no waker."),
	MEMBER("lock_waits", COUNT, "Waits for locks."),
	MEMBER("lock_wait_ns", COUNT, "Time waited for locks, all threads together."),
	MEMBER("minor_faults", COUNT, "Page faults without a disk, of the threads with totals."),
	MEMBER("major_faults", COUNT, "Page faults with a disk, of the threads with totals."),
	{0},
};

static const struct member process_members[] = {
	MEMBER("pid", COUNT, "Its process id."),
	MEMBER("name", STRING, "The last name of its first thread."),
	MEMBER_OR_NULL("path", STRING, "What it executed last; null if it only forked."),
	MEMBER("parent_pid", COUNT, "The process id of its parent."),
	MEMBER_OR_NULL("parent", COUNT,
		       "Its parent, as an index into processes; null if that is not among them."),
	MEMBER("begin_ns", COUNT, "When it began, from the begin of the capture."),
	MEMBER("end_ns", COUNT, "When its last thread ended, from the begin of the capture."),
	MEMBER("alive_at_end", BOOLEAN, "Whether it was alive when the capture ended."),
	NESTED_OR_NULL("status", OBJECT, "How it ended; null if that is not known.",
		       status_members),
	MEMBER("threads", COUNT, "Threads that it had in the capture."),
	MEMBER("execs", COUNT, "How often it executed a program."),
	NESTED("memory", OBJECT, "Its memory.", process_memory_members),
	MEMBER_OR_NULL("killer", COUNT, "Index into signals: what ended it; null if none did."),
	MEMBER_OR_NULL("exiter", COUNT, "Index into threads: the one that called exit()."),
	MEMBER("running_ns", COUNT, "CPU time of its threads."),
	{0},
};

static const struct member reason_members[] = {
	MEMBER("reason", REASON, "What was waited for."),
	MEMBER_OR_NULL("syscall", STRING, "The system call, where it is the reason; else null."),
	MEMBER("count", COUNT, "Waits."),
	MEMBER("total_ns", COUNT, "Time waited."),
	MEMBER("max_ns", COUNT, "The longest wait."),
	{0},
};

static const struct member all_reason_members[] = {
	MEMBER("reason", REASON, "What was waited for."),
	MEMBER_OR_NULL("syscall", STRING, "The system call, where it is the reason; else null."),
	MEMBER("count", COUNT, "Waits."),
	MEMBER("total_ns", COUNT, "Time waited, all threads together."),
	MEMBER("max_ns", COUNT, "The longest wait."),
	MEMBER("threads", COUNT, "Threads that waited."),
	{0},
};

static const struct member transition_members[] = {
	MEMBER("born", COUNT, "New, then ready."),
	MEMBER("dispatched", COUNT, "Ready, then running."),
	MEMBER("preempted", COUNT, "Running, then ready again."),
	MEMBER("blocked", COUNT, "Running, then blocked."),
	MEMBER("woken", COUNT, "Blocked, then ready."),
	MEMBER("stopped", COUNT, "Running, then stopped."),
	MEMBER("continued", COUNT, "Stopped, then ready."),
	MEMBER("ended", COUNT, "Running, then ended."),
	MEMBER("unseen", COUNT, "Into or out of a state that was not recorded."),
	{0},
};

static const struct member kernel_members[] = {
	MEMBER("runtime_ns", COUNT, "CPU time by the kernel's own account."),
	MEMBER("switches_voluntary", COUNT, "Voluntary switches by the kernel's own account."),
	MEMBER("switches_involuntary", COUNT, "Involuntary switches by the kernel's own account."),
	MEMBER("minor_faults", COUNT, "Page faults without a disk."),
	MEMBER("major_faults", COUNT, "Page faults with a disk."),
	{0},
};

static const struct member cells_members[] = {
	MEMBER("first", COUNT, "The first of the 256 equal parts of the capture that cells has."),
	MEMBER("cells", CELLS,
	       "Per part, ns in each state: running, ready (woken), ready (preempted), blocked, stopped, "
	       "unknown. Rounded: good for pictures, not for sums."),
	{0},
};

static const struct member thread_members[] = {
	MEMBER("tid", COUNT, "Its thread id."),
	MEMBER("pid", COUNT, "The process id of its process."),
	MEMBER("name", STRING, "The last name it had."),
	MEMBER("first_name", STRING, "The name it was born with."),
	MEMBER_OR_NULL("creator", COUNT,
		       "The thread that made it, as an index into threads; null: not known."),
	MEMBER("leader", BOOLEAN, "Whether it is the first thread of its process."),
	MEMBER("kernel_thread", BOOLEAN, "Whether it is a thread of the kernel."),
	MEMBER("began_before", BOOLEAN, "Whether it was there before the capture."),
	MEMBER("alive_at_end", BOOLEAN, "Whether it was alive when the capture ended."),
	MEMBER("begin_ns", COUNT, "When it was first seen, from the begin of the capture."),
	MEMBER("end_ns", COUNT, "When it was last seen, from the begin of the capture."),
	MEMBER("life_ns", COUNT,
	       "Its captured life: running + ready + blocked + unknown, exactly."),
	STATE_MEMBERS,
	MEMBER("overlap_ns", COUNT, "The part of running_ns during which another thread ran too."),
	MEMBER("ready_max_ns", COUNT, "The longest wait for a CPU."),
	MEMBER("switches_voluntary", COUNT, "Times that it gave up the CPU."),
	MEMBER("switches_involuntary", COUNT, "Times that it lost the CPU."),
	MEMBER("migrations", COUNT, "Times that it went on on another CPU."),
	MEMBER("wakeups", COUNT, "Times that it was woken."),
	NESTED("transitions", OBJECT,
	       "How often it went from state to state: new, ready, running, blocked, stopped, ended.",
	       transition_members),
	MEMBER("wakers_known", COUNT, "Its waits that ended, and it is known who ended them."),
	MEMBER("wakers_unknown", COUNT,
	       "Its waits that ended, and it is not known who ended them."),
	NESTED("reasons", OBJECTS,
	       "What it was blocked for, most time first; adds up to blocked_ns.", reason_members),
	NESTED_OR_NULL("kernel", OBJECT,
		       "The kernel's own account: a second source; null: there is none.",
		       kernel_members),
	MEMBER_OR_NULL(
		"totals_agree", BOOLEAN,
		"Whether the totals kept in the kernel and the timeline say the same; null: no totals."),
	MEMBER_OR_NULL("cow_faults", COUNT, "Copy-on-write faults; null: not counted."),
	NESTED("schedule", OBJECT, "What the scheduler gave it.", thread_schedule_members),
	NESTED_OR_NULL("ended", OBJECT, "How it ended; null: alive, or not recorded.",
		       thread_end_members),
	NESTED_OR_NULL("bar", OBJECT,
		       "A picture of its life; null when there are more than 64 threads.",
		       cells_members),
	{0},
};

static const struct member holder_members[] = {
	MEMBER("thread", COUNT, "Index into threads."),
	MEMBER("tid", COUNT, "Its thread id."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("total_ns", COUNT, "Time that others waited while it held the lock."),
	MEMBER("running_ns", COUNT, "The part of that during which it was running."),
	{0},
};

static const struct member waiter_members[] = {
	MEMBER("thread", COUNT, "Index into threads."),
	MEMBER("tid", COUNT, "Its thread id."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("total_ns", COUNT, "Time that it waited for the lock."),
	{0},
};

static const struct member lock_user_members[] = {
	MEMBER("thread", COUNT, "Index into threads."),
	MEMBER("tid", COUNT, "Its thread id."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("waits", COUNT, "How often it waited."),
	MEMBER("waited_ns", COUNT, "How long, all waits together."),
	MEMBER("held_ns", COUNT, "Time that others waited while it held the lock."),
	MEMBER("held_running_ns", COUNT,
	       "The part of that during which it was running; 0 where holder_by_wake is not."),
	{0},
};

static const struct member lock_members[] = {
	MEMBER_OR_NULL("pid", COUNT, "The process that it lies in; null: not known."),
	MEMBER("address", STRING, "Its address, in hexadecimal with 0x."),
	MEMBER_OR_NULL("name", STRING,
		       "The variable that it is, or where it lies; null: not known."),
	MEMBER("reason", REASON, "What kind of lock it is."),
	MEMBER("waits", COUNT, "Waits for it."),
	MEMBER("total_ns", COUNT, "Time waited for it, all threads together."),
	MEMBER("max_ns", COUNT, "The longest wait."),
	MEMBER("waiters_max", COUNT, "The most threads that waited for it at once."),
	NESTED_OR_NULL("main_holder", OBJECT,
		       "Who held it for most of the time that others waited; or null.",
		       holder_members),
	NESTED_OR_NULL("main_waiter", OBJECT, "Who waited for it longest; or null.",
		       waiter_members),
	MEMBER("kind", STRING, "mutex, PI mutex, GIL, or as reason."),
	MEMBER("shared", BOOLEAN, "Whether processes share it: then pid is that of the first."),
	MEMBER("first_ns", COUNT, "When it was first waited for."),
	MEMBER("first_waiter", COUNT, "By whom: index into threads."),
	MEMBER_OR_NULL("first_function", STRING, "And where, if its stack was kept."),
	MEMBER_OR_NULL("first_file", STRING, "The source file."),
	MEMBER("first_line", COUNT, "The line; 0: not known."),
	MEMBER("mean_ns", COUNT, "total_ns / waits."),
	MEMBER("p50_ns", COUNT, "Half of the waits were shorter, within their power of two."),
	MEMBER("p99_ns", COUNT, "99 % of the waits were shorter, within their power of two."),
	MEMBER("waits_begun_before", COUNT, "Waits that had begun before the capture."),
	MEMBER("waits_not_ended", COUNT, "Waits that had not ended when the capture did."),
	MEMBER("timed_out", COUNT, "Waits that their own timer ended."),
	MEMBER("holder_known", COUNT, "Waits whose holder was read when they began."),
	MEMBER("holder_confirmed", COUNT, "Of those, waits that the same holder ended."),
	MEMBER("holder_by_wake", COUNT, "Waits whose holder is known only by having ended them."),
	MEMBER("handovers", COUNT, "Times that a waiter was woken and then ran."),
	MEMBER("handover_ns", COUNT, "Time from those wake-ups until they ran."),
	MEMBER("handover_max_ns", COUNT, "The longest of these."),
	NESTED("threads", OBJECTS, "Who waited for it, and held it while others waited.",
	       lock_user_members),
	{0},
};

static const struct member deadlock_frame_members[] = {
	MEMBER("address", STRING, "In hexadecimal."),
	MEMBER_OR_NULL("function", STRING, "Null: not known, as the others."),
	MEMBER_OR_NULL("file", STRING, "The source file."),
	MEMBER("line", COUNT, "The line in it; 0: not known."),
	MEMBER_OR_NULL("module", STRING, "The program or library."),
	{0},
};

static const struct member deadlock_thread_members[] = {
	MEMBER("thread", COUNT, "Index into threads."),
	MEMBER("tid", COUNT, "Its thread id."),
	MEMBER("name", STRING, "Its name."),
	MEMBER("reason", REASON, "What it waits for."),
	MEMBER("address", STRING, "The word that it waits on."),
	MEMBER_OR_NULL("lock", COUNT, "Index into locks; null: it is none, but a join."),
	MEMBER_OR_NULL("lock_name", STRING, "The lock's name; null: not known."),
	MEMBER("holder", COUNT, "Index into threads: who holds it, or is waited for."),
	MEMBER_OR_NULL("since_ns", COUNT, "When the wait began; null: before the capture."),
	NESTED("frames", OBJECTS,
	       "Where it waits, the innermost call first; empty if it was not found.",
	       deadlock_frame_members),
	{0},
};

static const struct member deadlock_members[] = {
	MEMBER("begin_ns", COUNT, "When the last of its waits began."),
	MEMBER("end_ns", COUNT, "When the first of its waits ended."),
	MEMBER("ended", STRING, "goes on (at the end of the capture), timed out, or killed."),
	NESTED("threads", OBJECTS, "Each waits for the next one, the last for the first.",
	       deadlock_thread_members),
	{0},
};

static const struct member wake_members[] = {
	MEMBER("kind", STRING, "thread, exit (of what was waited for), timer, interrupt, unknown."),
	MEMBER_OR_NULL("from", COUNT, "Index into threads; null: none, or not in the recording."),
	MEMBER("to", COUNT, "Who was woken: index into threads."),
	MEMBER("count", COUNT, "How often."),
	MEMBER("waited_ns", COUNT, "How long it had been blocked, all times together."),
	{0},
};

static const struct member wake_chain_members[] = {
	MEMBER("length", COUNT, "Wake-ups, each by the thread that the one before had woken."),
	MEMBER("first", COUNT, "The thread that woke first: index into threads."),
	MEMBER("last", COUNT, "The thread that was woken last."),
	MEMBER("begin_ns", COUNT, "When the first of them came."),
	MEMBER("end_ns", COUNT, "When the last of them came."),
	{0},
};

static const struct member bucket_members[] = {
	MEMBER("from_ns", COUNT,
	       "It counts durations from this to below twice of it (0: below 2)."),
	MEMBER("count", COUNT, "How many there were."),
	{0},
};

static const struct member distribution_members[] = {
	MEMBER("count", COUNT, "How many there were."),
	MEMBER("total_ns", COUNT, "All added up."),
	MEMBER("p50_ns", COUNT, "Half were shorter; interpolated within a bucket."),
	MEMBER("p95_ns", COUNT, "95 % were shorter; interpolated within a bucket."),
	MEMBER("p99_ns", COUNT, "99 % were shorter; interpolated within a bucket."),
	MEMBER("max_ns", COUNT, "The longest."),
	NESTED("histogram", OBJECTS, "Buckets by powers of two that are not empty.",
	       bucket_members),
	{0},
};

static const struct member claim_members[] = {
	MEMBER("text", STRING, "The sentence."),
	MEMBER("verdict", VERDICT, "Whether it is true of this run."),
	MEMBER("measured", STRING, "The figure with its unit; may be empty."),
	MEMBER("because", STRING, "Why it is undecided; else empty."),
	{0},
};

static const struct member lane_members[] = {
	MEMBER("cpu", COUNT, "The CPU."),
	MEMBER("records", COUNT, "Records lost on it."),
	{0},
};

static const struct member losses_members[] = {
	MEMBER("records", COUNT,
	       "Records that found no room: totals are exact, the timeline has gaps."),
	NESTED("lanes", OBJECTS, "Where records were lost; only CPUs that lost any.", lane_members),
	MEMBER("life", COUNT, "Records of births, ends and names that found no room."),
	MEMBER("missed", COUNT, "Runs of the tracer's programs that the kernel skipped."),
	MEMBER("untracked", COUNT, "Threads that found no room in the tracer's tables."),
	MEMBER("repaired", COUNT, "Steps of the stream that did not fit together."),
	MEMBER("marks", COUNT, "USDT marks that found no room."),
	MEMBER("marks_refused", BOOLEAN, "Whether some marks could not be followed at all."),
	MEMBER_OR_NULL("target_only", STRING,
		       "Options that looked at the target only, and not at the processes that were "
		       "followed because they held its locks; null: none did."),
	MEMBER("totals_disagree", COUNT, "Threads whose two accounts differ with nothing lost."),
	{0},
};

static const struct member tracer_members[] = {
	MEMBER("cpu_ns", COUNT, "CPU time that the tracer itself took."),
	{0},
};

static const struct member recording_members[] = {
	MEMBER("bytes", COUNT, "Size of the recording."),
	MEMBER("complete", BOOLEAN, "Whether the recording was ended properly."),
	MEMBER("records", COUNT, "Records of scheduling that it has."),
	{0},
};

static const struct member report_members[] = {
	MEMBER("format", STRING, "Always `" REPORT_FORMAT "`."),
	MEMBER("schema_version", COUNT,
	       "The version of this description; new members do not raise it."),
	MEMBER_OR_NULL("version", STRING, "The version of ptrace-lab that made the recording."),
	NESTED("host", OBJECT, "Where it was recorded.", host_members),
	MEMBER_OR_NULL("mode", STRING, "How it was recorded: run, attach or record."),
	MEMBER("command", STRINGS, "What was run, one entry an argument."),
	NESTED_OR_NULL("scenario", OBJECT, "The scenario that was run; or null.", scenario_members),
	NESTED_OR_NULL("target", OBJECT, "What was run or attached to; null: the whole machine.",
		       target_members),
	MEMBER("facts", TEXTS, "What the scenario said of its own run, by name."),
	NESTED_OR_NULL("result", OBJECT, "The facts `expected` and `actual`; null if it told none.",
		       result_members),
	NESTED("time", OBJECT, "When.", time_members),
	NESTED("findings", OBJECTS, "What to look at first, most costly first.", finding_members),
	NESTED("summary", OBJECT, "All threads together.", summary_members),
	NESTED("processes", OBJECTS, "In order of appearance.", process_members),
	NESTED("threads", OBJECTS, "In order of appearance.", thread_members),
	NESTED("strip", OBJECT, "A picture of all threads together.", cells_members),
	NESTED("reasons", OBJECTS, "What threads were blocked for, all together.",
	       all_reason_members),
	NESTED("locks", OBJECTS, "Locks that somebody waited for, most time first.", lock_members),
	MEMBER("holds_counted", BOOLEAN,
	       "Whether every lock that was taken was counted: --locks=all."),
	MEMBER("holds_lost", COUNT, "Calls that were not: there was no room."),
	NESTED("holds", OBJECTS, "Locks that were taken, most time held first.", hold_members),
	NESTED("places", OBJECTS,
	       "Where in the program threads blocked and ran, most time first; empty without stacks.",
	       place_members),
	NESTED("phases", OBJECTS, "Moments that the program marked, in order of time.",
	       phase_members),
	MEMBER("phases_beyond", COUNT, "Further ones that were not kept."),
	NESTED("marks", OBJECTS, "Other probes that were followed (--mark).", mark_members),
	NESTED("uthreads", OBJECTS, "User threads, in order of appearance; the first 10,000.",
	       uthread_members),
	MEMBER("uthreads_beyond", COUNT, "Marks of user threads that were not kept."),
	MEMBER("carriers", COUNT, "Kernel threads that carried user threads."),
	NESTED_OR_NULL("about", OBJECT, "What the scenario is about, besides its claims; or null.",
		       subject_members),
	NESTED("preemptions", OBJECTS,
	       "Who took the CPU from whom, most often first; the first 1000 pairs.",
	       preemption_members),
	NESTED("deadlocks", OBJECTS, "Threads that waited for each other in a circle.",
	       deadlock_members),
	NESTED("wakes", OBJECTS, "Who woke whom, most often first.", wake_members),
	NESTED_OR_NULL("wake_chain", OBJECT, "The longest chain of wake-ups; or null.",
		       wake_chain_members),
	NESTED("signals", OBJECTS, "Signals by sender, receiver and number, in order of time.",
	       signal_members),
	MEMBER("signals_beyond", COUNT,
	       "Signals of more senders and receivers than are told apart."),
	NESTED_OR_NULL("critical_path", OBJECT,
		       "What made the run as long as it was; null if nothing ran.", path_members),
	NESTED("what_if", OBJECT, "How much shorter the run would have been.", what_if_members),
	NESTED("latency", OBJECT, "Waits for a CPU, of all threads.", distribution_members),
	NESTED("blocked", OBJECT, "Blocked intervals, of all threads.", distribution_members),
	NESTED("claims", OBJECTS, "The scenario's claims, worked out on the recording.",
	       claim_members),
	NESTED_OR_NULL("stacks", OBJECT, "How stacks end; null if none were kept.", stacks_members),
	NESTED_OR_NULL("watch", OBJECT, "Variables that were watched; null: none were.",
		       watch_members),
	NESTED("snapshots", OBJECTS, "What the kernel kept of the target's tasks at some moments.",
	       moment_members),
	NESTED_OR_NULL("ring", OBJECT,
		       "The longer watch that this is the last part of; null: everything was kept.",
		       ring_members),
	NESTED("losses", OBJECT, "What is missing.", losses_members),
	NESTED("tracer", OBJECT, "What tracing cost.", tracer_members),
	NESTED("recording", OBJECT, "The file that this was worked out from.", recording_members),
	{0},
};

int show_schema(FILE *out)
{
	return schema_write(out, REPORT_FORMAT,
			    "What `ptrace-lab` tells of one run. Times are whole nanoseconds.",
			    report_members);
}
