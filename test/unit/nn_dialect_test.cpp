//===- nn_dialect_test.cpp - Tests of the nn dialect's C++ API ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lit tests cannot reach: attributes and types as builders see them.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/IR/Diagnostics.h"

#include <gtest/gtest.h>

#include <limits>

using namespace mlir;
using namespace windrow::nn;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

class NnDialectTest : public testing::Test {
protected:
  NnDialectTest()
      : builder(&context), handler(&context, [this](Diagnostic &diagnostic) {
          errors += diagnostic.str() + "\n";
        }) {
    context.loadDialect<NnDialect>();
  }

  Location loc() { return builder.getUnknownLoc(); }
  ClampAttr clamp(float min, float max) {
    return ClampAttr::get(&context, min, max);
  }

  MLIRContext context;
  OpBuilder builder;
  std::string errors;
  ScopedDiagnosticHandler handler;
};

TEST_F(NnDialectTest, ClampsJoin) {
  EXPECT_EQ(clamp(0, infinity).then(clamp(-infinity, 6)), clamp(0, 6));
  EXPECT_EQ(clamp(-infinity, 6).then(clamp(0, infinity)), clamp(0, 6));
  EXPECT_EQ(clamp(0, 6).then(clamp(-1, 7)), clamp(0, 6));
  EXPECT_EQ(clamp(-1, 7).then(clamp(0, 6)), clamp(0, 6));
  EXPECT_EQ(clamp(0, 6).then(clamp(3, 9)), clamp(3, 6));
}

TEST_F(NnDialectTest, ClampsThatLeaveOneValueDoNotJoin) {
  EXPECT_EQ(clamp(0, 6).then(clamp(7, 9)), ClampAttr());
  EXPECT_EQ(clamp(7, 9).then(clamp(0, 6)), ClampAttr());
  EXPECT_EQ(clamp(0, 6).then(clamp(6, 9)), ClampAttr());
}

TEST_F(NnDialectTest, ClampBoundsAreSingle) {
  EXPECT_FALSE(ClampAttr::getChecked([&] { return emitError(loc()); }, &context,
                                     llvm::APFloat(0.0), llvm::APFloat(1.0)));
  EXPECT_EQ(errors, "clamp bounds must be f32\n");
}

TEST_F(NnDialectTest, ConstantTakesTheTypeOfItsValue) {
  auto type = RankedTensorType::get({2, 3}, builder.getF32Type());
  auto constant =
      ConstantOp::create(builder, loc(), DenseElementsAttr::get(type, 1.0f));
  EXPECT_EQ(constant.getType(), type);
  EXPECT_FALSE(constant.getView());
  EXPECT_FALSE(constant.getPermutation());
  constant.erase();
}

// An importer asks for the type before it builds the operation.
TEST_F(NnDialectTest, InferenceExplainsItself) {
  auto type = RankedTensorType::get({2, 3}, builder.getF32Type());
  auto constant =
      ConstantOp::create(builder, loc(), DenseElementsAttr::get(type, 1.0f));
  TransposeOp::Properties properties;
  properties.permutation = builder.getDenseI64ArrayAttr({1, 2});
  SmallVector<Type> types;
  auto infer = [&](std::optional<Location> location) {
    return TransposeOp::inferReturnTypes(
        &context, location, constant->getResults(),
        builder.getDictionaryAttr({}), &properties, {}, types);
  };
  EXPECT_TRUE(failed(infer(std::nullopt)));
  EXPECT_EQ(errors, "");
  EXPECT_TRUE(failed(infer(loc())));
  EXPECT_EQ(errors,
            "'nn.transpose' op permutation must hold every number below "
            "2 once, got [1, 2]\n");
  properties.permutation = builder.getDenseI64ArrayAttr({1, 0});
  EXPECT_TRUE(succeeded(infer(loc())));
  EXPECT_EQ(types.front(), RankedTensorType::get({3, 2}, builder.getF32Type()));
  constant.erase();
}

TEST_F(NnDialectTest, InferenceTakesTensorsOfAnyRank) {
  auto type = RankedTensorType::get({2, 3}, builder.getF32Type());
  auto constant =
      ConstantOp::create(builder, loc(), DenseElementsAttr::get(type, 1.0f));
  SmallVector<Value> operands(3, constant);
  auto expectError = [&](auto infer, StringRef opName, StringRef error) {
    errors.clear();
    SmallVector<Type> types;
    EXPECT_TRUE(failed(infer(types)));
    EXPECT_EQ(errors, ("'" + opName + "' op " + error + "\n").str());
  };
  auto inferring = [&]<typename OpTy>(OpTy, unsigned operandCount) {
    return [this, &operands, operandCount](SmallVectorImpl<Type> &types) {
      typename OpTy::Properties properties;
      return OpTy::inferReturnTypes(
          &context, loc(), ValueRange(operands).take_front(operandCount),
          builder.getDictionaryAttr({}), &properties, {}, types);
    };
  };
  StringRef error = "operand #0 must have rank 4, got 2";
  expectError(inferring(Conv2DOp(), 2), "nn.conv_2d", error);
  expectError(inferring(MaxPool2DOp(), 1), "nn.max_pool_2d", error);
  expectError(inferring(AvgPool2DOp(), 1), "nn.avg_pool_2d", error);
  expectError(inferring(GlobalAvgPoolOp(), 1), "nn.global_avg_pool", error);
  expectError(inferring(GlobalSumPoolOp(), 1), "nn.global_sum_pool", error);
  expectError(inferring(NormalizeImageOp(), 1), "nn.normalize_image", error);
  expectError(inferring(FullyConnectedOp(), 3), "nn.fully_connected",
              "operand #2 must have rank 1, got 2");
  expectError(inferring(ScaleShiftOp(), 3), "nn.scale_shift",
              "operand #1 must have rank 1, got 2");
  constant.erase();
}

TEST_F(NnDialectTest, SupportedShapesHaveFewElements) {
  EXPECT_TRUE(isSupportedShape({}));
  EXPECT_TRUE(isSupportedShape({1, 224, 224, 3}));
  EXPECT_TRUE(isSupportedShape({2147483647}));
  EXPECT_FALSE(isSupportedShape({1, 0, 4}));
  EXPECT_FALSE(isSupportedShape({65536, 32768}));
  EXPECT_FALSE(isSupportedShape({1, ShapedType::kDynamic}));
  EXPECT_FALSE(isSupportedShape({4611686018427387904, 4}));
}

} // namespace
