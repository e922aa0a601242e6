//===- OpCost.h - What an operation costs -----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure arithmetic; knows no MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_OPCOST_H
#define WINDROW_DIALECTS_NN_OPCOST_H

#include <cstdint>

namespace windrow::nn {

/// Arithmetic and memory traffic of one execution of an operation. All are zero
/// where the result is the operand seen in another shape.
struct OpCost {
  /// Multiply-accumulates of a convolution or a matrix product, padding
  /// included. Of a pooling, one per element of a window; of a global pooling,
  /// one per element of the input; of an elementwise operation, one per element
  /// of the result; of an operation that only moves data, none.
  int64_t macs = 0;
  /// Bytes of the operands that are activations.
  int64_t activationBytesRead = 0;
  /// Bytes of the result.
  int64_t activationBytesWritten = 0;
  /// Bytes of filters, biases, scales and of other operands that are constants.
  int64_t weightBytes = 0;

  OpCost &operator+=(const OpCost &other) {
    macs += other.macs;
    activationBytesRead += other.activationBytesRead;
    activationBytesWritten += other.activationBytesWritten;
    weightBytes += other.weightBytes;
    return *this;
  }
  friend OpCost operator+(OpCost lhs, const OpCost &rhs) { return lhs += rhs; }
  friend bool operator==(const OpCost &, const OpCost &) = default;
};

} // namespace windrow::nn

#endif // WINDROW_DIALECTS_NN_OPCOST_H
