//===- ValueBounds.h - Which interval a value lies in -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_TRANSFORMS_VALUEBOUNDS_H
#define WINDROW_PASSES_TRANSFORMS_VALUEBOUNDS_H

#include "mlir/IR/Value.h"

#include <limits>

namespace windrow::nn {

/// A closed interval.
struct ValueBounds {
  float min = -std::numeric_limits<float>::infinity();
  float max = std::numeric_limits<float>::infinity();

  bool isWithin(ValueBounds outer) const {
    return outer.min <= min && max <= outer.max;
  }
};

/// An interval that holds every element of `value`, as far as the operations
/// that compute it tell: clamps, sigmoids and the like, seen through operations
/// that only move elements. True of rounded results too. Looks back a bounded
/// number of operations.
ValueBounds getValueBounds(mlir::Value value);

} // namespace windrow::nn

#endif // WINDROW_PASSES_TRANSFORMS_VALUEBOUNDS_H
