//===- weight_pool_test.cpp - Constants on their way into a bundle --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the pool writes of a constant, viewed, permuted, and cut at random, are
// the elements that the interpreter sees.
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/WeightPool.h"
#include "test/unit/random_operation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "llvm/ADT/StringExtras.h"

#include <cstring>
#include <numeric>

using namespace mlir;
using namespace windrow;
using namespace windrow::nn;
using namespace windrow::test;

namespace {

std::vector<float> write(const WeightPool &pool, unsigned index) {
  std::vector<char> bytes;
  pool.write(index, [&](ArrayRef<char> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return true;
  });
  std::vector<float> elements(bytes.size() / sizeof(float));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return elements;
}

/// A constant of 0, 1, 2, ..., seen in a random order and shape.
Value pickConstant(OpBuilder &builder) {
  Sizes view, permutation;
  for (int64_t rank = pick(1, 4); rank > 0; --rank)
    view.push_back(pick(1, 5));
  permutation.resize(view.size());
  std::iota(permutation.begin(), permutation.end(), 0);
  for (size_t i = permutation.size(); i > 1; --i)
    std::swap(permutation[i - 1], permutation[pick(0, i - 1)]);
  Sizes shape;
  for (int64_t dimension : permutation)
    shape.push_back(view[dimension]);
  if (pick(0, 1) && shape.size() > 1) {
    shape[shape.size() - 2] *= shape.back();
    shape.pop_back();
  }
  int64_t count = ShapedType::getNumElements(shape);
  SmallVector<float> elements(count);
  std::iota(elements.begin(), elements.end(), 0.0f);
  Type f32 = builder.getF32Type();
  auto value = DenseElementsAttr::get(RankedTensorType::get({count}, f32),
                                      ArrayRef<float>(elements));
  return ConstantOp::create(builder, builder.getUnknownLoc(),
                            RankedTensorType::get(shape, f32), value,
                            builder.getDenseI64ArrayAttr(view),
                            builder.getDenseI64ArrayAttr(permutation));
}

RC_GTEST_PROP(WeightPoolProperty, WritesTheElementsOfTheResult, ()) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  func::FuncOp function = ir.buildFunction({}, [&](ValueRange) {
    Value constant = pickConstant(builder);
    // A part of a part.
    for (int64_t cuts = pick(0, 2); cuts > 0; --cuts) {
      auto type = cast<RankedTensorType>(constant.getType());
      Sizes offsets, sizes;
      for (int64_t size : type.getShape()) {
        offsets.push_back(pick(0, size - 1));
        sizes.push_back(pick(1, size - offsets.back()));
      }
      constant = buildSlice(builder, builder.getUnknownLoc(), constant, offsets,
                            sizes);
    }
    return constant;
  });
  RC_ASSERT(ir.verify());
  auto returned = function.getBody().front().getTerminator()->getOperand(0);
  auto constant = returned.getDefiningOp<ConstantOp>();
  RC_ASSERT(constant);
  RC_CLASSIFY(constant.isPart());
  FailureOr<reference::Tensors> expected = reference::interpret(function, {});
  RC_ASSERT(succeeded(expected));
  WeightPool pool;
  std::vector<float> written = write(pool, pool.add(constant));
  RC_ASSERT(pool.getBytes(0) == written.size() * sizeof(float));
  RC_ASSERT(written == std::vector<float>(expected->front().values.begin(),
                                          expected->front().values.end()));
}

std::string digestOf(ConstantOp constant) {
  WeightPool pool;
  llvm::SHA256 digest;
  pool.updateDigest(pool.add(constant), digest);
  return llvm::toHex(digest.final());
}

TEST(WeightPool, PartsAreDifferentConstants) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  SmallVector<ConstantOp> parts;
  ir.buildFunction({}, [&](ValueRange) {
    auto type = RankedTensorType::get({4, 2}, builder.getF32Type());
    SmallVector<float> elements(8);
    std::iota(elements.begin(), elements.end(), 0.0f);
    Value whole = ConstantOp::create(
        builder, builder.getUnknownLoc(),
        DenseElementsAttr::get(type, ArrayRef<float>(elements)));
    for (int64_t begin : {0, 2, 0})
      parts.push_back(buildSlice(builder, builder.getUnknownLoc(), whole,
                                 /*dimension=*/0, {begin, begin + 2})
                          .getDefiningOp<ConstantOp>());
    return whole;
  });
  WeightPool pool;
  EXPECT_EQ(pool.add(parts[0]), 0u);
  EXPECT_EQ(pool.add(parts[1]), 1u);
  EXPECT_EQ(pool.add(parts[2]), 0u);
  EXPECT_EQ(pool.getBytes(0), 16u);
  EXPECT_EQ(write(pool, 1), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_NE(digestOf(parts[0]), digestOf(parts[1]));
  EXPECT_EQ(digestOf(parts[0]), digestOf(parts[2]));
}

/// What is stored of one constant of `elements`.
std::vector<char> store(ArrayRef<float> elements, WeightStorage storage) {
  OperationFunctions ir;
  OpBuilder &builder = ir.getBuilder();
  WeightPool pool;
  std::vector<char> bytes;
  ir.buildFunction({}, [&](ValueRange) {
    auto type = RankedTensorType::get({static_cast<int64_t>(elements.size())},
                                      builder.getF32Type());
    auto constant = ConstantOp::create(builder, builder.getUnknownLoc(),
                                       DenseElementsAttr::get(type, elements));
    EXPECT_EQ(pool.add(constant), 0u);
    EXPECT_EQ(pool.add(constant, storage), 1u);
    EXPECT_EQ(pool.add(constant, storage), 1u);
    pool.write(1, [&](ArrayRef<char> part) {
      bytes.insert(bytes.end(), part.begin(), part.end());
      return true;
    });
    EXPECT_EQ(pool.getBytes(1), bytes.size());
    return constant;
  });
  return bytes;
}

// To the nearest, to the even one of two, in every sign and magnitude.
TEST(WeightPool, NarrowElementsAreRounded) {
  std::vector<float> elements = {1.0f,           1.00390625f,    1.01171875f,
                                 -1.0f / 3,      1e-6f,          65504.0f,
                                 1.00048828125f, 1.00146484375f, 0x1p-25f};
  std::vector<float> cut(70000, 0.1f); // more than a part
  elements.insert(elements.end(), cut.begin(), cut.end());
  for (auto [storage, narrow] :
       {std::pair(WeightStorage::BF16, &llvm::APFloat::BFloat()),
        std::pair(WeightStorage::F16, &llvm::APFloat::IEEEhalf())}) {
    std::vector<char> bytes = store(elements, storage);
    ASSERT_EQ(bytes.size(), 2 * elements.size());
    for (auto [index, element] : llvm::enumerate(elements)) {
      llvm::APFloat value(element);
      bool isInexact;
      value.convert(*narrow, llvm::APFloat::rmNearestTiesToEven, &isInexact);
      uint16_t stored;
      std::memcpy(&stored, &bytes[2 * index], sizeof stored);
      ASSERT_EQ(stored, value.bitcastToAPInt().getZExtValue()) << element;
    }
  }
}

} // namespace
