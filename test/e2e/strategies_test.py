#!/usr/bin/python3
"""The experiment of every strategy, on loopback and as short as can be.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

What it measures means nothing here: rows, columns and files are what is tested.
"""

import csv
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "e2e" / "strategies"
PLANS = ("alone", "dp", "even")


def run(*arguments):
    return subprocess.run([SCRIPT, f"--bin={os.environ['WINDROW_BIN']}", *arguments],
                          text=True, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=240)


def load_script():
    sys.path.insert(0, str(SCRIPT.parent))
    loader = importlib.machinery.SourceFileLoader("strategies", str(SCRIPT))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def thread_policies(process):
    """Of all threads but the first: the processors that it may run on, and its policy."""
    threads = [int(thread) for thread in os.listdir(f"/proc/{process}/task")]
    return [(os.sched_getaffinity(thread), os.sched_getscheduler(thread))
            for thread in threads if thread != process]


def is_running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def load(path):
    with open(path) as file:
        return json.load(file)


class StrategiesTest(unittest.TestCase):
    def test_a_row_for_each_strategy(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "table")
            done = run("--models=mobilenet_v2", "--nodes=2", "--rates=1000", "--loopback",
                       "--strategies=dp,even", "--rounds=1", "--requests=1", "--rehearsal=0",
                       "--rehearsals=0", "--profile-seconds=1", "--profile-rounds=2",
                       "--slow-motion=2", "--keep-awake",
                       f"--folder={folder}/work", f"--output={prefix}")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{prefix}.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            with open(f"{prefix}.md") as file:
                self.assertEqual(file.read(), done.stdout)
            with open(os.path.join(folder, "work", "cluster.yaml")) as file:
                self.assertIn("bandwidth_mbit: 500, latency_us: 300", file.read())
            self.check_profiles(os.path.join(folder, "work", "mobilenet_v2-auto-0.14.json"))
        self.assertEqual(tuple(row["strategy"] for row in rows), PLANS)
        for row in rows:
            self.assertEqual((row["model"], row["nodes"], row["bound"]),
                             ("mobilenet_v2", "2", "2.0"))
            self.assertGreater(float(row["median_ms"]), 0)
            self.assertAlmostEqual(
                float(row["speed_up"]),
                float(rows[0]["median_ms"]) / float(row["median_ms"]))
            # A node of pace 0.14 answers no sooner than its operators allow, in
            # milliseconds of the cluster, which is twice as fast.
            self.assertGreater(float(row["predicted_ms"]), 5)
            self.assertLessEqual(float(row["lower_bound_ms"]), float(row["predicted_ms"]))

    def check_profiles(self, path):
        """Of two profiles, the least times count."""
        first, second, least = (
            [cost["seconds"] for cost in device["operators"]] for device in (
                load(f"{path}.0")["devices"][0], load(f"{path}.1")["devices"][0], load(path)))
        self.assertEqual(least, [list(map(min, *pair)) for pair in zip(first, second)])

    def test_keeps_the_least_of_several_profiles(self):
        profiles = [{"operators": [{"seconds": seconds}, {"seconds": [7]}]}
                    for seconds in ([1, 5], [2, 3], [4, 4])]
        self.assertEqual(load_script().keep_least(profiles)["operators"],
                         [{"seconds": [1, 3]}, {"seconds": [7]}])

    def test_refuses_unknown_models(self):
        done = run("--models=lenet")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "must be of vgg16, .*, got 'lenet'")

    def test_refuses_no_profile(self):
        done = run("--profile-rounds=0")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "--profile-rounds must be at least 1, got 0")

    def test_paces_of_unequal_nodes_go_with_the_fastest(self):
        class Arguments:
            nodes, speeds, models, rates, pace = [4], ["equal", "unequal"], ["vgg16"], [100], 0.07
        self.assertEqual(list(load_script().clusters(Arguments)),
                         [("vgg16", (0.07, 0.07, 0.07, 0.07), 100),
                          ("vgg16", (0.07, 0.07, 0.05, 0.035), 100)])

    def test_refuses_paces_that_no_node_has(self):
        for pace in ("0", "-1", "1.5", "nan"):
            done = run(f"--pace={pace}")
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, f"--pace must be above 0 and at most 1, got {pace}")

    def test_refuses_to_speed_up(self):
        done = run("--slow-motion=0")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "--slow-motion must be at least 1, got 0")

    def test_refuses_to_keep_awake_without_the_tool(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("--keep-awake", f"--bin={folder}", f"--output={folder}/table")
            self.assertEqual(os.listdir(folder), [])
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "strategies: error: .*/keep-awake'")


class KeepAwakeTest(unittest.TestCase):
    TOOL = os.path.join(os.environ["WINDROW_BIN"], "keep-awake")

    def test_leaves_each_processor_to_everything_else(self):
        processors = sorted(os.sched_getaffinity(0))
        with subprocess.Popen([self.TOOL]) as tool:
            wait_until(lambda: len(thread_policies(tool.pid)) >= len(processors))
            threads = thread_policies(tool.pid)
            tool.terminate()
            self.assertEqual(tool.wait(10), 0)
        self.assertEqual(sorted(threads, key=lambda thread: min(thread[0])),
                         [({processor}, os.SCHED_IDLE) for processor in processors])

    def test_ends_with_its_parent(self):
        parent = subprocess.Popen(
            [sys.executable, "-c", "import subprocess, sys; "
             "print(subprocess.Popen([sys.argv[1]], stdout=subprocess.DEVNULL).pid, flush=True); "
             "sys.stdin.read()", self.TOOL],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with parent:
            tool = int(parent.stdout.readline())
            wait_until(lambda: thread_policies(tool))
            self.assertTrue(is_running(tool))
            parent.stdin.close()
        wait_until(lambda: not is_running(tool))
        self.assertFalse(is_running(tool))

    def test_takes_no_arguments(self):
        done = subprocess.run([self.TOOL, "now"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: keep-awake", done.stderr)


if __name__ == "__main__":
    unittest.main()
