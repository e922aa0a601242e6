//===- FuseClamps.cpp - Let kernels clamp their own results -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/FusedClamp.h"
#include "passes/Transforms/Passes.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_FUSECLAMPS
#include "passes/Transforms/Passes.h.inc"

/// Whether `op` only moves elements, so that they may be clamped before.
static bool movesElements(Operation *op) {
  return isa<ConcatOp, ReshapeOp, SliceOp, TransposeOp>(op);
}

/// Whether whatever computes `value` can apply `bounds` itself, and nothing
/// else uses the value.
static bool canClampAtSource(Value value, ClampAttr bounds) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  if (movesElements(op))
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return canClampAtSource(operand, bounds);
    });
  if (!canFuseClamp(op))
    return false;
  ClampAttr present = getFusedClamp(op);
  return !present || present.then(bounds);
}

static void clampAtSource(Value value, ClampAttr bounds) {
  Operation *op = value.getDefiningOp();
  if (movesElements(op)) {
    for (Value operand : op->getOperands())
      clampAtSource(operand, bounds);
    return;
  }
  ClampAttr present = getFusedClamp(op);
  setFusedClamp(op, present ? present.then(bounds) : bounds);
}

static void replaceByInput(ClampOp clamp) {
  clamp.getResult().replaceAllUsesWith(clamp.getInput());
  clamp.erase();
}

static void fuseClamp(ClampOp clamp) {
  while (auto before = clamp.getInput().getDefiningOp<ClampOp>()) {
    ClampAttr both = before.getBounds().then(clamp.getBounds());
    if (!both)
      return;
    clamp.setBoundsAttr(both);
    clamp.getInputMutable().assign(before.getInput());
    if (before.use_empty())
      before.erase();
  }

  if (canClampAtSource(clamp.getInput(), clamp.getBounds())) {
    clampAtSource(clamp.getInput(), clamp.getBounds());
    replaceByInput(clamp);
    return;
  }

  if (!clamp->hasOneUse())
    return;
  auto pool = dyn_cast<MaxPool2DOp>(*clamp->user_begin());
  if (!pool)
    return;
  ClampAttr present = getFusedClamp(pool);
  ClampAttr both =
      present ? clamp.getBounds().then(present) : clamp.getBounds();
  if (!both)
    return;
  setFusedClamp(pool, both);
  replaceByInput(clamp);
}

namespace {

struct FuseClamps : impl::FuseClampsBase<FuseClamps> {
  using FuseClampsBase::FuseClampsBase;

  void runOnOperation() override { getOperation().walk(fuseClamp); }
};

} // namespace

} // namespace windrow::nn
