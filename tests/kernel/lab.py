# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel tests have in common: running ptrace-lab and looking at its JSON."""

import functools
import glob
import json
import os
import subprocess
import tempfile
import time
import unittest

TOOL = os.environ.get("PTRACE_LAB", "build/ptrace-lab")
BUILD = os.environ.get("PTRACE_LAB_BUILD", "build")
MS = 1_000_000


def target(name):
    return os.path.join(BUILD, "tests/targets", name)


def bench(name):
    return os.path.join(BUILD, "tests/bench", name)


def program_of(scenario):
    """The scenario as a program on its own."""
    return glob.glob(os.path.join(BUILD, "workloads/*", scenario))[0]


def in_session(session):
    """The processes of a session that have not ended. One whose first thread has left lives on in its
    other threads."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/task/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.add(int(path.split("/")[2]))
    return found


def scenario_text(name):
    """Its title and claims, as they stand in its program."""
    with open(program_of(name), "rb") as file:
        image = file.read()
    begin = image.index(b"title: ")
    return image[begin:image.index(b"\0", begin)].decode()


def tool(*arguments, timeout=60, program=TOOL, **options):
    """Runs ptrace-lab; standard output and error as text."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout,
                          **options)


class Traced:
    """One finished run: its JSON report, the target's output, the exit status."""

    def __init__(self, arguments, timeout=60, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            text = os.path.join(folder, "report.txt")
            done = tool(arguments[0], "--json", path, "--report", text, *arguments[1:],
                        timeout=timeout, **options)
            self.status, self.output, self.error = done.returncode, done.stdout, done.stderr
            if not os.path.exists(path):
                raise AssertionError(f"no report: status {self.status}: {self.error}")
            with open(path) as file:
                self.json = json.load(file)
            with open(text) as file:
                self.text = file.read()

    def threads(self, name=None):
        return [t for t in self.json["threads"] if name in (None, t["name"])]

    def thread(self, name):
        found = self.threads(name)
        if len(found) != 1:
            names = [t["name"] for t in self.json["threads"]]
            raise AssertionError(f"{len(found)} threads are called {name}: {names}")
        return found[0]


def run(*command, options=(), **more):
    return Traced(["run", *options, "--", *map(str, command)], **more)


def scenario(name, *arguments, **more):
    return Traced(["run", name, *map(str, arguments)], **more)


@functools.cache
def why_not():
    """Why nothing can be traced here, or None."""
    if os.geteuid():
        return "tracing needs root"
    done = tool("doctor")
    return None if done.returncode == 0 else "the kernel does not let us trace: see doctor"


@functools.cache
def no_terminals():
    """Why no pseudoterminal can be made here, or None: scenarios that ask somebody need one."""
    try:
        for fd in os.openpty():
            os.close(fd)
    except OSError:
        return "no terminal can be made here"
    return None


# They read a word from a terminal, and make one if they have none.
ASKING = ("thread-input", "thread-daemon", "thread-trade")


class KernelTest(unittest.TestCase):
    def setUp(self):
        reason = why_not()
        if reason:
            self.skipTest(reason)

    def assert_conserved(self, traced):
        """Each thread's states add up to its life, and stream and kernel totals agree."""
        for thread in traced.json["threads"]:
            parts = sum(thread[k] for k in ("running_ns", "ready_ns", "blocked_ns", "unknown_ns"))
            self.assertEqual(parts, thread["life_ns"], thread)
        losses = traced.json["losses"]
        self.assertFalse({k: v for k, v in losses.items() if v}, "nothing may be lost")


    def assert_wakers(self, traced):
        """Each wait that ended was ended by somebody. Where the kernel hides some threads of others
        from tracing, so it does the interrupts that come in their midst."""
        summary = traced.json["summary"]
        self.assertLessEqual(summary["wakers_unknown"], 2 * summary["unseen_switches"], summary)


def programs_left():
    """BPF programs of ours that are in the kernel without a process that uses them, and still are
    after the moment it takes to free them. Somebody else may be tracing meanwhile."""
    for _ in range(30):
        left = [p for p in loaded_programs() if p["id"] not in programs_in_use()]
        if not left:
            return []
        time.sleep(0.1)
    return left


def programs_in_use():
    used = set()
    for path in glob.glob("/proc/[0-9]*/comm"):
        folder = os.path.dirname(path)
        try:
            with open(path) as file:
                if not file.read().startswith(("ptrace-lab", "only-this-trace")):
                    continue
            for info in glob.glob(f"{folder}/fdinfo/*"):
                with open(info) as file:
                    used |= {int(line.split()[1]) for line in file if line.startswith("prog_id:")}
        except OSError:
            pass
    return used


def loaded_programs():
    done = subprocess.run(["bpftool", "-j", "prog", "show"], stdout=subprocess.PIPE)
    ours = ("on_switch", "on_waking", "on_fork", "on_exec", "on_exit", "on_rename", "take_up",
            "announce", "settle", "on_signal", "on_deliver", "on_user_fault",
            "on_kernel_fault", "on_phase", "on_uthread_swit", "on_uthread_stat", "on_mark",
            "on_sample", "copy_stacks", "checkpoint", "on_long_wait")
    return [p for p in json.loads(done.stdout or b"[]") if p.get("name") in ours]
