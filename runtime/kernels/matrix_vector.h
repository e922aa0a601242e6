//===- matrix_vector.h - A matrix times vectors -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A matrix that is used once for each image takes as long as memory takes to
// deliver it, and memory delivers several streams faster than one. So several
// rows, far apart, are read at a time, in the order in which they are stored.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_KERNELS_MATRIX_VECTOR_H
#define WINDROW_RUNTIME_KERNELS_MATRIX_VECTOR_H

#include "runtime/artifact/bundle_generated.h"

#include <cstddef>
#include <cstdint>

namespace windrow {

/// Rows of a matrix of `columns` elements each, one behind the other, of type
/// F32, F16 or BF16, at an address that is aligned to an element.
struct MatrixRows {
  const std::byte *elements;
  format::ElementType type;
  uint32_t rows, columns;
};

/// Vectors to multiply a matrix by, of f32: row `i` of the input has as many
/// elements as the matrix has columns, and row `i` of the output begins at
/// `output + i * outputStride`. `bias`, which may be null, has an element for
/// each row of the matrix, as a row of the output has.
struct VectorBatch {
  const float *input;
  uint32_t count;
  const float *bias;
  float low, high;
  float *output;
  size_t outputStride;
};

/// Writes min(max(matrix row . input row + bias, low), high). Products and sums
/// are of f32. What an element of the output is does not depend on the other
/// rows of the matrix, nor on how many there are. Thread-safe.
void multiplyMatrix(const MatrixRows &matrix, const VectorBatch &batch);

} // namespace windrow

#endif // WINDROW_RUNTIME_KERNELS_MATRIX_VECTOR_H
