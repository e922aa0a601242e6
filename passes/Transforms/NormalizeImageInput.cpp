//===- NormalizeImageInput.cpp - Let pixels in ----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

#include "dialects/Nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace windrow::nn {
#define GEN_PASS_DEF_NORMALIZEIMAGEINPUT
#include "passes/Transforms/Passes.h.inc"
} // namespace windrow::nn

using namespace windrow::nn;

namespace {
struct NormalizeImageInput
    : windrow::nn::impl::NormalizeImageInputBase<NormalizeImageInput> {
  using NormalizeImageInputBase::NormalizeImageInputBase;

  void runOnOperation() override;

private:
  /// The type of the only input, or null after a diagnostic where the options
  /// do not fit it.
  RankedTensorType checkInput();
};
} // namespace

RankedTensorType NormalizeImageInput::checkInput() {
  func::FuncOp function = getOperation();
  if (function.getNumArguments() != 1) {
    function.emitError("a model of images must have one input, got ")
        << function.getNumArguments();
    return {};
  }
  auto type = dyn_cast<RankedTensorType>(function.getArgument(0).getType());
  if (!type || type.getRank() != 4 || !type.getElementType().isF32()) {
    function.emitError("input of a model of images must be a rank-4 tensor of "
                       "f32, got ")
        << function.getArgument(0).getType();
    return {};
  }
  const auto channels = static_cast<size_t>(type.getDimSize(3));
  for (auto [name, count] : {std::pair("mean", mean.size()),
                             std::pair("deviation", deviation.size())})
    if (count != channels) {
      function.emitError("image ")
          << name << " must have one value for each of " << channels
          << " channels, got " << count;
      return {};
    }
  for (float value : deviation)
    if (!(value > 0)) {
      function.emitError("image deviation must be positive, got ") << value;
      return {};
    }
  return type;
}

void NormalizeImageInput::runOnOperation() {
  RankedTensorType type = checkInput();
  if (!type)
    return signalPassFailure();
  func::FuncOp function = getOperation();
  BlockArgument argument = function.getArgument(0);
  OpBuilder builder = OpBuilder::atBlockBegin(argument.getOwner());
  SmallVector<int64_t> shape(type.getShape());
  if (grey)
    shape.back() = 1;
  argument.setType(
      type.clone(shape, builder.getIntegerType(8, /*isSigned=*/false)));
  auto normalize = NormalizeImageOp::create(
      builder, argument.getLoc(), argument, llvm::to_vector_of<float>(mean),
      llvm::to_vector_of<float>(deviation));
  argument.replaceAllUsesExcept(normalize.getResult(), normalize);
  function.setType(builder.getFunctionType(
      argument.getOwner()->getArgumentTypes(), function.getResultTypes()));
}
