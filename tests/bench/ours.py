# SPDX-License-Identifier: GPL-2.0-only
"""ptrace-lab, and the floor: the least that any tracer of switches costs (floor.bpf.c)."""

import json
import os
import subprocess

from tools import Wrapping


class PtraceLab(Wrapping):
    name = "ptrace-lab"
    records = "every switch, wake-up, reason and life event of the command"
    needs_tracefs = False
    closely = True
    file = "ours.ptl"
    options = ()

    @property
    def tool(self):
        return os.path.join(self.build, "ptrace-lab")

    def prefix(self):
        return [self.tool, "run", *self.options, "--report", "/dev/null", "-o",
                self.path(self.file), "--json", self.path("report.json"), "--"]

    def account(self):
        with open(self.path("report.json")) as file:
            report = json.load(file)
        switches = {}
        for thread in report["threads"]:
            switches.setdefault(thread["name"], 0)
            switches[thread["name"]] += (thread["switches_voluntary"]
                                         + thread["switches_involuntary"])
        return {"events": report["summary"]["switches"] + report["summary"]["wakeups"],
                "lost": report["losses"]["records"], "switches": switches}


class Stacks(PtraceLab):
    name = "ptrace-lab --stacks"
    records = "the same, and the stack of each thread that blocks"
    stacks = True
    options = ("--stacks",)

    def call_paths(self, program):
        done = subprocess.run([self.tool, "flame", self.path(self.file), "--kind", "switches",
                               "--format", "folded"], stdout=subprocess.PIPE, text=True)
        every = whole = 0
        for line in done.stdout.splitlines():
            path, count = line.rsplit(" ", 1)
            if program in path.split(";")[0] and "[blocked" in path:
                every += int(count)
                whole += int(count) * reaches_root(path.split(";"))
        return every, whole


class Floor(Wrapping):
    name = "the floor"
    records = "one ring-buffer record per switch and wake-up of the machine, thrown away"
    needs_tracefs = False
    closely = True

    def prefix(self):
        return [os.path.join(self.build, "tests/bench/floor")]

    def account(self):
        with open(self.output) as file:
            lost = [line.split()[1] for line in file if line.startswith("lost ")]
        return {"lost": int(lost[0])} if lost else {}


# The first functions of the threads of pingpong.c.
ROOTS = ("main", "partner")


def reaches_root(frames):
    return any(frame.split("+")[0] in ROOTS for frame in frames)


ALL = (PtraceLab, Stacks, Floor)
