//===- ValueBounds.cpp - Which interval a value lies in ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/ValueBounds.h"

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/FusedClamp.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace windrow::nn {

// A concatenation branches: deeper searches could visit a value very often.
static constexpr unsigned searchDepth = 6;
// x * (x + 3) / 6 is smallest at -1.5; rounded down generously.
static constexpr float hardSwishMin = -0.376f;
static constexpr float unbounded = std::numeric_limits<float>::infinity();

static ValueBounds hull(ValueBounds a, ValueBounds b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max)};
}

/// Sums, products and means keep the sign of their operands, but may be rounded
/// beyond other bounds.
static ValueBounds signOnly(ValueBounds bounds) {
  return {bounds.min >= 0 ? 0 : -unbounded, bounds.max <= 0 ? 0 : unbounded};
}

static ValueBounds getBounds(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return {};
  auto hullOfOperands = [&] {
    ValueBounds bounds = getBounds(op->getOperand(0), depth - 1);
    for (Value operand : op->getOperands().drop_front())
      bounds = hull(bounds, getBounds(operand, depth - 1));
    return bounds;
  };

  ValueBounds bounds =
      TypeSwitch<Operation *, ValueBounds>(op)
          .Case<SigmoidOp, SoftmaxOp>([](auto) {
            return ValueBounds{0, 1};
          })
          .Case([](HardSwishOp) {
            return ValueBounds{hardSwishMin, unbounded};
          })
          .Case([&](PadOp) {
            return hull(hullOfOperands(), {0, 0});
          })
          .Case<AvgPool2DOp, GlobalAvgPoolOp, GlobalSumPoolOp, AddOp>(
              [&](auto) { return signOnly(hullOfOperands()); })
          .Case<ClampOp, MaxPool2DOp, ConcatOp, SliceOp, ReshapeOp,
                TransposeOp>([&](auto) { return hullOfOperands(); })
          .Default([](Operation *) { return ValueBounds(); });

  ClampAttr clamp = getFusedClamp(op);
  if (auto clampOp = dyn_cast<ClampOp>(op))
    clamp = clampOp.getBounds();
  if (clamp) {
    float min = clamp.getMinValue(), max = clamp.getMaxValue();
    bounds = {std::clamp(bounds.min, min, max),
              std::clamp(bounds.max, min, max)};
  }
  return bounds;
}

ValueBounds getValueBounds(Value value) {
  return getBounds(value, searchDepth);
}

} // namespace windrow::nn
