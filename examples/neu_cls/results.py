#!/usr/bin/python3
#===- results.py - What each way to compact a network costs and gains ------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compact the trained ResNet-18 and VGG-16 in every way, tune, measure, and print the
tables of RESULTS.md.

What has been made and measured stays in the folder --work and is not made again, so
that an interrupted run goes on, and a run with another --stage adds to it.
"""

import argparse
import glob
import json
import math
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import onnx

import textures

EXAMPLE = os.path.dirname(os.path.abspath(__file__))
STAGES = ("compact", "error", "tune", "latency")
NODES, PACE, FIRST_PORT = 4, 0.14, 7841
PIXELS = ("--image-mean=0.5,0.5,0.5", "--image-std=0.5,0.5,0.5")

# Method -> --compact=, for each network.
RECOMMENDED = "best combination"
METHODS = {
    "resnet18": {
        "original": "",
        "prune": "prune:ratio=0.75",
        "bottleneck": "bottleneck:r=32:min-channels=8",
        "separable": "separate:terms=1",
        RECOMMENDED: "bottleneck:r=3:layers=^/conv1/Conv$:min-channels=1,"
                     "bottleneck:r=32:layers=/layer:min-channels=8",
    },
    "vgg16": {
        "original": "",
        "prune": "prune:ratio=0.75",
        "bottleneck": "bottleneck:r=32:min-channels=8",
        "separable": "separate:terms=1",
        "low rank": "dense:rank=8:layers=classifier.[03]",
        RECOMMENDED: "prune:ratio=0.5:layer-ratio=features.[03]/=0.75"
                     ":layers=features.([037]|1|2|30|34|37),"
                     "bottleneck:r=8:min-channels=8:layers=features.([37]|[1234]),"
                     "dense:rank=8:layers=classifier.[03]",
    },
}
# Options of distill.py. VGG has no shortcuts, and diverges at the default rate; its
# answers to one view take 7 minutes.
TUNING = {
    "resnet18": ("--epochs=12",),
    "vgg16": ("--epochs=20", "--views=1", "--answer-share=0.2", "--learning-rate=0.01",
              "--clip-norm=2"),
}
FITTED, WEIGHTS_ONLY = "", " by weights"


class Failure(Exception):
    """Something did not work; the message says what."""


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Compact trained networks in every way, tune and measure them, and "
        "print the tables of RESULTS.md.",
        epilog="example: results.py --build=build --models=../shared/models "
        "--data=../shared/data/neu-cls --work=../results --stage=compact,error")
    parser.add_argument("--build", default="build", metavar="FOLDER",
                        help="the build tree, whose tools are used")
    parser.add_argument("--models", required=True, metavar="FOLDER",
                        help="folder with resnet18-neu.onnx and vgg16-neu.onnx")
    parser.add_argument("--data", required=True, metavar="FOLDER",
                        help="folder with train/CLASS/* and test/CLASS/*")
    parser.add_argument("--work", required=True, metavar="FOLDER",
                        help="where models, checkpoints and figures are kept")
    parser.add_argument("--network", choices=sorted(METHODS), help="only this one")
    parser.add_argument("--method", metavar="METHOD", help="only this one")
    parser.add_argument("--stage", default=",".join(STAGES), metavar="STAGE,...",
                        help=f"of {', '.join(STAGES)}; default: all")
    parser.add_argument("--calibration-images", type=int, default=16, metavar="N",
                        help="training images on which compacted layers are fitted")
    parser.add_argument("--seeds", type=int, default=3,
                        help="runs of the recommended method; the others have one")
    parser.add_argument("--run-with", default="", metavar="COMMAND",
                        help="what stands before timed commands, for example "
                        "'chrt -f 20' on a busy machine")
    args = parser.parse_args()
    args.stage = args.stage.split(",")
    if not set(args.stage) <= set(STAGES):
        parser.error(f"--stage must be of {', '.join(STAGES)}, got {','.join(args.stage)}")
    if args.seeds < 1:
        parser.error("--seeds must be at least 1")
    return args


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Bench:
    """The figures known so far, kept in figures.json, and how to get others."""

    def __init__(self, args):
        self.args = args
        os.makedirs(args.work, exist_ok=True)
        self.path = os.path.join(args.work, "figures.json")
        self.figures = {}
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.figures = json.load(file)

    def tool(self, name, *arguments):
        return run(os.path.join(self.args.build, "bin", name), *arguments)

    def file(self, network, method, suffix):
        return os.path.join(self.args.work, f"{network}-{method}{suffix}".replace(" ", "-"))

    def original(self, network):
        return os.path.join(self.args.models, f"{network}-neu.onnx")

    def record(self, network, method, key, compute):
        """The figure `key`, computed unless it is known."""
        figures = self.figures.setdefault(network, {}).setdefault(method, {})
        if key not in figures:
            print(f"{network}, {method}: {key}", file=sys.stderr, flush=True)
            figures[key] = compute()
            with open(self.path + ".part", "w") as file:
                json.dump(self.figures, file, indent=1)
            os.replace(self.path + ".part", self.path)
        return figures[key]

    #===--------------------------------------------------------------------===#
    # Networks
    #===--------------------------------------------------------------------===#

    def compact(self, network, method, variant=FITTED):
        """The compacted network as ONNX."""
        path = self.file(network, method, f"{variant}.onnx")
        if not os.path.exists(path):
            graph = self.file(network, method, f"{variant}.mlirbc")
            options = []
            if METHODS[network][method]:
                options = [f"--compact={METHODS[network][method]}", *PIXELS]
            if METHODS[network][method] and variant == FITTED:
                options += [f"--calibration={os.path.join(self.args.data, 'train')}",
                            f"--calibration-images={self.args.calibration_images}"]
            self.tool("windrow-compile", self.original(network), "--compile-to=graph",
                      *options, "-o", graph)
            self.tool("windrow-translate", "--export-onnx", graph, "-o", path)
        return path

    def tune(self, network, method, seed):
        """The tuned network as ONNX; goes on from a checkpoint."""
        path = self.file(network, method, f"-seed{seed}.onnx")
        if not os.path.exists(path):
            command = [
                sys.executable, os.path.join(EXAMPLE, "distill.py"),
                f"--teacher={self.original(network)}",
                f"--student={self.compact(network, method)}", f"--data={self.args.data}",
                f"--seed={seed}", *TUNING[network],
                f"--answers={self.file(network, 'original', '-answers.pt')}",
                f"--checkpoint={self.file(network, method, f'-seed{seed}.pt')}",
                f"--output={path}"]
            if subprocess.run(command).returncode != 0:
                raise Failure(f"{network}, {method}: distill.py failed")
        return path

    def plan(self, network, method, model, devices=1, strategy="single", *options):
        """A plan of `model` for so many equal devices of this machine."""
        cluster = self.file(network, method, ".yaml")
        with open(cluster, "w") as file:
            file.write("devices:\n")
            for number in range(devices):
                file.write(f'  - {{name: node-{number}, speed: 1, '
                           f'address: "127.0.0.1:{FIRST_PORT + number}"}}\n')
        labels = os.path.join(self.args.work, "labels.txt")
        with open(labels, "w") as file:
            file.write("\n".join(textures.CLASSES) + "\n")
        plan = self.file(network, method, f"-plan{devices}")
        self.tool("windrow-compile", model, f"--cluster={cluster}",
                  f"--strategy={strategy}", "-o", plan, *PIXELS, f"--labels={labels}",
                  *options)
        return plan

    #===--------------------------------------------------------------------===#
    # Figures
    #===--------------------------------------------------------------------===#

    def images(self):
        images = sorted(glob.glob(os.path.join(self.args.data, "test", "*", "*")))
        if not images:
            raise Failure(f"{self.args.data}/test: holds no images")
        return images

    def answers(self, network, method, model):
        """What Windrow's runtime computes for the test images, [image, class]."""
        path = self.file(network, method, "-answers.npy")
        self.tool("windrow-run", self.plan(network, method, model), "--local",
                  f"--save-output={path}", *self.images())
        return np.load(path).reshape(len(self.images()), -1)

    def accuracy(self, network, method, model):
        """Part of the test images that Windrow's runtime classifies rightly."""
        return self.right(self.answers(network, method, model))

    def right(self, answers):
        labels = [textures.CLASSES.index(os.path.basename(os.path.dirname(image)))
                  for image in self.images()]
        return float(np.mean(answers.argmax(1) == labels))

    def untuned(self, network, method, variant):
        """Accuracy, and how far off the original's logits the network's are."""
        path = self.file(network, "original", "-answers.npy")
        if not os.path.exists(path):
            self.answers(network, "original", self.compact(network, "original"))
        expected = np.load(path).reshape(len(self.images()), -1)
        if method == "original":
            return {"accuracy": self.right(expected), "error": 0.0}
        answers = self.answers(network, method, self.compact(network, method, variant))
        error = np.linalg.norm(answers - expected) / np.linalg.norm(expected)
        return {"accuracy": self.right(answers), "error": float(error)}

    def costs(self, network, method, model):
        """A table of what the operators take on paced devices, all alike."""
        path = self.file(network, method, "-costs.json")
        if not os.path.exists(path):
            bundle = os.path.join(self.plan(network, method, model), "node-0.bundle")
            run(*self.args.run_with.split(),
                os.path.join(self.args.build, "bin", "windrow-profile"), bundle,
                f"--pace={PACE}", "--slices=1", "--budget=10", "--name=node-0",
                f"--output={path}")
            with open(path) as file:
                table = json.load(file)
            table["devices"] = [{**table["devices"][0], "name": f"node-{number}"}
                                for number in range(NODES)]
            with open(path, "w") as file:
                json.dump(table, file)
        return path

    def latency(self, network, method, devices, strategy, pace):
        """Median milliseconds of one image."""
        model = self.compact(network, method)
        options = []
        if strategy == "dp":
            options = [f"--costs={self.costs(network, method, model)}"]
        plan = self.plan(network, method, model, devices, strategy, *options)
        prefix = self.args.run_with.split()
        question = (*prefix, os.path.join(self.args.build, "bin", "windrow-run"), plan,
                    self.images()[0], "--json", "--repeat=15")
        if not pace:
            answer = run(*question, "--local")
        else:
            node = os.path.join(self.args.build, "bin", "windrow-node")
            # A plan may leave devices out.
            nodes = [subprocess.Popen([*prefix, node, bundle, f"--pace={pace}"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                     for bundle in sorted(glob.glob(os.path.join(plan, "node-*.bundle")))]
            try:
                answer = run(*question, "--connect-timeout=20", "--timeout=120")
            finally:
                for process in nodes:
                    process.terminate()
                    process.wait()
        return json.loads(answer)["results"][0]["latency_ms"]["median"]


def measure_size(path):
    """Parameters and multiply-accumulates of an exported network."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    shapes = {entry.name: [size.dim_value for size in entry.type.tensor_type.shape.dim]
              for entry in (*model.graph.value_info, *model.graph.output)}
    parameters = macs = 0
    for node in model.graph.node:
        # Mean and variance of a batch norm are part of its scale and shift.
        operands = node.input[1:3]
        if node.op_type in ("Conv", "Gemm", "BatchNormalization"):
            parameters += sum(math.prod(weights[name]) for name in operands)
        if node.op_type in ("Conv", "Gemm"):
            positions = math.prod(shapes[node.output[0]][2:])
            macs += math.prod(weights[node.input[1]]) * positions
    return {"parameters": parameters, "macs": macs, "bytes": os.path.getsize(path)}


LATENCIES = {
    # Figure: devices, strategy, pace.
    "alone": (1, "single", None),
    "paced 1": (1, "single", PACE),
    f"paced {NODES} even": (NODES, "even", PACE),
    f"paced {NODES} planned": (NODES, "dp", PACE),
}


def measure(bench, network, method):
    args = bench.args
    model = bench.compact(network, method)
    bench.record(network, method, "size", lambda: measure_size(model))
    if "error" in args.stage:
        for variant, key in ((FITTED, "fitted"), (WEIGHTS_ONLY, "by weights")):
            bench.record(network, method, key,
                         lambda: bench.untuned(network, method, variant))
    if "tune" in args.stage and METHODS[network][method]:
        for seed in range(1, 1 + (args.seeds if method == RECOMMENDED else 1)):
            bench.record(network, method, f"after {seed}", lambda: bench.accuracy(
                network, method, bench.tune(network, method, seed)))
    if "latency" in args.stage:
        for key, (devices, strategy, pace) in LATENCIES.items():
            bench.record(network, method, key, lambda: bench.latency(
                network, method, devices, strategy, pace))


def percent(value):
    return "-" if value is None else f"{100 * value:.2f} %"


def milliseconds(value):
    return "-" if value is None else f"{value:.1f} ms"


def print_row(*cells):
    print(f"| {' | '.join(cells)} |")


def known_methods(network, figures):
    return [(method, figures[method]) for method in METHODS[network]
            if "size" in figures.get(method, {})]


def print_tables(network, figures):
    print(f"\n### {network}\n")
    print_row("method", "parameters", "GMAC", "model", "untuned", "tuned", "one device",
              "1 slow node", f"{NODES}, even", f"{NODES}, planned")
    print_row("---", *["---:"] * 9)
    for method, known in known_methods(network, figures):
        size = known["size"]
        seeds = [value for key, value in sorted(known.items()) if key.startswith("after ")]
        tuned = percent(statistics.median(seeds)) if seeds else "-"
        if len(seeds) > 1:
            tuned += f" ({', '.join(f'{100 * value:.2f}' for value in seeds)})"
        print_row(method, f"{size['parameters'] / 1e6:.2f} M",
                  f"{size['macs'] / 1e9:.3f}", f"{size['bytes'] / 1e6:.1f} MB",
                  percent(known.get("fitted", {}).get("accuracy")), tuned,
                  *(milliseconds(known.get(key)) for key in LATENCIES))
    print()
    print_row("method", "error by weights", "fitted", "accuracy by weights", "fitted")
    print_row("---", *["---:"] * 4)
    for method, known in known_methods(network, figures):
        cells = [percent(known.get(variant, {}).get(key)) for key in ("error", "accuracy")
                 for variant in ("by weights", "fitted")]
        if METHODS[network][method]:
            print_row(method, *cells)


def main():
    args = parse_arguments()
    bench = Bench(args)
    networks = [args.network] if args.network else sorted(METHODS)
    start = time.monotonic()
    try:
        for network in networks:
            for method in METHODS[network]:
                if args.method in (None, method):
                    measure(bench, network, method)
    except (Failure, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: the same command goes on")
    for network in networks:
        print_tables(network, bench.figures.get(network, {}))
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
