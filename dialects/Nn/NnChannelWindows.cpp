//===- NnChannelWindows.cpp - Computing channels of nn operations ---------===//
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

bool windrow::nn::hasChannels(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() > 0;
}

TensorRegion windrow::nn::wholeRegion(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rank = type.getRank();
  return {{0, rank == 4 ? type.getDimSize(1) : 1},
          {0, rank > 0 ? type.getDimSize(rank - 1) : 1}};
}

/// `operands` with the range `outputs` of dimension 0, that of the output
/// channels, of all but the first.
static SmallVector<Value> cutWeights(OpBuilder &builder, Location location,
                                     ArrayRef<Value> operands,
                                     ChannelInterval outputs) {
  SmallVector<Value> cut{operands[0]};
  for (Value weights : operands.drop_front())
    cut.push_back(
        buildSlice(builder, location, weights, /*dimension=*/0, outputs));
  return cut;
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

namespace {
/// The groups that produce a range of output channels, and their channels.
struct GroupCut {
  int64_t groups;
  ChannelInterval inputs, outputs;
};
} // namespace

/// A convolution without groups is cut anywhere, one with groups between them.
static GroupCut cutGroups(Conv2DOp op, ChannelInterval outputs) {
  int64_t groups = op.getGroups();
  int64_t inputsPerGroup = op.getFilter().getType().getDimSize(3);
  int64_t outputsPerGroup = op.getFilter().getType().getDimSize(0) / groups;
  if (groups == 1) {
    // One channel from one is a depthwise convolution to the kernels, which
    // sums in another order: a neighbour is computed as well.
    if (inputsPerGroup == 1 && outputs.size() == 1 && outputsPerGroup > 1)
      outputs = outputs.begin > 0
                    ? ChannelInterval{outputs.begin - 1, outputs.end}
                    : ChannelInterval{outputs.begin, outputs.end + 1};
    return {1, {0, inputsPerGroup}, outputs};
  }
  int64_t first = outputs.begin / outputsPerGroup;
  int64_t last = (outputs.end + outputsPerGroup - 1) / outputsPerGroup;
  return {last - first,
          {first * inputsPerGroup, last * inputsPerGroup},
          {first * outputsPerGroup, last * outputsPerGroup}};
}

bool Conv2DOp::carriesChannels(unsigned operandIndex) {
  return operandIndex == 0;
}

TensorRegion Conv2DOp::getChannelRegion(unsigned,
                                        ChannelInterval outputChannels) {
  return {wholeRegion(getInput()).rows,
          cutGroups(*this, outputChannels).inputs};
}

Value Conv2DOp::buildChannels(OpBuilder &builder, ArrayRef<Value> operands,
                              ChannelInterval outputChannels) {
  GroupCut cut = cutGroups(*this, outputChannels);
  SmallVector<Value> partOperands =
      cutWeights(builder, getLoc(), operands, cut.outputs);
  Operation *part =
      buildChannelPart(builder, *this, partOperands, cut.outputs.size());
  cast<Conv2DOp>(part).setGroups(cut.groups);
  return buildSlice(builder, getLoc(), part->getResult(0), /*dimension=*/3,
                    {outputChannels.begin - cut.outputs.begin,
                     outputChannels.end - cut.outputs.begin});
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

bool FullyConnectedOp::carriesChannels(unsigned operandIndex) {
  return operandIndex == 0;
}

TensorRegion FullyConnectedOp::getChannelRegion(unsigned, ChannelInterval) {
  return wholeRegion(getInput());
}

Value FullyConnectedOp::buildChannels(OpBuilder &builder,
                                      ArrayRef<Value> operands,
                                      ChannelInterval outputChannels) {
  SmallVector<Value> partOperands =
      cutWeights(builder, getLoc(), operands, outputChannels);
  return buildChannelPart(builder, *this, partOperands, outputChannels.size())
      ->getResult(0);
}

//===----------------------------------------------------------------------===//
// Sums over input channels
//===----------------------------------------------------------------------===//

/// A constant of `channels` elements that are all 1.
static Value buildOnes(OpBuilder &builder, Location location, int64_t channels,
                       Type elementType) {
  auto type = RankedTensorType::get({channels}, elementType);
  return ConstantOp::create(
      builder, location,
      DenseElementsAttr::get(type, builder.getFloatAttr(elementType, 1.0)));
}

/// Adds the bias, which may be null, of these channels to `sum`, and clamps.
static Value buildBiasAndClamp(OpBuilder &builder, Location location, Value sum,
                               Value bias, ClampAttr clamp,
                               ChannelInterval outputChannels) {
  if (bias) {
    Value ones =
        buildOnes(builder, location, outputChannels.size(),
                  cast<RankedTensorType>(bias.getType()).getElementType());
    Value shift =
        buildSlice(builder, location, bias, /*dimension=*/0, outputChannels);
    return ScaleShiftOp::create(builder, location, sum, ones, shift, clamp);
  }
  return clamp ? Value(ClampOp::create(builder, location, sum, clamp)) : sum;
}

bool Conv2DOp::isChannelReducible() { return getGroups() == 1; }

Value Conv2DOp::buildChannelPartial(OpBuilder &builder, Value input,
                                    ChannelInterval inputChannels) {
  Value filter = buildSlice(builder, getLoc(), getFilter(), /*dimension=*/3,
                            inputChannels);
  Operation *part = buildChannelPart(builder, *this, {input, filter},
                                     wholeRegion(getResult()).channels.end);
  cast<Conv2DOp>(part).removeClampAttr();
  return part->getResult(0);
}

Value Conv2DOp::buildChannelFinal(OpBuilder &builder, Value sum,
                                  ChannelInterval outputChannels) {
  return buildBiasAndClamp(builder, getLoc(), sum, getBias(), getClampAttr(),
                           outputChannels);
}

Value FullyConnectedOp::buildChannelPartial(OpBuilder &builder, Value input,
                                            ChannelInterval inputChannels) {
  Value filter = buildSlice(builder, getLoc(), getFilter(), /*dimension=*/1,
                            inputChannels);
  return FullyConnectedOp::create(builder, getLoc(), input, filter,
                                  /*bias=*/Value(), /*clamp=*/nullptr,
                                  getStorage());
}

Value FullyConnectedOp::buildChannelFinal(OpBuilder &builder, Value sum,
                                          ChannelInterval outputChannels) {
  return buildBiasAndClamp(builder, getLoc(), sum, getBias(), getClampAttr(),
                           outputChannels);
}

//===----------------------------------------------------------------------===//
// Weights for each channel
//===----------------------------------------------------------------------===//

bool ScaleShiftOp::carriesChannels(unsigned operandIndex) {
  return operandIndex == 0;
}

Value ScaleShiftOp::buildChannels(OpBuilder &builder, ArrayRef<Value> operands,
                                  ChannelInterval outputChannels) {
  SmallVector<Value> partOperands =
      cutWeights(builder, getLoc(), operands, outputChannels);
  return buildChannelPart(builder, *this, partOperands, outputChannels.size())
      ->getResult(0);
}

TensorRegion
NormalizeImageOp::getChannelRegion(unsigned, ChannelInterval outputChannels) {
  TensorRegion whole = wholeRegion(getInput());
  bool isGrey = whole.channels.size() == 1;
  return {whole.rows, isGrey ? whole.channels : outputChannels};
}

Value NormalizeImageOp::buildChannels(OpBuilder &builder,
                                      ArrayRef<Value> operands,
                                      ChannelInterval outputChannels) {
  auto cut = [&](ArrayRef<float> numbers) {
    return numbers.slice(outputChannels.begin, outputChannels.size());
  };
  return NormalizeImageOp::create(builder, getLoc(), operands[0],
                                  cut(getMean()), cut(getDeviation()));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static int64_t lastDimension(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() - 1;
}

static int64_t countChannels(Value value) {
  return wholeRegion(value).channels.end;
}

TensorRegion ConcatOp::getChannelRegion(unsigned operandIndex,
                                        ChannelInterval outputChannels) {
  TensorRegion region = wholeRegion(getInputs()[operandIndex]);
  if (int64_t(getAxis()) != lastDimension(getResult())) {
    region.channels = outputChannels;
    return region;
  }
  int64_t begin = 0;
  for (Value before : getInputs().take_front(operandIndex))
    begin += countChannels(before);
  region.channels = region.channels.intersect(
      {outputChannels.begin - begin, outputChannels.end - begin});
  return region;
}

Value ConcatOp::buildChannels(OpBuilder &builder, ArrayRef<Value> operands,
                              ChannelInterval) {
  SmallVector<Value> parts;
  llvm::copy_if(operands, std::back_inserter(parts),
                [](Value operand) { return operand != nullptr; });
  if (parts.size() == 1)
    return parts.front();
  return ConcatOp::create(builder, getLoc(), parts, getAxis());
}

static RowSlide channelSlide(PadOp op) {
  return {.inputRows = countChannels(op.getInput()),
          .paddingTop = op.getLow().back()};
}

static RowSlide channelSlide(SliceOp op) {
  return {.inputRows = countChannels(op.getInput()),
          .paddingTop = -op.getOffsets().back()};
}

/// Gives a part of a padding the padding of its window.
static void setChannelWindow(PadOp part, const RowWindow &window, int64_t) {
  SmallVector<int64_t> low(part.getLow()), high(part.getHigh());
  low.back() = window.paddingTop;
  high.back() = window.paddingBottom;
  part.setLow(low);
  part.setHigh(high);
}

static void setChannelWindow(SliceOp part, const RowWindow &,
                             int64_t channels) {
  SmallVector<int64_t> offsets(part.getOffsets()), sizes(part.getSizes());
  offsets.back() = 0;
  sizes.back() = channels;
  part.setOffsets(offsets);
  part.setSizes(sizes);
}

/// As the rows of a padding, its channels are widened to some of the tensor.
template <typename OpTy>
static ChannelInterval widenChannels(OpTy op, ChannelInterval outputChannels) {
  return widenToImage(channelSlide(op), outputChannels,
                      countChannels(op.getResult()));
}

#define WINDROW_NN_DEFINE_CHANNEL_SLIDE(OpTy)                                  \
  bool OpTy::isChannelSplittable() { return hasChannels(getInput()); }         \
  TensorRegion OpTy::getChannelRegion(unsigned,                                \
                                      ChannelInterval outputChannels) {        \
    return {                                                                   \
        wholeRegion(getInput()).rows,                                          \
        rowWindow(channelSlide(*this), widenChannels(*this, outputChannels))   \
            .rows};                                                            \
  }                                                                            \
  Value OpTy::buildChannels(OpBuilder &builder, ArrayRef<Value> operands,      \
                            ChannelInterval outputChannels) {                  \
    ChannelInterval widened = widenChannels(*this, outputChannels);            \
    Operation *part =                                                          \
        buildChannelPart(builder, *this, operands, widened.size());            \
    setChannelWindow(cast<OpTy>(part),                                         \
                     rowWindow(channelSlide(*this), widened), widened.size()); \
    return buildSlice(builder, getLoc(), part->getResult(0),                   \
                      lastDimension(getResult()),                              \
                      {outputChannels.begin - widened.begin,                   \
                       outputChannels.end - widened.begin});                   \
  }

WINDROW_NN_DEFINE_CHANNEL_SLIDE(PadOp)
WINDROW_NN_DEFINE_CHANNEL_SLIDE(SliceOp)
#undef WINDROW_NN_DEFINE_CHANNEL_SLIDE

static bool keepsLastDimension(ReshapeOp op) {
  RankedTensorType input = op.getInput().getType();
  RankedTensorType result = op.getResult().getType();
  return input.getRank() > 0 && result.getRank() > 0 &&
         input.getShape().back() == result.getShape().back();
}

/// Whether `op` makes one image one row of elements.
static bool isFlattening(ReshapeOp op) {
  return isOneImage(op.getInput()) && op.getType().getRank() > 0 &&
         op.getType().getShape().back() == op.getType().getNumElements();
}

/// The rows that hold the elements `elements` of a flattened image.
static RowInterval rowsOfElements(ReshapeOp op, ChannelInterval elements) {
  RankedTensorType image = op.getInput().getType();
  int64_t elementsPerRow = image.getDimSize(2) * image.getDimSize(3);
  return {elements.begin / elementsPerRow,
          (elements.end + elementsPerRow - 1) / elementsPerRow};
}

bool ReshapeOp::isChannelSplittable() {
  return keepsLastDimension(*this) || isFlattening(*this);
}

TensorRegion ReshapeOp::getChannelRegion(unsigned,
                                         ChannelInterval outputChannels) {
  TensorRegion whole = wholeRegion(getInput());
  if (keepsLastDimension(*this))
    return {whole.rows, outputChannels};
  return {rowsOfElements(*this, outputChannels), whole.channels};
}

Value ReshapeOp::buildChannels(OpBuilder &builder, ArrayRef<Value> operands,
                               ChannelInterval outputChannels) {
  if (keepsLastDimension(*this))
    return buildChannelPart(builder, *this, operands, outputChannels.size())
        ->getResult(0);
  RankedTensorType image = getInput().getType();
  int64_t elementsPerRow = image.getDimSize(2) * image.getDimSize(3);
  RowInterval rows = rowsOfElements(*this, outputChannels);
  Operation *part =
      buildChannelPart(builder, *this, operands, rows.size() * elementsPerRow);
  int64_t begin = rows.begin * elementsPerRow;
  return buildSlice(builder, getLoc(), part->getResult(0),
                    lastDimension(getResult()),
                    {outputChannels.begin - begin, outputChannels.end - begin});
}
