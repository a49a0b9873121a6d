# SPDX-License-Identifier: GPL-2.0-only
"""A tool that is measured: how it is started, how one knows that it is ready, how it ends, and what
its own output says of its work."""

import glob
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

READY_WITHIN, ENDS_WITHIN = 20, 60
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

# Peers need tracefs. A mount namespace of its own keeps the machine as it is; in it, what this
# kernel does not let anybody write to (the function tracer, where it is locked down) is covered by
# empty files for trace-cmd, which clears its filters first and gives up otherwise.
PRIVATE = ["unshare", "-m", "sh", "-c", """
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing || exit
covers=$1; shift
for file in $tracing/set_ftrace_filter $tracing/set_ftrace_notrace $tracing/set_ftrace_pid \\
		/proc/sys/kernel/ftrace_enabled; do
	[ ! -e $file ] || sh -c "cat $file > $covers && cat $covers > $file" 2> /dev/null ||
		{ : > $covers; mount --bind $covers $file; }
done
exec "$@"
""", "sh"]


class Failed(Exception):
    """Why a tool, or a workload under it, could not be measured."""


class Tool:
    """Of all tools; `records` says what one gets for its cost."""

    name = records = ""
    needs = ()  # any one of these programs
    stacks = False
    needs_tracefs = True
    file = None  # the name of what it leaves on disk
    lingering = False  # the workload lives until the tool has ended
    closely = False  # what it costs is to be known closely: ours
    heavy = False  # slows workloads down so much that a part of them will do

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.program = next(filter(None, map(shutil.which, self.needs)), None)

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def output(self):
        """What it prints."""
        return self.path("output")

    def missing(self):
        return None if self.program or not self.needs else self.needs[0]

    def private(self, command):
        return PRIVATE + [self.path("cover")] + command if self.needs_tracefs else command

    def clear(self):
        for path in glob.glob(self.path("*")):
            os.unlink(path)

    def start(self, command):
        with open(self.output, "w") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, cwd=self.folder,
                                    start_new_session=True)

    def last_words(self):
        """Of its output, what most likely tells why it failed."""
        with open(self.output, errors="replace") as file:
            lines = [line.strip() for line in file if line.strip() and "RLIMIT" not in line]
        told = [line for line in lines if re.search("rror|ail|ot |an't", line)] or lines
        return told[-1][:100] if told else "it said nothing"

    def size(self):
        """Bytes on disk, or None if it leaves no file."""
        return os.path.getsize(self.path(self.file)) if self.file else None

    def account(self):
        """{"events", "lost", "switches": by a program's name}, as far as its output tells; may
        take its time."""
        return {}

    def call_paths(self, program):
        """Of the program's blocked stacks: (how many, how many reach main() or the thread's first
        function), or None."""
        return None


def end_all(process):
    """The process and those that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Watch:
    """Waits for a process to end, and looks meanwhile at what it needs. (The kernel's sums at its
    end would have those of the workload in them.)"""

    EVERY = 0.05

    def __init__(self, process):
        self.process = process
        self.memory = {}  # by process: the most it had, KiB
        self.cpu = {}  # by process: ns

    def look(self):
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                pids = [pid, *map(int, file.read().split())]
        except OSError:
            return
        for pid in pids:
            try:
                with open(f"/proc/{pid}/status") as file:
                    status = file.read()
                with open(f"/proc/{pid}/stat") as file:
                    ticks = file.read().rsplit(")", 1)[1].split()[11:13]
            except OSError:
                continue
            peak = re.search(r"VmHWM:\s+(\d+)", status)
            if peak and not status.startswith("Name:\ttimed\n"):
                self.memory[pid] = int(peak.group(1))
                self.cpu[pid] = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") * 1e9

    def until_end(self, within):
        """Kills it if it takes too long."""
        deadline = time.monotonic() + within
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                end_all(self.process)
                raise Failed(f"did not end within {within} s")
            self.look()
            try:
                self.process.wait(self.EVERY)
            except subprocess.TimeoutExpired:
                pass


@dataclass
class Usage:
    began: int  # when it was started, CLOCK_MONOTONIC ns
    ready: int | None  # when it said or showed that it is ready; None: when the workload began
    memory_mib: float
    cpu_ms: float


class Wrapping(Tool):
    """Takes a command, and starts it when it is ready itself."""

    def prefix(self):
        raise NotImplementedError

    def run(self, command):
        began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        watch = Watch(self.start(self.private(self.prefix()) + command))
        watch.until_end(ENDS_WITHIN)
        return usage_of(watch, began, None)


def usage_of(watch, began, ready):
    return Usage(began, ready, max(watch.memory.values(), default=0) / 1024,
                 sum(watch.cpu.values()) / 1e6)


class Attached(Tool):
    """Watches the whole machine from when it is ready until it is interrupted."""

    def command(self):
        raise NotImplementedError

    @staticmethod
    def attached(pid):
        """How many programs and links of its are in the kernel."""
        count = 0
        for info in glob.glob(f"/proc/{pid}/fdinfo/*"):
            try:
                with open(info) as file:
                    count += bool(re.search("^(prog_type|link_type):", file.read(), re.M))
                count += "perf_event" in os.readlink(info.replace("fdinfo", "fd"))
            except OSError:
                pass
        return count

    def wait_ready(self, process, began):
        """It is ready when it last attached something, and nothing more comes."""
        since, count = time.monotonic(), 0
        while time.monotonic() < since + READY_WITHIN:
            if process.poll() is not None:
                raise Failed(self.last_words())
            now = self.attached(process.pid)
            if now != count:
                count, ready = now, time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            elif count > 1 and time.clock_gettime_ns(time.CLOCK_MONOTONIC) - ready > 200_000_000:
                return ready
            time.sleep(0.01)
        raise Failed(f"not ready within {READY_WITHIN} s: {self.last_words()}")

    def run(self, command):
        began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        processes = [self.start(self.private(self.command()))]
        watch = Watch(processes[0])
        try:
            ready = self.wait_ready(processes[0], began)
            processes.append(self.start_workload(command))
            self.wait_played(processes[1])
            watch.look()
            processes[0].send_signal(signal.SIGINT)
            watch.until_end(ENDS_WITHIN)
            open(self.path("over"), "w").close()
            Watch(processes[1]).until_end(ENDS_WITHIN)
        finally:
            for process in processes:
                end_all(process)
        return usage_of(watch, began, ready)

    def start_workload(self, command):
        environment = dict(os.environ, LINGER=self.folder) if self.lingering else None
        return subprocess.Popen(command, env=environment, start_new_session=True, **QUIET)

    def wait_played(self, workload):
        """Its end; of one that lingers, the end of its work: it stays until the tool has named its
        functions."""
        deadline = time.monotonic() + ENDS_WITHIN
        while not os.path.exists(self.path("played")) and workload.poll() is None:
            if time.monotonic() > deadline:
                raise Failed(f"the workload did not end within {ENDS_WITHIN} s")
            time.sleep(Watch.EVERY)
