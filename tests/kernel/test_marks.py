# SPDX-License-Identifier: GPL-2.0-only
"""USDT marks: in every shape of program, from the first one on, and nothing where there are none."""

import json
import os
import subprocess
import time

from lab import TOOL, KernelTest, Traced, no_terminals, run, scenario, target, tool


class Marks(KernelTest):
    def phases(self, traced):
        return [p["text"] for p in traced.json["phases"]]


class Phases(Marks):
    def test_every_shape_of_program_from_its_first_mark_on(self):
        for shape in ("marks", "marks-static", "marks-nopie", "marks-semaphore"):
            with self.subTest(shape):
                traced = run(target(shape))
                self.assertEqual(self.phases(traced), ["first", "last"])
                self.assert_conserved(traced)
                self.assertIn("phases: a first at", traced.text)

    def test_the_marks_of_a_library(self):
        library = target("libmarks.so")
        traced = run(target("marks-library"), options=["--mark-in", library])
        self.assertEqual(self.phases(traced), ["first", "from the library", "last"])
        traced = run(target("marks-library"))
        self.assertEqual(self.phases(traced), ["first", "last"])

    def test_children_and_programs_that_it_executes(self):
        self.assertEqual(self.phases(run(target("marks"), "fork")), ["first", "child"])
        other = target("marks-static")
        traced = run(target("marks"), "exec", other, options=["--mark-in", other])
        self.assertEqual(self.phases(traced), ["first", "first", "last"])
        traced = run("sh", "-c", target("marks"), options=["--mark-in", target("marks")])
        self.assertEqual(self.phases(traced), ["first", "last"])

    def test_others_who_run_the_same_program_are_not_told_of(self):
        other = subprocess.Popen(["sh", "-c", f"while :; do {target('marks')}; done"])
        try:
            traced = run(target("marks"), "sleep")
        finally:
            other.kill()
            other.wait()
        self.assertEqual(self.phases(traced), ["first", "last"])

    def test_a_process_that_was_there_already(self):
        process = subprocess.Popen([target("marks"), "sleep", "2000"])
        try:
            traced = Traced(["attach", "-p", str(process.pid), "-d", "9s"])
        finally:
            process.wait()
        self.assertEqual(self.phases(traced)[-1:], ["last"])

    def test_a_scenario_in_memory(self):
        if no_terminals():
            self.skipTest(no_terminals())
        traced = scenario("thread-daemon")
        self.assertIn("main ends", self.phases(traced))
        times = [p["time_ns"] for p in traced.json["phases"]]
        self.assertEqual(times, sorted(times))


class Others(Marks):
    def test_any_probe_can_be_counted(self):
        traced = run(target("marks"), "numbers", 1234, options=["--mark", "marks:number"])
        (mark,) = traced.json["marks"]
        self.assertEqual((mark["name"], mark["count"]), ("marks:number", 1234))
        self.assertGreater(mark["last_ns"], mark["first_ns"])

    def test_a_probe_that_is_nowhere_is_a_mistake(self):
        done = tool("run", "--mark", "no:such", "--", target("marks"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("no:such", done.stderr)
        self.assertEqual(done.stdout, "")
        done = tool("run", "--mark", "nonsense", "--", target("marks"))
        self.assertIn("PROVIDER:NAME", done.stderr)
        done = tool("run", "--mark-in", "/no/such/file", "--", "true")
        self.assertIn("/no/such/file", done.stderr)


class UserThreads(Marks):
    def test_every_switch_is_counted(self):
        count = 20000
        traced = run(target("marks"), "switches", count)
        losses = traced.json["losses"]
        if not losses["marks"]:
            self.assertEqual(sum(u["switches"] for u in traced.json["uthreads"]), count)
        self.assertEqual({u["name"] for u in traced.json["uthreads"]}, {"odd", "even"})
        for user in traced.json["uthreads"]:
            parts = sum(user[k] for k in ("running_ns", "ready_ns", "stood_still_ns", "blocked_ns"))
            self.assertEqual(parts, user["life_ns"])

    def test_many_to_one_stands_still_and_one_to_one_does_not(self):
        traced = scenario("model-many-to-one")
        users = traced.json["uthreads"]
        blocked = max(u["blocked_ns"] for u in users)
        self.assertEqual(traced.json["carriers"], 1)
        self.assertGreater(blocked, 45_000_000)
        # All others stood still for as long as the one blocked the carrier of all.
        for user in users:
            if user["blocked_ns"] < blocked / 2:
                self.assertGreater(user["stood_still_ns"], 0.9 * blocked)
        self.assertIn("stands still", traced.text)
        traced = scenario("model-one-to-one")
        self.assertEqual(traced.json["carriers"], len(traced.json["uthreads"]))
        self.assertEqual(sum(u["stood_still_ns"] for u in traced.json["uthreads"]), 0)


class Cost(Marks):
    def programs_of(self, command, expected):
        """The names of the BPF programs that a capture of `command` has loaded."""
        process = subprocess.Popen([TOOL, "run", "--", *command], stdout=subprocess.DEVNULL)
        names = set()
        try:
            for _ in range(60):
                time.sleep(0.05)
                names = self.loaded_by(process.pid)
                if expected in names:
                    break
        finally:
            process.wait()
        return names

    def loaded_by(self, pid):
        ids = set()
        folder = f"/proc/{pid}/fdinfo"
        for name in os.listdir(folder):
            try:
                with open(os.path.join(folder, name)) as file:
                    ids |= {line.split()[1] for line in file if line.startswith("prog_id:")}
            except OSError:
                pass
        done = subprocess.run(["bpftool", "-j", "prog", "show"], stdout=subprocess.PIPE)
        return {p.get("name") for p in json.loads(done.stdout or b"[]") if str(p["id"]) in ids}

    def test_what_has_no_marks_gets_no_programs_for_them(self):
        names = self.programs_of(["sleep", "1"], "on_switch")
        self.assertIn("on_switch", names)
        self.assertFalse(names & {"on_phase", "on_uthread_switch", "on_uthread_state", "on_mark",
                                  "on_user_fault", "on_kernel_fault"})
        names = self.programs_of([target("marks"), "sleep"], "on_phase")
        self.assertIn("on_phase", names)
        self.assertFalse({n for n in names if n.startswith("on_uthread_state") or n == "on_mark"})
