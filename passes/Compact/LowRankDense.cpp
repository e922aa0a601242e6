//===- LowRankDense.cpp - Fully connected layers of low rank --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/CompactPass.h"
#include "passes/Compact/Eigenvectors.h"
#include "passes/Compact/LayerWeights.h"
#include "passes/Compact/LeastSquares.h"
#include "passes/Compact/LowRank.h"
#include "passes/Compact/Passes.h"
#include "passes/Transforms/ConstantElements.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

/// How much a fit keeps to its start; see `fitTowards`. There are as few
/// samples as images.
static constexpr double denseRidge = 1e-2;

#define GEN_PASS_DEF_LOWRANKDENSE
#include "passes/Compact/Passes.h.inc"

namespace {

struct LowRankDense final : CompactPass<impl::LowRankDenseBase<LowRankDense>> {
  using CompactPass::CompactPass;

private:
  LogicalResult checkOptions() override;
  std::string whyNot(Operation *op) override;
  LogicalResult compact(func::FuncOp function, const LayerChoice &choice,
                        const CalibrationChoice &images) override;
  LogicalResult rewrite(FullyConnectedOp layer, Calibration *calibration);
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

/// The factors of `matrix` that keep its largest outputs, of which `outputs`
/// holds samples, one a row. Where these say little, the matrix itself decides,
/// as if its inputs were independent and of one size.
static MatrixFactors factorAsSeen(const Matrix &matrix, Matrix outputs,
                                  int64_t rank) {
  constexpr double weightOfMatrix = 0.1;
  centre(outputs);
  Eigen::MatrixXd gram = gramOfColumns(outputs);
  Eigen::MatrixXd gramOfMatrix = gramOfRows(matrix);
  if (double trace = gramOfMatrix.trace(); trace > 0)
    gram +=
        weightOfMatrix * std::max(gram.trace(), 1e-30) / trace * gramOfMatrix;
  MatrixFactors factors;
  factors.expand = leadingEigenvectors(gram, rank);
  factors.reduce = factors.expand.transpose() * matrix;
  return factors;
}

/// Fits `reduce` and `expand`, of `rank` elements in between, on what `layer`
/// computes. Returns the relative error on the samples.
static FailureOr<double> fitFactors(Calibration &calibration,
                                    FullyConnectedOp layer,
                                    FullyConnectedOp reduce,
                                    FullyConnectedOp expand,
                                    const Matrix &matrix, int64_t rank) {
  if (failed(calibration.advanceTo(layer)))
    return failure();
  Matrix targets = gatherRows(calibration.getTarget());
  MatrixFactors factors = factorAsSeen(matrix, targets, rank);
  setFilter(reduce, factors.reduce);
  if (failed(calibration.compute(reduce)))
    return failure();
  Matrix features = gatherRows(calibration.getActual(reduce));
  AffineMap map =
      fitTowards(features, targets, factors.expand.transpose(), denseRidge);
  setFilter(expand, map.weights.transpose());
  setBias(expand, map.bias);
  Matrix fitted = features * map.weights;
  fitted.rowwise() += map.bias.transpose();
  return relativeError(fitted, targets);
}

LogicalResult LowRankDense::rewrite(FullyConnectedOp layer,
                                    Calibration *calibration) {
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
    return success();
  if (calibration) {
    FailureOr<double> error =
        fitFactors(*calibration, layer, reduce, expand, matrix, used);
    if (failed(error))
      return failure();
    rewrite.commit(what, describeFit(*error));
    return success();
  }
  MatrixFactors factors = factorMatrix(matrix, used);
  setFilter(reduce, factors.reduce);
  setFilter(expand, factors.expand);
  rewrite.commit(
      what, llvm::formatv("matrix off by {0:P1}", factors.relativeError).str());
  return success();
}

std::string LowRankDense::whyNot(Operation *op) {
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

LogicalResult LowRankDense::compact(func::FuncOp function,
                                    const LayerChoice &choice,
                                    const CalibrationChoice &images) {
  return rewriteLayers(function, choice, images, "matrices of low rank",
                       [&](Operation *op, Calibration *fitted) {
                         return rewrite(cast<FullyConnectedOp>(op), fitted);
                       });
}

} // namespace windrow::nn
