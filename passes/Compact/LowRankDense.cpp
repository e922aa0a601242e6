//===- LowRankDense.cpp - Fully connected layers of low rank --------------===//
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
#include "passes/Transforms/ConstantElements.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_LOWRANKDENSE
#include "passes/Compact/Passes.h.inc"

static std::string whyNotLowRank(Operation *op) {
  auto matrix = dyn_cast<FullyConnectedOp>(op);
  if (!matrix)
    return llvm::formatv("must be fully connected to become one of low rank, "
                         "got '{0}'",
                         op->getName());
  if (!isKnownConstant(matrix.getFilter()))
    return "must have a constant filter of f32 to become one of low rank";
  // Such as that of an attention that was not tuned yet.
  if (readUniformConstant(matrix.getFilter()) == 0.0f)
    return "must have a filter other than zeros to become one of low rank";
  return "";
}

namespace {

struct LowRankDense : impl::LowRankDenseBase<LowRankDense> {
  using LowRankDenseBase::LowRankDenseBase;

  void runOnOperation() override;

private:
  LogicalResult checkOptions();
  void rewrite(FullyConnectedOp layer);
};

} // namespace

LogicalResult LowRankDense::checkOptions() {
  Location location = getOperation().getLoc();
  if (!(energy > 0 && energy <= 1))
    return emitError(location)
           << "energy must be above 0 and at most 1, got "
           << llvm::formatv("{0:f}", energy.getValue()).str();
  if (rank < 0)
    return emitError(location)
           << "rank must be at least 1, got " << rank.getValue();
  return success();
}

void LowRankDense::rewrite(FullyConnectedOp layer) {
  Matrix matrix = *readFilter(layer.getFilter());
  int64_t used =
      rank > 0 ? std::min<int64_t>(rank, std::min(matrix.rows(), matrix.cols()))
               : chooseRank(matrix, energy);
  LayerRewrite rewrite(layer);
  Value zeros = rewrite.addZeros("reduce", {used, matrix.cols()});
  auto reduce = rewrite.add<FullyConnectedOp>("reduce", layer.getInput(), zeros,
                                              Value(), ClampAttr());
  zeros = rewrite.addZeros("expand", {matrix.rows(), used});
  auto expand = rewrite.add<FullyConnectedOp>(
      "expand", reduce, zeros, layer.getBias(), layer.getClampAttr());
  std::string what = llvm::formatv("a matrix of rank {0}", used);
  if (!rewrite.keepIfSmaller(what))
    return;
  MatrixFactors factors = factorMatrix(matrix, used);
  setFilter(reduce, factors.reduce);
  setFilter(expand, factors.expand);
  rewrite.commit(
      what, llvm::formatv("matrix off by {0:P1}", factors.relativeError).str());
}

void LowRankDense::runOnOperation() {
  func::FuncOp function = getOperation();
  if (function.isExternal())
    return;
  if (failed(checkOptions()))
    return signalPassFailure();
  LayerChoice choice;
  choice.layers = layers;
  choice.minParameters = minParameters;
  choice.whyNot = whyNotLowRank;
  if (failed(rewriteLayers(function, choice, "matrices of low rank",
                           [&](Operation *op) {
                             rewrite(cast<FullyConnectedOp>(op));
                             return success();
                           })))
    signalPassFailure();
}

} // namespace windrow::nn
