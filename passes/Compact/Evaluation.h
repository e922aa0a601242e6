//===- Evaluation.h - Computes operations on many images --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plain evaluator of the nn dialect in f32, with matrix products by Eigen:
// fast enough to run a network on some dozens of images while it is compiled.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_EVALUATION_H
#define WINDROW_PASSES_COMPACT_EVALUATION_H

#include "dialects/Nn/Nn.h"

#include <memory>
#include <vector>

namespace windrow::nn {

/// A dense tensor, the last dimension contiguous. Of a value that depends on
/// the image, those of all images stand one behind the other along dimension 0.
/// Pixels are held as floats.
struct ImageTensor {
  llvm::SmallVector<int64_t, 4> shape;
  std::vector<float> elements;

  explicit ImageTensor(llvm::ArrayRef<int64_t> shape);
  float *data() { return elements.data(); }
  const float *data() const { return elements.data(); }
  /// Elements of one index of the last dimension but one.
  int64_t channels() const { return shape.empty() ? 1 : shape.back(); }
};

using ImageTensorRef = std::shared_ptr<const ImageTensor>;

/// How a convolution or a pool slides, rows before columns.
struct SlidingWindow {
  std::array<int64_t, 2> kernel, strides, dilations, padsLow;
};

/// The window of `conv`.
SlidingWindow getWindow(Conv2DOp conv);

/// Calls `visit(tap, pixel)` for each tap of the window at output `row` and
/// `column` that lies in the image of `input` with index `image`, where `pixel`
/// points to its channels.
template <typename Visitor>
void visitWindow(const SlidingWindow &window, const ImageTensor &input,
                 int64_t image, int64_t row, int64_t column, Visitor visit) {
  int64_t height = input.shape[1], width = input.shape[2];
  for (int64_t kh = 0; kh < window.kernel[0]; ++kh) {
    int64_t h =
        row * window.strides[0] - window.padsLow[0] + kh * window.dilations[0];
    if (h < 0 || h >= height)
      continue;
    for (int64_t kw = 0; kw < window.kernel[1]; ++kw) {
      int64_t w = column * window.strides[1] - window.padsLow[1] +
                  kw * window.dilations[1];
      if (w >= 0 && w < width)
        visit(kh * window.kernel[1] + kw,
              input.data() +
                  ((image * height + h) * width + w) * input.channels());
    }
  }
}

/// The elements of `constant` in the order of its result, or null where they
/// are not at hand.
ImageTensorRef evaluateConstant(ConstantOp constant);

/// The result of `op`, before its clamp if it has one, from its operands.
/// Fails, with a diagnostic, where the operation mixes images or is not of nn.
mlir::FailureOr<ImageTensor>
evaluateUnclamped(mlir::Operation *op, llvm::ArrayRef<ImageTensorRef> operands);

/// Limits the elements of `tensor` as the clamp of `op` says, if it has one.
void applyClamp(mlir::Operation *op, ImageTensor &tensor);

} // namespace windrow::nn

#endif // WINDROW_PASSES_COMPACT_EVALUATION_H
