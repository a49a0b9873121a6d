# SPDX-License-Identifier: GPL-2.0-only
"""What the report says first is true: predictions against reality, precision and recall."""

from lab import MS, KernelTest, run, scenario, target

# What a busy machine does to any program, and the report says so. It is not the program's fault.
OF_THE_MACHINE = {"others", "cpus", "starved"}


def kinds(traced):
    return {finding["kind"] for finding in traced.json["findings"]} - OF_THE_MACHINE


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

    def test_a_lock_costs_nothing_if_its_holder_is_waited_for_anyway(self):
        # The waiter waits 80 ms for the lock; then the holder, who slept, waits for the waiter.
        traced = run(target("waits"), "mutex", 80)
        self.assertGreater(traced.json["locks"][0]["total_ns"], 40 * MS)
        self.assertLess(gain_ns(traced), 1 * MS)
        self.assertEqual(kinds(traced), set())


class Precision(KernelTest):
    HEALTHY = ("counter-single", "counter-atomic", "thread-trade", "process-join", "ipc-queue",
               "sum-threads", "sum-procs", "pool-queue")
    SICK = {"sum-gil": "gil", "pool-serial": "io_in_series"}

    def test_nothing_is_found_in_healthy_programs_and_what_ails_the_others(self):
        names = set(scenario_names())
        for name in self.HEALTHY:
            if name in names:
                found = kinds(scenario(name))
                print(f"  {name:16} healthy       found {', '.join(sorted(found)) or 'nothing'}")
                self.assertEqual(found, set(), name)
        for name, kind in self.SICK.items():
            if name not in names:
                continue
            # On a machine that is busy otherwise, that may be what costs most: three tries.
            tries = []
            for _ in range(3):
                tries.append(kinds(scenario(name)))
                if kind in tries[-1]:
                    break
            print(f"  {name:16} {kind:13} found {', '.join(sorted(tries[-1])) or 'nothing'}, "
                  f"try {len(tries)}")
            if name == "pool-serial":
                self.assertIn(kind, tries[-1])
            for found in tries:
                self.assertLessEqual(found, {kind})

    def test_what_it_costs_is_never_more_than_the_run(self):
        for command in ((target("serial"), 4, 10, 2, "lock"), (target("waits"), "pipe", 30)):
            report = run(*command).json
            for finding in report["findings"]:
                self.assertLessEqual(finding["cost_ns"], report["time"]["wall_ns"])
                self.assertTrue(finding["text"])


def scenario_names():
    from lab import tool
    return tool("list", "--names").stdout.split()
