//===- OperationChains.cpp - Going on with the same rows ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/OperationChains.h"

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

std::optional<int64_t> cluster::getPartGrain(Operation *op, Axis axis) {
  if (axis == Axis::Rows) {
    auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
    return windows && windows.isRowSplittable()
               ? std::optional(windows.getRowGrain())
               : std::nullopt;
  }
  auto windows = dyn_cast<nn::ChannelWindowOpInterface>(op);
  return windows && windows.isChannelSplittable() ? std::optional<int64_t>(1)
                                                  : std::nullopt;
}

/// Whether devices compute rows of the result of `op` by themselves, in an
/// order that is free.
static bool isDividedByRows(const LayoutPlan &plan, Operation *op) {
  Value result = op->getResult(0);
  return !plan.isDistributedReduction(op) && plan.getContractions(op).empty() &&
         plan.getAxis(result) == Axis::Rows && plan.getPieces(result) == 1 &&
         getPartGrain(op, Axis::Rows);
}

/// Whether every device can compute its rows of the operation that `use` reads,
/// and from these alone the same rows of the one that `use` belongs to.
static bool hasSameRows(const LayoutPlan &plan, OpOperand &use) {
  Value result = use.getOwner()->getResult(0);
  auto windows = dyn_cast<nn::RowWindowOpInterface>(use.getOwner());
  if (!windows || !windows.carriesRows(use.getOperandNumber()))
    return false;
  auto needsSameRows = [&](RowInterval rows) {
    return getNeededRegion(use, plan.getRegion(result, rows)).rows == rows;
  };
  for (auto [operandShare, share] :
       llvm::zip_equal(plan.getShares(use.get()), plan.getShares(result))) {
    RowInterval rows = share.computed;
    if (rows != operandShare.computed)
      return false;
    // Windows move on by the same number of rows for each row.
    if (!rows.empty() &&
        !(needsSameRows(rows) && needsSameRows({rows.begin, rows.begin + 1}) &&
          needsSameRows({rows.end - 1, rows.end})))
      return false;
  }
  return true;
}

DenseMap<Operation *, Operation *>
cluster::findPredecessors(const LayoutPlan &plan) {
  DenseMap<Operation *, Operation *> predecessors;
  ArrayRef<Operation *> operations = plan.getOperations();
  const DenseSet<Operation *> placed(operations.begin(), operations.end());
  for (Operation *op : operations) {
    OpOperand *last = nullptr;
    for (OpOperand &operand : op->getOpOperands()) {
      Operation *definition = operand.get().getDefiningOp();
      if (placed.contains(definition) &&
          (!last || last->get().getDefiningOp()->isBeforeInBlock(definition)))
        last = &operand;
    }
    if (!last || !last->get().hasOneUse())
      continue;
    Operation *before = last->get().getDefiningOp();
    if (isDividedByRows(plan, before) && isDividedByRows(plan, op) &&
        hasSameRows(plan, *last))
      predecessors[op] = before;
  }
  return predecessors;
}
