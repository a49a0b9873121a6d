# SPDX-License-Identifier: GPL-2.0-only
"""Programs that others wrote, under the tracer: what must be true of any run is true of theirs."""

import os
import shutil
import subprocess
import tempfile
import time

from lab import KernelTest, Traced, run

from test_causes import assert_path_adds_up
from test_locks import assert_lock_sums


class RealPrograms(KernelTest):
    def need(self, *programs):
        for program in programs:
            if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin"):
                self.skipTest(f"{program} is not installed")

    def assert_sound(self, traced):
        report = traced.json
        assert_path_adds_up(self, report)
        # Real-time threads that fill every CPU leave the tracer none to fetch records with: then
        # some are lost, said to be, and the lives are tiled all the same.
        if report["losses"]["records"]:
            for t in report["threads"]:
                self.assertEqual(t["running_ns"] + t["ready_ns"] + t["blocked_ns"] +
                                 t["unknown_ns"], t["life_ns"])
            return
        self.assert_conserved(traced)
        self.assertTrue(all(t["totals_agree"] for t in report["threads"]))
        if report["mode"] == "run":
            self.assert_wakers(traced)
        for lock in report["locks"]:
            self.assertLessEqual(lock["max_ns"], lock["total_ns"])
        for finding in report["findings"]:
            self.assertLessEqual(finding["cost_ns"], report["time"]["wall_ns"])
        assert_lock_sums(self, report)

    def waited_for(self, traced, reason):
        return sum(r["count"] for t in traced.json["threads"] for r in t["reasons"]
                   if r["reason"] == reason)

    def test_sysbench_threads_and_mutex(self):
        self.need("sysbench")
        for words in (("threads", "--thread-locks=2"),
                      ("mutex", "--mutex-num=2", "--mutex-loops=200", "--mutex-locks=20000")):
            with self.subTest(words[0]):
                traced = run("sysbench", *words[1:], "--threads=4", "--time=1", words[0], "run")
                self.assertEqual(traced.status, 0)
                self.assert_sound(traced)
                # The main thread joins the four that it made.
                self.assertGreaterEqual(len(traced.json["threads"]), 5)
                self.assertGreaterEqual(self.waited_for(traced, "join"), 1)
                if words[0] == "threads":
                    # Two locks, taken by four threads that yield while they have them.
                    locks = [x for x in traced.json["locks"] if x["reason"] == "lock"
                             and len(x["threads"]) >= 4]
                    self.assertGreaterEqual(len(locks), 2)
                    for lock in locks[:2]:
                        self.assertGreater(lock["holder_known"] + lock["holder_by_wake"],
                                           0.99 * lock["waits"])

    def test_stress_ng_futex_and_mutex(self):
        self.need("stress-ng")
        for stressor in ("futex", "mutex"):
            with self.subTest(stressor), tempfile.TemporaryDirectory() as folder:
                traced = run("stress-ng", "--" + stressor, 2, "--timeout", "1", "--temp-path",
                             folder, options=("--as-root",))
                self.assertEqual(traced.status, 0)
                self.assert_sound(traced)
                # The one waits on a word that is no lock of the C library, the other on such locks.
                reason = {"futex": "futex", "mutex": "lock"}[stressor]
                self.assertGreater(self.waited_for(traced, reason), 0)

    def test_python_threads(self):
        self.need("/usr/bin/python3")
        traced = run("/usr/bin/python3", "-c", """
import threading
def work():
    sum(range(1500000))
threads = [threading.Thread(target=work) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
""")
        self.assertEqual(traced.status, 0)
        self.assert_sound(traced)
        gil, = [x for x in traced.json["locks"] if x["reason"] == "gil"]
        self.assertGreaterEqual(len([t for t in gil["threads"] if t["waits"]]), 3)
        self.assertGreaterEqual(len([t for t in gil["threads"] if t["held_ns"]]), 2)

    def under_load(self, server, load):
        process = subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            client = subprocess.Popen(load, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                traced = Traced(["attach", "-p", str(process.pid), "-d", "1s"])
            finally:
                client.kill()
                client.wait()
        finally:
            process.terminate()
            process.wait()
        self.assert_sound(traced)
        self.assertGreater(traced.json["summary"]["switches"], 50)
        # One thread serves all, and waits for them by epoll; the client, or the network, wakes it.
        main = next(t for t in traced.json["threads"] if t["leader"])
        reasons = {r["reason"]: r["count"] for r in main["reasons"]}
        self.assertEqual(max(reasons, key=reasons.get), "poll")

    def test_redis_under_load(self):
        self.need("redis-server", "redis-benchmark")
        self.under_load(["redis-server", "--port", "16379", "--save", ""],
                        ["redis-benchmark", "-p", "16379", "-n", "10000000", "-c", "20", "-q"])

    def test_nginx_under_load(self):
        self.need("nginx", "ab")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            with open(os.path.join(folder, "nginx.conf"), "w") as file:
                file.write(f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\n"
                           "events {}\n"
                           "http { access_log off; server { listen 127.0.0.1:18080;\n"
                           "location / { return 200 'ok'; } } }\n")
            self.under_load(["nginx", "-c", os.path.join(folder, "nginx.conf")],
                            ["ab", "-q", "-t", "20", "-n", "10000000", "-c", "10",
                             "http://127.0.0.1:18080/"])
