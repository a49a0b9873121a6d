# SPDX-License-Identifier: GPL-2.0-only
"""Python frames: the right functions, files and lines, in their order, between those of C."""

import glob
import os
import re
import subprocess
import tempfile
import time
import unittest

import lab

# What each thread does is known: the lines are those of the comments.
PROGRAM = """\
import queue, socket, sys, threading, time
END = time.time() + float(sys.argv[1])
GATE = threading.Lock()

def asleep():
    time.sleep(0.001)  # 6
def key(x):
    asleep()  # 8
    return -x
def generated():
    for i in range(2):
        sorted([1, 2], key=key)  # 12
        yield i
def callbacks():
    for _ in generated(): pass  # 15
def recursive(n):
    if n: return recursive(n - 1)  # 17
    asleep()  # 18
def deep():
    recursive(20)  # 20
def listening():
    a, b = socket.socketpair()
    b.settimeout(0.001)
    try:
        b.recv(1)  # 25
    except OSError:
        pass
def locking():
    with GATE:  # 29
        asleep()  # 30
class Thing:
    def __init__(self): self.wait()  # 32
    def wait(self): (lambda: asleep())()  # 33
def methods():
    Thing()  # 35
def repeat(what):
    while time.time() < END:
        what()  # 38

jobs = [threading.Thread(target=repeat, args=(f,), name=f.__name__)
        for f in (callbacks, deep, listening, locking, locking, methods)]
[j.start() for j in jobs]
[j.join() for j in jobs]
"""

# The Python frames of each thread's stack, from repeat() on, when it calls what makes it wait.
EXPECTED = {
    "repeat:38 callbacks:15 generated:12 key:8 asleep:6",
    "repeat:38 deep:20" + " recursive:17" * 20 + " recursive:18 asleep:6",
    "repeat:38 listening:25",
    "repeat:38 locking:29",
    "repeat:38 locking:30 asleep:6",
    "repeat:38 methods:35 Thing.__init__:32 Thing.wait:33 Thing.wait.<locals>.<lambda>:33 "
    "asleep:6",
}
# What only these calls wait for.
CALLS = ("sleep", "poll", "socket")


def pythons():
    """Every CPython of a version whose frames are known."""
    found = {"/usr/bin/python3"} | {f"/usr/bin/python3.{minor}" for minor in (11, 12, 13)}
    for minor in (11, 12, 13):
        found |= set(glob.glob(os.path.expanduser(f"~/.pyenv/versions/3.{minor}.*/bin/python3")))
    known = {}
    for path in found:
        if not os.path.exists(path):
            continue
        done = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2], sys.prefix)"],
                              stdout=subprocess.PIPE, text=True)
        if done.returncode == 0 and done.stdout.split()[1] in ("11", "12", "13"):
            known.setdefault(done.stdout, path)
    return [known[version] for version in sorted(known)]


def frames_of(stack):
    """'function:line' of the frames of PROGRAM, from repeat() on."""
    found = [f"{m[1]}:{m[2]}" for m in re.finditer(r";([^;]+?) \(program\.py:(\d+)\)", stack)]
    return found[found.index("repeat:38"):] if "repeat:38" in found else []


class PythonTest(lab.KernelTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.program = os.path.join(folder.name, "program.py")
        self.recording = os.path.join(folder.name, "r.ptl")
        with open(self.program, "w") as file:
            file.write(PROGRAM)

    def folded(self, kind, *options):
        done = lab.tool("flame", self.recording, "--kind", kind, "--lines", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stdout.splitlines():
            stack, weight = line.rsplit(" ", 1)
            yield stack, int(weight)


class Blocked(PythonTest):
    def check(self, python):
        traced = lab.run(python, self.program, 0.5, options=("--stacks", "-o", self.recording))
        self.assertEqual(traced.status, 0, traced.error)
        right = wrong = 0
        seen, strays = set(), []
        for stack, weight in self.folded("off-cpu"):
            frames = " ".join(frames_of(stack))
            reason = stack.rsplit("[blocked: ", 1)[-1].rstrip("]")
            # For the interpreter's lock they wait anywhere.
            if not frames or (reason not in CALLS and frames not in EXPECTED):
                continue
            if frames in EXPECTED:
                right += weight
                seen.add(frames)
            else:
                wrong += weight
                strays.append((frames, reason, weight))
        self.assertGreaterEqual(right, 0.99 * (right + wrong), strays)
        self.assertEqual(seen, EXPECTED, strays)
        self.assertGreaterEqual(traced.json["stacks"]["whole"],
                                0.99 * traced.json["stacks"]["stacks"])

    def test_functions_and_lines_are_those_of_the_program_in_every_python(self):
        found = pythons()
        if not found:
            self.skipTest("there is no Python 3.11, 3.12 or 3.13")
        for python in found:
            with self.subTest(python):
                self.check(python)

    def test_what_c_functions_do_between_them_stays(self):
        lab.run("/usr/bin/python3", self.program, 0.2, options=("--stacks", "-o", self.recording))
        for stack, _ in self.folded("off-cpu"):
            if "key (program.py:8)" in stack and "generated (program.py:12)" in stack:
                between = stack.split("generated (program.py:12);")[1].split(";key (")[0]
                self.assertGreaterEqual(len(between.split(";")), 2, stack)
                self.assertNotIn("_PyEval_EvalFrameDefault", stack)
                return
        self.fail("no stack of the key function")

    def test_the_report_names_python_s_functions(self):
        traced = lab.run("/usr/bin/python3", self.program, 0.3, options=("--stacks",))
        place = next(p for p in traced.json["places"] if p["reason"] == "sleep")
        names = [frame["function"] for frame in place["frames"]]
        self.assertEqual(names[:2], ["clock_nanosleep", "asleep"], place)


class Odd(PythonTest):
    def test_samples_are_in_the_function_that_runs(self):
        program = "def busy():\n  x = 0\n  while x < 6000000: x += 1\ndef f(): busy()\nf()\n"
        with open(self.program, "w") as file:
            file.write(program)
        lab.run("/usr/bin/python3", self.program, options=("-F", "499", "-o", self.recording))
        inside = outside = 0
        for stack, weight in self.folded("on-cpu"):
            if "<module> (program.py:5);f (program.py:4);busy (program.py:3)" in stack:
                inside += weight
            elif "program.py" in stack:
                outside += weight
        self.assertGreater(inside, 50_000_000)
        self.assertLessEqual(outside, 0.02 * inside)

    def test_a_program_that_lives_for_a_moment_has_names(self):
        with open(self.program, "w") as file:
            file.write("import time\ndef f(): time.sleep(.1)\nf()\n")
        lab.run("/usr/bin/python3", self.program, options=("--stacks", "-o", self.recording))
        self.assertIn("<module> (program.py:3);f (program.py:2)",
                      " ".join(stack for stack, _ in self.folded("off-cpu")))

    def test_children_and_names_that_are_not_ascii(self):
        with open(self.program, "w") as file:
            file.write("import os, time\ndef wärmer(): time.sleep(.1)\n"
                       "def 動物(): wärmer()\n"
                       "if os.fork(): os.wait()\nelse: 動物()\n")
        lab.run("/usr/bin/python3", self.program, options=("--stacks", "-o", self.recording))
        stacks = " ".join(stack for stack, _ in self.folded("off-cpu"))
        self.assertIn("<module> (program.py:5);動物 (program.py:3);wärmer (program.py:2)", stacks)
        self.assertIn("<module> (program.py:4)", stacks)

    def test_threads_that_waited_before_we_came(self):
        with open(self.program, "w") as file:
            file.write("import threading\nlock = threading.Lock()\nlock.acquire()\n"
                       "def stuck(): lock.acquire()\n"
                       "threading.Thread(target=stuck, daemon=True).start()\nstuck()\n")
        process = subprocess.Popen(["/usr/bin/python3", self.program])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(0.4)
        lab.Traced(["attach", "--stacks", "-p", str(process.pid), "-d", "200ms", "-o",
                    self.recording])
        stacks = [stack for stack, _ in self.folded("off-cpu")]
        self.assertEqual(sum("stuck (program.py:4)" in s for s in stacks), 2, stacks)
        self.assertTrue(any("<module> (program.py:6);stuck" in s for s in stacks), stacks)

    def test_a_python_that_is_not_known_is_said_once_and_shown_as_native_code(self):
        old = glob.glob(os.path.expanduser("~/.pyenv/versions/3.10.*/bin/python3"))
        if not old:
            self.skipTest("there is no Python 3.10")
        traced = lab.run(old[0], "-c", "import time; time.sleep(.01)",
                         options=("--stacks", "-o", self.recording))
        self.assertEqual(traced.error.count("is not known: its stacks show the interpreter"), 1)
        self.assertIn("_PyEval_EvalFrameDefault",
                      " ".join(stack for stack, _ in self.folded("off-cpu")))


if __name__ == "__main__":
    unittest.main()
