//===- MergePads.cpp - Let convolutions and pools pad -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "passes/Transforms/Passes.h"
#include "passes/Transforms/ValueBounds.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace windrow::nn {

#define GEN_PASS_DEF_MERGEPADS
#include "passes/Transforms/Passes.h.inc"

namespace {

/// The pads (top, left, bottom, right) of a sliding operation behind `pad`,
/// whose own are `pads`, that make `pad` superfluous; nothing where it pads
/// more than rows and columns.
std::optional<SmallVector<int64_t>> mergePads(PadOp pad,
                                              ArrayRef<int64_t> pads) {
  ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
  for (int64_t dimension : {0, 3})
    if (low[dimension] != 0 || high[dimension] != 0)
      return std::nullopt;
  return SmallVector<int64_t>{pads[0] + low[1], pads[1] + low[2],
                              pads[2] + high[1], pads[3] + high[2]};
}

/// Whether every window along one dimension still holds an element of the
/// image.
bool everyWindowHoldsImage(int64_t size, int64_t outputSize, int64_t kernel,
                           int64_t stride, int64_t dilation, int64_t padLow) {
  // With a dilation, whether one of the few elements hits the image is a
  // question of its own; such pools are rare.
  if (dilation != 1)
    return false;
  int64_t lastWindow = (outputSize - 1) * stride - padLow;
  return padLow < kernel && lastWindow < size;
}

struct MergePadIntoConv : OpRewritePattern<Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(Conv2DOp conv,
                                PatternRewriter &rewriter) const override {
    auto pad = conv.getInput().getDefiningOp<PadOp>();
    if (!pad)
      return failure();
    std::optional<SmallVector<int64_t>> pads = mergePads(pad, conv.getPads());
    if (!pads)
      return failure();
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getInputMutable().assign(pad.getInput());
      conv.setPads(*pads);
    });
    return success();
  }
};

struct MergePadIntoMaxPool : OpRewritePattern<MaxPool2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaxPool2DOp pool,
                                PatternRewriter &rewriter) const override {
    auto pad = pool.getInput().getDefiningOp<PadOp>();
    if (!pad || getValueBounds(pad.getInput()).min < 0)
      return failure();
    std::optional<SmallVector<int64_t>> pads = mergePads(pad, pool.getPads());
    if (!pads)
      return failure();
    ArrayRef<int64_t> imageShape = pad.getInput().getType().getShape();
    ArrayRef<int64_t> resultShape = pool.getType().getShape();
    for (int i : {0, 1})
      if (!everyWindowHoldsImage(imageShape[i + 1], resultShape[i + 1],
                                 pool.getKernel()[i], pool.getStrides()[i],
                                 pool.getDilations()[i], (*pads)[i]))
        return failure();
    rewriter.modifyOpInPlace(pool, [&] {
      pool.getInputMutable().assign(pad.getInput());
      pool.setPads(*pads);
    });
    return success();
  }
};

struct MergePadOfPad : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PadOp pad,
                                PatternRewriter &rewriter) const override {
    auto inner = pad.getInput().getDefiningOp<PadOp>();
    if (!inner)
      return failure();
    auto sum = [](ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
      return llvm::map_to_vector(llvm::zip_equal(a, b), [](auto pair) {
        return std::get<0>(pair) + std::get<1>(pair);
      });
    };
    SmallVector<int64_t> low = sum(pad.getLow(), inner.getLow());
    SmallVector<int64_t> high = sum(pad.getHigh(), inner.getHigh());
    rewriter.modifyOpInPlace(pad, [&] {
      pad.getInputMutable().assign(inner.getInput());
      pad.setLow(low);
      pad.setHigh(high);
    });
    return success();
  }
};

struct MergePads : impl::MergePadsBase<MergePads> {
  using MergePadsBase::MergePadsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MergePadIntoConv, MergePadIntoMaxPool, MergePadOfPad>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

} // namespace windrow::nn
