//===- PartBuilder.cpp - Computing parts of results -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/PartBuilder.h"

#include "dialects/Nn/Nn.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Partition/FragmentBuilder.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

PartBuilder::PartBuilder(OpBuilder &builder, const LayoutPlan &plan)
    : builder(builder), plan(plan) {
  for (auto [number, op] : llvm::enumerate(plan.getOperations()))
    tensorNumbers[op->getResult(0)] = number;
}

PartAttr PartBuilder::getPart(Value tensor, unsigned device,
                              RowInterval range) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 0)
    return {};
  bool byChannels = plan.getAxis(tensor) == Axis::Channels;
  int64_t dimension = byChannels            ? type.getRank() - 1
                      : type.getRank() == 4 ? 1
                                            : 0;
  int64_t size = type.getDimSize(dimension);
  RowInterval owned = plan.getShares(tensor)[device].owned.intersect(range);
  if (owned.empty())
    owned = {range.begin, range.begin};
  if (!byChannels && type.getRank() != 4)
    range = owned = {0, size};
  return PartAttr::get(type.getContext(), tensorNumbers.lookup(tensor),
                       dimension, range.begin, range.end, size, owned.begin,
                       owned.end);
}

Value PartBuilder::compute(Operation *op, unsigned device, RowInterval range,
                           GetHeld getHeld) {
  Value result = op->getResult(0);
  TensorRegion region = plan.getRegion(result, range);
  SmallVector<StripAssembler::HeldRegion> held;
  SmallVector<TensorRegion> needed;
  for (OpOperand &operand : op->getOpOperands()) {
    needed.push_back(getNeededRegion(operand, region));
    if (needed.back().empty())
      held.push_back({});
    else
      held.push_back(getHeld(operand, needed.back()));
  }
  auto build = [&](OpBuilder &inner) -> Value {
    IRMapping mapping;
    SmallVector<Value> operands;
    for (auto [operand, source, wanted] :
         llvm::zip_equal(op->getOperands(), held, needed)) {
      Value value = source.value;
      if (value)
        value =
            sliceRegion(inner, operand.getLoc(), value, source.region, wanted);
      mapping.map(operand, value);
      operands.push_back(value);
    }
    if (region == nn::wholeRegion(result)) {
      Operation *whole = inner.clone(*op, mapping);
      whole->removeAttr(layoutAttrName);
      return whole->getResult(0);
    }
    if (plan.getAxis(result) == Axis::Channels)
      return cast<nn::ChannelWindowOpInterface>(op).buildChannels(
          inner, operands, range);
    return cast<nn::RowWindowOpInterface>(op)
        .buildRows(inner, operands, range)
        ->getResult(0);
  };
  return buildFragment(builder, op->getLoc(), plan.getParticipants()[device],
                       getPart(result, device, range), build)
      .getResult(0);
}
