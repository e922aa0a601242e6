//===- interleave_planes.h - From planes to pixels --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_INTERLEAVE_PLANES_H
#define WINDROW_RUNTIME_KERNELS_INTERLEAVE_PLANES_H

#include <cstddef>

namespace windrow {

/// Writes an image of three channels of `pixels` elements each, one channel
/// behind the other (NCHW), pixel by pixel (NHWC). The two must not overlap.
void interleaveThreePlanes(const float *planes, size_t pixels, float *image);

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_INTERLEAVE_PLANES_H
