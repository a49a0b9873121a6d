# SPDX-License-Identifier: GPL-2.0-only
"""What the report says first is true: predictions against reality, precision and recall."""

import glob
import os
import shutil
import subprocess

from lab import ASKING, BUILD, MS, KernelTest, bench, no_terminals, run, scenario, target

# What a busy machine does to any program, and the report says so. It is not the program's fault.
OF_THE_MACHINE = {"others", "cpus", "starved"}


def kinds(traced):
    return {finding["kind"] for finding in traced.json["findings"]} - OF_THE_MACHINE


def found(traced, kind):
    return [finding for finding in traced.json["findings"] if finding["kind"] == kind]


def gain_ns(traced, kind="lock"):
    return max((w["gain_ns"] for w in traced.json["what_if"]["without"] if w["kind"] == kind),
               default=0)


class WhatIf(KernelTest):
    def test_without_its_lock_a_run_takes_as_long_as_its_twin_that_has_none(self):
        for threads, ms, rounds in ((4, 20, 3), (2, 40, 2), (8, 10, 2)):
            with self.subTest(threads=threads):
                serial = run(target("serial"), threads, ms, rounds, "lock")
                free = run(target("serial"), threads, ms, rounds)
                predicted = serial.json["what_if"]["replay_ns"] - gain_ns(serial)
                real = free.json["what_if"]["replay_ns"]
                print(f"  serial {threads} x {ms} ms x {rounds}: "
                      f"{serial.json['time']['wall_ns'] / MS:.1f} ms; without the lock predicted "
                      f"{predicted / MS:.2f} ms, really {real / MS:.2f} ms, "
                      f"error {100 * (predicted / real - 1):+.2f} %")
                self.assertAlmostEqual(predicted / real, 1, delta=0.1)
                self.assertIn("serialised", kinds(serial))
                self.assertEqual(kinds(free), set())

    # What waiting for the lock costs is predicted; what taking it costs (instructions, cache lines
    # that travel, and at each hand-over two system calls and a switch) is CPU time, which stays in
    # the replay: it is told as part of the run, and not as gain. What it was is known here, from the
    # twin that has no such lock. So the twin takes at most what was predicted, and at least that
    # less all of the lock's CPU time. Where the CPUs are what the twin waits for, the lock's CPU
    # time would have been spread over them: without it, what is left is the replay's own error.
    TWINS = ((("counter-lock-fine",), ("counter-atomic",)),
             (("lock-convoy", "--no-baseline", "--rounds=4000"),
              ("lock-convoy", "--no-baseline", "--rounds=4000", "--own-locks")),
             (("sum-gil",), ("sum-threads",)))
    BUSY = 0.5
    ERROR = 0.4

    def replays(self, words):
        """Of the quietest of three runs: what it took, and without its locks' waits at best."""
        best = None
        for _ in range(3):
            traced = scenario(*words)
            replay = traced.json["what_if"]["replay_ns"]
            if not best or replay < best[0]:
                best = (replay, replay - gain_ns(traced), traced)
        return best

    def compare_twins(self, locked, free):
        """What is wrong with the prediction, in words; nothing: None."""
        replay, predicted, traced = self.replays(locked)
        real, _, twin = self.replays(free)
        work = [t["running_ns"] for t in traced.json["threads"]]
        twin_work = sum(t["running_ns"] for t in twin.json["threads"])
        cpus = min(os.cpu_count(), len(work))
        lock_cpu = max(0, sum(work) - twin_work)
        busy = twin_work / cpus / real
        error = (predicted - lock_cpu / cpus) / real - 1
        print(f"  {locked[0]:18} {replay / MS:7.2f} ms; without the lock predicted "
              f"{predicted / MS:7.2f} ms, {' '.join(free)} takes {real / MS:7.2f} ms, error "
              f"{100 * (predicted / real - 1):+.0f} %; the lock costs {lock_cpu / MS:.2f} ms of "
              f"CPU as well: " +
              (f"without these too, error {100 * error:+.0f} %" if busy > self.BUSY else
               f"the twin has the CPUs busy for {100 * busy:.0f} % only, so it lies between "
               f"{max(0, predicted - lock_cpu) / MS:.2f} and {predicted / MS:.2f} ms"))
        # A schedule that can be: never shorter than its work on all CPUs, nor than the work of one
        # thread.
        self.assertGreaterEqual(predicted * 1.001, max(max(work), sum(work) / os.cpu_count()))
        self.assertLessEqual(predicted, replay)
        if not (predicted - lock_cpu) * (1 - self.ERROR) <= real <= predicted * (1 + self.ERROR):
            return "outside its bounds"
        if busy > self.BUSY and abs(error) > self.ERROR:
            return f"wrong by {100 * error:+.0f} %"
        return None

    def test_predictions_for_scenarios_are_told_with_their_errors(self):
        for locked, free in self.TWINS:
            with self.subTest(locked[0]):
                # What runs beside slows one of two programs down, and not the other.
                for _ in range(6):
                    wrong = self.compare_twins(locked, free)
                    if not wrong:
                        break
                self.assertIsNone(wrong)

    def test_a_lock_costs_nothing_if_its_holder_is_waited_for_anyway(self):
        # The waiter waits 80 ms for the lock; then the holder, who slept, waits for the waiter.
        traced = run(target("waits"), "mutex", 80)
        self.assertGreater(traced.json["locks"][0]["total_ns"], 40 * MS)
        self.assertLess(gain_ns(traced), 1 * MS)
        self.assertEqual(kinds(traced), set())


class Precision(KernelTest):
    HEALTHY = ("counter-single", "counter-atomic", "thread-named", "thread-daemon", "thread-trade",
               "process-spawn", "process-join", "process-terminate", "process-isolation",
               "process-escape", "ipc-pipe", "ipc-queue", "sum-single", "sum-threads", "sum-procs",
               "io-gil", "model-many-to-one", "model-one-to-one", "model-many-to-many",
               "pool-queue", "list-safe", "list-private", "memory-map", "counter-lock-fine",
               "counter-storm-lock", "thread-input", "process-copy", "process-states",
               "sched-priority", "spawn-cost", "switch-cost")
    SICK = {"sum-gil": "gil", "pool-serial": "io_in_series", "counter-lock": "serialised",
            "lock-convoy": "convoy", "counter-race": "race", "counter-split": "race",
            "counter-storm-race": "race", "list-race": "race",
            "deadlock-abba": "deadlock", "deadlock-philosophers": "deadlock",
            "thundering-herd": "herd", "priority-inversion": "inversion",
            "sched-round-robin": "cpus"}
    # What costs something only on a machine that is not busy otherwise.
    MACHINES = {"sum-gil", "counter-lock", "lock-convoy"}

    def test_each_scenario_is_either_healthy_or_not(self):
        scenarios = {os.path.basename(path) for path in glob.glob(os.path.join(BUILD,
                                                                               "workloads/*/*"))
                     if os.access(path, os.X_OK) and "." not in os.path.basename(path)}
        self.assertEqual(set(self.HEALTHY) | set(self.SICK), scenarios)
        self.assertEqual(set(self.HEALTHY) & set(self.SICK), set())

    def test_nothing_is_found_in_healthy_programs(self):
        for name in self.HEALTHY:
            if name in ASKING and no_terminals():
                continue
            found = kinds(scenario(name))
            print(f"  {name:22} healthy       found {', '.join(sorted(found)) or 'nothing'}")
            self.assertEqual(found, set(), name)

    def test_what_ails_the_others_is_found_and_nothing_else(self):
        for name, kind in self.SICK.items():
            # On a machine that is busy otherwise, that may be what costs most: three tries.
            tries = []
            for _ in range(3):
                traced = scenario(name)
                tries.append({f["kind"] for f in traced.json["findings"]})
                self.assertLessEqual(len(traced.json["findings"]), 5)
                if kind in tries[-1]:
                    break
            print(f"  {name:22} {kind:13} found {', '.join(sorted(tries[-1])) or 'nothing'}, "
                  f"try {len(tries)}")
            if name not in self.MACHINES:
                self.assertIn(kind, tries[-1], name)
            for found in tries:
                self.assertLessEqual(found - OF_THE_MACHINE, {kind}, name)

    def test_what_is_found_can_be_followed(self):
        inversion, = found(scenario("priority-inversion"), "inversion")
        self.assertIn("high waited", inversion["text"])
        self.assertIn("middle", inversion["text"])
        deadlock, = found(scenario("deadlock-abba", "--hold", "200ms"), "deadlock")
        self.assertIn("waits for `lock_a`, which left holds", deadlock["text"])
        traced = scenario("thundering-herd")
        herd, = found(traced, "herd")
        evidence = herd["evidence"]
        # The program counts itself how many were woken for nothing.
        truth = int(traced.json["facts"]["for_nothing"])
        self.assertAlmostEqual(evidence["idle"] / truth, 1, delta=0.25)
        self.assertEqual(traced.json["threads"][evidence["other"]]["name"], "thundering-herd")

    def test_pythons_lock_is_found_where_threads_compute_and_not_where_they_wait(self):
        compute = """
import threading
def work():
    sum(range(4000000))
threads = [threading.Thread(target=work) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
"""
        tries = []
        for _ in range(3):
            traced = run("/usr/bin/python3", "-c", compute)
            tries.append(found(traced, "gil"))
            if tries[-1]:
                break
        self.assertTrue(tries[-1], traced.text)
        self.assertIn("GIL of python3", tries[-1][0]["text"])
        self.assertLessEqual(kinds(traced), {"gil"})
        wait = compute.replace("sum(range(4000000))", "__import__('time').sleep(0.2)")
        self.assertEqual(kinds(run("/usr/bin/python3", "-c", wait)), set())

    def first_of(self, kind, provoke):
        """On a machine that is busy otherwise, other things may cost more: three tries."""
        for _ in range(3):
            traced = provoke()
            if found(traced, kind):
                return found(traced, kind)[0], traced
        self.fail(f"no {kind}: {traced.text}")

    def test_one_that_looks_again_and_again_whether_there_is_something_to_do(self):
        finding, traced = self.first_of("for_nothing", lambda: run(
            "/usr/bin/python3", "-c", "import time\nfor _ in range(1200): time.sleep(0.0003)"))
        # It may not have slept where the timer had struck before it could.
        self.assertAlmostEqual(finding["evidence"]["idle"] / 1200, 1, delta=0.1)
        self.assertEqual(traced.json["threads"][finding["evidence"]["thread"]]["name"], "python3")

    def test_a_cpu_that_another_program_takes(self):
        def beside():
            other = subprocess.Popen(["taskset", "-c", "0", bench("spin"), "2000000000"],
                                     stdout=subprocess.DEVNULL)
            self.addCleanup(other.wait)
            self.addCleanup(other.kill)
            return run("taskset", "-c", "0", bench("spin"), 100000000)
        finding, traced = self.first_of("others", beside)
        self.assertGreater(finding["cost_ns"], 0.3 * traced.json["time"]["wall_ns"])
        self.assertIn("from outside", finding["text"])

    def test_threads_that_are_kept_to_one_cpu(self):
        finding, traced = self.first_of("cpus", lambda: run(bench("pingpong"), "futex", 20000, 1))
        self.assertEqual(traced.json["summary"]["cpus_used"], 1)
        every = traced.json["host"]["cpus"]
        self.assertTrue(finding["text"].startswith(
            f"Kept to 1 of the {every} CPUs, " if every > 1 else "More threads could run than"),
            finding["text"])

    def test_one_thread_that_gets_no_turn(self):
        if not shutil.which("chrt"):
            self.skipTest("chrt is not installed")
        spin = bench("spin")
        finding, traced = self.first_of("starved", lambda: run(
            "taskset", "-c", "0", "sh", "-c",
            f"{spin} 200000000 & chrt -f 5 {spin} 900000000; wait", options=("--as-root",)))
        starved = traced.json["threads"][finding["evidence"]["thread"]]
        self.assertGreaterEqual(starved["ready_max_ns"], 100 * MS)

    def test_what_it_costs_is_never_more_than_the_run(self):
        for command in ((target("serial"), 4, 10, 2, "lock"), (target("waits"), "pipe", 30)):
            report = run(*command).json
            for finding in report["findings"]:
                self.assertLessEqual(finding["cost_ns"], report["time"]["wall_ns"])
                self.assertTrue(finding["text"])
