#!/usr/bin/python3
#===- main_job.py - Three nodes classify a dozen images --------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Compile a network for three devices, run them here, and compare with one.

Three `windrow-node` processes on loopback answer a dozen images together, one
more answers them alone, and a table shows both. Every process is stopped at the
end, by Ctrl-C too.
"""

import argparse
import array
import collections
import contextlib
import glob
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "model", "surface_defects.onnx")
LABELS = os.path.join(HERE, "model", "labels.txt")
CLUSTER = os.path.join(HERE, "cluster.yaml")
TOOLS = ("windrow-compile", "windrow-node", "windrow-run")
# Relative, where devices add up partial sums; everything else is equal in all bits.
SUM_TOLERANCE = 1e-5
COMPILE_SECONDS, START_SECONDS, RUN_SECONDS, STOP_SECONDS = 60, 10, 120, 5


Device = collections.namedtuple("Device", "name address speed")
Answer = collections.namedtuple("Answer", "label probability milliseconds output")


class JobError(Exception):
    """A step failed; the message says which and why."""


class Nodes:
    """Node processes; leaving the context stops them all."""

    def __init__(self, tools, log_folder):
        self.tools, self.log_folder = tools, log_folder
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _, process, _ in self.processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process, _ in self.processes:
            try:
                process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, bundle, address, pace):
        log_path = os.path.join(self.log_folder, f"{name}.log")
        with open(log_path, "w") as log:
            process = subprocess.Popen(
                [self.tools["windrow-node"], bundle, f"--listen={address}",
                 f"--pace={pace:g}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append((name, process, log_path))

    def wait_until_listening(self):
        """Return once every node has said that it listens; raise if one ended
        or said nothing in time."""
        deadline = time.monotonic() + START_SECONDS
        for name, process, log_path in self.processes:
            while True:
                ended = process.poll() is not None
                with open(log_path) as log:
                    text = log.read()
                if re.search(r"\blistening\b", text):
                    break
                if ended or time.monotonic() > deadline:
                    why = f"ended with status {process.returncode}" if ended else (
                        f"was not up after {START_SECONDS} s")
                    raise JobError(f"node {name} {why}: {text.strip() or 'no output'}")
                time.sleep(0.02)


def run_tool(command, seconds):
    """Run a command to its end and return its standard output."""
    name = os.path.basename(command[0])
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise JobError(f"{name} did not end within {seconds} s") from None
    if done.returncode != 0:
        raise JobError(f"{name} failed with status {done.returncode}: "
                       f"{done.stderr.strip()}")
    return done.stdout


def free_addresses(count):
    """Loopback addresses with ports that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


def write_clusters(folder):
    """Write the cluster of three devices, with free ports, and one of its first
    device alone; returns [(file, [Device])]."""
    with open(CLUSTER) as file:
        lines = file.read().splitlines(keepends=True)
    device_lines = [number for number, line in enumerate(lines)
                    if re.match(r"\s*- {name:.*address:", line)]
    clusters = []
    for file_name, kept in (("three.yaml", device_lines), ("one.yaml", device_lines[:1])):
        text, devices = list(lines), []
        addresses = dict(zip(kept, free_addresses(len(kept))))
        for number in device_lines:
            if number not in kept:
                text[number] = ""
                continue
            devices.append(Device(re.search(r"name: ([\w-]+)", lines[number])[1],
                                  addresses[number],
                                  float(re.search(r"speed: ([\d.]+)", lines[number])[1])))
            text[number] = re.sub(r'address: "[^"]*"',
                                  f'address: "{addresses[number]}"', lines[number])
        path = os.path.join(folder, file_name)
        with open(path, "w") as file:
            file.writelines(text)
        clusters.append((path, devices))
    return clusters


def compile_plan(tools, cluster, strategy, plan):
    run_tool([tools["windrow-compile"], MODEL, f"--cluster={cluster}",
              f"--strategy={strategy}", "--image-mean=0.5,0.5,0.5",
              "--image-std=0.5,0.5,0.5", f"--labels={LABELS}", "-o", plan],
             COMPILE_SECONDS)


def start_nodes(nodes, plan, devices, pace):
    """Start a plan's nodes; each runs at its speed times `pace`, if that is set."""
    for device in devices:
        nodes.start(f"{os.path.basename(plan)}-{device.name}",
                    os.path.join(plan, f"{device.name}.bundle"), device.address,
                    device.speed * pace if pace else 1)


def read_rows(path, count):
    """The floats of an .npy file (version 1) as `count` arrays of equal length."""
    with open(path, "rb") as file:
        content = file.read()
    data = array.array("f", content[10 + int.from_bytes(content[8:10], "little"):])
    size = len(data) // count
    return [data[size * row:size * (row + 1)] for row in range(count)]


def classify(tools, plan, images, repeat, folder):
    """A plan's answers in the order of `images`."""
    outputs = os.path.join(folder, "outputs.npy")
    text = run_tool([tools["windrow-run"], plan, *images, "--json",
                     f"--repeat={repeat}", f"--save-output={outputs}"], RUN_SECONDS)
    results = json.loads(text)["results"]
    return [Answer(result["top"][0]["label"], result["top"][0]["probability"],
                   result["latency_ms"]["median"], row)
            for result, row in zip(results, read_rows(outputs, len(images)))]


def difference(output, reference):
    """The largest difference of two outputs, relative to the largest value;
    infinite where an output is no number."""
    if not all(map(math.isfinite, output)):
        return math.inf
    largest = max(map(abs, reference))
    return max(abs(a - b) for a, b in zip(output, reference)) / (largest or 1)


def describe_equality(cluster, single):
    if cluster.output.tobytes() == single.output.tobytes():
        return "yes, every bit"
    error = difference(cluster.output, single.output)
    return f"{'yes' if error <= SUM_TOLERANCE else 'NO'}, to {error:.0e}"


def print_table(images, together, alone, nodes):
    print(f"{'image':24} {'class':16} {'probability':>11} {f'{nodes} nodes':>10} "
          f"{'1 node':>10}  equal")
    for image, cluster, single in zip(images, together, alone):
        print(f"{os.path.basename(image):24} {cluster.label:16} "
              f"{100 * cluster.probability:9.1f} % {cluster.milliseconds:7.2f} ms "
              f"{single.milliseconds:7.2f} ms  {describe_equality(cluster, single)}")
    print("\nMedian latencies. The global average pool adds partial sums of all nodes, "
          "which rounds otherwise than one node's sum.")


def explain_latencies(nodes, pace):
    if pace:
        return (f"Every node sleeps so long that it has its speed in cluster.yaml times "
                f"{pace:g} of a core, as a slower board would.")
    cores = len(os.sched_getaffinity(0))
    return (f"The {nodes} nodes share the {cores} cores of this machine, so together "
            "they need not be faster here; --pace=0.1 slows all nodes down.")


def run_job(build, repeat, pace):
    tools = {name: os.path.join(build, "bin", name) for name in TOOLS}
    for path in (*tools.values(), MODEL, LABELS, CLUSTER):
        if not os.path.exists(path):
            raise JobError(f"{path}: no such file")
    images = sorted(glob.glob(os.path.join(HERE, "images", "*.*")))
    if not images:
        raise JobError(f"{HERE}/images: no images")
    with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
        (three, devices), (one, device) = write_clusters(folder)
        together, alone = (os.path.join(folder, name) for name in ("three", "one"))
        print(f"compiling {os.path.basename(MODEL)} for {len(devices)} devices and "
              "for one", flush=True)
        compile_plan(tools, three, "proportional", together)
        compile_plan(tools, one, "single", alone)
        with Nodes(tools, folder) as nodes:
            start_nodes(nodes, together, devices, pace)
            start_nodes(nodes, alone, device, pace)
            nodes.wait_until_listening()
            print(f"classifying {len(images)} images\n", flush=True)
            answers = [classify(tools, plan, images, repeat, folder)
                       for plan in (together, alone)]
        print_table(images, *answers, len(devices))
        print(explain_latencies(len(devices), pace))
    unequal = sum(difference(cluster.output, single.output) > SUM_TOLERANCE
                  for cluster, single in zip(*answers))
    if unequal:
        raise JobError(f"{unequal} of {len(images)} outputs differ")


def main():
    parser = argparse.ArgumentParser(
        description="Compile a small network for three devices, run them on this "
        "machine, classify a dozen images and compare with one device.",
        epilog="example: main_job.py build")
    parser.add_argument("build", metavar="BUILD", help="build folder with bin/windrow-*")
    parser.add_argument("--repeat", type=int, default=20, metavar="N",
                        help="measure each image N times (default 20)")
    parser.add_argument("--pace", type=float, metavar="SHARE",
                        help="slow every node down to its speed in cluster.yaml times "
                        "this share of a core, as slower boards would be")
    args = parser.parse_args()
    if args.repeat < 1:
        parser.error(f"--repeat must be at least 1, got {args.repeat}")
    if args.pace is not None and not 0.01 <= args.pace <= 1:
        parser.error(f"--pace must be between 0.01 and 1, got {args.pace:g}")
    # As Ctrl-C does: leave through the contexts that stop the nodes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        run_job(os.path.abspath(args.build), args.repeat, args.pace)
    except JobError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
