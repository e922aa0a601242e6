//===- interpreter_test.cpp - Tests of the reference interpreter ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One case per operation of the nn dialect, against values worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "test/unit/interpreter_test.h"

#include "mlir/IR/AsmState.h"

#include <gmock/gmock.h>

#include <cmath>

using testing::ElementsAre;
using testing::FloatEq;
using testing::Pointwise;

namespace windrow::reference {
namespace {

TEST_F(InterpreterTest, Constant) {
  Tensor result = run(R"(func.func @f() -> tensor<2x3xf32> {
    %0 = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>
       viewed [3, 2] permuted [1, 0] : tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  })",
                      {});
  EXPECT_EQ(result, Tensor({2, 3}, {1, 3, 5, 2, 4, 6}));
}

TEST_F(InterpreterTest, ConstantSplat) {
  Tensor result = run(R"(func.func @f() -> tensor<2x2xf32> {
    %0 = nn.constant dense<0.5> : tensor<4xf32> : tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  })",
                      {});
  EXPECT_EQ(result, Tensor({2, 2}, 0.5f));
}

TEST_F(InterpreterTest, ConstantResource) {
  // A blob starts with its alignment; 1.0, 2.0, 3.0 follow, little-endian.
  Tensor result = run(R"(
    func.func @f() -> tensor<3xf32> {
      %0 = nn.constant dense_resource<weights> : tensor<3xf32> : tensor<3xf32>
      return %0 : tensor<3xf32>
    }
    {-# dialect_resources: { builtin: {
          weights: "0x040000000000803F0000004000004040" } } #-}
  )",
                      {});
  EXPECT_EQ(result, Tensor({3}, {1, 2, 3}));
}

// The window of the first output covers one row and one column of padding.
TEST_F(InterpreterTest, Conv2D) {
  Tensor result =
      run(R"(func.func @f(%x: tensor<1x3x3x1xf32>,
      %f: tensor<2x2x2x1xf32>, %b: tensor<2xf32>) -> tensor<1x2x2x2xf32> {
    %0 = nn.conv_2d %x, %f, %b {strides = array<i64: 2, 2>,
                                pads = array<i64: 1, 1, 0, 0>}
       : (tensor<1x3x3x1xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>)
       -> tensor<1x2x2x2xf32>
    return %0 : tensor<1x2x2x2xf32>
  })",
          {iota({1, 3, 3, 1}), iota({2, 2, 2, 1}), Tensor({2}, {0.5f, -0.5f})});
  // Filter 0 is [[1, 2], [3, 4]], filter 1 [[5, 6], [7, 8]].
  EXPECT_EQ(result,
            Tensor({1, 2, 2, 2}, {4 + 0.5f, 8 - 0.5f,                   //
                                  3 * 2 + 4 * 3 + 0.5f,                 //
                                  7 * 2 + 8 * 3 - 0.5f,                 //
                                  2 * 4 + 4 * 7 + 0.5f,                 //
                                  6 * 4 + 8 * 7 - 0.5f,                 //
                                  1 * 5 + 2 * 6 + 3 * 8 + 4 * 9 + 0.5f, //
                                  5 * 5 + 6 * 6 + 7 * 8 + 8 * 9 - 0.5f}));
}

TEST_F(InterpreterTest, Conv2DDilatedClamped) {
  Tensor result = run(
      R"(func.func @f(%x: tensor<1x1x5x1xf32>,
      %f: tensor<1x1x2x1xf32>) -> tensor<1x1x3x1xf32> {
    %0 = nn.conv_2d %x, %f {dilations = array<i64: 1, 2>,
                            clamp = #nn.clamp<min = 0.0, max = 7.5>}
       : (tensor<1x1x5x1xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x3x1xf32>
    return %0 : tensor<1x1x3x1xf32>
  })",
      {Tensor({1, 1, 5, 1}, {1, -9, 3, 4, 5}), Tensor({1, 1, 2, 1}, {1, 1})});
  EXPECT_THAT(result.values, ElementsAre(4, 0, 7.5f));
}

TEST_F(InterpreterTest, Conv2DGroups) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x1x1x4xf32>,
      %f: tensor<4x1x1x2xf32>) -> tensor<1x1x1x4xf32> {
    %0 = nn.conv_2d %x, %f {groups = 2 : i64}
       : (tensor<1x1x1x4xf32>, tensor<4x1x1x2xf32>) -> tensor<1x1x1x4xf32>
    return %0 : tensor<1x1x1x4xf32>
  })",
                      {Tensor({1, 1, 1, 4}, {1, 2, 3, 4}), iota({4, 1, 1, 2})});
  EXPECT_THAT(result.values, ElementsAre(1 * 1 + 2 * 2, 3 * 1 + 4 * 2,
                                         5 * 3 + 6 * 4, 7 * 3 + 8 * 4));
}

// All elements are negative: a padding of zeros would win.
TEST_F(InterpreterTest, MaxPool2D) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x3x3x1xf32>)
      -> tensor<1x2x2x1xf32> {
    %0 = nn.max_pool_2d %x {kernel = array<i64: 2, 2>,
                            strides = array<i64: 2, 2>,
                            pads = array<i64: 1, 1, 0, 0>}
       : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32>
    return %0 : tensor<1x2x2x1xf32>
  })",
                      {iota({1, 3, 3, 1}, -9)});
  EXPECT_THAT(result.values, ElementsAre(-9, -7, -3, -1));
}

TEST_F(InterpreterTest, MaxPool2DDilated) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x1x4x1xf32>)
      -> tensor<1x1x2x1xf32> {
    %0 = nn.max_pool_2d %x {kernel = array<i64: 1, 2>,
                            dilations = array<i64: 1, 2>}
       : (tensor<1x1x4x1xf32>) -> tensor<1x1x2x1xf32>
    return %0 : tensor<1x1x2x1xf32>
  })",
                      {Tensor({1, 1, 4, 1}, {1, 9, 2, 3})});
  EXPECT_THAT(result.values, ElementsAre(2, 9));
}

TEST_F(InterpreterTest, AvgPool2DLeavesOutPadding) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x2x2x1xf32>)
      -> tensor<1x2x2x1xf32> {
    %0 = nn.avg_pool_2d %x {kernel = array<i64: 2, 2>,
                            pads = array<i64: 1, 1, 0, 0>,
                            clamp = #nn.clamp<max = 2.25>}
       : (tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
    return %0 : tensor<1x2x2x1xf32>
  })",
                      {iota({1, 2, 2, 1})});
  EXPECT_THAT(result.values, ElementsAre(1, 1.5f, 2, 2.25f));
}

TEST_F(InterpreterTest, GlobalAvgPool) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x2x2x2xf32>)
      -> tensor<1x1x1x2xf32> {
    %0 = nn.global_avg_pool %x : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
    return %0 : tensor<1x1x1x2xf32>
  })",
                      {iota({1, 2, 2, 2})});
  EXPECT_THAT(result.values, ElementsAre(4, 5));
}

TEST_F(InterpreterTest, GlobalSumPool) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x2x2x2xf32>)
      -> tensor<1x1x1x2xf32> {
    %0 = nn.global_sum_pool %x : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
    return %0 : tensor<1x1x1x2xf32>
  })",
                      {iota({1, 2, 2, 2})});
  EXPECT_THAT(result.values, ElementsAre(16, 20));
}

TEST_F(InterpreterTest, FullyConnected) {
  Tensor result = run(R"(func.func @f(%x: tensor<2x3xf32>, %w: tensor<2x3xf32>,
      %b: tensor<2xf32>) -> tensor<2x2xf32> {
    %0 = nn.fully_connected %x, %w, %b {clamp = #nn.clamp<min = 15.0>}
       : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  })",
                      {iota({2, 3}), iota({2, 3}), Tensor({2}, {0, 100})});
  EXPECT_EQ(result, Tensor({2, 2}, {15, 132, 32, 177}));
}

TEST_F(InterpreterTest, Add) {
  Tensor result = run(R"(func.func @f(%x: tensor<3xf32>, %y: tensor<3xf32>)
      -> tensor<3xf32> {
    %0 = nn.add %x, %y {clamp = #nn.clamp<min = 0.0>}
       : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  })",
                      {Tensor({3}, {1, 2, 3}), Tensor({3}, {10, -20, 30})});
  EXPECT_THAT(result.values, ElementsAre(11, 0, 33));
}

TEST_F(InterpreterTest, AddPerChannelOnTheLeft) {
  Tensor result = run(R"(func.func @f(%c: tensor<1x1x1x2xf32>,
      %x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
    %0 = nn.add %c, %x
       : (tensor<1x1x1x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
    return %0 : tensor<1x1x2x2xf32>
  })",
                      {Tensor({1, 1, 1, 2}, {10, 20}), iota({1, 1, 2, 2})});
  EXPECT_THAT(result.values, ElementsAre(11, 22, 13, 24));
}

TEST_F(InterpreterTest, MultiplyPerChannel) {
  Tensor result =
      run(R"(func.func @f(%x: tensor<2x2x1x2xf32>,
      %c: tensor<2x1x1x2xf32>) -> tensor<2x2x1x2xf32> {
    %0 = nn.multiply %x, %c
       : (tensor<2x2x1x2xf32>, tensor<2x1x1x2xf32>) -> tensor<2x2x1x2xf32>
    return %0 : tensor<2x2x1x2xf32>
  })",
          {iota({2, 2, 1, 2}), Tensor({2, 1, 1, 2}, {1, 10, 100, 1000})});
  EXPECT_THAT(result.values, ElementsAre(1, 20, 3, 40, 500, 6000, 700, 8000));
}

TEST_F(InterpreterTest, Clamp) {
  Tensor result = run(R"(func.func @f(%x: tensor<3xf32>) -> tensor<3xf32> {
    %0 = nn.clamp %x {bounds = #nn.clamp<min = -1.0, max = 6.0>}
       : (tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  })",
                      {Tensor({3}, {-2, 3, 8})});
  EXPECT_THAT(result.values, ElementsAre(-1, 3, 6));
}

TEST_F(InterpreterTest, Sigmoid) {
  Tensor result = run(R"(func.func @f(%x: tensor<3xf32>) -> tensor<3xf32> {
    %0 = nn.sigmoid %x : (tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  })",
                      {Tensor({3}, {0, 2, -200})});
  EXPECT_THAT(result.values, Pointwise(FloatEq(), {0.5f, 0.880797078f, 0.0f}));
}

TEST_F(InterpreterTest, HardSwish) {
  Tensor result = run(R"(func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = nn.hard_swish %x : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  })",
                      {Tensor({4}, {-4, -1.5f, 1.5f, 5})});
  EXPECT_THAT(result.values, ElementsAre(0, -0.375f, 1.125f, 5));
}

TEST_F(InterpreterTest, Softmax) {
  Tensor result = run(R"(func.func @f(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
    %0 = nn.softmax %x : (tensor<2x2xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  })",
                      {Tensor({2, 2}, {0, std::log(3.0f), 1000, 1000})});
  EXPECT_THAT(result.values, Pointwise(FloatEq(), {0.25f, 0.75f, 0.5f, 0.5f}));
}

TEST_F(InterpreterTest, ScaleShift) {
  Tensor result =
      run(R"(func.func @f(%x: tensor<2x2xf32>, %s: tensor<2xf32>,
      %t: tensor<2xf32>) -> tensor<2x2xf32> {
    %0 = nn.scale_shift %x, %s, %t {clamp = #nn.clamp<max = 10.0>}
       : (tensor<2x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  })",
          {iota({2, 2}), Tensor({2}, {2, 3}), Tensor({2}, {1, -1})});
  EXPECT_THAT(result.values, ElementsAre(3, 5, 7, 10));
}

TEST_F(InterpreterTest, NormalizeImage) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x1x2x2xui8>)
      -> tensor<1x1x2x2xf32> {
    %0 = nn.normalize_image %x {mean = array<f32: 0.0, 0.5>,
                                deviation = array<f32: 1.0, 0.25>}
       : (tensor<1x1x2x2xui8>) -> tensor<1x1x2x2xf32>
    return %0 : tensor<1x1x2x2xf32>
  })",
                      {Tensor({1, 1, 2, 2}, {51, 255, 255, 0})});
  EXPECT_THAT(result.values, Pointwise(FloatEq(), {0.2f, 2.0f, 1.0f, -2.0f}));
}

TEST_F(InterpreterTest, NormalizeGreyImage) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x1x2x1xui8>)
      -> tensor<1x1x2x2xf32> {
    %0 = nn.normalize_image %x {mean = array<f32: 0.0, 0.5>,
                                deviation = array<f32: 1.0, 0.25>}
       : (tensor<1x1x2x1xui8>) -> tensor<1x1x2x2xf32>
    return %0 : tensor<1x1x2x2xf32>
  })",
                      {Tensor({1, 1, 2, 1}, {51, 255})});
  EXPECT_THAT(result.values, Pointwise(FloatEq(), {0.2f, -1.2f, 1.0f, 2.0f}));
}

TEST_F(InterpreterTest, Concat) {
  Tensor result = run(R"(func.func @f(%x: tensor<2x1xf32>, %y: tensor<2x2xf32>)
      -> tensor<2x3xf32> {
    %0 = nn.concat %x, %y {axis = 1 : i64}
       : (tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  })",
                      {iota({2, 1}), iota({2, 2}, 10)});
  EXPECT_EQ(result, Tensor({2, 3}, {1, 10, 11, 2, 12, 13}));
}

TEST_F(InterpreterTest, Pad) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x2xf32>) -> tensor<2x4xf32> {
    %0 = nn.pad %x {low = array<i64: 1, 0>, high = array<i64: 0, 2>}
       : (tensor<1x2xf32>) -> tensor<2x4xf32>
    return %0 : tensor<2x4xf32>
  })",
                      {iota({1, 2})});
  EXPECT_EQ(result, Tensor({2, 4}, {0, 0, 0, 0, 1, 2, 0, 0}));
}

TEST_F(InterpreterTest, Slice) {
  Tensor result = run(R"(func.func @f(%x: tensor<3x4xf32>) -> tensor<2x2xf32> {
    %0 = nn.slice %x {offsets = array<i64: 1, 2>, sizes = array<i64: 2, 2>}
       : (tensor<3x4xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  })",
                      {iota({3, 4})});
  EXPECT_EQ(result, Tensor({2, 2}, {7, 8, 11, 12}));
}

TEST_F(InterpreterTest, Reshape) {
  Tensor result = run(R"(func.func @f(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
    %0 = nn.reshape %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
    return %0 : tensor<3x2xf32>
  })",
                      {iota({2, 3})});
  EXPECT_EQ(result, iota({3, 2}));
}

TEST_F(InterpreterTest, Transpose) {
  Tensor result = run(R"(func.func @f(%x: tensor<1x2x3xf32>)
      -> tensor<3x1x2xf32> {
    %0 = nn.transpose %x {permutation = array<i64: 2, 0, 1>}
       : (tensor<1x2x3xf32>) -> tensor<3x1x2xf32>
    return %0 : tensor<3x1x2xf32>
  })",
                      {iota({1, 2, 3})});
  EXPECT_EQ(result, Tensor({3, 1, 2}, {1, 4, 2, 5, 3, 6}));
}

TEST_F(InterpreterTest, RejectsInputsOfAnotherShape) {
  mlir::ModuleOp module = parse(R"(
    func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
      return %x : tensor<2x3xf32>
    })");
  auto function = *module.getOps<mlir::func::FuncOp>().begin();
  EXPECT_TRUE(failed(interpret(function, {})));
  EXPECT_EQ(errors, "'func.func' op must be given 1 inputs, got 0\n");
  errors.clear();
  EXPECT_TRUE(failed(interpret(function, {Tensor(Shape{3, 2})})));
  EXPECT_EQ(errors, "'func.func' op input 0 must be 'tensor<2x3xf32>', got the "
                    "shape [3, 2]\n");
}

TEST_F(InterpreterTest, RejectsUnsupportedElements) {
  mlir::ModuleOp module = parse(R"(
    func.func @f(%x: tensor<2xf16>) -> tensor<2xf16> {
      %0 = nn.sigmoid %x : (tensor<2xf16>) -> tensor<2xf16>
      return %0 : tensor<2xf16>
    })");
  auto function = *module.getOps<mlir::func::FuncOp>().begin();
  EXPECT_TRUE(failed(interpret(function, {Tensor(Shape{2})})));
  EXPECT_EQ(errors, "'nn.sigmoid' op has an unsupported result type "
                    "'tensor<2xf16>'\n");
}

} // namespace
} // namespace windrow::reference
