# SPDX-License-Identifier: GPL-2.0-only
"""What tracing costs a ping-pong that goes on and on: one tracer after the other is attached to it
for half a second, and it is left alone in between. It is the same process in the same memory all
the time, so that much less is left to chance than between runs."""

import os
import signal
import statistics
import subprocess
import time
from contextlib import contextmanager

from measure import Cell
from table import ratio
from tools import QUIET

LOOKS, SETTLES, ENDS = 0.2, 0.45, 0.1  # s: at its pace; after an attachment; after its end


def tracers(tool, bench, pid):
    ours = [tool, "attach", "-p", str(pid), "--report", "/dev/null"]
    floor, enough = f"{bench}/floor", ["sleep", "60"]
    return {"ptrace-lab": ours, "ptrace-lab --stacks": [*ours, "--stacks"],
            "the floor": [floor, *enough], "empty hooks": [floor, "--empty", *enough]}


@contextmanager
def running(command):
    process = subprocess.Popen(command, start_new_session=True, **QUIET)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(20)


@contextmanager
def elsewhere(cpu):
    """This process, and what it starts, keeps off a CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before - {cpu} or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def turns(pid):
    """How often its first thread was given a CPU."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[2])


def pace(pid):
    """ns of a round, which is two switches: it is its first thread's turn once in each."""
    since, before = time.monotonic_ns(), turns(pid)
    time.sleep(LOOKS)
    return (time.monotonic_ns() - since) / max(1, turns(pid) - before)


def compare(tool, bench, kind, cpu, rounds):
    """{tracer: [(slow-down, ns more for each switch)]}"""
    found = {}
    with running([f"{bench}/pingpong", kind, "1000000000", str(cpu)]) as game, elsewhere(cpu):
        time.sleep(SETTLES)
        alone = pace(game.pid)
        for _ in range(rounds):
            for name, command in tracers(tool, bench, game.pid).items():
                with running(command) as tracer:
                    time.sleep(SETTLES)
                    traced = pace(game.pid)
                    if tracer.poll() is not None:
                        raise ValueError(f"{name} ended at once")
                time.sleep(ENDS)
                before, alone = alone, pace(game.pid)
                by_itself = (before + alone) / 2
                found.setdefault(name, []).append((traced / by_itself, (traced - by_itself) / 2))
    return found


def on_and_off(tool, build, quick):
    bench, cpu = os.path.join(build, "tests/bench"), max(os.sched_getaffinity(0))
    kinds, values, rows = ("pipe", "futex"), {}, {}
    for kind in kinds:
        for name, pairs in compare(tool, bench, kind, cpu, 2 if quick else 11).items():
            ratios, more = zip(*pairs)
            cell = Cell(ratios).summary()
            values[f"{kind} {name}"] = cell["median"]
            rows.setdefault(name, [name]).extend((
                ratio(cell, 3), f"{statistics.median(more):+.0f} ns a switch"))
    return {"title": "attached to a ping-pong that goes on, and off again", "values": values,
            "rows": [["", *(cell for kind in kinds for cell in (kind, ""))], *rows.values()]}
