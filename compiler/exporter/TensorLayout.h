//===- TensorLayout.h - How an ONNX tensor holds a value --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values of the nn dialect are NHWC, tensors of ONNX are NCHW. Knows neither
// ONNX nor MLIR's IR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_EXPORTER_TENSORLAYOUT_H
#define WINDROW_COMPILER_EXPORTER_TENSORLAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace windrow::exporter {

using Shape = llvm::SmallVector<int64_t, 4>;

/// Dimension i of the result is dimension permutation[i] of `shape`.
Shape permuted(llvm::ArrayRef<int64_t> shape,
               llvm::ArrayRef<int64_t> permutation);

/// The permutation that undoes `permutation`.
Shape inverse(llvm::ArrayRef<int64_t> permutation);

/// The elements of a value of the nn dialect as an ONNX tensor has them: the
/// value is the tensor, taken as one of the shape `view`, transposed by
/// `permutation`, and taken as one of the value's own shape.
struct TensorLayout {
  Shape view;
  Shape permutation;

  /// That of a tensor which is the value itself.
  static TensorLayout plain(llvm::ArrayRef<int64_t> valueShape);
  /// The last dimension of the value is dimension 1 of the tensor: NCHW for
  /// NHWC. The value has two dimensions or more.
  static TensorLayout channelsFirst(llvm::ArrayRef<int64_t> valueShape);
  /// That of a tensor which transposed by `permutation` is the value.
  static TensorLayout transposed(llvm::ArrayRef<int64_t> valueShape,
                                 llvm::ArrayRef<int64_t> permutation);

  /// The view's shape once it is transposed.
  Shape transposedView() const { return permuted(view, permutation); }

  /// Whether the elements are in the value's own order.
  bool isPlain() const;
  /// Whether a tensor of one layout has its elements in the same order as one
  /// of the other.
  bool isSameOrderAs(const TensorLayout &other) const;

private:
  /// Without dimensions of size 1, and with those joined that stay neighbours.
  TensorLayout simplified() const;
};

} // namespace windrow::exporter

#endif // WINDROW_COMPILER_EXPORTER_TENSORLAYOUT_H
