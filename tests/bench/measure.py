# SPDX-License-Identifier: GPL-2.0-only
"""Interleaved runs: each traced run has an untraced neighbour on either side, and what counts is
the ratio to these two, so that what else the machine does is the same for all."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field

from tools import ENDS_WITHIN, Failed, Watch


@dataclass
class Run:
    took: int  # ns, by the workload's own clock
    switches: int  # by the kernel's account of the workload
    ready_ms: float = 0  # from the tool's start until the workload could begin
    cpu_ms: float = 0  # of the tool alone, from its start to its end
    memory_mib: float = 0  # the most that one of its processes had


@dataclass
class Cell:
    """One workload under one tool."""

    ratios: list = field(default_factory=list)
    spent: float = 0  # s
    failure: str = None

    def summary(self):
        if not self.ratios:
            return {"failed": self.failure} if self.failure else None
        ordered = sorted(self.ratios)
        quarter = len(ordered) // 4
        return {"median": statistics.median(ordered), "min": ordered[0], "max": ordered[-1],
                "low": ordered[quarter], "high": ordered[-1 - quarter], "pairs": len(ordered)}


class Bench:
    def __init__(self, build, folder, quick):
        self.build, self.folder, self.quick = build, folder, quick
        self.result = os.path.join(folder, "timed")

    def timed(self, command):
        return [os.path.join(self.build, "tests/bench/timed"), self.result] + command

    def take_result(self):
        try:
            with open(self.result) as file:
                begin, took, switches, status = map(int, file.read().split())
            os.unlink(self.result)
        except (OSError, ValueError):
            return None
        return None if status else (begin, took, switches)

    def untraced(self, command):
        process = subprocess.Popen(self.timed(command), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        Watch(process).until_end(ENDS_WITHIN)
        result = self.take_result()
        if not result:
            raise Failed("the workload fails by itself")
        return Run(result[1], result[2])

    def traced(self, tool, command):
        tool.clear()
        usage = tool.run(self.timed(command))
        result = self.take_result()
        if not result:
            raise Failed(tool.last_words())
        begin, took, switches = result
        ready = begin if usage.ready is None else usage.ready
        return Run(took, switches, (ready - usage.began) / 1e6, usage.cpu_ms, usage.memory_mib)


def rounds_of(tools, rounds):
    """Who is measured in which round: all once, then those that are to be known closely as often as
    was asked for, and in the time that is left the others."""
    yield tools
    for closely in (True, False):
        for _ in range(rounds - 1):
            yield [tool for tool in tools if tool.closely == closely]


class Comparison:
    """`cells`: {(workload, tool): Cell}; `runs`: {tool: [Run]}.

    `told(tool, workload, run)` is called after the first run of each pair, its files still there.
    """

    def __init__(self, bench, tools, workloads, told):
        self.bench, self.told = bench, told
        self.tools, self.workloads = tools, workloads
        self.cells = {(w.name, t.name): Cell() for w in workloads for t in tools}
        self.runs = {tool.name: [] for tool in tools}

    def measure(self, seconds, rounds):
        """Goes round all pairs until the time is up or each has had its `rounds`; one of those that
        need not be known closely, and takes more than its share of the time, is left out of later
        rounds. The first round may take half as long again."""
        end = time.monotonic() + seconds
        share = seconds / max(1, len(self.cells))
        for turn, tools in enumerate(rounds_of(self.tools, rounds)):
            for workload in self.workloads:
                before = None  # (how much of it, the run)
                for tool in tools:
                    cell = self.cells[workload.name, tool.name]
                    late = time.monotonic() - end
                    if cell.failure or late > (0 if turn else seconds / 2) or \
                            (not tool.closely and cell.spent > 1.5 * share):
                        continue
                    before = self.pair(tool, workload, before)
            if time.monotonic() > end:
                break

    def pair(self, tool, workload, before):
        """`before` is the untraced run that it may begin with; returns the one that it ends with.
        """
        cell = self.cells[workload.name, tool.name]
        command = workload.line(self.bench.build, self.bench.quick or tool.heavy)
        since = time.monotonic()
        try:
            if not before or before[0] != command:
                before = command, self.bench.untraced(command)
            run = self.bench.traced(tool, command)
            if not cell.ratios:
                self.told(tool, workload, run)
            after = command, self.bench.untraced(command)
        except (Failed, OSError) as failed:
            cell.failure = str(failed)
            return None
        cell.ratios.append(run.took / ((before[1].took + after[1].took) / 2))
        self.runs[tool.name].append(run)
        cell.spent += time.monotonic() - since
        return after

    def never_made(self):
        return sum(not cell.ratios and not cell.failure for cell in self.cells.values())

    def pairs(self, closely):
        """(least, most) that tools of that kind had, of the pairs that could be made."""
        had = [len(self.cells[w.name, t.name].ratios) for w in self.workloads for t in self.tools
               if t.closely == closely and self.cells[w.name, t.name].ratios]
        return [min(had, default=0), max(had, default=0)]
