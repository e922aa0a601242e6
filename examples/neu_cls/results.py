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

import onnx

import textures

EXAMPLE = os.path.dirname(os.path.abspath(__file__))
STAGES = ("compact", "accuracy", "tune", "latency")
NODES, PACE, FIRST_PORT = 4, 0.14, 7841
PIXELS = ("--image-mean=0.5,0.5,0.5", "--image-std=0.5,0.5,0.5")

# Method -> --compact=, for each network; none where it has nothing to do.
RECOMMENDED = "best combination"
METHODS = {
    "resnet18": {
        "original": "",
        "bottleneck": "bottleneck:r=32:min-channels=8",
        "separable": "separate:terms=1",
        RECOMMENDED: "bottleneck:r=3:layers=^/conv1/Conv$:min-channels=1,"
                     "bottleneck:r=32:layers=/layer:min-channels=8",
    },
    "vgg16": {
        "original": "",
        "bottleneck": "bottleneck:r=32:min-channels=8",
        "separable": "separate:terms=1",
        "low rank": "dense:rank=8:layers=classifier.[03]",
        RECOMMENDED: "bottleneck:r=32:min-channels=8,dense:rank=8:layers=classifier.[03]",
    },
}


class Failure(Exception):
    """Something did not work; the message says what."""


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Compact trained networks in every way, tune and measure them, and "
        "print the tables of RESULTS.md.",
        epilog="example: results.py --build=build --models=../shared/models "
        "--data=../shared/data/neu-cls --work=../results --stage=compact,accuracy")
    parser.add_argument("--build", default="build", metavar="FOLDER",
                        help="the build tree, whose tools are used")
    parser.add_argument("--models", required=True, metavar="FOLDER",
                        help="folder with resnet18-neu.onnx and vgg16-neu.onnx")
    parser.add_argument("--data", required=True, metavar="FOLDER",
                        help="folder with train/CLASS/* and test/CLASS/*")
    parser.add_argument("--work", required=True, metavar="FOLDER",
                        help="where models, checkpoints and figures are kept")
    parser.add_argument("--network", choices=sorted(METHODS), help="only this one")
    parser.add_argument("--stage", default=",".join(STAGES), metavar="STAGE,...",
                        help=f"of {', '.join(STAGES)}; default: all")
    parser.add_argument("--calibration-images", type=int, default=16, metavar="N",
                        help="training images on which compacted layers are fitted")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=3,
                        help="runs of the recommended method; the others have one")
    parser.add_argument("--run-with", default="", metavar="COMMAND",
                        help="what stands before timed commands, for example "
                        "'chrt -f 20' on a busy machine")
    args = parser.parse_args()
    args.stage = args.stage.split(",")
    if not set(args.stage) <= set(STAGES):
        parser.error(f"--stage must be of {', '.join(STAGES)}, got {','.join(args.stage)}")
    if args.epochs < 1 or args.seeds < 1:
        parser.error("--epochs and --seeds must be at least 1")
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

    def compact(self, network, method):
        """The compacted network as ONNX."""
        path = self.file(network, method, ".onnx")
        if not os.path.exists(path):
            graph = self.file(network, method, ".mlirbc")
            options = []
            if METHODS[network][method]:
                options = [
                    f"--compact={METHODS[network][method]}", *PIXELS,
                    f"--calibration={os.path.join(self.args.data, 'train')}",
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
                f"--seed={seed}", f"--epochs={self.args.epochs}",
                f"--answers={self.file(network, 'original', '-answers.pt')}",
                f"--checkpoint={self.file(network, method, f'-seed{seed}.pt')}",
                f"--output={path}"]
            if subprocess.run(command).returncode != 0:
                raise Failure(f"{network}, {method}: distill.py failed")
        return path

    def plan(self, network, method, model, devices, first_port=FIRST_PORT):
        """A plan of `model` for so many equal devices of this machine."""
        cluster = self.file(network, method, ".yaml")
        with open(cluster, "w") as file:
            file.write("devices:\n")
            for number in range(devices):
                file.write(f'  - {{name: node-{number}, speed: 1, '
                           f'address: "127.0.0.1:{first_port + number}"}}\n')
        labels = os.path.join(self.args.work, "labels.txt")
        with open(labels, "w") as file:
            file.write("\n".join(textures.CLASSES) + "\n")
        plan = self.file(network, method, f"-plan{devices}")
        self.tool("windrow-compile", model, f"--cluster={cluster}",
                  f"--strategy={'single' if devices == 1 else 'even'}", "-o", plan,
                  *PIXELS, f"--labels={labels}")
        return plan

    #===--------------------------------------------------------------------===#
    # Figures
    #===--------------------------------------------------------------------===#

    def accuracy(self, network, method, model):
        """Part of the test images that Windrow's runtime classifies rightly."""
        images = sorted(glob.glob(os.path.join(self.args.data, "test", "*", "*")))
        if not images:
            raise Failure(f"{self.args.data}/test: holds no images")
        plan = self.plan(network, method, model, 1)
        answers = json.loads(self.tool("windrow-run", plan, "--local", "--json", "--top=1",
                                       *images))
        right = [os.path.basename(os.path.dirname(result["input"])) == result["top"][0]["label"]
                 for result in answers["results"]]
        return sum(right) / len(right)

    def latency(self, network, method, devices, pace):
        """Median milliseconds of one image."""
        plan = self.plan(network, method, self.compact(network, method), devices)
        image = sorted(glob.glob(os.path.join(self.args.data, "test", "*", "*")))[0]
        prefix = self.args.run_with.split()
        question = (*prefix, os.path.join(self.args.build, "bin", "windrow-run"), plan,
                    image, "--json", "--repeat=15")
        if not pace:
            answer = run(*question, "--local")
        else:
            node = os.path.join(self.args.build, "bin", "windrow-node")
            nodes = [subprocess.Popen(
                [*prefix, node, os.path.join(plan, f"node-{number}.bundle"), f"--pace={pace}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for number in range(devices)]
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


def measure(bench, network, method):
    args = bench.args
    model = bench.compact(network, method)
    bench.record(network, method, "size", lambda: measure_size(model))
    if "accuracy" in args.stage:
        bench.record(network, method, "before",
                     lambda: bench.accuracy(network, method, model))
    if "tune" in args.stage and METHODS[network][method]:
        for seed in range(1, 1 + (args.seeds if method == RECOMMENDED else 1)):
            bench.record(network, method, f"after {seed}", lambda: bench.accuracy(
                network, method, bench.tune(network, method, seed)))
    if "latency" in args.stage:
        for key, devices, pace in (("alone", 1, None), ("paced 1", 1, PACE),
                                   (f"paced {NODES}", NODES, PACE)):
            bench.record(network, method, key,
                         lambda: bench.latency(network, method, devices, pace))


def percent(value):
    return "-" if value is None else f"{100 * value:.2f} %"


def milliseconds(value):
    return "-" if value is None else f"{value:.1f} ms"


def print_table(network, figures):
    print(f"\n### {network}\n")
    print("| method | parameters | GMAC | model | accuracy before tuning | after "
          f"| one device | 1 slow node | {NODES} slow nodes |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for method in METHODS[network]:
        known = figures.get(method, {})
        if "size" not in known:
            continue
        size = known["size"]
        seeds = [value for key, value in known.items() if key.startswith("after ")]
        after = percent(statistics.median(seeds)) if seeds else "-"
        if len(seeds) > 1:
            after += f" (median of {len(seeds)})"
        print(f"| {method} | {size['parameters'] / 1e6:.2f} M | {size['macs'] / 1e9:.3f} "
              f"| {size['bytes'] / 1e6:.1f} MB | {percent(known.get('before'))} | {after} "
              f"| {milliseconds(known.get('alone'))} "
              f"| {milliseconds(known.get('paced 1'))} "
              f"| {milliseconds(known.get(f'paced {NODES}'))} |")


def main():
    args = parse_arguments()
    bench = Bench(args)
    networks = [args.network] if args.network else sorted(METHODS)
    start = time.monotonic()
    try:
        for network in networks:
            for method in METHODS[network]:
                measure(bench, network, method)
    except (Failure, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: the same command goes on")
    for network in networks:
        print_table(network, bench.figures.get(network, {}))
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
