//===- CompactBottleneck.cpp - Let convolutions compute on a few channels -===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Compact/LayerChoice.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/NetworkSize.h"
#include "passes/Compact/Passes.h"
#include "passes/Compact/Tucker.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_COMPACTBOTTLENECK
#include "passes/Compact/Passes.h.inc"

namespace {

/// The operations that take the place of a convolution. Filters are zeros until
/// `setFactors`.
struct Bottleneck {
  Conv2DOp reduce;
  Conv2DOp filter;
  Conv2DOp expand;
  SmallVector<Operation *> operations;
  /// What the attention multiplies by before it is tuned.
  double neutralGate = 1;

  void setFactors(const TuckerFactors &factors);
  void erase();
};

class BottleneckBuilder {
public:
  BottleneckBuilder(Conv2DOp conv, ChannelRanks ranks, Attention attention)
      : conv(conv), ranks(ranks), attention(attention), builder(conv) {}

  Bottleneck build();

private:
  Conv2DOp addPointwise(StringRef part, Value input, int64_t outputs,
                        Value bias, ClampAttr clamp);
  Conv2DOp addFilter(Value input);
  Value addGate(Value pooled);
  Value addFullyConnectedGate(Value pooled);
  Value addEcaGate(Value pooled);

  template <typename Op, typename... Arguments>
  Op add(StringRef part, Arguments &&...arguments) {
    auto op = Op::create(builder, nameLayerPart(conv.getLoc(), part),
                         std::forward<Arguments>(arguments)...);
    block.operations.push_back(op);
    return op;
  }
  Value addWeights(StringRef part, ArrayRef<int64_t> shape) {
    return makeZeros(builder, nameLayerPart(conv.getLoc(), part), shape);
  }

  Conv2DOp conv;
  ChannelRanks ranks;
  Attention attention;
  OpBuilder builder;
  Bottleneck block;
};

} // namespace

//===----------------------------------------------------------------------===//
// The block
//===----------------------------------------------------------------------===//

Conv2DOp BottleneckBuilder::addPointwise(StringRef part, Value input,
                                         int64_t outputs, Value bias,
                                         ClampAttr clamp) {
  int64_t inputs = cast<RankedTensorType>(input.getType()).getDimSize(3);
  Value filter = addWeights(part, {outputs, 1, 1, inputs});
  return add<Conv2DOp>(part, input, filter, bias, ArrayRef<int64_t>{1, 1},
                       ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
                       /*groups=*/1, clamp);
}

Conv2DOp BottleneckBuilder::addFilter(Value input) {
  FilterShape shape = getFilterShape(conv);
  Value filter = addWeights(
      "filter", {ranks.outputs, shape.height, shape.width, ranks.inputs});
  return add<Conv2DOp>("filter", input, filter, Value(), conv.getStrides(),
                       conv.getPads(), conv.getDilations(), /*groups=*/1,
                       ClampAttr());
}

Value BottleneckBuilder::addFullyConnectedGate(Value pooled) {
  auto type = cast<RankedTensorType>(pooled.getType());
  int64_t images = type.getDimSize(0), channels = ranks.outputs;
  StringRef part = "attention";
  Value row = add<ReshapeOp>(part, type.clone({images, channels}), pooled);
  Value weights = addWeights(part, {channels, channels});
  Value bias = addWeights(part, {channels});
  Value weighed = add<FullyConnectedOp>(part, row, weights, bias, ClampAttr());
  return add<SigmoidOp>(part, weighed.getType(), weighed);
}

/// The width of the filter over channels that the ECA-Net paper recommends.
static int64_t chooseEcaWidth(int64_t channels) {
  auto width = static_cast<int64_t>((std::log2(channels) + 1) / 2);
  return width % 2 == 1 ? width : width + 1;
}

Value BottleneckBuilder::addEcaGate(Value pooled) {
  auto type = cast<RankedTensorType>(pooled.getType());
  int64_t images = type.getDimSize(0), channels = ranks.outputs;
  int64_t width = chooseEcaWidth(channels);
  StringRef part = "attention";
  // Channels stand where columns are, so that an ordinary convolution sees its
  // neighbours.
  Value row =
      add<ReshapeOp>(part, type.clone({images, 1, channels, 1}), pooled);
  Value weighed = add<Conv2DOp>(
      part, row, addWeights(part, {1, 1, width, 1}), Value(),
      ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, width / 2, 0, width / 2},
      ArrayRef<int64_t>{1, 1}, /*groups=*/1, ClampAttr());
  return add<SigmoidOp>(part, weighed.getType(), weighed);
}

Value BottleneckBuilder::addGate(Value pooled) {
  Value gate = attention == Attention::Eca ? addEcaGate(pooled)
                                           : addFullyConnectedGate(pooled);
  return add<ReshapeOp>("attention", pooled.getType(), gate);
}

Bottleneck BottleneckBuilder::build() {
  block.reduce = addPointwise("reduce", conv.getInput(), ranks.inputs, Value(),
                              ClampAttr());
  block.filter = addFilter(block.reduce);
  Value filtered = block.filter;
  if (attention != Attention::None) {
    Value pooled = add<GlobalAvgPoolOp>("attention", filtered);
    filtered =
        add<MultiplyOp>("attention", filtered, addGate(pooled), ClampAttr());
    block.neutralGate = 0.5;
  }
  block.expand = addPointwise("expand", filtered, conv.getType().getDimSize(3),
                              conv.getBias(), conv.getClampAttr());
  return block;
}

static void setFilter(Conv2DOp conv, const Matrix &elements) {
  OpBuilder builder(conv);
  auto old = conv.getFilter().getDefiningOp<ConstantOp>();
  conv.getFilterMutable().assign(makeConstant(
      builder, conv.getLoc(), conv.getFilter().getType().getShape(), elements));
  old.erase();
}

void Bottleneck::setFactors(const TuckerFactors &factors) {
  setFilter(reduce, factors.reduce);
  setFilter(filter, factors.core / neutralGate);
  setFilter(expand, factors.expand);
}

void Bottleneck::erase() {
  for (Operation *op : llvm::reverse(operations)) {
    SmallVector<Value> operands(op->getOperands());
    op->erase();
    for (Value operand : operands)
      if (auto constant = operand.getDefiningOp<ConstantOp>();
          constant && constant->use_empty())
        constant.erase();
  }
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static std::string whyNotBottleneck(Operation *op) {
  auto conv = dyn_cast<Conv2DOp>(op);
  if (!conv)
    return llvm::formatv("must be a convolution to become a bottleneck, got "
                         "'{0}'",
                         op->getName());
  FilterShape shape = getFilterShape(conv);
  if (shape.taps() == 1)
    return "must have a kernel larger than 1x1 to become a bottleneck";
  if (conv.getGroups() != 1)
    return llvm::formatv("must have one group to become a bottleneck, got {0}",
                         conv.getGroups());
  if (!readFilter(conv.getFilter()))
    return "must have a constant filter of f32 to become a bottleneck";
  return "";
}

namespace {

struct CompactBottleneck : impl::CompactBottleneckBase<CompactBottleneck> {
  using CompactBottleneckBase::CompactBottleneckBase;

  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  FailureOr<double> findRatio(Operation *op);
  LogicalResult rewrite(Conv2DOp conv);
};

} // namespace

/// The layer and the ratio of `entry`, LAYER=RATIO; a ratio of 0 where it is
/// not one.
static std::pair<StringRef, double> splitRatio(StringRef entry) {
  auto [layer, text] = entry.rsplit('=');
  double ratio = 0;
  if (layer.empty() || text.getAsDouble(ratio) || !(ratio >= 1))
    return {entry, 0};
  return {layer, ratio};
}

LogicalResult CompactBottleneck::checkOptions() {
  Location location = getOperation().getLoc();
  if (!(ratio >= 1))
    return emitError(location)
           << "ratio must be at least 1, got "
           << llvm::formatv("{0:f}", ratio.getValue()).str();
  if (!(energy >= 0 && energy <= 1))
    return emitError(location)
           << "energy must be from 0 to 1, got "
           << llvm::formatv("{0:f}", energy.getValue()).str();
  if (minChannels < 1)
    return emitError(location)
           << "min-channels must be at least 1, got " << minChannels.getValue();
  for (const std::string &entry : layerRatios)
    if (splitRatio(entry).second == 0)
      return emitError(location) << "layer-ratios must hold LAYER=RATIO with "
                                    "a ratio of at least 1, got '"
                                 << entry << "'";
  return success();
}

FailureOr<double> CompactBottleneck::findRatio(Operation *op) {
  for (const std::string &entry : layerRatios) {
    auto [layer, layerRatio] = splitRatio(entry);
    FailureOr<bool> isNamed = namesLayer(getOperation(), layer, op);
    if (failed(isNamed))
      return failure();
    if (*isNamed)
      return layerRatio;
  }
  return ratio.getValue();
}

LogicalResult CompactBottleneck::rewrite(Conv2DOp conv) {
  FilterShape shape = getFilterShape(conv);
  Matrix filter = *readFilter(conv.getFilter());
  FailureOr<double> layerRatio = findRatio(conv);
  if (failed(layerRatio))
    return failure();
  ChannelRanks ranks{
      static_cast<int64_t>(std::ceil(shape.inputs / *layerRatio)),
      static_cast<int64_t>(std::ceil(shape.outputs / *layerRatio))};
  if (energy > 0)
    ranks = chooseChannelRanks(filter, shape, energy);
  auto limit = [&](int64_t rank, int64_t channels) {
    return std::min(std::max(rank, minChannels.getValue()), channels);
  };
  ranks = {limit(ranks.inputs, shape.inputs),
           limit(ranks.outputs, shape.outputs)};

  Bottleneck block = BottleneckBuilder(conv, ranks, attention).build();
  NetworkSize before = measure(ArrayRef<Operation *>{conv}),
              after = measure(block.operations);
  if (after.macs >= before.macs) {
    block.erase();
    emitRemark(conv.getLoc())
        << "left as it is: a bottleneck of " << ranks.inputs << " and "
        << ranks.outputs << " channels would take " << before.macs << " -> "
        << after.macs << " MACs";
    return success();
  }
  TuckerFactors factors = decomposeTucker2(filter, shape, ranks);
  block.setFactors(factors);
  InFlightDiagnostic remark = emitRemark(conv.getLoc())
                              << "bottleneck of " << ranks.inputs << " and "
                              << ranks.outputs << " channels: ";
  describeChange(*remark.getUnderlyingDiagnostic(), before, after);
  remark << ", filter off by "
         << llvm::formatv("{0:P1}", factors.relativeError).str();
  remark.report();

  conv.getResult().replaceAllUsesWith(block.expand.getResult());
  auto constant = conv.getFilter().getDefiningOp<ConstantOp>();
  conv.erase();
  if (constant->use_empty())
    constant.erase();
  return success();
}

void CompactBottleneck::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isExternal())
    return;
  if (failed(checkOptions()))
    return signalPassFailure();
  LayerChoice choice;
  choice.layers = layers;
  choice.minParameters = minParameters;
  choice.whyNot = whyNotBottleneck;
  FailureOr<SmallVector<Operation *>> chosen = chooseLayers(function, choice);
  if (failed(chosen))
    return signalPassFailure();
  NetworkSize before = measure(function);
  for (Operation *op : *chosen)
    if (failed(rewrite(cast<Conv2DOp>(op))))
      return signalPassFailure();
  InFlightDiagnostic remark = emitRemark(function.getLoc()) << "bottlenecks: ";
  describeChange(*remark.getUnderlyingDiagnostic(), before, measure(function));
}

} // namespace windrow::nn
