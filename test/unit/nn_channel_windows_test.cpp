//===- nn_channel_windows_test.cpp - Operations by channels equal whole ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits random operations of the nn dialect into random ranges of channels, of
// their result or of their input, and executes both forms with the reference
// interpreter.
//
//===----------------------------------------------------------------------===//

#include "test/unit/random_operation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;
using namespace windrow::test;

namespace {

OpCase makeFullyConnected(int64_t rows, int64_t inputs, int64_t outputs,
                          bool hasBias, ClampAttr clamp) {
  SmallVector<Sizes> shapes = {{rows, inputs}, {outputs, inputs}};
  if (hasBias)
    shapes.push_back({outputs});
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    return FullyConnectedOp::create(builder, loc, operands[0], operands[1],
                                    hasBias ? operands[2] : Value(), clamp);
  };
  return {"fully_connected", shapes, build};
}

OpCase pickFullyConnected(MLIRContext *context) {
  ClampAttr clamp =
      pick(0, 1) ? ClampAttr() : ClampAttr::get(context, -0.25f, 0.5f);
  return makeFullyConnected(pick(1, 2), pick(1, 6), pick(1, 6), pick(0, 1),
                            clamp);
}

OpCase pickGlobalPool() {
  bool isAverage = pick(0, 1);
  auto build = [=](OpBuilder &builder, Location loc,
                   ValueRange operands) -> Value {
    if (isAverage)
      return GlobalAvgPoolOp::create(builder, loc, operands[0]);
    return GlobalSumPoolOp::create(builder, loc, operands[0]);
  };
  return {"global pool", {pickImage()}, build};
}

OpCase makeReshape(Sizes from, Sizes to) {
  auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
    auto type = cast<RankedTensorType>(operands[0].getType());
    return ReshapeOp::create(builder, loc, type.clone(to), operands[0]);
  };
  return {"reshape", {from}, build};
}

OpCase pickReshape() {
  Sizes image = pickImage();
  int64_t pixels = image[1] * image[2], channels = image[3];
  switch (pick(0, 3)) {
  case 0:
    return makeReshape(image, {1, pixels * channels});
  case 1:
    return makeReshape(image, {pixels * channels});
  case 2:
    return makeReshape(image, {pixels, channels});
  default:
    return makeReshape({1, channels}, {1, 1, 1, channels});
  }
}

OpCase pickAnyOpCase(MLIRContext *context) {
  switch (pick(0, 7)) {
  case 0:
    return pickFullyConnected(context);
  case 1:
    return pickGlobalPool();
  case 2:
    return pickReshape();
  default:
    return pickOpCase(context);
  }
}

/// `region` of `value`.
Value sliceRegion(OperationFunctions &ir, Value value, TensorRegion region) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 4)
    value = ir.slice(value, /*dimension=*/1, region.rows);
  return ir.slice(value, type.getRank() - 1, region.channels);
}

/// What computes `channels` of `whole` from what it needs of `operands`.
Value buildPartOf(OperationFunctions &ir, ChannelWindowOpInterface whole,
                  ValueRange operands, ChannelInterval channels) {
  SmallVector<Value> partOperands(operands);
  for (unsigned i = 0; i < operands.size(); ++i) {
    if (!whole.carriesChannels(i))
      continue;
    TensorRegion region = whole.getChannelRegion(i, channels);
    partOperands[i] =
        region.empty() ? Value() : sliceRegion(ir, operands[i], region);
  }
  return whole.buildChannels(ir.getBuilder(), partOperands, channels);
}

template <typename Interface> Interface wholeOp(func::FuncOp function) {
  return dyn_cast<Interface>(function.getBody().front().front());
}

RC_GTEST_PROP(NnChannelWindowsProperty, JoinedPartsEqualTheWholeBitForBit, ()) {
  OperationFunctions ir;
  OpCase opCase = pickAnyOpCase(ir.getContext());
  func::FuncOp whole = ir.buildWhole(opCase);
  auto op = wholeOp<ChannelWindowOpInterface>(whole);
  RC_PRE(static_cast<bool>(op));
  RC_PRE(op.isChannelSplittable());
  RC_TAG(opCase.kind);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t last = type.getRank() - 1;
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    SmallVector<Value> parts;
    for (ChannelInterval channels : pickRanges(type.getDimSize(last))) {
      parts.push_back(buildPartOf(ir, op, operands, channels));
      RC_ASSERT(wholeRegion(parts.back()).channels.end == channels.size());
    }
    return ConcatOp::create(ir.getBuilder(), op.getLoc(), parts, last);
  });
  RC_ASSERT(ir.verify());
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  RC_ASSERT(actual->front() == expected->front());
}

RC_GTEST_PROP(NnChannelWindowsProperty, SumOfPartialResultsEqualsTheWhole, ()) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  OpCase opCase = pick(0, 1) ? pickFullyConnected(ir.getContext())
                             : pickOpCase(ir.getContext());
  func::FuncOp whole = ir.buildWhole(opCase);
  auto op = wholeOp<ChannelReductionOpInterface>(whole);
  RC_PRE(static_cast<bool>(op));
  RC_PRE(op.isChannelReducible());
  RC_TAG(opCase.kind);
  int64_t outputs = wholeRegion(op->getResult(0)).channels.end;
  // Weights that are arguments are read by the original, which is elsewhere.
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    Value local = opCase.build(builder, op.getLoc(), operands);
    auto here = cast<ChannelReductionOpInterface>(local.getDefiningOp());
    Value input = operands[0], sum;
    TensorRegion all = wholeRegion(input);
    for (ChannelInterval channels : pickRanges(all.channels.end)) {
      Value part = here.buildChannelPartial(
          builder, sliceRegion(ir, input, {all.rows, channels}), channels);
      sum = sum ? AddOp::create(builder, op.getLoc(), sum, part, ClampAttr())
                : part;
    }
    SmallVector<Value> parts;
    for (ChannelInterval channels : pickRanges(outputs))
      parts.push_back(here.buildChannelFinal(
          builder, sliceRegion(ir, sum, {wholeRegion(sum).rows, channels}),
          channels));
    int64_t last = cast<RankedTensorType>(sum.getType()).getRank() - 1;
    return ConcatOp::create(builder, op.getLoc(), parts, last);
  });
  RC_ASSERT(ir.verify());
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  // Fewer than 100 terms, each below 1, are added in another order.
  for (auto [x, y] :
       llvm::zip_equal(expected->front().values, actual->front().values))
    RC_ASSERT(std::abs(x - y) <= 3e-5f);
}

class NnChannelSplittableTest : public testing::Test {
protected:
  ChannelWindowOpInterface build(const OpCase &opCase) {
    return wholeOp<ChannelWindowOpInterface>(ir.buildWhole(opCase));
  }

  OperationFunctions ir;
};

TEST_F(NnChannelSplittableTest, SoftmaxIsNot) {
  auto buildSoftmax = [](OpBuilder &builder, Location loc,
                         ValueRange operands) {
    return SoftmaxOp::create(builder, loc, operands[0]);
  };
  EXPECT_FALSE(build({"", {{1, 4, 4, 2}}, buildSoftmax}));
}

TEST_F(NnChannelSplittableTest, FlatteningReadsRows) {
  ChannelWindowOpInterface op = build(makeReshape({1, 4, 2, 3}, {1, 24}));
  EXPECT_TRUE(op.isChannelSplittable());
  EXPECT_EQ(op.getChannelRegion(0, {6, 12}), (TensorRegion{{1, 2}, {0, 3}}));
  EXPECT_EQ(op.getChannelRegion(0, {5, 13}), (TensorRegion{{0, 3}, {0, 3}}));
  EXPECT_FALSE(build(makeReshape({1, 4, 2, 3}, {6, 4})).isChannelSplittable());
  EXPECT_FALSE(build(makeReshape({2, 4, 2, 3}, {2, 24})).isChannelSplittable());
}

TEST_F(NnChannelSplittableTest, GroupsReadTheirChannels) {
  auto makeConvolution = [](int64_t groups) {
    auto build = [=](OpBuilder &builder, Location loc, ValueRange operands) {
      return Conv2DOp::create(builder, loc, operands[0], operands[1], Value(),
                              Sizes{1, 1}, Sizes{0, 0, 0, 0}, Sizes{1, 1},
                              groups, ClampAttr());
    };
    return OpCase{"", {{1, 5, 5, 6}, {12, 1, 1, 6 / groups}}, build};
  };
  auto channelsRead = [&](int64_t groups, ChannelInterval outputs) {
    return build(makeConvolution(groups)).getChannelRegion(0, outputs).channels;
  };
  EXPECT_EQ(channelsRead(1, {3, 4}), (ChannelInterval{0, 6}));
  EXPECT_EQ(channelsRead(3, {4, 8}), (ChannelInterval{2, 4}));
  EXPECT_EQ(channelsRead(3, {3, 8}), (ChannelInterval{0, 4}));
  EXPECT_EQ(channelsRead(6, {3, 4}), (ChannelInterval{1, 2}));
}

TEST_F(NnChannelSplittableTest, OneChannelOfOneComesWithItsNeighbour) {
  auto makeConvolution = [](int64_t inputs, int64_t outputs) {
    auto build = [](OpBuilder &builder, Location loc, ValueRange operands) {
      return Conv2DOp::create(builder, loc, operands[0], operands[1], Value(),
                              Sizes{1, 1}, Sizes{0, 0, 0, 0}, Sizes{1, 1},
                              /*groups=*/1, ClampAttr());
    };
    return OpCase{"", {{1, 5, 5, inputs}, {outputs, 3, 3, inputs}}, build};
  };
  auto channelsComputed = [&](const OpCase &opCase, ChannelInterval outputs) {
    ChannelWindowOpInterface op = build(opCase);
    func::FuncOp part = ir.buildFunction(opCase, [&](ValueRange operands) {
      return buildPartOf(ir, op, operands, outputs);
    });
    return wholeRegion((*part.getOps<Conv2DOp>().begin()).getResult())
        .channels.end;
  };
  EXPECT_EQ(channelsComputed(makeConvolution(1, 3), {0, 1}), 2);
  EXPECT_EQ(channelsComputed(makeConvolution(1, 3), {2, 3}), 2);
  EXPECT_EQ(channelsComputed(makeConvolution(1, 3), {1, 3}), 2);
  EXPECT_EQ(channelsComputed(makeConvolution(1, 1), {0, 1}), 1);
  EXPECT_EQ(channelsComputed(makeConvolution(2, 3), {0, 1}), 1);
}

} // namespace
