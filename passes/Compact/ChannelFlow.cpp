//===- ChannelFlow.cpp - Where the channels of a network go ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/ChannelFlow.h"

#include "passes/Compact/LayerWeights.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace windrow::nn {

/// Whether all operands of `op` from `first` on are known constants.
static bool hasKnownWeights(Operation *op, unsigned first = 1) {
  return llvm::all_of(op->getOperands().drop_front(first), isKnownConstant);
}

bool computesChannels(Operation *op) {
  if (auto conv = dyn_cast<Conv2DOp>(op))
    return conv.getGroups() == 1 && hasKnownWeights(op);
  return isa<FullyConnectedOp>(op) && hasKnownWeights(op);
}

static bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<Conv2DOp>(op);
  return conv && conv.getGroups() > 1 &&
         conv.getFilter().getType().getDimSize(3) == 1 && hasKnownWeights(op);
}

static int64_t countChannels(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  return shape.empty() ? 1 : shape.back();
}

ChannelFlow::Channels ChannelFlow::addChannels(Value value, bool arePinned) {
  Channels added;
  for (int64_t i = 0; i < countChannels(value); ++i) {
    added.push_back(classes.add());
    if (arePinned)
      classes.pin(added.back());
  }
  return added;
}

ChannelFlow::ChannelFlow(func::FuncOp function) {
  for (Value argument : function.getArguments())
    channels[argument] = addChannels(argument, /*arePinned=*/true);
  for (Operation &op : function.getOps())
    if (!isa<ConstantOp>(op))
      follow(&op);
}

/// Nothing is known of what `op` does with channels.
void ChannelFlow::pinAll(Operation *op) {
  for (Value operand : op->getOperands())
    if (!operand.getDefiningOp<ConstantOp>())
      for (int64_t channel : getChannels(operand))
        classes.pin(channel);
  for (Value result : op->getResults())
    channels[result] = addChannels(result, /*arePinned=*/true);
}

/// Channel i of the result is computed from channel i of operand 0 alone.
void ChannelFlow::pass(Operation *op) {
  channels[op->getResult(0)] = Channels(getChannels(op->getOperand(0)));
}

/// Some channels of the result, one behind the other, are computed from each
/// channel of operand 0.
void ChannelFlow::repeat(Operation *op) {
  Value result = op->getResult(0);
  ArrayRef<int64_t> inputs = getChannels(op->getOperand(0));
  int64_t outputsPerInput =
      countChannels(result) / static_cast<int64_t>(inputs.size());
  Channels outputs;
  for (int64_t channel : inputs)
    outputs.append(outputsPerInput, channel);
  channels[result] = std::move(outputs);
}

void ChannelFlow::followWeighted(Operation *op) {
  Value result = op->getResult(0);
  if (computesChannels(op) && !op->getOperand(0).getDefiningOp<ConstantOp>()) {
    channels[result] = addChannels(result, /*arePinned=*/false);
    return;
  }
  isDepthwise(op) ? repeat(op) : pinAll(op);
}

void ChannelFlow::followBinary(Operation *op) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (lhs.getDefiningOp<ConstantOp>())
    std::swap(lhs, rhs);
  if (lhs.getDefiningOp<ConstantOp>())
    return pinAll(op);
  Channels joint(getChannels(lhs));
  if (rhs.getDefiningOp<ConstantOp>()) {
    if (!isKnownConstant(rhs))
      return pinAll(op);
  } else {
    for (auto [a, b] : llvm::zip_equal(joint, getChannels(rhs)))
      classes.unite(a, b);
  }
  channels[op->getResult(0)] = std::move(joint);
}

void ChannelFlow::followConcat(ConcatOp op) {
  if (llvm::any_of(op.getInputs(), [](Value input) {
        return input.getDefiningOp<ConstantOp>();
      }))
    return pinAll(op);
  auto rank = cast<RankedTensorType>(op.getType()).getRank();
  bool isAlongChannels = static_cast<int64_t>(op.getAxis()) == rank - 1;
  Channels joint(getChannels(op.getInputs().front()));
  for (Value input : op.getInputs().drop_front()) {
    ArrayRef<int64_t> others = getChannels(input);
    if (isAlongChannels)
      joint.append(others.begin(), others.end());
    else
      for (auto [a, b] : llvm::zip_equal(joint, others))
        classes.unite(a, b);
  }
  channels[op.getResult()] = std::move(joint);
}

void ChannelFlow::followReshape(ReshapeOp op) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(op.getInput().getType()).getShape();
  int64_t wanted = countChannels(op.getResult()), size = 1;
  // Each result's row of channels is some whole trailing dimensions of the
  // input.
  for (int64_t dimension : llvm::reverse(shape))
    if (size < wanted || size == 1)
      size *= dimension;
  if (shape.empty() || size != wanted || wanted % shape.back() != 0)
    return pinAll(op);
  Channels repeated;
  for (int64_t i = 0; i < wanted / shape.back(); ++i)
    repeated.append(getChannels(op.getInput()).begin(),
                    getChannels(op.getInput()).end());
  channels[op.getResult()] = std::move(repeated);
}

void ChannelFlow::follow(Operation *op) {
  if (op->getNumOperands() > 0 &&
      op->getOperand(0).getDefiningOp<ConstantOp>() &&
      !isa<AddOp, MultiplyOp>(op))
    return pinAll(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case<Conv2DOp, FullyConnectedOp>([&](auto op) { followWeighted(op); })
      .Case<MaxPool2DOp, AvgPool2DOp, GlobalAvgPoolOp, GlobalSumPoolOp, ClampOp,
            SigmoidOp, HardSwishOp>([&](auto op) { pass(op); })
      .Case([&](NormalizeImageOp op) { repeat(op); })
      .Case(
          [&](ScaleShiftOp op) { hasKnownWeights(op) ? pass(op) : pinAll(op); })
      .Case<AddOp, MultiplyOp>([&](auto op) { followBinary(op); })
      .Case([&](ConcatOp op) { followConcat(op); })
      .Case([&](PadOp op) {
        bool padsChannels = !op.getLow().empty() && (op.getLow().back() != 0 ||
                                                     op.getHigh().back() != 0);
        padsChannels ? pinAll(op) : pass(op);
      })
      .Case([&](SliceOp op) {
        if (op.getSizes().empty())
          return pinAll(op);
        channels[op.getResult()] =
            Channels(getChannels(op.getInput())
                         .slice(op.getOffsets().back(), op.getSizes().back()));
      })
      .Case([&](ReshapeOp op) { followReshape(op); })
      .Default([&](Operation *op) { pinAll(op); });
}

} // namespace windrow::nn
