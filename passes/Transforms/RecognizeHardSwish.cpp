//===- RecognizeHardSwish.cpp - Hard swish from its parts -------*- C++ -*-===//
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

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_RECOGNIZEHARDSWISH
#include "passes/Transforms/Passes.h.inc"

static constexpr double tolerance = 1e-6;
static constexpr double infinity = std::numeric_limits<double>::infinity();

static bool isNear(double value, double expected) {
  return std::abs(value - expected) <= tolerance;
}

namespace {

/// y = min(max(x * scale + shift, min), max) for every element.
struct Ramp {
  double scale = 1;
  double shift = 0;
  double min = -infinity;
  double max = infinity;

  bool isHardSigmoid() const {
    return isNear(scale, 1.0 / 6) && isNear(shift, 0.5) && isNear(min, 0) &&
           isNear(max, 1);
  }

  void multiply(double factor) {
    scale *= factor;
    shift *= factor;
    min *= factor;
    max *= factor;
  }

  void add(double summand) {
    shift += summand;
    min += summand;
    max += summand;
  }

  void clamp(ClampAttr bounds) {
    min = std::clamp<double>(min, bounds.getMinValue(), bounds.getMaxValue());
    max = std::clamp<double>(max, bounds.getMinValue(), bounds.getMaxValue());
  }
};

/// One step of a chain: `result = input * scale + shift`, then clamped.
struct Step {
  Value input;
  double scale = 1;
  double shift = 0;
  ClampAttr clamp;
};

} // namespace

/// The operand of a binary operation beside a constant of equal elements, and
/// that element.
template <typename Op>
static std::optional<std::pair<Value, float>> splitUniformOperand(Op op) {
  for (auto [value, other] : {std::pair(op.getLhs(), op.getRhs()),
                              std::pair(op.getRhs(), op.getLhs())})
    if (value.getType() == op.getType())
      if (std::optional<float> uniform = readUniformConstant(other))
        return std::pair<Value, float>(value, *uniform);
  return std::nullopt;
}

/// How `value` is computed, if from one other value by the same line for all
/// elements that ascends.
static std::optional<Step> matchStep(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  Step step;
  step.clamp = getFusedClamp(op);
  if (auto clamp = dyn_cast<ClampOp>(op)) {
    step.input = clamp.getInput();
    step.clamp = clamp.getBounds();
  } else if (auto scaleShift = dyn_cast<ScaleShiftOp>(op)) {
    std::optional<float> scale = readUniformConstant(scaleShift.getScale());
    std::optional<float> shift = readUniformConstant(scaleShift.getShift());
    if (!scale || !shift)
      return std::nullopt;
    step.input = scaleShift.getInput();
    step.scale = *scale;
    step.shift = *shift;
  } else if (auto add = dyn_cast<AddOp>(op)) {
    if (auto operand = splitUniformOperand(add))
      std::tie(step.input, step.shift) = *operand;
  } else if (auto multiply = dyn_cast<MultiplyOp>(op)) {
    if (auto operand = splitUniformOperand(multiply))
      std::tie(step.input, step.scale) = *operand;
  }
  if (!step.input || step.scale <= 0)
    return std::nullopt;
  return step;
}

/// The ramp by which `value` depends on `source`, if it does.
static std::optional<Ramp> matchRamp(Value value, Value source) {
  SmallVector<Step> steps;
  while (value != source) {
    std::optional<Step> step = matchStep(value);
    if (!step)
      return std::nullopt;
    value = step->input;
    steps.push_back(*step);
  }
  Ramp ramp;
  for (const Step &step : llvm::reverse(steps)) {
    ramp.multiply(step.scale);
    ramp.add(step.shift);
    if (step.clamp)
      ramp.clamp(step.clamp);
  }
  return ramp;
}

/// The value of which `product`, multiplied by `factor`, is the hard swish.
static Value matchHardSwish(MultiplyOp product, double factor) {
  for (auto [source, gate] : {std::pair(product.getLhs(), product.getRhs()),
                              std::pair(product.getRhs(), product.getLhs())}) {
    std::optional<Ramp> ramp = matchRamp(gate, source);
    if (!ramp)
      continue;
    ramp->multiply(factor);
    if (ramp->isHardSigmoid())
      return source;
  }
  return {};
}

static LogicalResult replaceByHardSwish(PatternRewriter &rewriter,
                                        Operation *op, Value source,
                                        ClampAttr clamp) {
  Value result =
      HardSwishOp::create(rewriter, op->getLoc(), source.getType(), source);
  if (clamp)
    result = ClampOp::create(rewriter, op->getLoc(), result.getType(), result,
                             clamp);
  rewriter.replaceOp(op, result);
  return success();
}

namespace {

/// x * hard sigmoid of x.
struct RecognizeProduct : OpRewritePattern<MultiplyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MultiplyOp product,
                                PatternRewriter &rewriter) const override {
    Value source = matchHardSwish(product, 1);
    if (!source)
      return failure();
    return replaceByHardSwish(rewriter, product, source,
                              product.getClampAttr());
  }
};

/// A product whose division by six comes last.
template <typename Op> struct RecognizeScaledProduct : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    std::optional<Step> division = matchStep(op.getResult());
    if (!division || division->shift != 0)
      return failure();
    auto product = division->input.getDefiningOp<MultiplyOp>();
    if (!product || product.getClampAttr())
      return failure();
    Value source = matchHardSwish(product, division->scale);
    if (!source)
      return failure();
    return replaceByHardSwish(rewriter, op, source, division->clamp);
  }
};

struct RecognizeHardSwish : impl::RecognizeHardSwishBase<RecognizeHardSwish> {
  using RecognizeHardSwishBase::RecognizeHardSwishBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<RecognizeProduct, RecognizeScaledProduct<MultiplyOp>,
                 RecognizeScaledProduct<ScaleShiftOp>>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

} // namespace windrow::nn
