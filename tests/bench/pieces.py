# SPDX-License-Identifier: GPL-2.0-only
"""Small tables beside the large one, of ptrace-lab alone: each a title and rows of texts.

Executables of these names beside this file are pieces too: they are given the folder of the build
and --rounds N, and print such a piece as JSON, or any text.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager

from on_and_off import on_and_off
from tools import QUIET

HERE = os.path.dirname(os.path.abspath(__file__))
EXTERNAL = ("locks", "ring")
EXTERNAL_WITHIN = 120  # s
KNOB = "/proc/sys/kernel/bpf_stats_enabled"


@contextmanager
def counted_programs():
    """The kernel counts how often and how long BPF programs run, while this lasts."""
    with open(KNOB) as file:
        was = file.read()
    try:
        with open(KNOB, "w") as file:
            file.write("1")
        yield
    finally:
        with open(KNOB, "w") as file:
            file.write(was)


def program_counts():
    done = subprocess.run(["bpftool", "-j", "prog", "show"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return {(p["id"], p.get("name")): (p.get("run_cnt", 0), p.get("run_time_ns", 0))
            for p in json.loads(done.stdout or b"[]")}


def runs_while(command):
    """By a program's name: how often and how many ns it ran while a command is traced."""
    before, last = program_counts(), {}
    process = subprocess.Popen(command, **QUIET)
    while process.poll() is None:
        last.update({key: n for key, n in program_counts().items() if key not in before})
        time.sleep(0.1)
    return {name: counts for (_, name), counts in last.items() if counts[0] > 1000}


def ns_per_run(command):
    return {name: ns / runs for name, (runs, ns) in runs_while(command).items()}


def runs_of(program, command):
    counts = runs_while(command)
    if program not in counts:
        raise ValueError(f"{program} was not seen to run")
    return counts[program]


def run(tool, *options):
    return [tool, "run", *options, "--report", "/dev/null", "--"]


def hot_path(tool, build, quick):
    """What a switch and a wake-up cost in the kernel, beside the floor's, and beside programs that
    do nothing: what the measuring itself takes."""
    bench = os.path.join(build, "tests/bench")
    rows = [["", "switch", "wake-up", "floor's switch", "floor's wake-up"]]
    form = lambda counts, *names: [f"{counts[n]:.0f} ns" if counts.get(n) else "-" for n in names]
    floors = "floor_switch", "floor_waking"
    with counted_programs():
        for kind in ("pipe", "futex"):
            load = [f"{bench}/pingpong", kind, "100000" if quick else "300000", "1"]
            ours, floor = ns_per_run(run(tool) + load), ns_per_run([f"{bench}/floor"] + load)
            stacks = ns_per_run(run(tool, "--stacks") + load)
            rows.append([f"{kind} ping-pong"] + form(ours, "on_switch", "on_waking")
                        + form(floor, *floors))
            rows.append(["  with stacks"] + form(stacks, "on_switch", "on_waking"))
        empty = ns_per_run([f"{bench}/floor", "--empty"] + load)
        rows.append(["nothing, measured in this way", "", ""] + form(empty, *floors))
    return {"title": "in the kernel, by its run statistics of BPF programs", "rows": rows}


def new_stacks(tool, build, quick):
    """What it costs to follow a stack of twelve frames that is not the one of the last time."""
    load = [f"{build}/tests/bench/frames", "30000" if quick else "100000", "1"]
    with counted_programs(), tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        plain = runs_of("on_switch", run(tool) + load)
        stacks = runs_of("on_switch", run(tool, "--stacks", "--json", report) + load)
        with open(report) as file:
            walked = json.load(file)["stacks"]["walked"]
    each = (stacks[1] - plain[1] / plain[0] * stacks[0]) / walked
    return {"title": "a stack of twelve frames, new at each switch", "values": {"stack_ns": each},
            "rows": [["followed", f"{walked:,}"], ["each", f"{each:.0f} ns"]]}


def startup(tool, build, quick):
    """From the start of `run` to the target's main."""
    times = []
    for _ in range(5 if quick else 15):
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        done = subprocess.run(run(tool) + [f"{build}/tests/bench/threads", "begin"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        times.append((int(done.stdout) - begin) / 1e6)
    return {"title": "from `run` to the target's main()",
            "values": {"startup_ms": statistics.median(times)},
            "rows": [["median", f"{statistics.median(times):.0f} ms"],
                     ["least … most", f"{min(times):.0f} … {max(times):.0f} ms"]]}


def tables(tool, build, quick):
    done = subprocess.run([f"{build}/tests/bench/tables"], stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return {"title": "unwind tables of a python3 process", "values": {
        f"tables_{name}": figure for name, figure in found.items()}, "rows": [
        ["size", f"{found['kib']} KiB"], ["made", f"{found['cold_ms']:.1f} ms"],
        ["from the cache", f"{found['warm_ms']:.1f} ms"]]}


def load(tool, build, quick):
    """Every CPU switches as fast as it can: from thread to thread, with nothing else to do."""
    pingpong, much = f"{build}/tests/bench/pingpong", 300_000 if quick else 4_000_000
    crowd = " & ".join(f"{pingpong} yield {much} {cpu}" for cpu in sorted(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        subprocess.run([tool, "run", "--report", "/dev/null", "--json", report, "--", "sh", "-c",
                        crowd + " & wait"], check=True, **QUIET)
        with open(report) as file:
            found = json.load(file)
    events = found["summary"]["switches"] + found["summary"]["wakeups"]
    seconds = found["time"]["wall_ns"] / 1e9
    return {"title": "every CPU switches as fast as it can", "values": {
        "lost": found["losses"]["records"]}, "rows": [
        ["events", f"{events:,} in {seconds:.1f} s"],
        ["a second", f"{events / seconds:,.0f}"], ["lost", f"{found['losses']['records']:,}"]]}


def replay(tool, build, quick):
    done = subprocess.run([os.path.join(HERE, "replay"), build, "--json", "--rounds",
                           "3" if quick else "7"], stdout=subprocess.PIPE, check=True)
    rates = json.loads(done.stdout)
    return {"title": "a recording of the futex ping-pong read into the model and the text report",
            "values": {"replay": rates["events_per_s"]}, "rows": [
                ["switches and wake-ups, on one core",
                 f"{rates['events_per_s'] / 1e6:.1f} M a second"],
                ["records, of a switch and its wake-up",
                 f"{rates['records_per_s'] / 1e6:.1f} M a second"]]}


def external(name, build, quick):
    command = [os.path.join(HERE, name), build, "--rounds", "2" if quick else "5"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=EXTERNAL_WITHIN)
    if done.returncode:
        raise ValueError(done.stderr.strip().split("\n")[-1][:100] or "it failed")
    try:
        piece = json.loads(done.stdout)
        return {"title": piece["title"], "rows": piece["rows"]}
    except (ValueError, KeyError, TypeError):
        return {"title": name, "rows": [[line] for line in done.stdout.splitlines()]}


def take(build, quick, notes):
    """All of them, and their figures by name; one that fails leaves a note."""
    found, values = [], {}
    tool = os.path.join(build, "ptrace-lab")
    for piece in (on_and_off, hot_path, new_stacks, startup, tables, load, replay):
        try:
            found.append(piece(tool, build, quick))
            values.update(found[-1].pop("values", {}))
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            notes.append(f"failed: {piece.__name__.replace('_', ' ')}: {error}")
    for name in EXTERNAL:
        if os.access(os.path.join(HERE, name), os.X_OK):
            try:
                found.append(external(name, build, quick))
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                notes.append(f"failed: {name}: {error}")
    return found, values
