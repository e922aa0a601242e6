//===- constant_tensor_test.cpp - Tensors known at import -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantTensor.h"

#include <gmock/gmock.h>

using namespace windrow::importer;
using testing::ElementsAre;
using testing::ElementsAreArray;

namespace {

/// 0, 1, 2, ... in the shape 2x3.
ConstantTensor counting() {
  return ConstantTensor::get<int64_t>("t", {2, 3}, {0, 1, 2, 3, 4, 5});
}

TEST(ConstantTensor, TransposesWithoutMovingElements) {
  ConstantTensor tensor = counting();
  ConstantTensor transposed = tensor.transposed({1, 0});
  EXPECT_EQ(transposed.storedBytes().data(), tensor.storedBytes().data());
  EXPECT_TRUE(transposed.isPermuted());
  EXPECT_THAT(transposed.shape(), ElementsAre(3, 2));
  EXPECT_THAT(transposed.permutation(), ElementsAre(1, 0));
  EXPECT_THAT(transposed.elements<int64_t>(), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_FALSE(transposed.transposed({1, 0}).isPermuted());
}

TEST(ConstantTensor, ComposesPermutations) {
  std::vector<int64_t> numbers(24);
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = i;
  auto tensor = ConstantTensor::get<int64_t>("t", {2, 3, 4}, numbers);
  ConstantTensor twice = tensor.transposed({1, 2, 0}).transposed({1, 2, 0});
  EXPECT_THAT(
      twice.elements<int64_t>(),
      ElementsAreArray(tensor.transposed({2, 0, 1}).elements<int64_t>()));
}

TEST(ConstantTensor, MovesDimensionsOfOneElementFreely) {
  auto tensor =
      ConstantTensor::get<int64_t>("t", {2, 3, 1, 1}, {0, 1, 2, 3, 4, 5});
  EXPECT_FALSE(tensor.transposed({0, 2, 3, 1}).isPermuted());
  EXPECT_TRUE(tensor.transposed({1, 0, 2, 3}).isPermuted());
}

TEST(ConstantTensor, ReshapesInRowMajorOrder) {
  ConstantTensor tensor = counting();
  EXPECT_EQ(tensor.reshaped({6}).storedBytes().data(),
            tensor.storedBytes().data());
  EXPECT_THAT(tensor.transposed({1, 0}).reshaped({6}).elements<int64_t>(),
              ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(ConstantTensor, Broadcasts) {
  auto row = ConstantTensor::get<int64_t>("t", {2}, {7, 8});
  EXPECT_THAT(row.broadcast({3, 2}).elements<int64_t>(),
              ElementsAre(7, 8, 7, 8, 7, 8));
  EXPECT_THAT(row.reshaped({2, 1}).broadcast({2, 3}).elements<int64_t>(),
              ElementsAre(7, 7, 7, 8, 8, 8));
  auto scalar = ConstantTensor::get<int64_t>("t", {}, {5});
  EXPECT_THAT(scalar.broadcast({2}).elements<int64_t>(), ElementsAre(5, 5));
}

TEST(ConstantTensor, ReadsMisalignedElements) {
  auto bytes = std::make_shared<std::vector<char>>(1 + 2 * sizeof(float));
  float values[] = {1.5f, -2.5f};
  std::memcpy(bytes->data() + 1, values, sizeof(values));
  ConstantTensor tensor("t", ElementType::Float32, {2},
                        llvm::ArrayRef<char>(*bytes).drop_front(1), bytes);
  EXPECT_THAT(tensor.elements<float>(), ElementsAre(1.5f, -2.5f));
  EXPECT_THAT(tensor.transposed({0}).elements<double>(),
              ElementsAre(1.5, -2.5));
}

TEST(ConstantTensor, KeepsItsElementsAlive) {
  std::vector<ConstantTensor> copies;
  {
    ConstantTensor tensor = counting();
    copies.push_back(tensor.transposed({1, 0}));
    copies.push_back(tensor.reshaped({6}));
  }
  EXPECT_THAT(copies[1].elements<int64_t>(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Shapes, CountElements) {
  EXPECT_EQ(countElements({}), 1);
  EXPECT_EQ(countElements({2, 3, 0}), 0);
  EXPECT_EQ(countElements({(int64_t(1) << 31) - 1}), (int64_t(1) << 31) - 1);
  EXPECT_EQ(countElements({int64_t(1) << 31}), -1);
  EXPECT_EQ(countElements({int64_t(1) << 62, 4}), -1);
}

TEST(Shapes, BroadcastShapes) {
  llvm::SmallVector<int64_t> result;
  EXPECT_TRUE(broadcastShapes({2, 1, 4}, {3, 1}, result));
  EXPECT_THAT(result, ElementsAre(2, 3, 4));
  EXPECT_TRUE(broadcastShapes({}, {5}, result));
  EXPECT_THAT(result, ElementsAre(5));
  EXPECT_FALSE(broadcastShapes({2}, {3}, result));
}

TEST(Shapes, Format) {
  EXPECT_EQ(formatShape({1, 3, 224, 224}), "1x3x224x224");
  EXPECT_EQ(formatShape({}), "scalar");
}

} // namespace
