//===- NnCosts.cpp - What operations of nn cost ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow::nn;

static int64_t elementCount(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

static int64_t byteCount(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * (type.getElementTypeBitWidth() / 8);
}

/// The cost of `op`, whose operands from `firstWeight` on are weights, whatever
/// computes them.
static OpCost costOf(Operation *op, int64_t macs, unsigned firstWeight = ~0u) {
  OpCost cost;
  cost.macs = macs;
  for (OpOperand &operand : op->getOpOperands()) {
    bool isWeight = operand.getOperandNumber() >= firstWeight ||
                    operand.get().getDefiningOp<ConstantOp>();
    (isWeight ? cost.weightBytes : cost.activationBytesRead) +=
        byteCount(operand.get());
  }
  cost.activationBytesWritten = byteCount(op->getResult(0));
  return cost;
}

OpCost Conv2DOp::getCost() {
  int64_t macsPerElement =
      elementCount(getFilter()) / getFilter().getType().getDimSize(0);
  return costOf(*this, elementCount(getResult()) * macsPerElement,
                /*firstWeight=*/1);
}

OpCost MaxPool2DOp::getCost() {
  return costOf(*this,
                elementCount(getResult()) * getKernel()[0] * getKernel()[1]);
}

OpCost AvgPool2DOp::getCost() {
  return costOf(*this,
                elementCount(getResult()) * getKernel()[0] * getKernel()[1]);
}

OpCost GlobalAvgPoolOp::getCost() {
  return costOf(*this, elementCount(getInput()));
}

OpCost GlobalSumPoolOp::getCost() {
  return costOf(*this, elementCount(getInput()));
}

OpCost FullyConnectedOp::getCost() {
  OpCost cost = costOf(
      *this, elementCount(getResult()) * getInput().getType().getDimSize(1),
      /*firstWeight=*/1);
  if (getStorage() != WeightStorage::F32)
    cost.weightBytes -= byteCount(getFilter()) / 2;
  return cost;
}

OpCost AddOp::getCost() { return costOf(*this, elementCount(getResult())); }

OpCost MultiplyOp::getCost() {
  return costOf(*this, elementCount(getResult()));
}

OpCost ClampOp::getCost() { return costOf(*this, elementCount(getResult())); }

OpCost SigmoidOp::getCost() { return costOf(*this, elementCount(getResult())); }

OpCost HardSwishOp::getCost() {
  return costOf(*this, elementCount(getResult()));
}

OpCost SoftmaxOp::getCost() { return costOf(*this, elementCount(getResult())); }

OpCost ScaleShiftOp::getCost() {
  return costOf(*this, elementCount(getResult()), /*firstWeight=*/1);
}

OpCost NormalizeImageOp::getCost() {
  return costOf(*this, elementCount(getResult()));
}

OpCost ConcatOp::getCost() { return costOf(*this, 0); }

OpCost PadOp::getCost() { return costOf(*this, 0); }

OpCost SliceOp::getCost() {
  OpCost cost = costOf(*this, 0);
  int64_t &bytesRead =
      cost.weightBytes ? cost.weightBytes : cost.activationBytesRead;
  bytesRead = cost.activationBytesWritten;
  return cost;
}

OpCost ReshapeOp::getCost() { return {}; }

OpCost TransposeOp::getCost() { return costOf(*this, 0); }
