#!/usr/bin/python3
"""Trained networks on real images, against ONNX Runtime's answers.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Compiles each model of the shared folder for one device and for three, and runs
the images for which the folder holds ONNX Runtime's logits: as tensors, decoded
here the way they were decoded there, and as JPEG files.
"""

import json
import os
import sys
import tempfile

import numpy as np
from PIL import Image

from trained_models import (SHARED, SUM_TOLERANCE, has_trained_models, read_answers, run_tool,
                            write_cluster)

MODELS = ("resnet18-neu", "vgg16-neu")
TOLERANCE = 1e-4  # of the largest logit of an image, against ONNX Runtime
# With fully connected weights of 16 bits: 8 and 11 bits of precision.
NARROW_TOLERANCE = {"bf16": 2e-3, "f16": 5e-4}


def save_tensors(files, folder):
    paths = []
    for number, file in enumerate(files):
        grey = np.asarray(Image.open(file).convert("L"), dtype=np.float32)
        plane = ((grey / 255 - 0.5) / 0.5).astype(np.float32)
        paths.append(os.path.join(folder, f"{number}.npy"))
        np.save(paths[-1], np.stack([plane] * 3)[None])
    return paths


def relative_error(actual, wanted):
    return (abs(actual - wanted).max(axis=1) / abs(wanted).max(axis=1)).max()


def check_model(model, folder):
    """What is wrong with `model`, one text each."""
    files, wanted = read_answers(model)
    tensors = save_tensors(files, folder)
    cluster = write_cluster(folder)
    onnx = os.path.join(SHARED, "models", f"{model}.onnx")
    outputs = {}
    for strategy in ("single", "proportional", "even", "dp"):
        plan = os.path.join(folder, f"{model}-{strategy}")
        run_tool("windrow-compile", onnx, f"--cluster={cluster}",
                 f"--strategy={strategy}", "-o", plan)
        output = os.path.join(folder, "output.npy")
        run_tool("windrow-run", plan, *tensors, "--local",
                 f"--save-output={output}")
        outputs[strategy] = np.load(output)
        error = relative_error(outputs[strategy], wanted)
        print(f"{model}, {strategy}: {error:.1e} from ONNX Runtime")
        if not error <= TOLERANCE:
            yield f"{model}, {strategy}: differs from ONNX Runtime by {error:.1e}"
        error = relative_error(outputs[strategy], outputs["single"])
        if not error <= SUM_TOLERANCE:
            yield f"{model}, {strategy}: differs from one device by {error:.1e}"

    for kind, options in (("images", ()), ("grey", ("--image-grey",))):
        plan = os.path.join(folder, f"{model}-{kind}")
        output = os.path.join(folder, f"{kind}.npy")
        run_tool("windrow-compile", onnx, f"--cluster={cluster}",
                 "--strategy=proportional", "-o", plan, "--image-mean=0.5,0.5,0.5",
                 "--image-std=0.5,0.5,0.5", *options)
        answers = json.loads(run_tool("windrow-run", plan, *files, "--local", "--json",
                                      f"--save-output={output}"))
        outputs[kind] = np.load(output)
        for file, answer, logits in zip(files, answers["results"], wanted, strict=True):
            if answer["top"][0]["index"] != logits.argmax():
                yield f"{model}, {kind}: {file}: must be class {logits.argmax()}"
    if not np.array_equal(outputs["grey"], outputs["images"]):
        yield f"{model}: sent as grey, images have other answers"


def check_narrow(model, folder):
    """What is wrong with `model` when dense weights are rounded, one text each."""
    files, wanted = read_answers(model)
    tensors = save_tensors(files, folder)
    cluster = write_cluster(folder)
    for storage, tolerance in NARROW_TOLERANCE.items():
        plan = os.path.join(folder, f"{model}-{storage}")
        run_tool("windrow-compile", os.path.join(SHARED, "models", f"{model}.onnx"),
                 f"--cluster={cluster}", "--strategy=even",
                 f"--dense-weights={storage}", "-o", plan)
        output = os.path.join(folder, "output.npy")
        run_tool("windrow-run", plan, *tensors, "--local", f"--save-output={output}")
        answers = np.load(output)
        error = relative_error(answers, wanted)
        print(f"{model}, dense weights of {storage}: {error:.1e} from ONNX Runtime")
        if not TOLERANCE / 10 < error <= tolerance:
            yield f"{model}, {storage}: differs from ONNX Runtime by {error:.1e}"
        if (answers.argmax(axis=1) != wanted.argmax(axis=1)).any():
            yield f"{model}, {storage}: another class"


def main():
    if not has_trained_models():
        print(f"skipped: the folder of trained models is not there ({SHARED})")
        return 77
    faults = []
    with tempfile.TemporaryDirectory(prefix="windrow-") as folder:
        for model in MODELS:
            faults += check_model(model, folder)
            faults += check_narrow(model, folder)
    for fault in faults:
        print(f"FAILED: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
