#!/usr/bin/python3
#===- quickstart_test.py - The main job, and what can go wrong with it -----===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs the quick start's main job on the tools in $WINDROW_BIN.

Its table must name the right class for every image and find all outputs equal;
it must stop its nodes whatever ends it, and say which node does not come up.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
QUICKSTART = os.path.join(ROOT, "examples", "quickstart")
BIN = os.environ["WINDROW_BIN"]
JOB_SECONDS = 120

# Notes its process number, then becomes the real program.
RECORDING_NODE = """#!/bin/sh
echo $$ >> "{folder}/pids"
exec "{bin}/windrow-node" "$@"
"""
FAILING_NODE = """#!/bin/sh
case $1 in *press-2*) echo "no address" >&2; exit 3;; esac
echo $$ >> "{folder}/pids"
exec "{bin}/windrow-node" "$@"
"""
SLOW_RUN = """#!/bin/sh
touch "{folder}/running"
exec sleep 600
"""


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="windrow-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def build_folder(self, **replaced):
        """A build folder of the real tools but for those replaced by scripts."""
        bin_folder = os.path.join(self.folder, "bin")
        os.mkdir(bin_folder)
        for tool in ("windrow-compile", "windrow-node", "windrow-run"):
            path = os.path.join(bin_folder, tool)
            script = replaced.get(tool.partition("-")[2])
            if script is None:
                os.symlink(os.path.join(BIN, tool), path)
                continue
            with open(path, "w") as file:
                file.write(script.format(folder=self.folder, bin=BIN))
            os.chmod(path, 0o755)
        return self.folder

    def start_job(self, build, *options):
        return subprocess.Popen(
            [sys.executable, os.path.join(QUICKSTART, "main_job.py"), build, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def node_pids(self):
        with open(os.path.join(self.folder, "pids")) as file:
            return [int(line) for line in file]

    def test_table(self):
        job = self.start_job(self.build_folder(node=RECORDING_NODE), "--repeat=2")
        output, errors = job.communicate(timeout=JOB_SECONDS)
        self.assertEqual((job.returncode, errors), (0, ""), output)
        rows = re.findall(r"^(\S+)_\d\.(?:jpg|png) +(\S+) +([\d.]+) % +[\d.]+ ms "
                          r"+[\d.]+ ms +yes, ", output, re.MULTILINE)
        self.assertEqual(len(rows), 12, output)
        for image_class, answer, probability in rows:
            self.assertEqual(answer, image_class)
            self.assertGreater(float(probability), 50)
        pids = self.node_pids()
        self.assertEqual(len(pids), 4)
        self.assertFalse([pid for pid in pids if is_alive(pid)])

    def test_node_that_does_not_come_up(self):
        job = self.start_job(self.build_folder(node=FAILING_NODE))
        _, errors = job.communicate(timeout=JOB_SECONDS)
        self.assertEqual(job.returncode, 1)
        self.assertEqual(
            errors, "error: node three-press-2 ended with status 3: no address\n")
        self.assertFalse([pid for pid in self.node_pids() if is_alive(pid)])

    def check_signal(self, number):
        job = self.start_job(self.build_folder(node=RECORDING_NODE, run=SLOW_RUN))
        deadline = time.monotonic() + JOB_SECONDS
        while not os.path.exists(os.path.join(self.folder, "running")):
            self.assertIsNone(job.poll(), "the job ended early")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        pids = self.node_pids()
        self.assertEqual([is_alive(pid) for pid in pids], [True] * 4)
        job.send_signal(number)
        job.communicate(timeout=JOB_SECONDS)
        self.assertEqual(job.returncode, 128 + number)
        self.assertFalse([pid for pid in pids if is_alive(pid)])

    def test_interrupt(self):
        self.check_signal(signal.SIGINT)

    def test_termination(self):
        self.check_signal(signal.SIGTERM)

    def test_missing_tools(self):
        job = self.start_job(self.folder)
        _, errors = job.communicate(timeout=JOB_SECONDS)
        self.assertEqual(job.returncode, 1)
        self.assertEqual(
            errors, f"error: {self.folder}/bin/windrow-compile: no such file\n")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
