//===- RowPlan.cpp - Rows that devices compute and need -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/RowPlan.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

int64_t cluster::countRows(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 4 ? type.getDimSize(1) : 1;
}

RowInterval cluster::allRows(Value value) { return {0, countRows(value)}; }

RowInterval cluster::getNeededRows(OpOperand &operand, RowInterval resultRows) {
  Operation *op = operand.getOwner();
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  unsigned index = operand.getOperandNumber();
  if (resultRows == allRows(op->getResult(0)) || !windows ||
      !windows.carriesRows(index))
    return allRows(operand.get());
  return windows.getRowWindow(index, resultRows).rows;
}

bool RowPlan::isDistributed(Value value) const {
  auto it = shares.find(value);
  if (it == shares.end())
    return false;
  return llvm::any_of(it->second, [&](const RowShare &share) {
    return !share.owned.empty() && share.owned != allRows(value);
  });
}

bool RowPlan::isDistributedReduction(Operation *op) const {
  return isa<nn::RowReductionOpInterface>(op) &&
         isDistributed(op->getOperand(0));
}

FailureOr<RowPlan> RowPlan::create(func::FuncOp function,
                                   ArrayRef<StringAttr> participants) {
  RowPlan plan;
  plan.participants.assign(participants.begin(), participants.end());
  for (Value argument : function.getArguments()) {
    auto &argumentShares = plan.shares[argument];
    argumentShares.resize(participants.size());
    RowShare &client = argumentShares[plan.getClient()];
    client.computed = client.owned = allRows(argument);
  }
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op) && failed(plan.addResult(&op)))
      return failure();
  for (Operation &op : function.front().without_terminator())
    if (!isAvailableEverywhere(&op))
      plan.addNeeds(&op);
  for (Value result : function.front().getTerminator()->getOperands())
    plan.need(result, plan.getClient(), allRows(result));
  return plan;
}

/// Checks that `op` can be computed as `layout` says, apart from the names of
/// the devices and the bounds, which the dialect verifies.
static LogicalResult checkLayout(Operation *op, LayoutAttr layout) {
  if (layout.getKind() == LayoutKind::Channels)
    return op->emitOpError() << "cannot be computed by channels";
  if (op->hasAttr(partialsAttrName))
    return op->emitOpError() << "cannot be computed from partial results";
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  if (layout.getKind() == LayoutKind::Rows &&
      (!windows || !windows.isRowSplittable()))
    return op->emitOpError() << "cannot be computed by rows";
  return success();
}

LogicalResult RowPlan::addResult(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return op->emitOpError()
           << "cannot be placed: must have one tensor as its result";
  auto layout = op->getAttrOfType<LayoutAttr>(layoutAttrName);
  if (!layout)
    return op->emitOpError() << "must have a '" << layoutAttrName << "'";
  if (failed(checkLayout(op, layout)))
    return failure();

  Value result = op->getResult(0);
  SmallVector<RowShare> resultShares(participants.size());
  for (auto [position, device] : llvm::enumerate(layout.getDevices())) {
    auto *found = llvm::find(participants, device);
    if (found == participants.end())
      return op->emitOpError()
             << "layout must name devices of the module, got " << device;
    RowShare &share = resultShares[found - participants.begin()];
    share.computed = share.owned = allRows(result);
    if (layout.getKind() == LayoutKind::Rows) {
      share.owned = layout.getOwnedInterval(position);
      share.computed = layout.getComputedInterval(position);
    }
  }
  shares[result] = std::move(resultShares);
  return success();
}

void RowPlan::need(Value value, unsigned participant, RowInterval rows) {
  auto it = shares.find(value);
  if (it == shares.end())
    return;
  RowShare &share = it->second[participant];
  share.needed = share.needed.hull(rows);
}

void RowPlan::addNeeds(Operation *op) {
  if (isDistributedReduction(op)) {
    Value operand = op->getOperand(0);
    for (auto [position, share] : llvm::enumerate(shares[operand]))
      need(operand, position, share.owned);
    return;
  }
  for (auto [position, share] : llvm::enumerate(shares[op->getResult(0)]))
    if (!share.computed.empty())
      for (OpOperand &operand : op->getOpOperands())
        need(operand.get(), position, getNeededRows(operand, share.computed));
}
