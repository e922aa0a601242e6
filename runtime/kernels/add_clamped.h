//===- add_clamped.h - Sum and bounds in one pass ---------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_ADD_CLAMPED_H
#define WINDROW_RUNTIME_KERNELS_ADD_CLAMPED_H

#include <cstddef>

namespace windrow {

/// sum[i] = min(max(lhs[i] + rhs[i], low), high) for i below `count`. `sum` may
/// be one of the operands.
void addClamped(const float *lhs, const float *rhs, size_t count, float low,
                float high, float *sum);

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_ADD_CLAMPED_H
