//===- ReferenceKernels.h - Plain kernels that define nn --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What each operation of the nn dialect computes, in loops that are plain
// enough to be believed: sums and functions in double, rounded to float once.
// Knows no MLIR, so that tests of the runtime can use it too. Arguments must be
// consistent as dialects/Nn/NnOps.td says; nothing is checked here.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_INTERPRETER_REFERENCEKERNELS_H
#define WINDROW_TEST_INTERPRETER_REFERENCEKERNELS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace windrow::reference {

using Shape = std::vector<int64_t>;

/// A dense tensor, the last dimension contiguous. Elements of type ui8 are held
/// as the floats of the same value.
struct Tensor {
  Shape shape;
  std::vector<float> values;

  Tensor() = default;
  /// All elements are `value`.
  explicit Tensor(Shape shape, float value = 0);
  Tensor(Shape shape, std::vector<float> values);

  int64_t dim(std::size_t index) const { return shape[index]; }
  /// The element of a rank-4 tensor at image, row, column, channel.
  float at(int64_t n, int64_t h, int64_t w, int64_t c) const;
  float &at(int64_t n, int64_t h, int64_t w, int64_t c);
  friend bool operator==(const Tensor &, const Tensor &) = default;
};

/// Number of elements of a tensor of `shape`.
int64_t elementCount(const Shape &shape);

/// How a convolution or a pooling slides. Pairs are height, width; pads are
/// top, left, bottom, right.
struct Sliding {
  std::array<int64_t, 2> kernel = {1, 1};
  std::array<int64_t, 2> strides = {1, 1};
  std::array<int64_t, 2> dilations = {1, 1};
  std::array<int64_t, 4> pads = {0, 0, 0, 0};

  /// Height or width of the result for a height or width of the input.
  int64_t outputSize(unsigned axis, int64_t inputSize) const;
};

/// `sliding.kernel` is the filter's. `bias` may be null.
Tensor conv2D(const Tensor &input, const Tensor &filter, const Tensor *bias,
              const Sliding &sliding, int64_t groups);
Tensor maxPool2D(const Tensor &input, const Sliding &sliding);
/// Padding counts neither in the sum nor in the number of elements.
Tensor avgPool2D(const Tensor &input, const Sliding &sliding);
Tensor globalSumPool(const Tensor &input);
Tensor globalAvgPool(const Tensor &input);
/// `bias` may be null.
Tensor fullyConnected(const Tensor &input, const Tensor &filter,
                      const Tensor *bias);

/// One operand may be [N,1,1,C].
Tensor add(const Tensor &lhs, const Tensor &rhs);
Tensor multiply(const Tensor &lhs, const Tensor &rhs);
Tensor clamp(Tensor input, float min, float max);
Tensor sigmoid(Tensor input);
Tensor hardSwish(Tensor input);
/// Over the last dimension.
Tensor softmax(Tensor input);
Tensor scaleShift(Tensor input, const Tensor &scale, const Tensor &shift);
Tensor normalizeImage(const Tensor &input, const std::vector<float> &mean,
                      const std::vector<float> &deviation);

Tensor concat(const std::vector<const Tensor *> &inputs, std::size_t axis);
/// `low` and `high` count zeros before and behind, one number a dimension.
Tensor pad(const Tensor &input, const Shape &low, const Shape &high);
Tensor slice(const Tensor &input, const Shape &offsets, const Shape &sizes);
Tensor reshape(Tensor input, Shape shape);
/// Dimension i of the result is dimension `permutation[i]` of the input.
Tensor transpose(const Tensor &input, const Shape &permutation);

} // namespace windrow::reference

#endif // WINDROW_TEST_INTERPRETER_REFERENCEKERNELS_H
