#!/usr/bin/python3
#===- generate.py - Write a known network with random weights as ONNX ------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Write the ONNX file of a known architecture with random but sane weights."""

import argparse
import dataclasses
import functools
import os
import sys
import tempfile

import onnx

import onnx_writer
import plain_networks
import residual_networks
from network_builder import NetworkBuilder, Options

OLDEST_OPSET, NEWEST_OPSET = 7, 21


def architectures():
    """Name -> (function of a builder, number of parameters at 1x3x224x224)."""
    vgg, resnet = plain_networks.vgg, residual_networks.resnet
    mobilenet_v3 = residual_networks.mobilenet_v3
    vgg_parameters = {
        11: (132863336, 132868840, 132866088), 13: (133047848, 133053736, 133050792),
        16: (138357544, 138365992, 138361768), 19: (143667240, 143678248, 143672744)}
    result = {}
    for layers, counts in vgg_parameters.items():
        for form, suffix, count in zip(("relu", "bn_relu", "relu_bn"),
                                       ("", "_bn", "_relu_bn"), counts):
            result[f"vgg{layers}{suffix}"] = (
                functools.partial(vgg, layers=layers, form=form), count)
    for layers, count in ((18, 11689512), (34, 21797672), (50, 25557032),
                          (101, 44549160), (152, 60192808)):
        result[f"resnet{layers}"] = functools.partial(resnet, layers=layers), count
    result["wide_resnet50_2"] = (
        functools.partial(resnet, layers=50, width_per_group=128), 68883240)
    result["resnext50_32x4d"] = (
        functools.partial(resnet, layers=50, groups=32, width_per_group=4), 25028904)
    result["mobilenet_v2"] = residual_networks.mobilenet_v2, 3504872
    result["mobilenet_v3_small"] = functools.partial(
        mobilenet_v3, rows=residual_networks.MOBILENET_V3_SMALL,
        last_hidden=1024), 2542856
    result["mobilenet_v3_large"] = functools.partial(
        mobilenet_v3, rows=residual_networks.MOBILENET_V3_LARGE,
        last_hidden=1280), 5483032
    result["squeezenet1_1"] = plain_networks.squeezenet1_1, 1235496
    result["densenet121"] = plain_networks.densenet121, 7978856
    result["googlenet"] = plain_networks.googlenet, 6624904
    return result


def build(name, options):
    """The builder, filled, and the model without weights."""
    builder = NetworkBuilder(name, options)
    return builder, builder.model(architectures()[name][0](builder))


class Progress:
    """A line on stderr, if that is a terminal."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.shown = sys.stderr.isatty()

    def __call__(self, weight):
        self.done += weight.bytes
        if self.shown:
            end = "\n" if self.done == self.total else ""
            print(f"\rwriting: {self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB",
                  end=end, file=sys.stderr, flush=True)


def write(path, name, options, external_data=False, progress=None):
    """Write one network to `path`; returns its builder."""
    builder, model = build(name, options)
    writer = onnx_writer.write_external if external_data else (
        onnx_writer.write_embedded)
    progress = progress or Progress(sum(weight.bytes for weight in builder.weights))
    writer(path, model, builder.weights, progress)
    return builder


def list_architectures():
    for name, (_, parameters) in architectures().items():
        builder, _ = build(name, Options())
        size = sum(weight.bytes for weight in builder.weights)
        print(f"{name:20} {parameters / 1e6:7.2f} M parameters "
              f"{builder.macs / 1e9:6.2f} GMAC {size / 1e6:7.1f} MB")


def check():
    """Compare parameter counts at full size, and run ONNX's checker on thin
    networks of the same structure in every form; True when all is well."""
    failures = []
    checked = 0
    newest = min(onnx.defs.onnx_opset_version(), NEWEST_OPSET)
    plain = Options(height=64, width=72, channels_divisor=8, classes=10)
    forms = [dataclasses.replace(plain, opset=opset) for opset in (10, 13, newest)]
    forms.append(dataclasses.replace(plain, reshape_head=True, reduce_mean=True,
                                     decompose=True))
    for name, (_, parameters) in architectures().items():
        builder, _ = build(name, Options())
        if builder.parameters != parameters:
            failures.append(f"{name}: {builder.parameters} parameters, "
                            f"not {parameters}")
        with tempfile.TemporaryDirectory() as folder:
            for number, options in enumerate(forms):
                path = os.path.join(folder, "model.onnx")
                write(path, name, options, external_data=number == 0,
                      progress=lambda weight: None)
                checked += 1
                try:
                    onnx.checker.check_model(path, full_check=True)
                except (onnx.checker.ValidationError,
                        onnx.shape_inference.InferenceError) as error:
                    failures.append(f"{name}, {options}: {error}")
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(architectures())} architectures, {checked} models checked, "
          f"{len(failures)} failed")
    return not failures


def parse_shape(text):
    try:
        batch, channels, height, width = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be 1,3,H,W, got {text}") from None
    if batch != 1 or channels != 3 or min(height, width) < 1:
        raise argparse.ArgumentTypeError(f"must be 1,3,H,W, got {text}")
    return height, width


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Write a known network with random weights as ONNX.",
        epilog="example: generate.py resnet50 --out=resnet50.onnx")
    parser.add_argument("architecture", nargs="?", metavar="ARCHITECTURE")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--input-shape", type=parse_shape, default=(224, 224),
                        metavar="1,3,H,W", help="default 1,3,224,224")
    parser.add_argument("--opset", type=int, default=13, metavar="N",
                        help=f"{OLDEST_OPSET} to {NEWEST_OPSET}, default 13")
    parser.add_argument("--classes", type=int, default=1000, metavar="N")
    parser.add_argument("--channels-divisor", type=int, default=1, metavar="K",
                        help="divide all channel counts: a thin network of the "
                        "same structure, for tests")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--external-data", action="store_true",
                        help="write the weights to FILE.data")
    parser.add_argument("--head", choices=("flatten", "reshape"), default="flatten")
    parser.add_argument("--global-pool", choices=("pool", "reduce-mean"),
                        default="pool", help="GlobalAveragePool or ReduceMean")
    parser.add_argument("--activations", choices=("operators", "decomposed"),
                        default="operators", help="HardSwish and HardSigmoid as "
                        "operators, or as Add, Clip, Mul and Div")
    parser.add_argument("--list", action="store_true",
                        help="print the architectures with parameters and MACs")
    parser.add_argument("--check", action="store_true",
                        help="check parameter counts, and thin networks with "
                        "ONNX's checker")
    args = parser.parse_args()
    if args.list or args.check:
        return args
    if not args.architecture or not args.out:
        parser.error("give an architecture and --out=FILE, or --list or --check")
    if args.architecture not in architectures():
        parser.error(f"{args.architecture}: unknown architecture, see --list")
    if not OLDEST_OPSET <= args.opset <= NEWEST_OPSET:
        parser.error(f"--opset must be {OLDEST_OPSET} to {NEWEST_OPSET}, "
                     f"got {args.opset}")
    if min(args.classes, args.channels_divisor) < 1 or args.seed < 0:
        parser.error("--classes and --channels-divisor must be at least 1, "
                     "--seed at least 0")
    return args


def main():
    args = parse_arguments()
    if args.list:
        return list_architectures()
    if args.check:
        sys.exit(not check())
    height, width = args.input_shape
    options = Options(
        height=height, width=width, opset=args.opset, classes=args.classes,
        channels_divisor=args.channels_divisor, seed=args.seed,
        reshape_head=args.head == "reshape",
        reduce_mean=args.global_pool == "reduce-mean",
        decompose=args.activations == "decomposed")
    try:
        builder = write(args.out, args.architecture, options, args.external_data)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(f"{args.out}: {builder.parameters / 1e6:.2f} M parameters, "
          f"{builder.macs / 1e9:.2f} GMAC")


if __name__ == "__main__":
    main()
