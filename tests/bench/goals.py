# SPDX-License-Identifier: GPL-2.0-only
"""The numbers that ptrace-lab wants to reach, beside those that were measured."""

LIGHT, STACKS = "ptrace-lab", "ptrace-lab --stacks"


def slow(tool, workload):
    return lambda result: (result["slow_down"].get(workload, {}).get(tool) or {}).get("median")


def closely(tool, workload):
    """By on_and_off.py, which leaves less to chance."""
    return lambda result: result["values"].get(f"{workload} {tool}") or slow(tool, workload)(result)


def over_floor(workload):
    def measured(result):
        ours, floor = closely(LIGHT, workload)(result), closely("the floor", workload)(result)
        return ours / floor if ours and floor else None
    return measured


def fact(tool, name):
    return lambda result: result["tools"].get(tool, {}).get(name)


def value(name):
    return lambda result: result["values"].get(name)


# What, how it is measured, how it is written, and the goal: at most, or at least.
AT_MOST, AT_LEAST = "≤", "≥"
GOALS = (
    ("pipe ping-pong", closely(LIGHT, "pipe"), "{:.2f}", AT_MOST, 1.12),
    ("  against the floor", over_floor("pipe"), "{:.2f}", AT_MOST, 1.05),
    ("  with stacks", closely(STACKS, "pipe"), "{:.2f}", AT_MOST, 1.6),
    ("futex ping-pong", closely(LIGHT, "futex"), "{:.2f}", AT_MOST, 1.15),
    ("  against the floor", over_floor("futex"), "{:.2f}", AT_MOST, 1.05),
    ("  with stacks", closely(STACKS, "futex"), "{:.2f}", AT_MOST, 1.6),
    ("messages, threads", slow(LIGHT, "messages"), "{:.2f}", AT_MOST, 1.03),
    ("  with stacks", slow(STACKS, "messages"), "{:.2f}", AT_MOST, 1.10),
    ("one contended mutex", slow(LIGHT, "mutex"), "{:.2f}", AT_MOST, 1.03),
    ("  with stacks", slow(STACKS, "mutex"), "{:.2f}", AT_MOST, 1.05),
    ("10,000 threads", slow(LIGHT, "10k threads"), "{:.2f}", AT_MOST, 1.08),
    ("  with stacks", slow(STACKS, "10k threads"), "{:.2f}", AT_MOST, 1.20),
    ("no switches", slow(LIGHT, "no switch"), "{:.3f}", AT_MOST, 1.005),
    ("bytes per event", fact(LIGHT, "bytes_per_event"), "{:.1f}", AT_MOST, 8),
    ("lost, every CPU busy", value("lost"), "{:,}", AT_MOST, 0),
    ("memory", fact(LIGHT, "memory_mib"), "{:.0f} MiB", AT_MOST, 64),
    ("  with stacks", fact(STACKS, "memory_mib"), "{:.0f} MiB", AT_MOST, 64),
    ("`run` to main()", value("startup_ms"), "{:.0f} ms", AT_MOST, 200),
    ("model and text report", lambda result: result["values"].get("replay", 0) / 1e6 or None,
     "{:.1f} M events/s", AT_LEAST, 10),
    ("stacks to the root", fact(STACKS, "whole_stacks"), "{:.2%}", AT_LEAST, 0.99),
    ("a new 12-frame stack", value("stack_ns"), "{:.0f} ns", AT_MOST, 3000),
    ("tables of python3", value("tables_kib"), "{:.0f} KiB", AT_MOST, 1024),
    ("  made", value("tables_cold_ms"), "{:.1f} ms", AT_MOST, 150),
    ("  from the cache", value("tables_warm_ms"), "{:.1f} ms", AT_MOST, 5),
)


def compare(result):
    """[{"what", "goal", "here", "reached"}] of those that were measured."""
    found = []
    for what, measured, form, sense, goal in GOALS:
        here = measured(result)
        if here is None:
            continue
        found.append({"what": what, "goal": f"{sense} {form.format(goal)}",
                      "here": form.format(here),
                      "reached": here <= goal if sense == AT_MOST else here >= goal})
    return found
