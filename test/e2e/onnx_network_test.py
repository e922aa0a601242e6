#!/usr/bin/python3
#===- onnx_network_test.py - The trainable module of an ONNX file ----------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""examples/neu_cls loads what windrow-translate --export-onnx writes.

The PyTorch module of an exported network computes what the interpreter does, also
after it was trained and saved with batch norms that were added to it; and distill.py
tunes a compacted network, goes on after an interruption where it was, and writes what
Windrow reads.
"""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import torch
    from torch import nn
    from PIL import Image
    import tqdm  # noqa: F401, which distill.py needs
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
EXAMPLE = os.path.join(ROOT, "examples", "neu_cls")
sys.path.insert(0, EXAMPLE)
import onnx_network  # noqa: E402
import results  # noqa: E402
import student_norms  # noqa: E402
import textures  # noqa: E402

QUICKSTART = os.path.join(ROOT, "examples", "quickstart", "model", "surface_defects.onnx")
ARCHITECTURES = ("vgg11_relu_bn", "resnet18", "mobilenet_v3_small", "squeezenet1_1",
                 "densenet121", "googlenet")
COMPACTION = "bottleneck:r=4,dense:rank=4"
TOOL_SECONDS = 120


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_SECONDS)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def tool(name, *arguments):
    return run(os.path.join(os.environ["WINDROW_BIN"], name), *arguments)


def export(model, folder, *options):
    """The ONNX file of `model` as windrow-compile cleans it up, with `options`."""
    graph, exported = (os.path.join(folder, "graph" + suffix)
                       for suffix in (".mlirbc", ".onnx"))
    tool("windrow-compile", model, "--compile-to=graph", *options, "-o", graph)
    tool("windrow-translate", "--export-onnx", graph, "-o", exported)
    return exported


def interpret(model, x, folder):
    """What Windrow makes of an ONNX file, for one image."""
    graph, source, result = (os.path.join(folder, name) for name in (
        "again.mlirbc", "x.npy", "y.npy"))
    np.save(source, x.numpy())
    tool("windrow-translate", "--import-onnx", model, "-o", graph)
    tool("windrow-interpret", graph, f"--input={source}", f"--output={result}")
    return torch.from_numpy(np.load(result))


def evaluate(network, x):
    network.eval()
    with torch.no_grad():
        return network(x)


class Loader(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        torch.set_num_threads(1)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def generate(self, architecture):
        path = os.path.join(self.folder, "model.onnx")
        run(sys.executable, os.path.join(ROOT, "benchmarks", "models", "generate.py"),
            architecture, "--channels-divisor=8", "--classes=10",
            "--input-shape=1,3,75,65", f"--out={path}")
        return path

    def assert_close(self, actual, expected):
        self.assertEqual(actual.shape, expected.shape)
        difference = (actual - expected).abs().max().item()
        self.assertLessEqual(difference, 1e-4 * expected.abs().max().item())

    def test_computes_what_the_interpreter_does(self):
        x = torch.randn(1, 3, 75, 65)
        for architecture in ARCHITECTURES:
            for options in ((), (f"--compact={COMPACTION}",)):
                with self.subTest(architecture=architecture, options=options):
                    model = export(self.generate(architecture), self.folder, *options)
                    network = onnx_network.OnnxNetwork(model)
                    self.assert_close(evaluate(network, x),
                                      interpret(model, x, self.folder))

    def test_answers_each_image_of_a_batch_alike(self):
        network = onnx_network.OnnxNetwork(export(
            self.generate("mobilenet_v3_small"), self.folder, f"--compact={COMPACTION}"))
        x = torch.randn(3, 3, 75, 65)
        together = evaluate(network, x)
        for index in range(3):
            self.assert_close(evaluate(network, x[index:index + 1])[0], together[index])

    def test_saves_what_was_trained(self):
        model = export(self.generate("vgg11_relu_bn"), self.folder,
                       f"--compact={COMPACTION}")
        network = onnx_network.OnnxNetwork(model)
        x = torch.randn(4, 3, 75, 65)
        before = evaluate(network, x)
        convolutions = [node.name for node in network.nodes if node.op_type == "Conv"]
        for name in convolutions:
            network.add_batch_norm(name)
        self.assert_close(evaluate(network, x), before)
        network.train()
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        for _ in range(2):
            optimizer.zero_grad()
            network(x).square().mean().backward()
            optimizer.step()
        for name in convolutions:
            weight = network.layers[str(network.index[name])].weight
            self.assertGreater(weight.grad.abs().max().item(), 0, name)
        trained = evaluate(network, x)
        self.assertGreater((trained - before).abs().max().item(), 1e-3)

        saved = os.path.join(self.folder, "saved.onnx")
        network.save(saved)
        onnx.checker.check_model(saved, full_check=True)
        self.assertEqual([node.op_type for node in onnx.load(saved).graph.node],
                         [node.op_type for node in onnx.load(model).graph.node])
        self.assert_close(evaluate(onnx_network.OnnxNetwork(saved), x), trained)
        self.assert_close(interpret(saved, x[:1], self.folder), trained[:1])

    def prepare(self, architecture, compaction):
        """A network, it compacted, and it prepared for tuning."""
        model = self.generate(architecture)
        teacher = onnx_network.OnnxNetwork(export(model, self.folder))
        path = export(model, self.folder, f"--compact={compaction}")
        teacher.eval()
        prepared = onnx_network.OnnxNetwork(path)
        images = torch.randn(8, 3, 75, 65)
        student_norms.prepare_norms(prepared, teacher, images)
        return images, teacher, onnx_network.OnnxNetwork(path), prepared

    def test_starts_with_filters_of_length_1(self):
        # Pruned, so that no channels are those of the original: what it computes stays.
        images, _, student, prepared = self.prepare(
            "vgg11_relu_bn", f"prune:ratio=0.5,{COMPACTION}")
        self.assert_close(evaluate(prepared, images), evaluate(student, images))
        parts = 0
        for name, is_added, norm in prepared.batch_norms():
            if not is_added:
                continue
            length = prepared.layer(name).weight.flatten(1).norm(dim=1)
            self.assertLess((length - 1).abs().max().item(), 1e-5, name)
            if name.endswith(("/reduce", "/filter")):
                parts += 1
                # The deviation of what it computes.
                scale = norm.weight * torch.sqrt(
                    norm.running_var / (norm.running_var + norm.eps))
                self.assertLess((scale - 1).abs().max().item(), 1e-3, name)
        self.assertGreater(parts, 2)

    def test_starts_with_the_moments_of_the_original(self):
        images, teacher, _, prepared = self.prepare("resnet18", COMPACTION)
        names = [node.name for node in teacher.nodes if node.op_type == "Conv"]
        ends = {name: name if name in prepared.index else f"{name}/expand"
                for name in names}
        _, expected = teacher(images, keep=names)
        prepared.eval()
        _, kept = prepared(images, keep=ends.values())
        for name, end in ends.items():
            norm = prepared.norms[str(prepared.index[end])]
            actual = student_norms.channel_moments(norm(kept[end]))
            for one, other in zip(actual, student_norms.channel_moments(expected[name])):
                self.assert_close(one, other)

    def test_trained_attention_is_kept(self):
        model = self.generate("resnet18")
        teacher = onnx_network.OnnxNetwork(export(model, self.folder))
        path = export(model, self.folder, f"--compact={COMPACTION}")
        student, prepared = (onnx_network.OnnxNetwork(path) for _ in range(2))
        for network in (student, prepared):
            torch.manual_seed(5)
            for node in network.nodes:
                if node.op_type == "Gemm" and "/attention" in node.name:
                    nn.init.normal_(network.layer(node.name).weight)
        images = torch.randn(8, 3, 75, 65)
        student_norms.prepare_norms(prepared, teacher.eval(), images)
        for network in (student, prepared):
            network.eval()
        # Up to the first expansion, behind which the original's moments are taken.
        first = next(node.name for node in student.nodes if node.name.endswith("/expand"))
        expected, actual = (network(images, keep=(first,))[1][first]
                            for network in (student, prepared))
        length = student.layer(first).weight.flatten(1).norm(dim=1)
        self.assert_close(actual * length[:, None, None], expected)

    def test_trains_shared_weights_apart(self):
        node, helper = onnx.helper.make_node, onnx.helper
        graph = helper.make_graph(
            [node("Conv", ["x", "w"], ["a"], name="first"),
             node("Conv", ["a", "w"], ["y"], name="second")], "shared",
            [helper.make_tensor_value_info("x", 1, [1, 2, 4, 4])],
            [helper.make_tensor_value_info("y", 1, [1, 2, 4, 4])],
            [onnx.numpy_helper.from_array(np.eye(2, dtype=np.float32)[:, :, None, None], "w")])
        path = os.path.join(self.folder, "shared.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)],
                                    ir_version=7), path)
        network = onnx_network.OnnxNetwork(path)
        network.layers["0"].weight.data *= 3
        network.save(path)
        x = torch.randn(1, 2, 4, 4)
        self.assert_close(evaluate(onnx_network.OnnxNetwork(path), x), 3 * x)

    def test_names_what_it_does_not_read(self):
        helper = onnx.helper
        for node, message in (
                (helper.make_node("Erf", ["x"], ["y"], name="n"), "node 'n' (Erf): not supported"),
                (helper.make_node("MaxPool", ["x"], ["y"], name="n", kernel_shape=[2, 2],
                                  ceil_mode=1),
                 "node 'n' (MaxPool): attribute 'ceil_mode' must be 0, got 1")):
            graph = helper.make_graph(
                [node], "g", [helper.make_tensor_value_info("x", 1, [1, 2, 4, 4])],
                [helper.make_tensor_value_info("y", 1, None)])
            path = os.path.join(self.folder, "refused.onnx")
            onnx.save(helper.make_model(graph), path)
            with self.assertRaises(onnx_network.UnsupportedModel) as caught:
                onnx_network.OnnxNetwork(path)
            self.assertEqual(str(caught.exception), message)


class Size(unittest.TestCase):
    """What results.py counts in an exported network."""

    def test_counts_parameters_and_macs_of_published_networks(self):
        # As benchmarks/models/generate.py lists them.
        for architecture, parameters, gmacs in (("squeezenet1_1", 1235496, 0.35),
                                                ("resnet18", 11689512, 1.81)):
            with self.subTest(architecture=architecture), \
                    tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "model.onnx")
                run(sys.executable,
                    os.path.join(ROOT, "benchmarks", "models", "generate.py"),
                    architecture, f"--out={path}")
                exported = export(path, folder)
                size = results.measure_size(exported)
                # A folded batch norm leaves a bias of its two parameters a channel.
                folded = sum(node.op_type == "BatchNormalization" and
                             dict(sizes(path))[node.input[1]]
                             for node in onnx.load(path).graph.node)
                self.assertEqual(size["parameters"], parameters - folded)
                self.assertAlmostEqual(size["macs"] / 1e9, gmacs, delta=0.01)
                self.assertEqual(size["bytes"], os.path.getsize(exported))


def sizes(path):
    """(name, number of elements) of the weights in an ONNX file."""
    for tensor in onnx.load(path).graph.initializer:
        yield tensor.name, int(np.prod(tensor.dims))


class Distill(unittest.TestCase):
    """On textures, few and for two epochs: whether it runs, not how well."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        for part, count in (("train", 8), ("test", 2)):
            for name in textures.CLASSES:
                folder = os.path.join(self.folder, "data", part, name)
                os.makedirs(folder)
                for index in range(count):
                    image = textures.texture(name, seed=7, index=index)
                    Image.fromarray(image).save(os.path.join(folder, f"{index}.png"))
        self.student = export(QUICKSTART, self.folder, "--compact=bottleneck:r=4")

    def start(self, output, *options):
        return subprocess.Popen(
            [sys.executable, os.path.join(EXAMPLE, "distill.py"), f"--teacher={QUICKSTART}",
             f"--student={self.student}", f"--data={self.folder}/data", "--epochs=2",
             "--batch=12", f"--output={self.folder}/{output}", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_goes_on_where_it_was_interrupted(self):
        whole = self.start("whole.onnx")
        log, errors = whole.communicate(timeout=TOOL_SECONDS)
        self.assertEqual(whole.returncode, 0, errors)
        self.assertRegex(log, r"epoch 1: .*\nepoch 2: .*\ntest accuracy: .* % of 12\n")

        options = (f"--checkpoint={self.folder}/state.pt", f"--answers={self.folder}/answers.pt")
        first = self.start("parts.onnx", *options)
        while "epoch 1:" not in first.stdout.readline():
            self.assertIsNone(first.poll())
        first.send_signal(signal.SIGINT)
        _, errors = first.communicate(timeout=TOOL_SECONDS)
        self.assertNotEqual(first.returncode, 0)
        self.assertIn("interrupted: the same command goes on after the last epoch", errors)
        self.assertFalse(os.path.exists(f"{self.folder}/parts.onnx"))

        second = self.start("parts.onnx", *options)
        log, errors = second.communicate(timeout=TOOL_SECONDS)
        self.assertEqual(second.returncode, 0, errors)
        self.assertNotIn("epoch 1:", log)
        with open(f"{self.folder}/whole.onnx", "rb") as one, open(
                f"{self.folder}/parts.onnx", "rb") as other:
            self.assertEqual(one.read(), other.read())
        tool("windrow-compile", f"{self.folder}/parts.onnx", "--compile-to=graph", "-o",
             f"{self.folder}/tuned.mlirbc")

        other = self.start("parts.onnx", *options, "--seed=2")
        _, errors = other.communicate(timeout=TOOL_SECONDS)
        self.assertNotEqual(other.returncode, 0)
        self.assertIn("state.pt: checkpoint was made with other options", errors)

    def test_names_files_that_do_not_fit(self):
        model = os.path.join(self.folder, "ten.onnx")
        run(sys.executable, os.path.join(ROOT, "benchmarks", "models", "generate.py"),
            "resnet18", "--channels-divisor=8", "--classes=10",
            "--input-shape=1,3,200,200", f"--out={model}")
        self.student = export(model, self.folder)
        refused = self.start("refused.onnx")
        _, errors = refused.communicate(timeout=TOOL_SECONDS)
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(errors, f"error: {self.student}: must answer for the 6 classes of "
                                 "the data, got 10\n")
        self.assertFalse(os.path.exists(f"{self.folder}/refused.onnx"))


if __name__ == "__main__":
    unittest.main()
