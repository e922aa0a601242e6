//===- calibration_test.cpp - Layers fitted on activations ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/Calibration.h"
#include "passes/Compact/Evaluation.h"
#include "passes/Compact/LeastSquares.h"
#include "passes/Transforms/Passes.h"
#include "test/interpreter/Interpreter.h"
#include "test/partition/RandomNetwork.h"
#include "test/unit/random_matrix.h"

#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <random>

using namespace mlir;

namespace windrow {
namespace {

using test::randomMatrix;

//===----------------------------------------------------------------------===//
// Least squares
//===----------------------------------------------------------------------===//

TEST(LeastSquares, FindsAnAffineMapAgain) {
  Matrix features = randomMatrix(200, 6, 1), weights = randomMatrix(6, 4, 2);
  Vector bias = randomMatrix(4, 1, 3).col(0);
  Matrix targets = features * weights;
  targets.rowwise() += bias.transpose();
  AffineMap map = fitTowards(features, targets, Matrix::Zero(6, 4), 1e-9);
  EXPECT_LT((map.weights - weights).norm(), 1e-6);
  EXPECT_LT((map.bias - bias).norm(), 1e-6);
}

TEST(LeastSquares, StaysAtTheStartWhereSamplesSayNothing) {
  Matrix start = randomMatrix(20, 3, 1), features = randomMatrix(5, 20, 2);
  Matrix targets = features * start;
  AffineMap map = fitTowards(features, targets, start, 1e-3);
  EXPECT_LT((map.weights - start).norm(), 1e-9);
  // Five samples, twenty features: they are met, in the few directions they
  // span.
  Matrix others = randomMatrix(5, 3, 3);
  map = fitTowards(features, others, start, 1e-9);
  Matrix fitted = features * map.weights;
  fitted.rowwise() += map.bias.transpose();
  EXPECT_LT((fitted - others).norm(), 1e-3);
}

TEST(LeastSquares, SolvesBothSystemsAlike) {
  // As many samples as features, one more or less: either system may be
  // smaller.
  Matrix all = randomMatrix(9, 8, 1), targets = randomMatrix(9, 2, 2);
  Matrix start = randomMatrix(8, 2, 3);
  for (int64_t samples : {7, 8, 9}) {
    Matrix features = all.topRows(samples), wanted = targets.topRows(samples);
    AffineMap map = fitTowards(features, wanted, start, 0.5);
    // The gradient of the penalised error is zero.
    Matrix rest = features * map.weights - wanted;
    rest.rowwise() += map.bias.transpose();
    Matrix centred = features;
    centre(centred);
    double penalty = 0.5 * centred.squaredNorm() / 8;
    Matrix gradient =
        centred.transpose() * rest + penalty * (map.weights - start);
    EXPECT_LT(gradient.norm(), 1e-9) << samples << " samples";
    EXPECT_LT(rest.colwise().sum().norm(), 1e-9);
  }
}

TEST(LeastSquares, TruncatesToTheBestMapOfItsRank) {
  Matrix features = randomMatrix(300, 10, 1);
  Matrix targets = features * randomMatrix(10, 2, 2) * randomMatrix(2, 7, 3) +
                   0.3 * randomMatrix(300, 7, 4);
  AffineMap full = fitTowards(features, targets, Matrix::Zero(10, 7), 1e-9);
  double last = 1;
  for (int64_t rank : {1, 2, 7}) {
    LowRankMap low = truncateMap(full, features, targets, rank);
    Matrix fitted = features * low.reduce * low.expand.transpose();
    fitted.rowwise() += low.bias.transpose();
    double error = relativeError(fitted, targets);
    EXPECT_LT(error, last);
    last = error;
  }
  LowRankMap all = truncateMap(full, features, targets, 7);
  EXPECT_LT((all.reduce * all.expand.transpose() - full.weights).norm(), 1e-9);
}

TEST(LeastSquares, TakesTheRootOfACovariance) {
  Matrix samples = randomMatrix(100, 5, 1) * randomMatrix(5, 5, 2);
  samples.rowwise() += Eigen::RowVectorXd::Constant(5, 3.0);
  CovarianceRoot root = rootOfCovariance(samples);
  centre(samples);
  Matrix covariance = samples.transpose() * samples / 100;
  EXPECT_LT((root.root * root.root - covariance).norm(),
            1e-4 * covariance.norm());
  EXPECT_TRUE((root.root * root.inverse).isIdentity(1e-6));
  // Of constant samples, too, both are finite.
  root = rootOfCovariance(Matrix::Ones(10, 3));
  EXPECT_TRUE(root.inverse.allFinite());
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

class EvaluationTest : public testing::Test {
protected:
  EvaluationTest() { context.loadDialect<func::FuncDialect, nn::NnDialect>(); }

  test::NetworkChoices randomChoices(std::minstd_rand &random) {
    auto numbers = [&](size_t count) {
      std::vector<uint8_t> result(count);
      for (uint8_t &number : result)
        number = random() % 251;
      return result;
    };
    test::NetworkChoices choices;
    // Of numbers: the rest of the decisions is 0.
    choices.image = numbers(3);
    for (int layer = 0; layer < 8; ++layer)
      choices.layers.push_back(numbers(12));
    choices.head = numbers(4);
    return choices;
  }

  MLIRContext context;
};

/// Lets the function of `module` take pixels, of one channel where `isGrey`.
LogicalResult takePixels(ModuleOp module, bool isGrey) {
  auto function = *module.getOps<func::FuncOp>().begin();
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[0]);
  nn::NormalizeImageInputOptions options;
  for (int64_t channel = 0; channel < type.getDimSize(3); ++channel) {
    options.mean.push_back(0.25f * static_cast<float>(channel));
    options.deviation.push_back(0.5f);
  }
  options.grey = isGrey;
  PassManager manager(module.getContext());
  manager.addNestedPass<func::FuncOp>(nn::createNormalizeImageInput(options));
  return manager.run(module);
}

/// The function's only result for all images of `input` at once.
FailureOr<nn::ImageTensor> evaluate(func::FuncOp function,
                                    nn::ImageTensorRef input) {
  DenseMap<Value, nn::ImageTensorRef> values;
  values[function.getArgument(0)] = input;
  for (Operation &op : function.getOps()) {
    if (auto constant = dyn_cast<nn::ConstantOp>(op)) {
      values[constant.getResult()] = nn::evaluateConstant(constant);
      continue;
    }
    if (isa<func::ReturnOp>(op))
      return nn::ImageTensor(*values.at(op.getOperand(0)));
    SmallVector<nn::ImageTensorRef> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.at(operand));
    FailureOr<nn::ImageTensor> result = nn::evaluateUnclamped(&op, operands);
    if (failed(result))
      return failure();
    nn::applyClamp(&op, *result);
    values[op.getResult(0)] =
        std::make_shared<nn::ImageTensor>(std::move(*result));
  }
  return failure();
}

TEST_F(EvaluationTest, AgreesWithTheInterpreterOnSeveralImages) {
  std::minstd_rand random(1);
  for (int i = 0; i < 60; ++i) {
    SCOPED_TRACE("network " + std::to_string(i));
    OwningOpRef<ModuleOp> module =
        test::buildRandomNetwork(context, randomChoices(random));
    // Numbers, colours and grey images in turns.
    if (i % 3 > 0) {
      ASSERT_TRUE(succeeded(takePixels(*module, /*isGrey=*/i % 3 == 2)));
    }
    auto function = *module->getOps<func::FuncOp>().begin();
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[0]);
    bool isPixels = type.getElementType().isInteger();
    constexpr int64_t images = 3;
    SmallVector<int64_t> shape(type.getShape());
    shape[0] *= images;
    auto stacked = std::make_shared<nn::ImageTensor>(shape);
    for (float &element : stacked->elements)
      element = isPixels ? float(random() % 256) : float(random() % 9) - 4;
    FailureOr<nn::ImageTensor> all = evaluate(function, stacked);
    ASSERT_TRUE(succeeded(all));

    size_t inputSize = type.getNumElements();
    size_t outputSize = all->elements.size() / images;
    for (int64_t image = 0; image < images; ++image) {
      auto *begin = stacked->data() + image * inputSize;
      reference::Tensor input(
          reference::Shape(type.getShape().begin(), type.getShape().end()),
          std::vector<float>(begin, begin + inputSize));
      FailureOr<reference::Tensors> wanted =
          reference::interpret(function, input);
      ASSERT_TRUE(succeeded(wanted));
      ASSERT_EQ(wanted->front().values.size(), outputSize);
      float largest = 1;
      for (float value : wanted->front().values)
        largest = std::max(largest, std::abs(value));
      for (size_t k = 0; k < outputSize; ++k)
        ASSERT_NEAR(all->elements[image * outputSize + k],
                    wanted->front().values[k], 2e-5 * largest)
            << "image " << image << ", element " << k;
    }
  }
}

} // namespace
} // namespace windrow
