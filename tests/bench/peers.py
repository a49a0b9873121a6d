# SPDX-License-Identifier: GPL-2.0-only
"""The peers, as their users start them."""

import re
import subprocess
from collections import Counter

from ours import reaches_root
from tools import Attached, Wrapping


# A switch as perf and trace-cmd print it, with their own words or the kernel's: who, and whether it
# blocks.
SWITCH = re.compile(r"sched_switch: +(?:prev_comm=)?(.+?)(?::\d+ \[| prev_pid=)")
BLOCKED = re.compile(r"sched_switch: .*[ =][SD] ==>")


def count_switches(lines):
    """By the name of who leaves the CPU."""
    return Counter(found.group(1) for found in map(SWITCH.search, lines) if found)


class Perf(Wrapping):
    """`perf record` in its kinds."""

    needs = ("perf",)
    file = "perf.data"
    how = ()

    def prefix(self):
        return [self.program, *self.how, "-o", self.path(self.file), "--"]

    def read(self, *arguments):
        return subprocess.run([self.program, *arguments, "-i", self.path(self.file)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              errors="replace").stdout

    def account(self):
        text = self.read("report", "--stats")
        counts = re.findall(r"^ *(\S+) events: +(\d+)", text, re.M)
        sums = {}
        for kind, count in counts:
            sums.setdefault(kind, int(count))  # the total comes first
        lost = sum(n for kind, n in sums.items() if kind.startswith("LOST"))
        return {"events": sums.get("SAMPLE", 0), "lost": self.lost_samples() if lost else 0}

    def lost_samples(self):
        """LOST events each say how many samples."""
        done = subprocess.run([self.program, "report", "-D", "-i", self.path(self.file)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              errors="replace")
        return sum(map(int, re.findall(r"PERF_RECORD_LOST.*?:? lost[: ]+(\d+)", done.stdout)))


class PerfSched(Perf):
    name = "perf sched record"
    records = "switches, wake-ups, forks, migrations and statistics of the machine"
    how = ("sched", "record", "-q")

    def account(self):
        text = self.read("script", "-F", "event,trace")
        return dict(super().account(), switches=count_switches(text.splitlines()))

    def call_paths(self, program):
        every = whole = 0
        for part in self.read("script", "-F", "comm,event,trace,ip,sym").split("\n\n"):
            lines = part.strip().split("\n")
            if program not in lines[0] or not BLOCKED.search(lines[0]):
                continue
            frames = [line.split()[-1] for line in lines[1:] if line.split()]
            every += 1
            whole += reaches_root(frames)
        return every, whole


class PerfSchedStacks(PerfSched):
    name = "perf sched record -g"
    records = "the same, each with its stack by frame pointers"
    stacks = True
    how = ("sched", "record", "-q", "-g")


class PerfDwarf(PerfSched):
    name = "perf record, dwarf"
    records = "switches of the command, each with 8 KiB of stack to unwind later"
    stacks = True
    how = ("record", "-q", "-e", "sched:sched_switch", "--call-graph", "dwarf")


class PerfLock(Perf):
    name = "perf lock record"
    records = "waits for locks of the kernel"
    how = ("lock", "record", "-q")


class PerfTrace(Wrapping):
    name = "perf trace -s"
    records = "sums of the command's system calls"
    needs = ("perf",)
    heavy = True

    def prefix(self):
        return [self.program, "trace", "-s", "-o", self.path("sums"), "--"]


class TraceCmd(Wrapping):
    name = "trace-cmd"
    records = "switches, wake-ups and futex calls of the machine"
    needs = ("trace-cmd",)
    file = "trace.dat"

    def prefix(self):
        events = ("sched:sched_switch", "sched:sched_waking", "syscalls:sys_enter_futex",
                  "syscalls:sys_exit_futex")
        return [self.program, "record", "-q", "-d", "-o", self.path(self.file),
                *(part for event in events for part in ("-e", event))]

    def read(self, *arguments):
        return subprocess.run([self.program, "report", *arguments, "-i", self.path(self.file)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              errors="replace").stdout

    def account(self):
        lines = self.read().splitlines()
        lost = re.findall(r"(?:overrun|dropped events): +(\d+)", self.read("--stat"))
        return {"events": sum(bool(re.search(r"\d: +\w+:", line)) for line in lines),
                "lost": sum(map(int, lost)), "switches": count_switches(lines)}


class Strace(Wrapping):
    name = "strace -f -c"
    records = "sums of the command's system calls"
    needs = ("strace",)
    needs_tracefs = False
    heavy = True

    def prefix(self):
        return [self.program, "-f", "-c", "-o", self.path("sums")]


class Bpftrace(Attached):
    name = "bpftrace off-CPU"
    records = "sums of time off CPU by user stack, as its usual one-liner has them"
    needs = ("bpftrace",)
    stacks = True
    script = """
tracepoint:sched:sched_switch
{
	@since[(uint64)args->prev_pid] = nsecs;
	@place[(uint64)args->prev_pid] = ustack;
	$begin = @since[(uint64)args->next_pid];
	if ($begin) {
		@blocked[args->next_comm, @place[(uint64)args->next_pid]] = sum(nsecs - $begin);
	}
}
END { clear(@since); clear(@place); }
"""

    def command(self):
        return [self.program, "-e", self.script]

    def account(self):
        with open(self.output, errors="replace") as file:
            return {"lost": sum(map(int, re.findall(r"Lost (\d+) events", file.read())))}

    def call_paths(self, program):
        every = whole = 0
        with open(self.output, errors="replace") as file:
            for comm, frames, weight in re.findall(r"@blocked\[(\S+), (.*?)\]: (\d+)",
                                                   file.read(), re.S):
                if comm == program:
                    every += int(weight)
                    whole += int(weight) * reaches_root(frames.split())
        return every, whole


class LibbpfTool(Attached):
    """Those of libbpf-tools print sums when they are interrupted."""

    def command(self):
        return [self.program]

    def missing(self):
        return None if self.program else f"{self.needs[0]} (libbpf-tools)"


class Offcputime(LibbpfTool):
    name = "offcputime"
    records = "sums of time off CPU by kernel and user stack"
    needs = ("offcputime", "libbpf-offcputime")
    stacks = True

    def call_paths(self, program):
        every = whole = 0
        with open(self.output, errors="replace") as file:
            for block in file.read().split("\n\n"):
                lines = [line.strip() for line in block.strip().split("\n")]
                if len(lines) < 2 or not lines[-1].isdigit() or program not in lines[-2]:
                    continue
                every += int(lines[-1])
                whole += int(lines[-1]) * reaches_root([line.split()[-1] for line in lines[:-2]
                                                        if line])
        return every, whole


class Runqlat(LibbpfTool):
    name = "runqlat"
    records = "a histogram of waits for a CPU"
    needs = ("runqlat", "libbpf-runqlat")


class Wakeuptime(LibbpfTool):
    name = "wakeuptime"
    records = "sums of time blocked by the waker's kernel stack"
    needs = ("wakeuptime", "libbpf-wakeuptime")


ALL = (PerfSched, PerfSchedStacks, TraceCmd, Bpftrace, Offcputime, Runqlat, Wakeuptime, PerfLock,
       PerfTrace, Strace)
# Of their stacks only: at 8 KiB a switch nobody records a whole workload.
STACKS_ONLY = (PerfDwarf,)
PACKAGES = {"perf": "linux-perf", "trace-cmd": "trace-cmd", "bpftrace": "bpftrace",
            "strace": "strace", "offcputime": "libbpf-tools"}
