//===- FoldConstants.cpp - Compute constants at compile time ----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/ConstantElements.h"
#include "passes/Transforms/FusedClamp.h"
#include "passes/Transforms/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Transforms/Passes.h.inc"

namespace {

/// A tensor of f32 in row-major order.
struct Tensor {
  ArrayRef<int64_t> shape;
  SmallVector<float> elements;

  explicit Tensor(Type type)
      : shape(cast<RankedTensorType>(type).getShape()),
        elements(cast<RankedTensorType>(type).getNumElements(), 0.0f) {}
};

/// Computes one operation on constants.
class Evaluator {
public:
  /// The result of `op`, or nothing where an operand is not a constant at hand
  /// or the operation is not one that is computed here.
  std::optional<Tensor> evaluate(Operation *op);

private:
  Tensor evaluateBinary(Operation *op, function_ref<float(float, float)> apply);
  Tensor evaluateUnary(Operation *op, function_ref<float(float)> apply);
  Tensor evaluateScaleShift(ScaleShiftOp op);
  Tensor evaluateConcat(ConcatOp op);

  SmallVector<Tensor> operands;
};

} // namespace

static float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

static float hardSwish(float x) {
  return x * std::clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f;
}

/// Copies `source` to the box of `target` that starts at `targetOffsets`, or
/// from the box of `source` at `sourceOffsets`: the box has the smaller sizes.
static void copyBox(const Tensor &source, ArrayRef<int64_t> sourceOffsets,
                    Tensor &target, ArrayRef<int64_t> targetOffsets) {
  size_t rank = source.shape.size();
  SmallVector<int64_t> sizes, index(rank, 0);
  for (auto [a, b] : llvm::zip_equal(source.shape, target.shape))
    sizes.push_back(std::min(a, b));
  auto position = [&](const Tensor &tensor, ArrayRef<int64_t> offsets) {
    int64_t result = 0;
    for (size_t i = 0; i < rank; ++i)
      result = result * tensor.shape[i] + offsets[i] + index[i];
    return result;
  };
  for (;;) {
    target.elements[position(target, targetOffsets)] =
        source.elements[position(source, sourceOffsets)];
    int64_t dimension = static_cast<int64_t>(rank) - 1;
    for (; dimension >= 0; --dimension) {
      if (++index[dimension] < sizes[dimension])
        break;
      index[dimension] = 0;
    }
    if (dimension < 0)
      return;
  }
}

Tensor Evaluator::evaluateBinary(Operation *op,
                                 function_ref<float(float, float)> apply) {
  Tensor result(op->getResult(0).getType());
  int64_t image = 1, channels = 1;
  if (result.shape.size() == 4) {
    channels = result.shape[3];
    image = result.shape[1] * result.shape[2] * channels;
  }
  // [N, 1, 1, C] is repeated over rows and columns.
  auto at = [&](const Tensor &tensor, int64_t i) {
    return tensor.shape == result.shape
               ? tensor.elements[i]
               : tensor.elements[i / image * channels + i % channels];
  };
  for (auto [i, element] : llvm::enumerate(result.elements))
    element = apply(at(operands[0], i), at(operands[1], i));
  return result;
}

Tensor Evaluator::evaluateUnary(Operation *op,
                                function_ref<float(float)> apply) {
  Tensor result(op->getResult(0).getType());
  llvm::transform(operands[0].elements, result.elements.begin(), apply);
  return result;
}

Tensor Evaluator::evaluateScaleShift(ScaleShiftOp op) {
  Tensor result(op.getType());
  size_t channels = operands[1].elements.size();
  for (auto [i, element] : llvm::enumerate(result.elements))
    element = operands[0].elements[i] * operands[1].elements[i % channels] +
              operands[2].elements[i % channels];
  return result;
}

Tensor Evaluator::evaluateConcat(ConcatOp op) {
  Tensor result(op.getType());
  SmallVector<int64_t> zeros(result.shape.size(), 0), offsets(zeros);
  for (const Tensor &operand : operands) {
    copyBox(operand, zeros, result, offsets);
    offsets[op.getAxis()] += operand.shape[op.getAxis()];
  }
  return result;
}

std::optional<Tensor> Evaluator::evaluate(Operation *op) {
  for (Value operand : op->getOperands()) {
    std::optional<SmallVector<float>> elements = readConstant(operand);
    if (!elements)
      return std::nullopt;
    operands.emplace_back(operand.getType()).elements = std::move(*elements);
  }

  std::optional<Tensor> result =
      TypeSwitch<Operation *, std::optional<Tensor>>(op)
          .Case([&](AddOp) { return evaluateBinary(op, std::plus<float>()); })
          .Case([&](MultiplyOp) {
            return evaluateBinary(op, std::multiplies<float>());
          })
          .Case([&](ScaleShiftOp op) { return evaluateScaleShift(op); })
          .Case([&](SigmoidOp) { return evaluateUnary(op, sigmoid); })
          .Case([&](HardSwishOp) { return evaluateUnary(op, hardSwish); })
          .Case([&](ClampOp clamp) {
            ClampAttr bounds = clamp.getBounds();
            return evaluateUnary(op, [&](float x) {
              return std::clamp(x, bounds.getMinValue(), bounds.getMaxValue());
            });
          })
          .Case([&](ConcatOp op) { return evaluateConcat(op); })
          .Case([&](PadOp pad) {
            Tensor result(pad.getType());
            SmallVector<int64_t> zeros(result.shape.size(), 0);
            copyBox(operands[0], zeros, result, pad.getLow());
            return result;
          })
          .Case([&](SliceOp slice) {
            Tensor result(slice.getType());
            SmallVector<int64_t> zeros(result.shape.size(), 0);
            copyBox(operands[0], slice.getOffsets(), result, zeros);
            return result;
          })
          .Default([](Operation *) { return std::nullopt; });

  if (ClampAttr clamp = result ? getFusedClamp(op) : ClampAttr())
    for (float &element : result->elements)
      element = std::clamp(element, clamp.getMinValue(), clamp.getMaxValue());
  return result;
}

/// A reshape or transpose of a constant is the constant, seen in another way.
static ConstantOp viewConstant(OpBuilder &builder, Operation *op) {
  if (!isa<ReshapeOp, TransposeOp>(op))
    return {};
  auto constant = op->getOperand(0).getDefiningOp<ConstantOp>();
  if (!constant)
    return {};
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(constant.getType()).getShape();
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  if (auto transpose = dyn_cast<TransposeOp>(op))
    permutation.assign(transpose.getPermutation().begin(),
                       transpose.getPermutation().end());
  return permuteConstant(builder, constant, shape, permutation,
                         op->getResult(0).getType());
}

namespace {

struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() != 1 || op->getNumOperands() == 0)
        return;
      OpBuilder builder(op);
      ConstantOp constant = viewConstant(builder, op);
      if (!constant)
        constant = computeConstant(builder, op);
      if (!constant)
        return;
      op->getResult(0).replaceAllUsesWith(constant.getResult());
      op->erase();
    });
  }

  ConstantOp computeConstant(OpBuilder &builder, Operation *op) {
    auto isSmall = [&](Value value) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      return type && type.getElementType().isF32() &&
             type.getNumElements() <= maxElements;
    };
    if (!isSmall(op->getResult(0)) || !llvm::all_of(op->getOperands(), isSmall))
      return {};
    std::optional<Tensor> result = Evaluator().evaluate(op);
    if (!result)
      return {};
    return ConstantOp::create(
        builder, op->getLoc(),
        makeElements(cast<RankedTensorType>(op->getResult(0).getType()),
                     "folded", [&](MutableArrayRef<float> elements) {
                       llvm::copy(result->elements, elements.begin());
                     }));
  }
};

} // namespace

} // namespace windrow::nn
