#!/usr/bin/python3
"""From a model to a plan by what its cluster was measured to take.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Does what the README says: compiles a plan, has windrow-profile measure the devices
and links of the cluster, three processes on loopback, and compiles again by the table.
"""

import json
import os
import select
import subprocess
import tempfile
import unittest

BIN = os.environ["WINDROW_BIN"]
DEVICES = ("press-1", "press-2", "press-3")
START_SECONDS = 20

NETWORK = """
func.func @main(%x: tensor<1x64x48x3xf32> {nn.model_layout = "NCHW"})
    -> tensor<1x10xf32> {
  %f = nn.constant dense<0.25> : tensor<16x3x3x3xf32> : tensor<16x3x3x3xf32>
  %g = nn.constant dense<0.125> : tensor<16x3x3x16xf32> : tensor<16x3x3x16xf32>
  %w = nn.constant dense<0.5> : tensor<10x16xf32> : tensor<10x16xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x64x48x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x64x48x16xf32>
  %1 = nn.conv_2d %0, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x64x48x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x64x48x16xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 64, 48>}
     : (tensor<1x64x48x16xf32>) -> tensor<1x1x1x16xf32>
  %3 = nn.reshape %2 : (tensor<1x1x1x16xf32>) -> tensor<1x16xf32>
  %4 = nn.fully_connected %3, %w
     : (tensor<1x16xf32>, tensor<10x16xf32>) -> tensor<1x10xf32>
  return %4 : tensor<1x10xf32>
}
"""


def run(tool, *arguments):
    return subprocess.run([os.path.join(BIN, tool), *arguments], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=100)


class Server:
    """A windrow-profile that measures for others, and has said where it listens."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "windrow-profile"), "--serve=127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().strip() if ready else ""
        self.address = line.rpartition(" ")[2]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


class ClusterProfileTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="windrow-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.model = self.write("model.mlir", NETWORK)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def compile(self, cluster, *options):
        plan = os.path.join(self.folder, "plan")
        done = run("windrow-compile", self.model, f"--cluster={cluster}", "-o", plan,
                   *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return plan, done

    def test_recipe(self):
        costs = os.path.join(self.folder, "costs.json")
        with Server() as first, Server() as second, Server("--pace=0.2") as slow:
            addresses = [server.address for server in (first, second, slow)]
            lines = [f'  - {{name: {name}, address: "{address}"}}\n'
                     for name, address in zip(DEVICES, addresses)]
            cluster = self.write("cluster.yaml", "devices:\n" + "".join(lines))
            plan, _ = self.compile(cluster, "--strategy=even")
            done = run("windrow-profile", plan, f"--output={costs}", "--budget=3")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "")
        with open(costs) as file:
            table = json.load(file)
        self.assertEqual([device["name"] for device in table["devices"]], list(DEVICES))
        self.assertEqual(len(table["links"]), len(DEVICES) * (len(DEVICES) + 1))
        # The layers are whole, though no device has all of their rows.
        convolutions = [op for op in table["devices"][0]["operators"]
                        if op["kind"] == "conv_2d"]
        self.assertIn(64, [op["rows"][-1] for op in convolutions])
        # The slow device was measured as slow: of equal operators in sum.
        seconds = [sum(op["seconds"][-1] for op in device["operators"])
                   for device in table["devices"]]
        self.assertGreater(seconds[2], 2 * min(seconds[0], seconds[1]))

        _, done = self.compile(cluster, f"--costs={costs}", "--explain=json")
        self.assertNotIn("estimated", done.stderr)
        self.assertGreater(json.loads(done.stdout)["predicted_s"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
