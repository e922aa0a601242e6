#!/usr/bin/python3
"""Nodes and clients as processes: answers, refusals, losses, signals.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Compiles a small network, starts its nodes on free ports of this machine and asks
them with windrow-run. Every failure must be one line on stderr with exit status
1, and come in time.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
from PIL import Image

BIN = os.environ["WINDROW_BIN"]
DEVICES = ("press-1", "press-2", "press-3")
MEAN, DEVIATION = (0.5, 0.25, 0.5), (0.5, 0.5, 0.25)
PIXELS = (f"--image-mean={','.join(map(str, MEAN))}",
          f"--image-std={','.join(map(str, DEVIATION))}")
START_SECONDS = 20
ANSWER_SECONDS = 20

NETWORK = """
func.func @main(%x: tensor<1x16x12x3xf32> {nn.model_layout = "NCHW"})
    -> tensor<1x5xf32> {
  %f = nn.constant dense<FILTER> : tensor<8x3x3x3xf32> : tensor<8x3x3x3xf32>
  %g = nn.constant dense<0.125> : tensor<8x3x3x8xf32> : tensor<8x3x3x8xf32>
  %w = nn.constant dense<[ROWS]> : tensor<5x8xf32> : tensor<5x8xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x16x12x3xf32>, tensor<8x3x3x3xf32>) -> tensor<1x16x12x8xf32>
  %1 = nn.conv_2d %0, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x16x12x8xf32>, tensor<8x3x3x8xf32>) -> tensor<1x16x12x8xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 16, 12>}
     : (tensor<1x16x12x8xf32>) -> tensor<1x1x1x8xf32>
  %3 = nn.reshape %2 : (tensor<1x1x1x8xf32>) -> tensor<1x8xf32>
  %4 = nn.fully_connected %3, %w
     : (tensor<1x8xf32>, tensor<5x8xf32>) -> tensor<1x5xf32>
  return %4 : tensor<1x5xf32>
}
"""


def run(tool, *arguments):
    start = time.monotonic()
    done = subprocess.run([os.path.join(BIN, tool), *arguments], text=True,
                          capture_output=True, timeout=60)
    done.seconds = time.monotonic() - start
    return done


class Node:
    """A windrow-node process that has said where it listens."""

    def __init__(self, bundle, *options):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "windrow-node"), bundle, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        self.line = self.process.stdout.readline().strip() if ready else ""
        self.address = self.line.rpartition(" ")[2]

    def stop(self, number=signal.SIGTERM):
        """Ends the process and returns its exit status."""
        self.process.send_signal(number)
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return None
        return self.process.returncode


class NodesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="windrow-")
        folder = cls.scratch.name
        cluster = os.path.join(folder, "cluster.yaml")
        with open(cluster, "w") as file:
            file.write("devices:\n")
            for number, name in enumerate(DEVICES):
                file.write(f"  - {{name: {name}, address: 'localhost:{number + 1}'}}\n")
        rows = ", ".join(str([i * 0.5 - 1] * 8) for i in range(5))
        for name, constant, extra in (
                ("plan", 0.25, ()), ("other", 0.75, ()),
                ("images", 0.25, PIXELS), ("grey", 0.25, (*PIXELS, "--image-grey"))):
            source = os.path.join(folder, f"{name}.mlir")
            with open(source, "w") as file:
                file.write(NETWORK.replace("FILTER", str(constant))
                           .replace("ROWS", rows))
            path = os.path.join(folder, name)
            done = run("windrow-compile", source, f"--cluster={cluster}",
                       "--strategy=even", "-o", path, *extra)
            assert done.returncode == 0, done.stderr
            setattr(cls, name, path)
        cls.input = os.path.join(folder, "input.npy")
        values = np.random.default_rng(3).standard_normal((1, 3, 16, 12))
        np.save(cls.input, values.astype(np.float32))
        cls.image = os.path.join(folder, "image.png")
        pixels = np.random.default_rng(4).integers(0, 255, (16, 12, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(cls.image)
        cls.grey_image = os.path.join(folder, "grey.png")
        Image.fromarray(pixels[:, :, 0].astype(np.uint8)).save(cls.grey_image)
        cls.large = os.path.join(folder, "large.png")
        Image.new("L", (20, 30)).save(cls.large)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    @contextlib.contextmanager
    def nodes(self, plan, count=len(DEVICES)):
        """Nodes of the plan's first devices; a device dials later ones, so these
        start first."""
        started = {}
        try:
            for name in reversed(DEVICES[:count]):
                peers = [f"--peer={peer}={node.address}"
                         for peer, node in started.items()]
                started[name] = Node(os.path.join(plan, f"{name}.bundle"),
                                     "--listen=127.0.0.1:0", *peers)
                self.assertRegex(started[name].line,
                                 rf"^{name} listening on 127\.0\.0\.1:\d+$")
            yield started
        finally:
            for node in started.values():
                if node.process.poll() is None:
                    node.stop(signal.SIGKILL)

    @staticmethod
    def addresses(nodes):
        return [f"--device={name}={node.address}" for name, node in nodes.items()]

    def expect_failure(self, done, pattern):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, r"^windrow-\w+: error: " + pattern)
        self.assertLess(done.seconds, ANSWER_SECONDS)

    def test_answers_as_one_process_does(self):
        together, local = self.path("together.npy"), self.path("local.npy")
        with self.nodes(self.plan) as nodes:
            for _ in range(2):  # one client after the other
                done = run("windrow-run", self.plan, self.input, "--repeat=5",
                           f"--save-output={together}", *self.addresses(nodes))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, r"median \d+\.\d+ ms, p95 ")
            done = run("windrow-run", self.plan, self.input, "--local",
                       f"--save-output={local}")
            self.assertEqual(done.returncode, 0, done.stderr)
            for number, node in zip((signal.SIGINT, signal.SIGTERM, signal.SIGINT),
                                    nodes.values()):
                self.assertEqual(node.stop(number), 0)
        self.assertEqual(np.load(together).shape, (1, 5))
        np.testing.assert_array_equal(np.load(together), np.load(local))

    def test_grey_images_are_repeated_on_the_devices(self):
        colour, grey = self.path("colour.npy"), self.path("grey.npy")
        done = run("windrow-run", self.images, self.grey_image, "--local",
                   f"--save-output={colour}")
        self.assertEqual(done.returncode, 0, done.stderr)
        with self.nodes(self.grey) as nodes:
            done = run("windrow-run", self.grey, self.grey_image,
                       f"--save-output={grey}", *self.addresses(nodes))
        self.assertEqual(done.returncode, 0, done.stderr)
        np.testing.assert_array_equal(np.load(grey), np.load(colour))
        done = run("windrow-inspect", os.path.join(self.grey, "client.bundle"), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        [image] = json.loads(done.stdout)["client"]["inputs"]
        self.assertEqual(image["dims"], [1, 1, 16, 12])

    def test_images_are_normalised_on_the_devices(self):
        output = self.path("image.npy")
        done = run("windrow-run", self.images, self.image, "--local", "--json",
                   f"--save-output={output}", "--top=2")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)["results"][0]
        self.assertEqual(len(result["top"]), 2)
        self.assertEqual(result["outputs"][0]["shape"], [1, 5])
        pixels = np.asarray(Image.open(self.image), dtype=np.float32)
        tensor = ((pixels / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        np.save(self.path("tensor.npy"), tensor.astype(np.float32))
        done = run("windrow-run", self.plan, self.path("tensor.npy"), "--local",
                   f"--save-output={self.path('tensor-out.npy')}")
        self.assertEqual(done.returncode, 0, done.stderr)
        np.testing.assert_allclose(np.load(output),
                                   np.load(self.path("tensor-out.npy")), rtol=1e-5)

    def test_missing_node(self):
        with self.nodes(self.plan, 2) as nodes:
            done = run("windrow-run", self.plan, self.input, "--connect-timeout=1",
                       "--device=press-3=127.0.0.1:1", *self.addresses(nodes))
            self.expect_failure(done, "press-[123]: .*press-3|press-3: ")

    def test_node_of_another_plan(self):
        with self.nodes(self.other) as nodes:
            done = run("windrow-run", self.plan, self.input,
                       *self.addresses(nodes))
            self.expect_failure(done, r"press-\d: .*plan")

    def test_dead_node(self):
        with self.nodes(self.plan) as nodes:
            asking = subprocess.Popen(
                [os.path.join(BIN, "windrow-run"), self.plan, self.input,
                 "--repeat=1000000", *self.addresses(nodes)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(1)
            self.assertIsNone(asking.poll())
            nodes["press-2"].stop(signal.SIGKILL)
            output, errors = asking.communicate(timeout=ANSWER_SECONDS)
            self.assertEqual(asking.returncode, 1)
            self.assertEqual(output, "")
            self.assertRegex(errors, r"^windrow-run: error: .*press-2: ")
            # The others live on and wait for the next client.
            for name in ("press-1", "press-3"):
                self.assertIsNone(nodes[name].process.poll())
                self.assertEqual(nodes[name].stop(), 0)

    def test_silent_node(self):
        with self.nodes(self.plan) as nodes:
            nodes["press-3"].process.send_signal(signal.SIGSTOP)
            done = run("windrow-run", self.plan, self.input, "--connect-timeout=1",
                       *self.addresses(nodes))
            self.expect_failure(done, "press-3: ")

    def test_second_client_is_refused(self):
        with self.nodes(self.plan) as nodes:
            first = subprocess.Popen(
                [os.path.join(BIN, "windrow-run"), self.plan, self.input,
                 "--repeat=1000000", *self.addresses(nodes)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(1)
            done = run("windrow-run", self.plan, self.input,
                       *self.addresses(nodes))
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=20)
            self.expect_failure(done, r"press-\d: .*busy")
            # Ctrl-C of the first one frees the nodes.
            done = run("windrow-run", self.plan, self.input,
                       *self.addresses(nodes))
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_inputs(self):
        for arguments, pattern in (
                ((self.path("nowhere"), self.input), ".*nowhere.client.bundle"),
                ((self.plan, self.path("absent.npy"), "--local"),
                 ".*absent.npy: file cannot be read"),
                ((self.plan, self.image, "--local"),
                 ".*image.png: input must be a .npy file"),
                ((self.images, self.input, "--local"),
                 ".*input.npy: input must be a JPEG or PNG file"),
                ((self.images, self.large, "--local"),
                 ".*large.png: image must be 12x16 pixels of 3 channels, got "
                 "20x30 pixels of 3 channels"),
                ((self.images, self.path("plan.mlir"), "--local"),
                 ".*plan.mlir: file must be a JPEG or PNG image"),
                ((self.plan, self.path("shape.npy"), "--local"),
                 r".*shape.npy: input '\w+' must have the shape 1x3x16x12, got "
                 "1x3x12x16"),
                ((self.plan, self.path("double.npy"), "--local"),
                 ".*double.npy: elements must be '<f4'.*got '<f8'"),
                ((self.plan, self.path("cut.npy"), "--local"),
                 ".*cut.npy: file must hold 2304 bytes of elements, got 100"),
                ((self.plan, self.input, "--device=press-1"),
                 "--device must be DEVICE=HOST:PORT, got 'press-1'"),
                ((self.plan, self.input, "--device=press-9=localhost:1"),
                 "address must be of a device of the plan, got 'press-9'"),
                ((self.plan, self.input, "--local",
                  f"--save-output={self.path('no/such/folder.npy')}"),
                 ".*folder.npy: file cannot be written")):
            with self.subTest(pattern):
                np.save(self.path("shape.npy"),
                        np.zeros((1, 3, 12, 16), np.float32))
                np.save(self.path("double.npy"), np.zeros((1, 3, 16, 12)))
                with open(self.input, "rb") as whole, \
                        open(self.path("cut.npy"), "wb") as cut:
                    cut.write(whole.read()[:228])
                self.expect_failure(run("windrow-run", *arguments), pattern)

    def test_wrong_bundles(self):
        with open(os.path.join(self.plan, "press-1.bundle"), "rb") as file:
            content = file.read()
        with open(self.path("cut.bundle"), "wb") as file:
            file.write(content[:len(content) // 2])
        with open(self.path("flipped.bundle"), "wb") as file:
            file.write(content[:200] + bytes([content[200] ^ 1]) + content[201:])
        taken = Node(os.path.join(self.plan, "press-1.bundle"),
                     "--listen=127.0.0.1:0")
        for arguments, pattern in (
                ((self.path("absent.bundle"),), ".*absent.bundle: "),
                ((os.path.join(self.plan, "client.bundle"),),
                 ".*client.bundle: bundle must be a device's, got the client's"),
                ((self.path("plan.mlir"),), ".*plan.mlir: "),
                ((self.path("cut.bundle"),), ".*cut.bundle: "),
                ((self.path("flipped.bundle"),), ".*flipped.bundle: .*checksum"),
                ((os.path.join(self.plan, "press-1.bundle"),
                  f"--listen={taken.address}"), "press-1: .*127.0.0.1:"),
                ((os.path.join(self.plan, "press-1.bundle"), "--pace=2"),
                 ".*--pace")):
            with self.subTest(pattern):
                done = run("windrow-node", *arguments)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertRegex(done.stderr,
                                 r"^windrow-node: error: " + pattern)
        self.assertEqual(taken.stop(), 0)
        self.expect_failure(run("windrow-inspect", self.path("cut.bundle")),
                            ".*cut.bundle: ")

    def test_inspect(self):
        done = run("windrow-inspect", self.plan)
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("press-1 of model plan", "Conv2D", "to press-2: 1x1x12x8 f32",
                     "wait receive, channel", "client of model plan",
                     "1x3x16x12 NCHW"):
            self.assertIn(text, done.stdout)
        bundles = json.loads(run("windrow-inspect", self.plan, "--json").stdout)
        self.assertEqual([bundle["name"] for bundle in bundles],
                         [*DEVICES, "client"])
        self.assertEqual(len({bundle["plan_digest"] for bundle in bundles}), 1)
        operations = [op["operation"] for op in bundles[0]["operators"]]
        self.assertIn("Conv2D", operations)
        single = json.loads(run("windrow-inspect", "--json", os.path.join(
            self.plan, "press-1.bundle")).stdout)
        self.assertEqual(single, bundles[0])

    def test_help(self):
        for tool, option in (("windrow-run", "--save-output"),
                             ("windrow-node", "--pace"),
                             ("windrow-inspect", "--json")):
            done = run(tool, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(option, done.stdout)
            self.assertIn("EXAMPLES:", done.stdout)
            done = run(tool, "--no-such-option")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"^{tool}: error: ")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
