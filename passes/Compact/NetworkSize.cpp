//===- NetworkSize.cpp - Parameters and MACs ------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/NetworkSize.h"

#include "dialects/Nn/Nn.h"

using namespace mlir;

namespace windrow::nn {

NetworkSize measure(ArrayRef<Operation *> operations) {
  NetworkSize size;
  for (Operation *op : operations) {
    if (auto cost = dyn_cast<CostOpInterface>(op))
      size.macs += cost.getCost().macs;
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<ConstantOp>())
        size.parameters += constant.getType().getNumElements();
  }
  return size;
}

NetworkSize measure(func::FuncOp function) {
  SmallVector<Operation *> operations;
  for (Operation &op : function.getOps())
    operations.push_back(&op);
  return measure(operations);
}

void describeChange(Diagnostic &remark, const NetworkSize &before,
                    const NetworkSize &after) {
  remark << before.parameters << " -> " << after.parameters << " parameters, "
         << before.macs << " -> " << after.macs << " MACs";
}

} // namespace windrow::nn
