//===- NarrowDenseWeights.cpp - Store matrices in fewer bits --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Transforms/ConstantElements.h"

#include <cmath>

using namespace mlir;

namespace windrow::nn {
#define GEN_PASS_DEF_NARROWDENSEWEIGHTS
#include "passes/Transforms/Passes.h.inc"
} // namespace windrow::nn

using namespace windrow::nn;

/// The largest finite number of f16.
static constexpr float largestHalf = 65504;

/// Fails where an element of the filter of `matrix`, if it is at hand, is not
/// a number of f16 when rounded.
static LogicalResult checkRange(FullyConnectedOp matrix) {
  auto constant = matrix.getFilter().getDefiningOp<ConstantOp>();
  if (!constant)
    return success();
  ElementsAttr value = constant.getValue();
  std::optional<StoredElements> elements = StoredElements::get(value);
  if (!elements)
    return success();
  for (int64_t i = 0, count = value.getNumElements(); i < count; ++i)
    if (!(std::abs((*elements)[i]) <= largestHalf))
      return matrix.emitOpError("filter must hold no number above 65504 to be "
                                "stored as f16, got ")
             << (*elements)[i];
  return success();
}

namespace {
struct NarrowDenseWeights
    : windrow::nn::impl::NarrowDenseWeightsBase<NarrowDenseWeights> {
  using NarrowDenseWeightsBase::NarrowDenseWeightsBase;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([&](FullyConnectedOp matrix) {
      if (storage == WeightStorage::F16 && failed(checkRange(matrix)))
        return WalkResult::interrupt();
      matrix.setStorage(storage);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
