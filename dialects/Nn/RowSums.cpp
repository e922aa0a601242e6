//===- RowSums.cpp - Sums of rows of linear operations --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/RowSums.h"

#include "dialects/Nn/Nn.h"

using namespace mlir;

namespace windrow::nn {

static constexpr int64_t rowDimension = 1;

static RankedTensorType typeOf(Value image) {
  return cast<RankedTensorType>(image.getType());
}

static Value reshape(OpBuilder &builder, Value image, ArrayRef<int64_t> shape) {
  return ReshapeOp::create(builder, image.getLoc(), typeOf(image).clone(shape),
                           image);
}

static Value sliceRows(OpBuilder &builder, Value image, int64_t first,
                       int64_t count) {
  return buildSlice(builder, image.getLoc(), image, rowDimension,
                    RowInterval{first, first + count});
}

/// The sum of `count` rows of `image`, from `first` on, each `step` rows behind
/// the one before. An image of one row.
static Value sumRows(OpBuilder &builder, Value image, int64_t first,
                     int64_t count, int64_t step) {
  if (count == 1)
    return sliceRows(builder, image, first, 1);
  // Rows that lie one behind the other are one long pixel of a shorter image;
  // those of a step are the channels of one.
  int64_t columns = typeOf(image).getDimSize(2);
  int64_t channels = typeOf(image).getDimSize(3);
  int64_t groups = step == 1 ? count : count - 1;
  Value rows = sliceRows(builder, image, first, groups * step);
  rows = reshape(builder, rows, {1, groups, 1, step * columns * channels});
  Value sum = GlobalSumPoolOp::create(builder, image.getLoc(), rows);
  sum = reshape(builder, sum, {1, step, columns, channels});
  if (step == 1)
    return sum;
  Value last = sliceRows(builder, image, first + groups * step, 1);
  return AddOp::create(builder, image.getLoc(), sliceRows(builder, sum, 0, 1),
                       last, ClampAttr());
}

static int64_t divideUp(int64_t a, int64_t b) {
  return a > 0 ? (a + b - 1) / b : -(-a / b);
}

bool hasLinearRows(Operation *op) {
  auto conv = dyn_cast<Conv2DOp>(op);
  if (!conv || conv.getBias() || conv.getClampAttr() || !conv.isRowSplittable())
    return false;
  // Then each output row sees the image, the taps that any rows see are
  // neighbours, and those that see one row only see rows that are consecutive.
  int64_t kernel = typeOf(conv.getFilter()).getDimSize(rowDimension);
  return (kernel == 1 || conv.getDilations()[0] == 1) &&
         conv.getPads()[0] < kernel && conv.getPads()[2] < kernel &&
         conv.getStrides()[0] <
             typeOf(conv.getInput()).getDimSize(rowDimension);
}

Value buildRowSum(OpBuilder &builder, Operation *op, Value strip,
                  RowInterval outputRows) {
  auto conv = cast<Conv2DOp>(op);
  RankedTensorType input = typeOf(conv.getInput());
  RankedTensorType filter = typeOf(conv.getFilter());
  int64_t height = input.getDimSize(rowDimension);
  int64_t stride = conv.getStrides()[0];
  int64_t begin = conv.getRowWindow(0, outputRows).rows.begin;

  SmallVector<Value> taps;
  int64_t above = 0, below = 0; // taps that see nothing but padding
  for (int64_t tap = 0; tap < filter.getDimSize(rowDimension); ++tap) {
    // Output row r reads input row r * stride + shift, if there is such.
    int64_t shift = tap - conv.getPads()[0];
    RowInterval rows = outputRows.intersect(
        {divideUp(-shift, stride), divideUp(height - shift, stride)});
    if (rows.empty()) {
      ++(taps.empty() ? above : below);
      continue;
    }
    taps.push_back(sumRows(builder, strip, rows.begin * stride + shift - begin,
                           rows.size(), stride));
  }
  Value image = taps.size() == 1 ? taps.front()
                                 : ConcatOp::create(builder, op->getLoc(), taps,
                                                    rowDimension)
                                       .getResult();
  auto sum = cast<Conv2DOp>(
      buildStrip(builder, op, {image, conv.getFilter()}, /*rows=*/1));
  sum.setPads({above, conv.getPads()[1], below, conv.getPads()[3]});
  sum.setStrides({1, conv.getStrides()[1]});
  sum.setDilations({1, conv.getDilations()[1]});
  sum.setAlgorithm(ConvolutionAlgorithm::Direct);
  return sum;
}

} // namespace windrow::nn
