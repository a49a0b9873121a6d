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


def compare(bench, tools, workloads, seconds, rounds, told):
    """{(workload, tool): Cell}, {tool: [Run]}, and how many pairs were never made.

    Goes round all pairs until the time is up or each has had `rounds`; a pair that takes more than
    its share of the time is left out of later rounds. The first round may take half as long again.
    `told(tool, workload, run)` is called after the first run of each pair, its files still there.
    """
    end = time.monotonic() + seconds
    cells = {(w.name, t.name): Cell() for w in workloads for t in tools}
    runs = {tool.name: [] for tool in tools}
    share = seconds / max(1, len(cells))
    for turn in range(rounds):
        for workload in workloads:
            command = workload.line(bench.build, bench.quick)
            before = None
            for tool in tools:
                cell = cells[workload.name, tool.name]
                late = time.monotonic() - end
                if cell.failure or cell.spent > 1.5 * share or late > (0 if turn else seconds / 2):
                    continue
                since = time.monotonic()
                try:
                    before = before or bench.untraced(command)
                    run = bench.traced(tool, command)
                    if not turn:
                        told(tool, workload, run)
                    after = bench.untraced(command)
                except (Failed, OSError) as failed:
                    cell.failure, before = str(failed), None
                    continue
                cell.ratios.append(run.took / ((before.took + after.took) / 2))
                runs[tool.name].append(run)
                before = after
                cell.spent += time.monotonic() - since
        if time.monotonic() > end:
            break
    return cells, runs, sum(not c.ratios and not c.failure for c in cells.values())
