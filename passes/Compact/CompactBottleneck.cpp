//===- CompactBottleneck.cpp - Let convolutions compute on a few channels -===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Compact/CompactPass.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/LeastSquares.h"
#include "passes/Compact/Passes.h"
#include "passes/Compact/Tucker.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace windrow::nn {

/// How much a fit keeps to its start; see `fitTowards`.
static constexpr double bottleneckRidge = 1e-3;

#define GEN_PASS_DEF_COMPACTBOTTLENECK
#include "passes/Compact/Passes.h.inc"

namespace {

/// The operations that take the place of a convolution.
class Bottleneck {
public:
  Bottleneck(Conv2DOp conv, ChannelRanks ranks, Attention attention);

  void setFactors(const TuckerFactors &factors);

  /// Fits the filters on what `conv` computes. Returns the relative error on
  /// the samples.
  FailureOr<double> fit(Calibration &calibration);

  LayerRewrite rewrite;

private:
  Conv2DOp addFilter(Value input);
  Value addGate(Value pooled, Attention attention);
  Value addFullyConnectedGate(Value pooled);
  Value addEcaGate(Value pooled);

  Conv2DOp conv;
  ChannelRanks ranks;
  Conv2DOp reduce;
  Conv2DOp filter;
  Conv2DOp expand;
  /// What the attention multiplies by before it is tuned.
  double neutralGate = 1;
};

} // namespace

//===----------------------------------------------------------------------===//
// The block
//===----------------------------------------------------------------------===//

Bottleneck::Bottleneck(Conv2DOp conv, ChannelRanks ranks, Attention attention)
    : rewrite(conv), conv(conv), ranks(ranks) {
  reduce = rewrite.addPointwise("reduce", conv.getInput(), ranks.inputs,
                                Value(), ClampAttr());
  filter = addFilter(reduce);
  Value filtered = filter;
  if (attention != Attention::None) {
    Value pooled = rewrite.add<GlobalAvgPoolOp>("attention", filtered);
    filtered = rewrite.add<MultiplyOp>("attention", filtered,
                                       addGate(pooled, attention), ClampAttr());
    neutralGate = 0.5;
  }
  expand =
      rewrite.addPointwise("expand", filtered, conv.getType().getDimSize(3),
                           conv.getBias(), conv.getClampAttr());
}

Conv2DOp Bottleneck::addFilter(Value input) {
  FilterShape shape = getFilterShape(conv);
  Value zeros = rewrite.addZeros(
      "filter", {ranks.outputs, shape.height, shape.width, ranks.inputs});
  return rewrite.add<Conv2DOp>("filter", input, zeros, Value(),
                               conv.getStrides(), conv.getPads(),
                               conv.getDilations(), /*groups=*/1, ClampAttr());
}

Value Bottleneck::addGate(Value pooled, Attention attention) {
  Value gate = attention == Attention::Eca ? addEcaGate(pooled)
                                           : addFullyConnectedGate(pooled);
  return rewrite.add<ReshapeOp>("attention", pooled.getType(), gate);
}

Value Bottleneck::addFullyConnectedGate(Value pooled) {
  auto type = cast<RankedTensorType>(pooled.getType());
  int64_t images = type.getDimSize(0), channels = ranks.outputs;
  StringRef part = "attention";
  Value row =
      rewrite.add<ReshapeOp>(part, type.clone({images, channels}), pooled);
  Value weights = rewrite.addZeros(part, {channels, channels});
  Value bias = rewrite.addZeros(part, {channels});
  Value weighed =
      rewrite.add<FullyConnectedOp>(part, row, weights, bias, ClampAttr());
  return rewrite.add<SigmoidOp>(part, weighed.getType(), weighed);
}

/// The width of the filter over channels that the ECA-Net paper recommends.
static int64_t chooseEcaWidth(int64_t channels) {
  auto width = static_cast<int64_t>((std::log2(channels) + 1) / 2);
  return width % 2 == 1 ? width : width + 1;
}

Value Bottleneck::addEcaGate(Value pooled) {
  auto type = cast<RankedTensorType>(pooled.getType());
  int64_t images = type.getDimSize(0), channels = ranks.outputs;
  int64_t width = chooseEcaWidth(channels);
  StringRef part = "attention";
  // Channels stand where columns are, so that an ordinary convolution sees its
  // neighbours.
  Value row = rewrite.add<ReshapeOp>(part, type.clone({images, 1, channels, 1}),
                                     pooled);
  Value weights = rewrite.addZeros(part, {1, 1, width, 1});
  Value weighed = rewrite.add<Conv2DOp>(
      part, row, weights, Value(), ArrayRef<int64_t>{1, 1},
      ArrayRef<int64_t>{0, width / 2, 0, width / 2}, ArrayRef<int64_t>{1, 1},
      /*groups=*/1, ClampAttr());
  return rewrite.add<SigmoidOp>(part, weighed.getType(), weighed);
}

void Bottleneck::setFactors(const TuckerFactors &factors) {
  setFilter(reduce, factors.reduce);
  setFilter(filter, factors.core / neutralGate);
  setFilter(expand, factors.expand);
}

/// The Tucker-2 factors of `filter` where inputs are distributed like `inputs`,
/// one row for each sample.
static TuckerFactors decomposeAsSeen(const Matrix &filter,
                                     const FilterShape &shape,
                                     const ChannelRanks &ranks,
                                     const Matrix &inputs) {
  CovarianceRoot covariance = rootOfCovariance(inputs);
  TuckerFactors factors =
      decomposeTucker2(filter * covariance.root, shape, ranks);
  factors.reduce *= covariance.inverse;
  return factors;
}

FailureOr<double> Bottleneck::fit(Calibration &calibration) {
  if (failed(calibration.advanceTo(conv)))
    return failure();
  const ImageTensor &input = calibration.getActual(conv.getInput());
  TuckerFactors factors = decomposeAsSeen(
      *readFilter(conv.getFilter()), getFilterShape(conv), ranks,
      gatherPixels(input, calibration.choosePositions(input)));
  setFilter(reduce, factors.reduce);
  if (failed(calibration.compute(reduce)))
    return failure();

  SamplePositions samples =
      calibration.choosePositions(calibration.getTarget());
  Matrix targets = gatherPixels(calibration.getTarget(), samples);
  Matrix features =
      gatherPatches(calibration.getActual(reduce), getWindow(filter), samples);
  Eigen::Map<const Matrix> core(factors.core.data(), ranks.outputs,
                                features.cols());
  Matrix start = core.transpose() * factors.expand.transpose();
  AffineMap full = fitTowards(features, targets, start, bottleneckRidge);
  LowRankMap low = truncateMap(full, features, targets, ranks.outputs);
  setFilter(filter, low.reduce.transpose() / neutralGate);
  setFilter(expand, low.expand);
  setBias(expand, low.bias);
  Matrix fitted = features * low.reduce * low.expand.transpose();
  fitted.rowwise() += low.bias.transpose();
  return relativeError(fitted, targets);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct CompactBottleneck final
    : CompactPass<impl::CompactBottleneckBase<CompactBottleneck>> {
  using CompactPass::CompactPass;

private:
  LogicalResult checkOptions() override;
  std::string whyNot(Operation *op) override;
  LogicalResult compact(func::FuncOp function, const LayerChoice &choice,
                        const CalibrationChoice &images) override;
  FailureOr<double> findRatio(Operation *op);
  LogicalResult rewrite(Conv2DOp conv, Calibration *calibration);
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

LogicalResult CompactBottleneck::rewrite(Conv2DOp conv,
                                         Calibration *calibration) {
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

  std::string what = llvm::formatv("a bottleneck of {0} and {1} channels",
                                   ranks.inputs, ranks.outputs);
  Bottleneck block(conv, ranks, attention);
  if (!block.rewrite.keepIfSmaller(what))
    return success();
  if (calibration) {
    FailureOr<double> error = block.fit(*calibration);
    if (failed(error))
      return failure();
    block.rewrite.commit(what, describeFit(*error));
    return success();
  }
  TuckerFactors factors = decomposeTucker2(filter, shape, ranks);
  block.setFactors(factors);
  block.rewrite.commit(
      what, llvm::formatv("filter off by {0:P1}", factors.relativeError).str());
  return success();
}

std::string CompactBottleneck::whyNot(Operation *op) {
  return whyNotDenseFilter(op, "become a bottleneck");
}

LogicalResult CompactBottleneck::compact(func::FuncOp function,
                                         const LayerChoice &choice,
                                         const CalibrationChoice &images) {
  return rewriteLayers(function, choice, images, "bottlenecks",
                       [&](Operation *op, Calibration *fitted) {
                         return rewrite(cast<Conv2DOp>(op), fitted);
                       });
}

} // namespace windrow::nn
