"""Writes the numbers 1, 2, ... as a .npy file of a given shape, or prints one.

Part of the Windrow Project, under the Apache License v2.0 with LLVM Exceptions.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

    npy.py write FILE SIZE...
    npy.py show FILE
"""

import sys

import numpy

command, path, *sizes = sys.argv[1:]
if command == "write":
    shape = [int(size) for size in sizes]
    count = int(numpy.prod(shape))
    numpy.save(path, numpy.arange(1, count + 1, dtype=numpy.float32).reshape(shape))
else:
    array = numpy.load(path)
    print(list(array.shape), [float(element) for element in array.ravel()])
