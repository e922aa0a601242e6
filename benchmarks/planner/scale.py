#!/usr/bin/python3
#===- scale.py - Time and quality of plans for many devices ----------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Plans networks for 2 to 256 devices and writes one Markdown table: how long the
search takes, what it predicts, how far that is from the lower bound, and what a
simulation of the devices' programs says. Nothing is executed; times are those of
a model of boards with 10 GFLOP/s and 4 GB/s.

    benchmarks/planner/scale.py --bin=build/bin vgg16.onnx resnet152.onnx
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile


def write_cluster(path, count, bandwidth, is_unequal):
    with open(path, "w", encoding="utf-8") as file:
        file.write("devices:\n")
        for i in range(count):
            speed = (1.0, 0.7, 0.5, 0.35)[i % 4] if is_unequal else 1.0
            file.write(f"  - {{name: d{i}, address: \"localhost:{7801 + i}\", "
                       f"speed: {speed}}}\n")
        file.write(f"links:\n  default: {{bandwidth_mbit: {bandwidth}, "
                   "latency_us: 100}\n")


def plan(compiler, model, cluster, folder):
    """The report of one plan, with the seconds that the search took."""
    done = subprocess.run(
        [compiler, model, f"--cluster={cluster}", "--strategy=dp",
         "--explain=json", "--timing", "--compile-to=device",
         "--image-mean=0.485,0.456,0.406", "--image-std=0.229,0.224,0.225",
         "-o", os.path.join(folder, "device.mlirbc")],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"scale.py: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    report["plan_s"] = float(
        re.search(r"^plan\s+([0-9.]+) s$", done.stderr, re.M).group(1))
    return report


def used_devices(report):
    return sum(device["compute"] > 0 for device in report["devices"])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL", help="ONNX files")
    parser.add_argument("--bin", required=True, help="the folder of windrow-compile")
    parser.add_argument("--devices", default="2,4,8,16,32,64,128,256",
                        help="numbers of devices (default: %(default)s)")
    parser.add_argument("--bandwidth", type=float, default=1000,
                        help="Mbit/s of every link (default: %(default)s)")
    parser.add_argument("--unequal", action="store_true",
                        help="devices of four speeds")
    arguments = parser.parse_args()
    compiler = os.path.join(arguments.bin, "windrow-compile")
    print("| network | devices | used | search s | predicted ms | bound ms | gap | "
          "simulated ms | simulated / predicted |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
        for model in arguments.models:
            for count in map(int, arguments.devices.split(",")):
                cluster = os.path.join(folder, "cluster.yaml")
                write_cluster(cluster, count, arguments.bandwidth,
                              arguments.unequal)
                report = plan(compiler, model, cluster, folder)
                name = os.path.splitext(os.path.basename(model))[0]
                predicted, simulated = report["predicted_s"], report["simulated_s"]
                print(f"| {name} | {count} | {used_devices(report)} | "
                      f"{report['plan_s']:.2f} | {predicted * 1e3:.1f} | "
                      f"{report['lower_bound_s'] * 1e3:.1f} | "
                      f"{report['gap'] * 100:.1f} % | {simulated * 1e3:.1f} | "
                      f"{simulated / predicted:.3f} |", flush=True)


if __name__ == "__main__":
    main()
