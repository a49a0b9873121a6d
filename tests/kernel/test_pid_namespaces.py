# SPDX-License-Identifier: GPL-2.0-only
"""In a container a thread writes another number into its locks than the one that the kernel uses."""

import subprocess
import time

from lab import MS, KernelTest, Traced, run, target
from test_deadlocks import DEADLOCKED, circle

CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


class Contained:
    """A target in a pid namespace of its own, and beside it one whose threads have the same numbers."""

    def __init__(self, *words):
        self.outer = [subprocess.Popen([*CONTAINER, *words], stdout=subprocess.PIPE, text=True)
                      for _ in range(2)]
        for outer in self.outer:
            outer.stdout.readline()
        time.sleep(0.15)
        with open(f"/proc/{self.outer[0].pid}/task/{self.outer[0].pid}/children") as file:
            self.pid = int(file.read().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for outer in self.outer:
            outer.kill()
            outer.stdout.close()
            outer.wait()


class Containers(KernelTest):
    def attach(self, kind):
        with Contained(target("hangs"), kind) as contained:
            traced = Traced(["attach", "-p", contained.pid])
            self.assertIsNone(contained.outer[0].poll(), "the target must live on")
        self.assertEqual(traced.status, DEADLOCKED)
        return traced

    def test_the_number_inside_is_another_one(self):
        with Contained(target("hangs"), "mutex") as contained:
            with open(f"/proc/{contained.pid}/status") as file:
                numbers = next(line for line in file if line.startswith("NSpid:")).split()[1:]
        self.assertEqual(numbers, [str(contained.pid), "1"])

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
