# SPDX-License-Identifier: GPL-2.0-only
"""A deadlock is named while it is there: in a process that has hung before, and while `run` waits."""

import json
import os
import subprocess
import tempfile
import time

from lab import MS, TOOL, KernelTest, Traced, run, scenario, target, tool

DEADLOCKED = 117


class Hung:
    """A target that is stuck already."""

    def __init__(self, kind, before=()):
        self.process = subprocess.Popen([*before, target("hangs"), kind], stdout=subprocess.PIPE,
                                        text=True)
        self.process.child = None
        for line in iter(self.process.stdout.readline, "ready\n"):
            if not line:
                raise AssertionError(f"hangs {kind} ended")
            self.process.child = int(line.split()[1])
        time.sleep(0.15)

    def __enter__(self):
        return self.process

    def __exit__(self, *unused):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


def circle(traced):
    """name -> (what it waits for, who holds that)"""
    found = traced.json["deadlocks"]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} deadlocks: {traced.text}")
    names = {i: t["name"] for i, t in enumerate(traced.json["threads"])}
    return {t["name"]: (t["lock_name"], names[t["holder"]]) for t in found[0]["threads"]}


def ways(traced):
    """name -> the calls of the program's own code that led to where it waits"""
    return {t["name"]: [f["function"] for f in t["frames"] if not f["module"].startswith("libc")]
            for t in traced.json["deadlocks"][0]["threads"]}


class AlreadyHung(KernelTest):
    def attach(self, kind):
        with Hung(kind) as process:
            traced = Traced(["attach", "-p", process.pid])
            self.assertIsNone(process.poll(), "the target must live on")
        return traced

    def seconds_until_named(self, kind, words):
        with Hung(kind) as process:
            begin = time.monotonic()
            with subprocess.Popen([TOOL, "attach", "-p", str(process.pid)], text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as attach:
                for line in attach.stderr:
                    if words in line:
                        return time.monotonic() - begin
        return None

    def test_two_mutexes_are_named_within_a_second(self):
        traced = self.attach("mutex")
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual(circle(traced), {"waiter-1": ("global_two", "waiter-2"),
                                          "waiter-2": ("global_one", "waiter-1")})
        self.assertIn("deadlock: 2 threads wait for each other", traced.error)
        self.assertIn("waits for global_two, which waiter-2", traced.error)
        self.assertIn("2 threads wait for each other in a circle", traced.text)
        self.assert_named_soon("mutex", "waits for global_one, which waiter-1")

    def assert_named_soon(self, kind, words):
        self.assertLess(min(self.seconds_until_named(kind, words) for _ in range(3)), 1.0)

    def test_where_each_waits_is_told_and_nobody_is_stopped_for_it(self):
        with Hung("mutex") as process:
            status = f"/proc/{process.pid}/status"
            def switches():
                with open(status) as file:
                    return [line for line in file if "ctxt_switches" in line]
            before = switches()
            traced = Traced(["attach", "-p", process.pid])
            self.assertEqual(switches(), before)
        self.assertEqual(ways(traced), {"waiter-1": ["cross"], "waiter-2": ["cross"]})
        frame = next(f for f in traced.json["deadlocks"][0]["threads"][0]["frames"]
                     if f["function"] == "cross")
        self.assertEqual(frame["file"], "hangs.c")
        with open(os.path.join(os.path.dirname(__file__), "../targets/hangs.c")) as file:
            self.assertIn("pthread_mutex_lock(order->second)",
                          file.read().splitlines()[frame["line"] - 1])
        place = f"waits in cross (hangs.c:{frame['line']})"
        self.assertEqual(traced.error.count(place), 2)
        self.assertEqual(" ".join(traced.text.split()).count(place), 2)

    def test_a_thread_that_waits_for_itself(self):
        traced = self.attach("self")
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual(circle(traced), {"waiter-1": ("global_one", "waiter-1")})

    def test_a_lock_that_inherits_priority(self):
        traced = self.attach("pi")
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual(circle(traced), {"waiter-1": ("global_two", "waiter-2"),
                                          "waiter-2": ("global_one", "waiter-1")})

    def test_a_read_write_lock(self):
        traced = self.attach("rwlock")
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual({k: v[1] for k, v in circle(traced).items()},
                         {"waiter-1": "waiter-2", "waiter-2": "waiter-1"})

    def test_a_thread_that_is_joined(self):
        traced = self.attach("join")
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual(circle(traced), {"waiter-1": ("global_one", "hangs"),
                                          "hangs": (None, "waiter-1")})

    def test_a_circle_through_a_process_that_is_not_followed(self):
        for kind in ("shared", "shared-pi", "shared-robust"):
            with self.subTest(kind), Hung(kind) as process:
                traced = Traced(["attach", "-p", process.pid])
                self.assertIsNone(process.poll(), "the target must live on")
                with open(f"/proc/{process.child}/stat", encoding="ascii") as file:
                    self.assertEqual(file.read().split()[2], "S", "and so must the other one")
                self.assertEqual(traced.status, DEADLOCKED)
                self.assertEqual({k: v[1] for k, v in circle(traced).items()},
                                 {"hangs": "waiter-2", "waiter-2": "hangs"})
                self.assertEqual({v[0] for v in circle(traced).values()},
                                 {"shared memory+0x0", "shared memory+0x28"})
                self.assertIn(f"also follows process {process.child} (hangs), which holds a lock "
                              f"that process {process.pid} waits for\n", traced.error)
        self.assert_named_soon("shared", ", which hangs")

    def test_what_is_told_of_the_target_only_is_said_to_be(self):
        with Hung("shared") as process:
            traced = Traced(["attach", "-p", process.pid, "--locks", "all", "--watch",
                             "global_one:4"])
            self.assertEqual(traced.json["losses"]["target_only"], "--watch, --locks=all")
            self.assertIn("of these processes nothing is told by --watch, --locks=all",
                          traced.error)
            self.assertIn("! what --watch, --locks=all tells is of the target only",
                          " ".join(traced.text.split()))
            traced = Traced(["attach", "-p", process.pid])
        self.assertIsNone(traced.json["losses"]["target_only"])
        self.assertNotIn("target only", traced.text)

    def test_a_chain_through_many_processes_is_followed_so_far_and_that_is_said(self):
        with Hung("chain") as process:
            traced = Traced(["attach", "-p", process.pid, "-d", "200ms"])
        self.assertEqual(traced.status, 0, traced.error)
        self.assertEqual(traced.error.count("also follows process"), 64)
        self.assertIn("lead through more than 64 other processes: the others are not followed",
                      traced.error)
        self.assertEqual(len({t["pid"] for t in traced.json["threads"]}), 65)

    def test_locks_on_heap_and_stack_are_told_as_such(self):
        names = {v[0] for v in circle(self.attach("stack")).values()}
        self.assertIn("stack of hangs", names)
        self.assertTrue(any(n.startswith("heap+0x") for n in names), names)

    def test_a_program_that_only_waits_long_is_none(self):
        with Hung("none") as process:
            traced = Traced(["attach", "-p", process.pid, "-d", "1500ms"])
        self.assertEqual(traced.status, 0)
        self.assertEqual(traced.json["deadlocks"], [])
        self.assertNotIn("deadlock", traced.error)


class AtAMoment(KernelTest):
    """The same from a recording, whenever: `report FILE --at TIME`."""

    def graph(self, file, at):
        return json.loads(tool("report", file, "--at", at, "--json", "-").stdout)

    def waits(self, graph):
        names = {t["tid"]: t["name"] for t in graph["threads"]}
        return {(lock["name"], names.get(lock["holder"]), names[waiter["tid"]])
                for lock in graph["waited_for"] for waiter in lock["waiters"]}

    def test_who_held_what_and_who_waited_is_told_for_each_moment(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.ptl")
            Traced(["run", "--stacks", "-o", file, "deadlock-abba", "--hold", "300ms"])
            graph = self.graph(file, "200ms")
            self.assertEqual(graph["circles"], 1)
            self.assertEqual(self.waits(graph), {("lock_a", "left", "right"),
                                                 ("lock_b", "right", "left")})
            for lock in graph["waited_for"]:
                self.assertEqual(lock["holder_is"], "seen")
                self.assertEqual(lock["waiters"][0]["function"], "take_both")
            text = tool("report", file, "--at", "200ms").stdout
            self.assertRegex(text, "deadlock: (left|right) ")
            self.assertIn("lock_a", text)
            # Before they met, and when all is over.
            self.assertEqual(self.graph(file, "0ms")["circles"], 0)
            self.assertEqual(self.graph(file, "end")["circles"], 0)
            self.assertEqual(tool("report", file, "--at", "1h").returncode, 2)
            self.assertEqual(tool("report", file, "--at", "now").returncode, 2)

    def test_circles_over_joins_priority_inheritance_and_processes(self):
        circles = {"join": {("global_one", "hangs", "waiter-1"),
                            ("the end of waiter-1", "waiter-1", "hangs")},
                   "pi": {("global_two", "waiter-2", "waiter-1"),
                          ("global_one", "waiter-1", "waiter-2")}}
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.ptl")
            for kind in ("join", "pi", "shared"):
                with self.subTest(kind):
                    if kind == "shared":
                        run(target("hangs"), kind, 2500, options=("-d", "1800ms", "-o", file))
                    else:
                        with Hung(kind) as process:
                            Traced(["attach", "-p", process.pid, "-o", file])
                    graph = self.graph(file, "end")
                    self.assertEqual(graph["circles"], 1)
                    inside = self.waits(graph)
                    if kind in circles:
                        self.assertLessEqual(circles[kind], inside)
                    else:
                        self.assertEqual({(h, w) for _, h, w in inside if w.startswith("waiter")
                                          or h.startswith("waiter")},
                                         {("hangs", "waiter-2"), ("waiter-2", "hangs")})


class WhileItRuns(KernelTest):
    def test_run_tells_it_while_the_target_hangs(self):
        traced = run(target("hangs"), "mutex", 2500, options=("-d", "1800ms"))
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertIn("deadlock: 2 threads wait for each other", traced.error)
        self.assertEqual(set(circle(traced)), {"waiter-1", "waiter-2"})
        self.assertEqual(traced.json["deadlocks"][0]["ended"], "goes on")
        self.assertEqual(ways(traced), {"waiter-1": ["cross"], "waiter-2": ["cross"]})

    def test_two_processes_with_locks_in_shared_memory(self):
        traced = run(target("hangs"), "shared", 2500, options=("-d", "1800ms"))
        self.assertEqual(traced.status, DEADLOCKED)
        self.assertEqual(set(circle(traced)), {"hangs", "waiter-2"})

    def test_scenarios_name_their_circle_though_they_end(self):
        for name, threads in (("deadlock-abba", 2), ("deadlock-philosophers", 5)):
            traced = scenario(name, "--hold", "300ms")
            self.assertEqual(traced.status, 0)
            self.assertEqual(len(traced.json["deadlocks"]), 1)
            deadlock = traced.json["deadlocks"][0]
            self.assertEqual(len(deadlock["threads"]), threads)
            self.assertEqual(deadlock["ended"], "killed")
            length = deadlock["end_ns"] - deadlock["begin_ns"]
            self.assertAlmostEqual(length, int(traced.json["facts"]["watched_ns"]), delta=15 * MS)
            cured = scenario(name, "--ordered")
            self.assertEqual(cured.json["deadlocks"], [])

    def test_the_status_is_documented(self):
        self.assertIn(str(DEADLOCKED), tool("help", "--man").stdout)
