//===- FunctionComparison.cpp - Two functions, the same inputs ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/interpreter/FunctionComparison.h"

#include "dialects/Nn/Nn.h"
#include "test/interpreter/Interpreter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace mlir;

namespace windrow::reference {

static Tensor randomTensor(Type type) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
  Tensor tensor(Shape(shape.begin(), shape.end()));
  bool isPixels = cast<RankedTensorType>(type).getElementType().isInteger();
  std::minstd_rand random(tensor.values.size());
  std::uniform_real_distribution<float> element(isPixels ? 0 : -4,
                                                isPixels ? 255 : 4);
  for (float &value : tensor.values)
    value = isPixels ? std::round(element(random)) : element(random);
  return tensor;
}

static void expectClose(const Tensor &actual, const Tensor &expected,
                        float tolerance) {
  ASSERT_EQ(actual.shape, expected.shape);
  float largest = 0;
  for (float value : expected.values)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < expected.values.size(); ++i)
    // Not the other way round: NaN must fail.
    if (!(std::abs(actual.values[i] - expected.values[i]) <=
          tolerance * largest)) {
      ADD_FAILURE() << "element " << i << " must be " << expected.values[i]
                    << ", got " << actual.values[i];
      return;
    }
}

void expectSameResults(func::FuncOp before, func::FuncOp after,
                       float tolerance) {
  Tensors inputs, reordered;
  for (auto [i, type] : llvm::enumerate(before.getArgumentTypes())) {
    inputs.push_back(randomTensor(type));
    bool moved = after.getArgAttr(i, nn::modelLayoutAttrName) &&
                 !before.getArgAttr(i, nn::modelLayoutAttrName);
    reordered.push_back(moved ? transpose(inputs.back(), {0, 2, 3, 1})
                              : inputs.back());
  }
  FailureOr<Tensors> expected = interpret(before, inputs);
  FailureOr<Tensors> actual = interpret(after, reordered);
  ASSERT_TRUE(succeeded(expected));
  ASSERT_TRUE(succeeded(actual));
  ASSERT_EQ(actual->size(), expected->size());
  for (size_t i = 0; i < expected->size(); ++i) {
    SCOPED_TRACE("result " + std::to_string(i));
    bool moved = after.getResultAttr(i, nn::modelLayoutAttrName) &&
                 !before.getResultAttr(i, nn::modelLayoutAttrName);
    expectClose(moved ? transpose((*actual)[i], {0, 3, 1, 2}) : (*actual)[i],
                (*expected)[i], tolerance);
  }
}

} // namespace windrow::reference
