//===- SeparateDepthwise.cpp - Depthwise and pointwise convolutions -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/CompactPass.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/LeastSquares.h"
#include "passes/Compact/LowRank.h"
#include "passes/Compact/Passes.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

/// How much a fit keeps to its start; see `fitTowards`.
static constexpr double depthwiseRidge = 1e-3;

#define GEN_PASS_DEF_SEPARATEDEPTHWISE
#include "passes/Compact/Passes.h.inc"

namespace {

struct SeparateDepthwise final
    : CompactPass<impl::SeparateDepthwiseBase<SeparateDepthwise>> {
  using CompactPass::CompactPass;

private:
  LogicalResult checkOptions() override;
  std::string whyNot(Operation *op) override;
  LogicalResult compact(func::FuncOp function, const LayerChoice &choice,
                        const CalibrationChoice &images) override;
  LogicalResult rewrite(Conv2DOp conv, Calibration *calibration);
};

} // namespace

/// Fits `pointwise` on what `conv` computes from `depthwise`, which is in its
/// final form. Returns the relative error on the samples.
static FailureOr<double> fitPointwise(Calibration &calibration, Conv2DOp conv,
                                      Conv2DOp depthwise, Conv2DOp pointwise,
                                      const Matrix &start) {
  if (failed(calibration.advanceTo(conv)) ||
      failed(calibration.compute(depthwise)))
    return failure();
  SamplePositions samples =
      calibration.choosePositions(calibration.getTarget());
  Matrix targets = gatherPixels(calibration.getTarget(), samples);
  Matrix features = gatherPixels(calibration.getActual(depthwise), samples);
  AffineMap map =
      fitTowards(features, targets, start.transpose(), depthwiseRidge);
  setFilter(pointwise, map.weights.transpose());
  setBias(pointwise, map.bias);
  Matrix fitted = features * map.weights;
  fitted.rowwise() += map.bias.transpose();
  return relativeError(fitted, targets);
}

LogicalResult SeparateDepthwise::rewrite(Conv2DOp conv,
                                         Calibration *calibration) {
  FilterShape shape = getFilterShape(conv);
  int64_t used = std::min(terms.getValue(), shape.taps());
  LayerRewrite rewrite(conv);
  Value zeros = rewrite.addZeros(
      "depthwise", {shape.inputs * used, shape.height, shape.width, 1});
  auto depthwise = rewrite.add<Conv2DOp>("depthwise", conv.getInput(), zeros,
                                         Value(), conv.getStrides(),
                                         conv.getPads(), conv.getDilations(),
                                         /*groups=*/shape.inputs, ClampAttr());
  Conv2DOp pointwise =
      rewrite.addPointwise("pointwise", depthwise, shape.outputs,
                           conv.getBias(), conv.getClampAttr());
  std::string what = llvm::formatv("depthwise and pointwise with {0} {1}", used,
                                   used == 1 ? "term" : "terms");
  if (!rewrite.keepIfSmaller(what))
    return success();
  SeparableFactors factors =
      separateFilter(*readFilter(conv.getFilter()), shape, used);
  setFilter(depthwise, factors.depthwise);
  if (calibration) {
    FailureOr<double> error = fitPointwise(*calibration, conv, depthwise,
                                           pointwise, factors.pointwise);
    if (failed(error))
      return failure();
    rewrite.commit(what, describeFit(*error));
    return success();
  }
  setFilter(pointwise, factors.pointwise);
  rewrite.commit(
      what, llvm::formatv("filter off by {0:P1}", factors.relativeError).str());
  return success();
}

LogicalResult SeparateDepthwise::checkOptions() {
  if (terms < 1)
    return emitError(getOperation().getLoc())
           << "terms must be at least 1, got " << terms.getValue();
  return success();
}

std::string SeparateDepthwise::whyNot(Operation *op) {
  return whyNotDenseFilter(op, "become depthwise and pointwise");
}

LogicalResult SeparateDepthwise::compact(func::FuncOp function,
                                         const LayerChoice &choice,
                                         const CalibrationChoice &images) {
  return rewriteLayers(function, choice, images, "separable layers",
                       [&](Operation *op, Calibration *fitted) {
                         return rewrite(cast<Conv2DOp>(op), fitted);
                       });
}

} // namespace windrow::nn
