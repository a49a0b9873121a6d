# SPDX-License-Identifier: GPL-2.0-only
"""What the tracers are measured on. Each takes its own time, and begins only when a tracer is ready
(timed.c)."""

import os
import shutil
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Workload:
    name: str
    about: str
    command: tuple  # "{n}" stands for how much, "{bench}" for the folder of the built programs
    much: int
    kind: str = "kernel"  # or "programs": the two halves of the table
    quick: bool = True  # whether quick mode has it too
    sets_size: bool = True  # quick mode does a part of it

    def line(self, build, quick):
        much = self.much // 4 if quick and self.sets_size else self.much
        return [part.format(n=much, bench=os.path.join(build, "tests/bench"), here=HERE)
                for part in self.command]

    def missing(self):
        """The program that it needs and that is not here, or None."""
        needed = {"sysbench": ("sysbench",), "redis": ("redis-server", "redis-benchmark")}
        return next((p for p in needed.get(self.name, ()) if not shutil.which(p)), None)


ALL = (
    Workload("pipe", "two threads on one CPU hand a token to and fro through pipes",
             ("{bench}/pingpong", "pipe", "{n}", "1"), 100_000),
    Workload("futex", "the same over a futex",
             ("{bench}/pingpong", "futex", "{n}", "1"), 100_000),
    Workload("mutex", "four threads take one mutex, 1.5 us each time",
             ("{bench}/threads", "mutex", "{n}"), 100_000),
    Workload("10k threads", "10,000 threads made and joined, one after another",
             ("{bench}/threads", "create", "{n}"), 10_000, sets_size=False),
    Workload("fork+exec", "/bin/true run 2,000 times",
             ("{bench}/threads", "exec", "{n}"), 2_000, quick=False),
    Workload("no switch", "computes and never waits",
             ("{bench}/spin", "{n}"), 1_000_000_000, quick=False),
    Workload("messages", "hackbench's pattern: 20 threads write to 20 others over sockets",
             ("{bench}/messages", "threads", "{n}"), 3000, "programs"),
    Workload("processes", "the same between processes",
             ("{bench}/messages", "processes", "{n}"), 3000, "programs", quick=False),
    Workload("python", "four threads compute under CPython's lock",
             ("/usr/bin/python3", "{here}/gil.py", "{n}"), 6_000, "programs", quick=False),
    Workload("sysbench", "sysbench threads: 4 threads, 2 locks",
             ("sysbench", "threads", "--threads=4", "--thread-yields=100", "--thread-locks=2",
              "--events={n}", "--time=0", "run"), 1_000, "programs", quick=False),
    Workload("redis", "redis-benchmark, 20 connections, SET and GET",
             ("{here}/redis", "{n}"), 20_000, "programs", quick=False),
)
BY_NAME = {workload.name: workload for workload in ALL}
