# SPDX-License-Identifier: GPL-2.0-only
"""In a container a thread writes another number into its locks than the one that the kernel uses."""

from lab import MS, KernelTest, Traced, run, target
from test_deadlocks import DEADLOCKED, Hung, circle

CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def first_inside(outer):
    with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


class Containers(KernelTest):
    def attach(self, kind):
        # Beside it there is another one, whose threads have the same numbers.
        with Hung(kind, before=CONTAINER) as outer, Hung(kind, before=CONTAINER):
            traced = Traced(["attach", "-p", first_inside(outer)])
            self.assertIsNone(outer.poll(), "the target must live on")
        self.assertEqual(traced.status, DEADLOCKED)
        return traced

    def test_the_number_inside_is_another_one(self):
        with Hung("mutex", before=CONTAINER) as outer:
            inside = first_inside(outer)
            with open(f"/proc/{inside}/status", encoding="ascii") as file:
                numbers = next(line for line in file if line.startswith("NSpid:")).split()[1:]
        self.assertEqual(numbers, [str(inside), "1"])

    def test_a_process_that_has_hung(self):
        for kind in ("mutex", "pi"):
            with self.subTest(kind):
                self.assertEqual(circle(self.attach(kind)),
                                 {"waiter-1": ("global_two", "waiter-2"),
                                  "waiter-2": ("global_one", "waiter-1")})

    def test_a_thread_that_is_joined(self):
        self.assertEqual(circle(self.attach("join")), {"waiter-1": ("global_one", "hangs"),
                                                       "hangs": (None, "waiter-1")})

    def test_a_circle_through_another_process(self):
        for kind in ("shared", "shared-pi", "shared-robust"):
            with self.subTest(kind):
                traced = self.attach(kind)
                self.assertEqual({k: v[1] for k, v in circle(traced).items()},
                                 {"hangs": "waiter-2", "waiter-2": "hangs"})
                self.assertRegex(traced.error, "also follows process [0-9]+ .hangs., which holds")

    def assert_first_thread_holds(self, traced):
        lock = max(traced.json["locks"], key=lambda lock: lock["total_ns"])
        self.assertEqual(lock["holder_known"], 1)
        self.assertEqual(lock["main_holder"]["name"], "waits")
        self.assertAlmostEqual(lock["main_holder"]["total_ns"], 50 * MS, delta=10 * MS)

    def test_holders_of_a_program_that_begins_in_one(self):
        for kind in ("mutex", "pi-mutex"):
            with self.subTest(kind):
                self.assert_first_thread_holds(run(*CONTAINER, target("waits"), kind, 50))

    def test_after_another_thread_than_the_first_has_executed_a_program(self):
        self.assert_first_thread_holds(run(*CONTAINER, target("oddities"), "exec-from-side",
                                           target("waits"), "mutex", 50))
