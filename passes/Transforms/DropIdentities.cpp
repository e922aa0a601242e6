//===- DropIdentities.cpp - Remove what changes nothing ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Identities of a single operation's shape (pad, slice, concat, reshape,
// transpose) are folds of the dialect, which the pattern driver applies too.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/ConstantElements.h"
#include "passes/Transforms/FusedClamp.h"
#include "passes/Transforms/Passes.h"
#include "passes/Transforms/ValueBounds.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_DROPIDENTITIES
#include "passes/Transforms/Passes.h.inc"

/// Replaces `op`, whose result is `value` apart from its own clamp.
static LogicalResult replaceByValue(PatternRewriter &rewriter, Operation *op,
                                    Value value) {
  if (ClampAttr clamp = getFusedClamp(op))
    rewriter.replaceOpWithNewOp<ClampOp>(op, value.getType(), value, clamp);
  else
    rewriter.replaceOp(op, value);
  return success();
}

static bool isAll(ArrayRef<int64_t> values, int64_t expected) {
  return llvm::all_of(values, [&](int64_t value) { return value == expected; });
}

namespace {

struct DropClampWithinBounds : OpRewritePattern<ClampOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ClampOp op,
                                PatternRewriter &rewriter) const override {
    ValueBounds outer = {op.getBounds().getMinValue(),
                         op.getBounds().getMaxValue()};
    if (!getValueBounds(op.getInput()).isWithin(outer))
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

struct DropScaleByOne : OpRewritePattern<ScaleShiftOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleShiftOp op,
                                PatternRewriter &rewriter) const override {
    if (readUniformConstant(op.getScale()) != 1.0f ||
        readUniformConstant(op.getShift()) != 0.0f)
      return failure();
    return replaceByValue(rewriter, op, op.getInput());
  }
};

/// A sum with zeros, a product with ones.
template <typename Op> struct DropNeutralOperand : OpRewritePattern<Op> {
  DropNeutralOperand(MLIRContext *context, float neutral)
      : OpRewritePattern<Op>(context), neutral(neutral) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value lhs = op.getLhs(), rhs = op.getRhs();
    for (auto [value, other] : {std::pair(lhs, rhs), std::pair(rhs, lhs)})
      if (value.getType() == op.getType() &&
          readUniformConstant(other) == neutral)
        return replaceByValue(rewriter, op, value);
    return failure();
  }

  float neutral;
};

template <typename Op> struct DropPoolOfOne : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!isAll(op.getKernel(), 1) || !isAll(op.getStrides(), 1) ||
        !isAll(op.getPads(), 0))
      return failure();
    return replaceByValue(rewriter, op, op.getInput());
  }
};

template <typename Op> struct DropGlobalPoolOfOne : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType() != op.getType())
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// A transpose that only moves dimensions of size one is a reshape.
struct TransposeToReshape : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = op.getInput().getType().getShape();
    SmallVector<int64_t> moved;
    for (int64_t from : op.getPermutation())
      if (shape[from] != 1)
        moved.push_back(from);
    if (!llvm::is_sorted(moved))
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

struct DropIdentities : impl::DropIdentitiesBase<DropIdentities> {
  using DropIdentitiesBase::DropIdentitiesBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns
        .add<DropClampWithinBounds, DropScaleByOne, DropPoolOfOne<MaxPool2DOp>,
             DropPoolOfOne<AvgPool2DOp>, DropGlobalPoolOfOne<GlobalAvgPoolOp>,
             DropGlobalPoolOfOne<GlobalSumPoolOp>, TransposeToReshape>(context);
    patterns.add<DropNeutralOperand<AddOp>>(context, 0.0f);
    patterns.add<DropNeutralOperand<MultiplyOp>>(context, 1.0f);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

} // namespace windrow::nn
