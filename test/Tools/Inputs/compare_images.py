#!/usr/bin/python3
#===- compare_images.py - Compare two folders of images --------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Fails unless two folders hold the same images but for rare differences of 1
grey level (8 in JPEG files, whose coding spreads them)."""

import os
import sys

import numpy as np
from PIL import Image


def main():
    first, second = sys.argv[1:]
    names = sorted(os.listdir(first))
    if names != sorted(os.listdir(second)):
        sys.exit(f"{first} and {second} hold different files")
    for name in names:
        pixels = [np.asarray(Image.open(os.path.join(folder, name)), int)
                  for folder in (first, second)]
        difference = np.abs(pixels[0] - pixels[1])
        allowed = 8 if name.endswith(".jpg") else 1
        if difference.max() > allowed or (difference != 0).mean() > 0.01:
            sys.exit(f"{name} differs by up to {difference.max()} grey levels")
    print(f"{len(names)} images agree")


if __name__ == "__main__":
    main()
