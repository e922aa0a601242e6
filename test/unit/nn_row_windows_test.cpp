//===- nn_row_windows_test.cpp - Operations by strips equal whole ones ----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits random operations of the nn dialect into random strips and executes
// both forms with the reference interpreter.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/RowSums.h"
#include "test/unit/random_operation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;
using namespace windrow::test;

namespace {

/// The operation that computes `rows` of `whole` from the rows that it needs
/// of `operands`.
Operation *buildStripOf(OperationFunctions &ir, RowWindowOpInterface whole,
                        ValueRange operands, RowInterval rows) {
  SmallVector<Value> stripOperands(operands);
  for (unsigned i = 0; i < operands.size(); ++i)
    if (whole.carriesRows(i))
      stripOperands[i] = ir.slice(operands[i], /*dimension=*/1,
                                  whole.getRowWindow(i, rows).rows);
  return whole.buildRows(ir.getBuilder(), stripOperands, rows);
}

RowWindowOpInterface wholeOp(func::FuncOp function) {
  return cast<RowWindowOpInterface>(function.getBody().front().front());
}

int64_t resultRows(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(1);
}

RC_GTEST_PROP(NnRowWindowsProperty, JoinedStripsEqualTheWholeBitForBit, ()) {
  OperationFunctions ir;
  OpCase opCase = pickOpCase(ir.getContext());
  RC_TAG(opCase.kind);
  func::FuncOp whole = ir.buildWhole(opCase);
  RowWindowOpInterface op = wholeOp(whole);
  RC_PRE(op.isRowSplittable());
  int64_t wholeMacs = cast<CostOpInterface>(*op).getCost().macs;
  int64_t stripMacs = 0;
  bool anyWidened = false;
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    SmallVector<Value> strips;
    for (RowInterval rows : pickRanges(resultRows(op))) {
      Operation *strip = buildStripOf(ir, op, operands, rows);
      RC_ASSERT(resultRows(strip) == rows.size());
      anyWidened |= strip->getName() != op->getName();
      stripMacs += cast<CostOpInterface>(strip).getCost().macs;
      strips.push_back(strip->getResult(0));
    }
    return ConcatOp::create(ir.getBuilder(), op.getLoc(), strips,
                            /*axis=*/1);
  });
  RC_ASSERT(ir.verify());
  RC_ASSERT(anyWidened || stripMacs == wholeMacs);
  RC_CLASSIFY(anyWidened);
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  RC_ASSERT(actual->front() == expected->front());
}

RC_GTEST_PROP(NnRowWindowsProperty, ReducedStripsEqualTheWholeReduction, ()) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  bool isAverage = pick(0, 1);
  OpCase opCase = {
      "global pool",
      {pickImage()},
      [&](OpBuilder &builder, Location loc, ValueRange operands) -> Value {
        if (isAverage)
          return GlobalAvgPoolOp::create(builder, loc, operands);
        return GlobalSumPoolOp::create(builder, loc, operands);
      }};
  func::FuncOp whole = ir.buildWhole(opCase);
  auto op = cast<RowReductionOpInterface>(whole.getBody().front().front());
  func::FuncOp split = ir.buildFunction(opCase, [&](ValueRange operands) {
    Value sum;
    for (RowInterval rows : pickRanges(opCase.operandShapes[0][1])) {
      Value part = op.buildPartial(
          builder, ir.slice(operands[0], /*dimension=*/1, rows));
      sum = sum ? AddOp::create(builder, builder.getUnknownLoc(), sum, part,
                                ClampAttr())
                : part;
    }
    return op.buildFinal(builder, sum);
  });
  RC_ASSERT(ir.verify());
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(split, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  // Terms are below 1: rounding errors of the partial sums are far below 1e-5.
  for (auto [x, y] :
       llvm::zip_equal(expected->front().values, actual->front().values))
    RC_ASSERT(std::abs(x - y) <= 1e-5f);
}

RC_GTEST_PROP(NnRowWindowsProperty, RowSumsEqualTheSumOfTheRows, ()) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  int64_t kernel = pick(1, 5), stride = pick(1, 3);
  int64_t top = pick(0, kernel - 1), bottom = pick(0, kernel - 1);
  int64_t groups = pick(1, 2);
  Sizes image = pickImage();
  image[0] = 1;
  image[3] = groups * pick(1, 3);
  image[1] += std::max(kernel, stride);
  OpCase opCase = {
      "conv_2d",
      {image, {groups * 2, kernel, 1, image[3] / groups}},
      [&](OpBuilder &builder, Location loc, ValueRange operands) -> Value {
        return Conv2DOp::create(
            builder, loc, operands[0], operands[1], /*bias=*/Value(),
            ArrayRef<int64_t>{stride, stride},
            ArrayRef<int64_t>{top, 0, bottom, 0}, ArrayRef<int64_t>{1, 1},
            groups, /*clamp=*/nullptr, ConvolutionAlgorithm::Direct);
      }};
  Operation *op = &ir.buildWhole(opCase).getBody().front().front();
  RC_ASSERT(hasLinearRows(op));
  auto sumOf = [&](Value value) -> Value {
    return GlobalSumPoolOp::create(builder, op->getLoc(), value);
  };
  func::FuncOp whole = ir.buildFunction(opCase, [&](ValueRange operands) {
    return sumOf(opCase.build(builder, op->getLoc(), operands));
  });
  func::FuncOp early = ir.buildFunction(opCase, [&](ValueRange operands) {
    Operation *conv =
        opCase.build(builder, op->getLoc(), operands).getDefiningOp();
    Value sum;
    for (RowInterval rows : pickRanges(resultRows(op))) {
      RowInterval window =
          cast<RowWindowOpInterface>(op).getRowWindow(0, rows).rows;
      Value part = sumOf(buildRowSum(
          builder, conv, ir.slice(operands[0], /*dimension=*/1, window), rows));
      sum = sum ? AddOp::create(builder, op->getLoc(), sum, part, ClampAttr())
                : part;
    }
    return sum;
  });
  RC_ASSERT(ir.verify());
  reference::Tensors inputs = pickInputs(opCase);
  FailureOr<reference::Tensors> expected = reference::interpret(whole, inputs);
  FailureOr<reference::Tensors> actual = reference::interpret(early, inputs);
  RC_ASSERT(succeeded(expected) && succeeded(actual));
  for (auto [x, y] :
       llvm::zip_equal(expected->front().values, actual->front().values))
    RC_ASSERT(std::abs(x - y) <= 1e-4f);
}

TEST(NnRowSumsTest, OnlyOfLinearConvolutionsThatSlideAsUsual) {
  OperationFunctions ir;
  auto isLinear = [&](int64_t pad, int64_t stride, int64_t dilation,
                      ClampAttr clamp) {
    OpCase opCase = {
        "conv_2d",
        {{1, 4, 4, 1}, {1, 3, 1, 1}},
        [&](OpBuilder &builder, Location loc, ValueRange operands) -> Value {
          return Conv2DOp::create(
              builder, loc, operands[0], operands[1], /*bias=*/Value(),
              ArrayRef<int64_t>{stride, 1}, ArrayRef<int64_t>{pad, 0, pad, 0},
              ArrayRef<int64_t>{dilation, 1}, /*groups=*/1, clamp,
              ConvolutionAlgorithm::Direct);
        }};
    return hasLinearRows(&ir.buildWhole(opCase).getBody().front().front());
  };
  auto clamp =
      ClampAttr::get(ir.getContext(), llvm::APFloat(0.0f), llvm::APFloat(6.0f));
  EXPECT_TRUE(isLinear(1, 2, 1, nullptr));
  EXPECT_FALSE(isLinear(1, 2, 1, clamp));
  EXPECT_FALSE(isLinear(3, 1, 1, nullptr));
  EXPECT_TRUE(isLinear(1, 3, 1, nullptr));
  EXPECT_FALSE(isLinear(1, 4, 1, nullptr));
  EXPECT_FALSE(isLinear(1, 1, 2, nullptr));
}

class NnRowSplittableTest : public testing::Test {
protected:
  template <typename Build>
  bool isSplittable(SmallVector<Sizes> operandShapes, Build build) {
    return wholeOp(ir.buildWhole({"", operandShapes, build})).isRowSplittable();
  }

  OperationFunctions ir;
};

Value buildSigmoid(OpBuilder &builder, Location loc, ValueRange operands) {
  return SigmoidOp::create(builder, loc, operands[0]);
}

TEST_F(NnRowSplittableTest, NeedsOneImageOfRankFour) {
  EXPECT_TRUE(isSplittable({{1, 4, 4, 2}}, buildSigmoid));
  EXPECT_FALSE(isSplittable({{2, 4, 4, 2}}, buildSigmoid));
  EXPECT_FALSE(isSplittable({{1, 4}}, buildSigmoid));
}

TEST_F(NnRowSplittableTest, ConcatOfRowsIsNot) {
  auto buildConcat = [](int64_t axis) {
    return [axis](OpBuilder &builder, Location loc, ValueRange operands) {
      return ConcatOp::create(builder, loc, operands, axis);
    };
  };
  SmallVector<Sizes> shapes = {{1, 4, 4, 2}, {1, 4, 4, 2}};
  EXPECT_FALSE(isSplittable(shapes, buildConcat(0)));
  EXPECT_FALSE(isSplittable(shapes, buildConcat(1)));
  EXPECT_TRUE(isSplittable(shapes, buildConcat(2)));
  EXPECT_TRUE(isSplittable(shapes, buildConcat(3)));
}

// Strides over the only row: every window lies in the padding.
TEST_F(NnRowSplittableTest, ConvolutionThatNeverTouchesTheImageIsNot) {
  auto build = [](OpBuilder &builder, Location loc, ValueRange operands) {
    return Conv2DOp::create(builder, loc, operands[0], operands[1], Value(),
                            /*strides=*/Sizes{4, 1},
                            /*pads=*/Sizes{1, 0, 0, 0}, /*dilations=*/
                            Sizes{1, 1}, /*groups=*/1, ClampAttr());
  };
  EXPECT_FALSE(isSplittable({{1, 1, 4, 2}, {2, 1, 1, 2}}, build));
  EXPECT_TRUE(isSplittable({{1, 4, 4, 2}, {2, 1, 1, 2}}, build));
}

TEST_F(NnRowSplittableTest, OnlyImagesCarryRows) {
  auto build = [](OpBuilder &builder, Location loc, ValueRange operands) {
    return MultiplyOp::create(builder, loc, operands[0], operands[1],
                              ClampAttr());
  };
  RowWindowOpInterface op =
      wholeOp(ir.buildWhole({"", {{1, 1, 1, 2}, {1, 4, 4, 2}}, build}));
  EXPECT_FALSE(op.carriesRows(0));
  EXPECT_TRUE(op.carriesRows(1));
}

} // namespace
