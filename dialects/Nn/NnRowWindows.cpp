//===- NnRowWindows.cpp - Computing rows of nn operations -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;

static constexpr unsigned rowDimension = 1;

static int64_t rowCount(Value image) {
  return cast<RankedTensorType>(image.getType()).getDimSize(rowDimension);
}

bool windrow::nn::isOneImage(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.getDimSize(0) == 1;
}

bool windrow::nn::hasRowsOfResult(Operation *op, unsigned operandIndex) {
  auto type = cast<RankedTensorType>(op->getOperand(operandIndex).getType());
  return type.getRank() == 4 &&
         type.getDimSize(rowDimension) == rowCount(op->getResult(0));
}

/// Builds `op` with other operands and another size of `dimension`.
static Operation *buildPart(OpBuilder &builder, Operation *op,
                            ValueRange operands, int64_t dimension,
                            int64_t size) {
  auto wholeType = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> shape(wholeType.getShape());
  shape[dimension] = size;
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addTypes(wholeType.clone(shape));
  Operation *part = builder.create(state);
  part->copyProperties(op->getPropertiesStorage());
  return part;
}

Operation *windrow::nn::buildStrip(OpBuilder &builder, Operation *op,
                                   ValueRange operands, int64_t rows) {
  return buildPart(builder, op, operands, rowDimension, rows);
}

Operation *windrow::nn::buildChannelPart(OpBuilder &builder, Operation *op,
                                         ValueRange operands,
                                         int64_t channels) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return buildPart(builder, op, operands, type.getRank() - 1, channels);
}

//===----------------------------------------------------------------------===//
// Operations that slide over the rows of operand 0
//===----------------------------------------------------------------------===//

static RowSlide rowSlide(Conv2DOp op) {
  return {rowCount(op.getInput()), rowCount(op.getFilter()), op.getStrides()[0],
          op.getDilations()[0], op.getPads()[0]};
}

static RowSlide rowSlide(MaxPool2DOp op) {
  return {rowCount(op.getInput()), op.getKernel()[0], op.getStrides()[0],
          op.getDilations()[0], op.getPads()[0]};
}

static RowSlide rowSlide(AvgPool2DOp op) {
  return {rowCount(op.getInput()), op.getKernel()[0], op.getStrides()[0],
          /*dilation=*/1, op.getPads()[0]};
}

static RowSlide rowSlide(PadOp op) {
  return {.inputRows = rowCount(op.getInput()),
          .paddingTop = op.getLow()[rowDimension]};
}

static RowSlide rowSlide(SliceOp op) {
  return {.inputRows = rowCount(op.getInput()),
          .paddingTop = -op.getOffsets()[rowDimension]};
}

/// Gives a strip of a convolution or a pooling the padding of its window.
template <typename OpTy>
static void setRowWindow(OpTy strip, const RowWindow &window, int64_t) {
  ArrayRef<int64_t> pads = strip.getPads();
  strip.setPads({window.paddingTop, pads[1], window.paddingBottom, pads[3]});
}

static void setRowWindow(PadOp strip, const RowWindow &window, int64_t) {
  SmallVector<int64_t> low(strip.getLow()), high(strip.getHigh());
  low[rowDimension] = window.paddingTop;
  high[rowDimension] = window.paddingBottom;
  strip.setLow(low);
  strip.setHigh(high);
}

static void setRowWindow(SliceOp strip, const RowWindow &, int64_t rows) {
  SmallVector<int64_t> offsets(strip.getOffsets()), sizes(strip.getSizes());
  offsets[rowDimension] = 0;
  sizes[rowDimension] = rows;
  strip.setOffsets(offsets);
  strip.setSizes(sizes);
}

/// Whether some window touches the image; each strip borrows rows from there.
template <typename OpTy> static bool isSlideSplittable(OpTy op) {
  return isOneImage(op.getResult()) &&
         !rowWindow(rowSlide(op), {0, rowCount(op.getResult())}).rows.empty();
}

template <typename OpTy> static int64_t rowGrain(OpTy) { return 1; }

static int64_t rowGrain(Conv2DOp op) {
  switch (op.getAlgorithm()) {
  case ConvolutionAlgorithm::Direct:
    return 1;
  case ConvolutionAlgorithm::Winograd4x4:
    return 4;
  case ConvolutionAlgorithm::Winograd2x2:
    return 2;
  }
  llvm_unreachable("all algorithms are listed");
}

int64_t Conv2DOp::getRowGrain() { return rowGrain(*this); }

/// The rows that are computed for `outputRows`, which are not empty: whole
/// grains, whose window holds a row of the image.
template <typename OpTy>
static RowInterval computedRows(OpTy op, RowInterval outputRows) {
  int64_t rows = rowCount(op.getResult()), grain = rowGrain(op);
  RowInterval widened = widenToImage(rowSlide(op), outputRows, rows);
  return {widened.begin / grain * grain,
          std::min(rows, (widened.end + grain - 1) / grain * grain)};
}

template <typename OpTy>
static RowWindow getSlideWindow(OpTy op, RowInterval outputRows) {
  if (outputRows.empty())
    return {};
  return rowWindow(rowSlide(op), computedRows(op, outputRows));
}

/// Rows that lie in the padding alone are computed along with the nearest ones
/// that do not, and cut off from those: there are no tensors without rows.
template <typename OpTy>
static Operation *buildSlideRows(OpBuilder &builder, OpTy op,
                                 ValueRange operands, RowInterval outputRows) {
  RowSlide slide = rowSlide(op);
  RowInterval widened = computedRows(op, outputRows);
  Operation *strip = buildStrip(builder, op, operands, widened.size());
  setRowWindow(cast<OpTy>(strip), rowWindow(slide, widened), widened.size());
  if (widened == outputRows)
    return strip;
  SmallVector<int64_t> offsets(4, 0);
  offsets[rowDimension] = outputRows.begin - widened.begin;
  SmallVector<int64_t> sizes(op.getType().getShape());
  sizes[rowDimension] = outputRows.size();
  return SliceOp::create(builder, op.getLoc(), strip->getResult(0), offsets,
                         sizes);
}

#define WINDROW_NN_DEFINE_ROW_WINDOWS(OpTy)                                    \
  bool OpTy::isRowSplittable() { return isSlideSplittable(*this); }            \
  bool OpTy::carriesRows(unsigned operandIndex) { return operandIndex == 0; }  \
  RowWindow OpTy::getRowWindow(unsigned, RowInterval outputRows) {             \
    return getSlideWindow(*this, outputRows);                                  \
  }                                                                            \
  Operation *OpTy::buildRows(OpBuilder &builder, ValueRange operands,          \
                             RowInterval outputRows) {                         \
    return buildSlideRows(builder, *this, operands, outputRows);               \
  }

WINDROW_NN_DEFINE_ROW_WINDOWS(Conv2DOp)
WINDROW_NN_DEFINE_ROW_WINDOWS(MaxPool2DOp)
WINDROW_NN_DEFINE_ROW_WINDOWS(AvgPool2DOp)
WINDROW_NN_DEFINE_ROW_WINDOWS(PadOp)
WINDROW_NN_DEFINE_ROW_WINDOWS(SliceOp)
#undef WINDROW_NN_DEFINE_ROW_WINDOWS

bool ConcatOp::isRowSplittable() {
  return isOneImage(getResult()) && getAxis() != rowDimension;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// A constant of `channels` elements that are all `value`.
static Value buildSplat(OpBuilder &builder, Location loc, int64_t channels,
                        FloatType elementType, double value) {
  auto type = RankedTensorType::get({channels}, elementType);
  return ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getFloatAttr(elementType, value)));
}

Value GlobalSumPoolOp::buildPartial(OpBuilder &builder, Value strip) {
  return GlobalSumPoolOp::create(builder, getLoc(), strip);
}

Value GlobalSumPoolOp::buildFinal(OpBuilder &, Value sum) { return sum; }

Value GlobalAvgPoolOp::buildPartial(OpBuilder &builder, Value strip) {
  return GlobalSumPoolOp::create(builder, getLoc(), strip);
}

Value GlobalAvgPoolOp::buildFinal(OpBuilder &builder, Value sum) {
  RankedTensorType image = getInput().getType();
  int64_t channels = wholeRegion(sum).channels.end;
  auto elementType = cast<FloatType>(image.getElementType());
  double pixels = double(image.getDimSize(1)) * double(image.getDimSize(2));
  Value scale =
      buildSplat(builder, getLoc(), channels, elementType, 1.0 / pixels);
  Value shift = buildSplat(builder, getLoc(), channels, elementType, 0.0);
  return ScaleShiftOp::create(builder, getLoc(), sum, scale, shift,
                              /*clamp=*/nullptr);
}
