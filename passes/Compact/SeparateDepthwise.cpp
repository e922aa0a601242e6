//===- SeparateDepthwise.cpp - Depthwise and pointwise convolutions -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LayerRewrite.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/LowRank.h"
#include "passes/Compact/Passes.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_SEPARATEDEPTHWISE
#include "passes/Compact/Passes.h.inc"

static std::string whyNotSeparable(Operation *op) {
  return whyNotDenseFilter(op, "become depthwise and pointwise");
}

namespace {

struct SeparateDepthwise : impl::SeparateDepthwiseBase<SeparateDepthwise> {
  using SeparateDepthwiseBase::SeparateDepthwiseBase;

  void runOnOperation() override;

private:
  void rewrite(Conv2DOp conv);
};

} // namespace

void SeparateDepthwise::rewrite(Conv2DOp conv) {
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
    return;
  SeparableFactors factors =
      separateFilter(*readFilter(conv.getFilter()), shape, used);
  setFilter(depthwise, factors.depthwise);
  setFilter(pointwise, factors.pointwise);
  rewrite.commit(
      what, llvm::formatv("filter off by {0:P1}", factors.relativeError).str());
}

void SeparateDepthwise::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isExternal())
    return;
  if (terms < 1) {
    emitError(function.getLoc())
        << "terms must be at least 1, got " << terms.getValue();
    return signalPassFailure();
  }
  LayerChoice choice;
  choice.layers = layers;
  choice.minParameters = minParameters;
  choice.whyNot = whyNotSeparable;
  if (failed(rewriteLayers(function, choice, "separable layers",
                           [&](Operation *op) {
                             rewrite(cast<Conv2DOp>(op));
                             return success();
                           })))
    signalPassFailure();
}

} // namespace windrow::nn
