# SPDX-License-Identifier: GPL-2.0-only
"""Stacks: right to the last frame, whole, and honest where they are not."""

import json
import os
import re
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import lab

ORACLE = os.path.join(lab.BUILD, "tests/oracle/stacks")
PLUGIN = lab.target("plugin.so")
ROOT = "0"
DEPTH = "2"
NO_MEMORY = "9"

# Threads that fight for the interpreter's lock, through its own frames and those of C functions.
PYTHON = """
import sys, threading, time
def leaf(n): return sorted(range(n), key=lambda x: -x)
class Job(threading.Thread):
    def run(self):
        end = time.time() + float(sys.argv[1])
        while time.time() < end: leaf(3000); time.sleep(0.0002)
jobs = [Job() for _ in range(3)]
[j.start() for j in jobs]; [j.join() for j in jobs]
"""


RUST = """
use std::{sync::{Arc, Mutex, Condvar}, thread, time::{Duration, Instant}};
trait Work { fn work(&self, depth: u32) -> u64; }
struct Sleeper;
impl Work for Sleeper {
    fn work(&self, depth: u32) -> u64 {
        if depth > 0 { return 1 + self.work(depth - 1); }
        thread::sleep(Duration::from_micros(200));
        let sorted = std::panic::catch_unwind(|| {
            let mut list: Vec<u64> = (0..2000).map(|x| x * 7919 % 1000).collect();
            list.sort_by_key(|x| format!("{x}"));
            if list[0] == 0 { panic!("caught"); }
            list[0]
        });
        sorted.unwrap_or(1)
    }
}
fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let pair = Arc::new((Mutex::new(0u64), Condvar::new()));
    let end = Instant::now() + Duration::from_millis(800);
    let threads: Vec<_> = (0..3).map(|_| { let pair = pair.clone(); thread::spawn(move || {
        let work: Box<dyn Work> = Box::new(Sleeper);
        while Instant::now() < end {
            let n = work.work(8);
            let mut sum = pair.0.lock().unwrap();
            *sum += n;
            let _ = pair.1.wait_timeout(sum, Duration::from_micros(100));
        }
    })}).collect();
    for t in threads { t.join().unwrap(); }
}
"""

GO = """
package main
import ("sync"; "time")
func deep(n int) { if n > 0 { deep(n - 1); return }; time.Sleep(200 * time.Microsecond) }
func main() {
	var group sync.WaitGroup
	end := time.Now().Add(800 * time.Millisecond)
	for i := 0; i < 4; i++ {
		group.Add(1)
		go func() { defer group.Done(); for time.Now().Before(end) { deep(8) } }()
	}
	group.Wait()
}
"""


def oracle(what, *command):
    done = subprocess.run([ORACLE, what, *map(str, command)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(f"status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


class StackTest(lab.KernelTest):
    def assert_right(self, what, *command, whole=0.99, stacks=20):
        """As libdwfl says, frame by frame; how many were not whole."""
        found, words = oracle(what, *command)
        self.assertGreaterEqual(found["stacks"], stacks, found)
        self.assertLessEqual(found["differ"], found["stacks"] * 0.001, f"{found}\n{words}")
        judged = found["same"] + found["differ"] + found["beyond"]
        self.assertGreaterEqual(judged, found["stacks"] * 0.5, found)
        # A thread that has given its memory back has no stack that could be whole.
        had_one = found["stacks"] - found["stops"].get(NO_MEMORY, 0)
        self.assertGreaterEqual(found["stops"].get(ROOT, 0), had_one * whole, found)
        return found

    def assert_whole(self, traced, least, share=0.99):
        stacks = traced.json["stacks"]
        self.assertGreaterEqual(stacks["stacks"], least, stacks)
        self.assertGreaterEqual(stacks["whole"], stacks["stacks"] * share, stacks)
        self.assertEqual(stacks["lost"], 0, stacks)
        return stacks


class Oracle(StackTest):
    def test_blocked_stacks_are_libdwfls_in_every_kind_of_frame(self):
        for kind in ("recursion", "aligned", "sorted", "signalled", "vforked", "loaded",
                     "contended", "switched", "signalled-elsewhere"):
            with self.subTest(kind):
                self.assert_right("blocked", lab.target("stacks"), kind, 0.6, PLUGIN)

    def test_the_same_in_code_that_was_optimised_further(self):
        for kind in ("recursion", "signalled", "contended"):
            with self.subTest(kind):
                self.assert_right("blocked", lab.target("stacks-O3"), kind, 0.6)

    def test_samples_are_libdwfls_wherever_they_strike(self):
        self.assert_right("samples", lab.target("stacks"), "signalled", 1)

    def test_exceptions_in_flight(self):
        self.assert_right("blocked", lab.target("throws"), 1)
        self.assert_right("samples", lab.target("throws"), 1)

    def test_an_interpreter_without_symbols(self):
        if not os.path.exists("/usr/bin/python3"):
            self.skipTest("there is no /usr/bin/python3")
        self.assert_right("blocked", "/usr/bin/python3", "-c", PYTHON, 1)
        self.assert_right("samples", "/usr/bin/python3", "-c", PYTHON, 1)

    def test_a_stripped_program(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "stripped")
            subprocess.run(["strip", "-s", "-o", path, lab.target("stacks")], check=True)
            for kind in ("contended", "recursion"):
                self.assert_right("blocked", path, kind, 0.6)

    def test_a_program_in_rust(self):
        rustc = shutil.which("rustc")
        if not rustc:
            self.skipTest("there is no Rust compiler")
        with tempfile.TemporaryDirectory() as folder:
            source, path = os.path.join(folder, "p.rs"), os.path.join(folder, "p")
            with open(source, "w") as file:
                file.write(RUST)
            done = subprocess.run([rustc, "-O", "-o", path, source], stderr=subprocess.PIPE)
            if done.returncode:
                self.skipTest(f"the Rust compiler does not work here: {done.stderr[-200:]}")
            self.assert_right("blocked", path)
            self.assert_right("samples", path)

    def test_a_program_in_go(self):
        go = shutil.which("go") or shutil.which("gccgo")
        if not go:
            self.skipTest("there is no Go compiler")
        with tempfile.TemporaryDirectory() as folder:
            source, path = os.path.join(folder, "p.go"), os.path.join(folder, "p")
            with open(source, "w") as file:
                file.write(GO)
            build = [go, "build"] if go.endswith("/go") else [go]
            environment = dict(os.environ, GOCACHE=folder, HOME=folder, GO111MODULE="off")
            subprocess.run([*build, "-o", path, source], check=True, env=environment)
            self.assert_right("blocked", path)

    def test_recursion_without_end_is_cut_and_says_so(self):
        found = self.assert_right("blocked", lab.target("stacks"), "too-deep", 1, whole=0)
        self.assertGreaterEqual(found["stops"].get(DEPTH, 0), found["stacks"] * 0.9)


def with_stacks(*command, options=("--stacks",), **more):
    return lab.run(*command, options=options, **more)


class Report(StackTest):
    def test_who_blocks_again_in_the_same_place_is_recognised(self):
        traced = with_stacks(lab.bench("pingpong"), "futex", 20000, 1)
        stacks = self.assert_whole(traced, 5000)
        self.assertLess(stacks["walked"], 1000, stacks)
        self.assertGreater(stacks["recognised"], 5000, stacks)
        self.assertIn("whole", traced.text.splitlines()[-1] + traced.text.splitlines()[-2])

    def test_every_wait_has_its_stack(self):
        traced = with_stacks(lab.target("stacks"), "contended", 1)
        waits = traced.json["blocked"]["count"]
        self.assertLessEqual(abs(self.assert_whole(traced, 100)["stacks"] - waits), 2)

    def test_without_being_asked_nothing_is_kept(self):
        self.assertIsNone(lab.run("/bin/true").json["stacks"])

    def test_code_made_at_run_time_is_left_by_frame_pointers(self):
        self.assert_whole(with_stacks(lab.target("jit"), "code", 1), 100, 0.99)

    def test_five_thousand_mappings(self):
        self.assert_whole(with_stacks(lab.target("jit"), "mappings", 5000), 400)

    def test_children_that_live_for_a_moment(self):
        traced = with_stacks("/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8; do /bin/true; done")
        self.assert_whole(traced, 8)

    def test_a_program_that_blocks_as_soon_as_another_one_has_started_it(self):
        with tempfile.NamedTemporaryFile() as result:
            traced = with_stacks(lab.bench("timed"), result.name, lab.bench("pingpong"), "futex",
                                 5000, 1)
        self.assert_whole(traced, 5000)

    def test_wakers_have_stacks_too(self):
        traced = with_stacks(lab.bench("pingpong"), "futex", 1000, 1,
                             options=("--waker-stacks", "-F", "99"))
        self.assert_whole(traced, 1000, 0.99)

    def test_frequencies_that_make_no_sense_are_refused(self):
        for wrong in ("0", "-1", "99999", "often"):
            self.assertEqual(lab.tool("run", "-F", wrong, "--", "/bin/true").returncode, 2, wrong)


class Locks(StackTest):
    def test_where_a_lock_was_waited_for_and_where_it_was_held(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.ptl")
            # Long enough for the second thread to come while the first one has it.
            traced = lab.Traced(["run", "--waker-stacks", "-o", path, "counter-lock",
                                 "--count", "50000000"])
            folded = lab.tool("flame", path, "--kind", "lock").stdout
        locks = [t for t in traced.json["locks"] if t["kind"] == "mutex"]
        weights = sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines())
        self.assertEqual(weights, sum(t["total_ns"] for t in locks))
        named = sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines()
                    if "pthread_mutex_lock;" in line and f";[{locks[0]['name']}];" in line
                    and "[held by counter-" in line)
        self.assertGreaterEqual(named, 0.99 * weights, folded)
        held = [line for line in folded.splitlines()
                if re.search(r"pthread_mutex_unlock|(thread_main|count_up);libc\.so\.6!fn_",
                             line.split("[held by")[-1])]
        self.assertTrue(held, folded)
        self.assertIn("holding", [place["state"] for place in traced.json["places"]])


class Kernel(StackTest):
    def test_where_in_the_kernel_a_thread_waits_and_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.ptl")
            with_stacks(lab.bench("pingpong"), "pipe", 60000, 1,
                        options=("--stacks", "--kernel-stacks", "-F", "999", "-o",
                                 path))
            waits = lab.tool("flame", path, "--kind", "off-cpu", "--reason", "pipe").stdout
            runs = lab.tool("flame", path, "--kind", "on-cpu").stdout
        right = sum(int(line.rsplit(" ", 1)[1]) for line in waits.splitlines()
                    if ";read;" in line and "pipe_read_[k];" in line
                    and "__schedule_[k];[blocked: pipe]" in line)
        total = sum(int(line.rsplit(" ", 1)[1]) for line in waits.splitlines())
        self.assertGreaterEqual(right, 0.95 * total, waits)
        self.assertIn("do_syscall_64_[k]", runs)
        self.assertNotIn("bpf", waits + runs)

    def test_a_kernel_that_hides_its_addresses_is_told_of_once(self):
        with tempfile.TemporaryDirectory() as folder:
            hidden, path = os.path.join(folder, "kallsyms"), os.path.join(folder, "r.ptl")
            with open(hidden, "w") as file:
                file.write("0000000000000000 T do_syscall_64\n0000000000000000 T __schedule\n")
            done = subprocess.run(
                # The root may be no mount of its own (chroot): /proc is.
                ["unshare", "-m", "--propagation", "unchanged", "sh", "-c",
                 "mount --make-private /proc && "
                 f"mount --bind {hidden} /proc/kallsyms && exec \"$@\"",
                 "sh", lab.TOOL, "run", "--kernel-stacks", "-o", path, "--",
                 lab.bench("pingpong"), "pipe", "300", "1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True)
            folded = lab.tool("flame", path, "--kind", "off-cpu", "--reason", "pipe").stdout
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("the kernel hides where its functions are"), 1,
                         done.stderr)
        self.assertRegex(folded, r";read;(\[kernel\]\+0x[0-9a-f]+_\[k\];)+\[blocked: pipe\]")

    def test_without_being_asked_there_is_none(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.ptl")
            with_stacks(lab.bench("pingpong"), "pipe", 100, 1, options=("--stacks", "-o", path))
            self.assertNotIn("_[k]", lab.tool("flame", path, "--kind", "off-cpu").stdout)


class RealPrograms(StackTest):
    def test_sysbench(self):
        if not shutil.which("sysbench"):
            self.skipTest("there is no sysbench")
        for kind in ("mutex", "threads"):
            with self.subTest(kind):
                traced = with_stacks("sysbench", kind, "--threads=8", "--time=1",
                                     *(["--mutex-num=1"] if kind == "mutex" else []), "run",
                                     options=("--stacks", "-F", "99"))
                self.assert_whole(traced, 100)

    def test_redis(self):
        if not shutil.which("redis-server") or not shutil.which("redis-benchmark"):
            self.skipTest("there is no Redis")
        with tempfile.TemporaryDirectory() as folder:
            socket = os.path.join(folder, "s")
            server = subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", socket, "--io-threads", "2",
                 "--save", "", "--dir", folder], stdout=subprocess.DEVNULL)
            self.addCleanup(server.wait)
            self.addCleanup(server.terminate)
            for _ in range(50):
                if os.path.exists(socket):
                    break
                time.sleep(0.1)
            load = subprocess.Popen(["redis-benchmark", "-s", socket, "-n", "60000", "-q",
                                     "-t", "set,lpush"], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
            self.addCleanup(load.wait)
            self.addCleanup(load.kill)
            self.assert_whole(lab.Traced(["attach", "--stacks", "-F", "99", "-p", server.pid,
                                          "-d", "1"]), 50)


def attached(process, duration="500ms"):
    return lab.Traced(["attach", "--stacks", "-p", str(process.pid), "-d", duration])


class BadInput(StackTest):
    def test_threads_that_wait_for_ever_have_stacks(self):
        program = ("import threading as t\nl = [t.Lock(), t.Lock()]\n"
                   "def f(a, b):\n a.acquire(); import time; time.sleep(.1); b.acquire()\n"
                   "x = [t.Thread(target=f, args=a) for a in (l, l[::-1])]\n"
                   "[i.start() for i in x]")
        process = subprocess.Popen([sys.executable, "-c", program])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(0.5)
        self.assert_whole(attached(process), 3)

    def test_a_program_that_was_replaced_while_it_ran(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program")
            shutil.copy(lab.target("stacks"), path)
            process = subprocess.Popen([path, "contended", "3"])
            self.addCleanup(process.wait)
            time.sleep(0.2)
            os.unlink(path)
            shutil.copy("/bin/true", path)
            self.assert_whole(attached(process), 20)

    def test_a_program_that_was_deleted_while_it_ran(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program")
            shutil.copy(lab.target("stacks"), path)
            process = subprocess.Popen([path, "contended", "3"])
            self.addCleanup(process.wait)
            time.sleep(0.2)
            os.unlink(path)
            self.assert_whole(attached(process), 20)

    def test_a_program_of_two_gigabytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program")
            shutil.copy(lab.target("stacks"), path)
            os.truncate(path, 2 << 30)
            begin = time.monotonic()
            self.assert_whole(with_stacks(path, "contended", 1), 20)
            self.assertLess(time.monotonic() - begin, 15)

    def test_a_file_that_is_cut_short_while_its_code_is_mapped(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cut.so")
            with open(PLUGIN, "rb") as file:
                image = file.read()
            program = ("import mmap, os, sys, time\n"
                       "for size in (20, 64, 200, 4096, 5000, int(sys.argv[2]) - 1):\n"
                       "    f = open(sys.argv[1], 'r+b'); f.seek(0)\n"
                       "    f.write(open(sys.argv[3], 'rb').read()); f.flush()\n"
                       "    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC)\n"
                       "    os.truncate(sys.argv[1], size); time.sleep(.02)\n"
                       "    os.rename(sys.argv[1], sys.argv[1] + str(size))\n"
                       "    open(sys.argv[1], 'w').close()\n")
            with open(path, "wb") as file:
                file.write(image)
            traced = with_stacks("/usr/bin/python3", "-c", program, path, len(image), PLUGIN,
                                 options=("--stacks", "-F", "99"))
            self.assertEqual(traced.status, 0, traced.error)
            self.assert_whole(traced, 5, 0.8)

    def test_unwind_information_that_is_nonsense_harms_nobody(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program")
            shutil.copy(lab.target("stacks"), path)
            spoil(path, ".eh_frame")
            traced = with_stacks(path, "contended", 1)
            self.assertEqual(traced.status, 0)
            self.assertGreaterEqual(traced.json["stacks"]["stacks"], 20)
            self.assertLess(traced.json["stacks"]["whole"], traced.json["stacks"]["stacks"])
        # The same build-id, and yet not the same table.
        self.assert_whole(with_stacks(lab.target("stacks"), "contended", 1), 20)


def spoil(path, wanted):
    """Fills a section of an ELF file with noise."""
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        at, size, count, names = (*struct.unpack_from("<Q", data, 40),
                                  *struct.unpack_from("<3H", data, 58))
        headers = [struct.unpack_from("<IIQQQQ", data, at + size * i) for i in range(count)]
        for name, _, _, _, offset, length in headers:
            start = headers[names][4] + name
            if data[start:data.index(0, start)].decode() == wanted:
                noise = random.Random(1)
                for i in range(offset + 24, offset + length):
                    data[i] = noise.randrange(256)
        file.seek(0)
        file.write(data)


if __name__ == "__main__":
    unittest.main()
