//===- ImportArithmetic.cpp - Add, Sub, Mul, Div and BatchNormalization ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantEvaluation.h"
#include "compiler/importer/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// An operator with one constant operand c as value * scale(c) + shift(c),
/// where one of the two is a number that does not depend on c.
static LogicalResult affineForm(NodeImporter &node, Arithmetic arithmetic,
                                bool constantFirst,
                                SmallVectorImpl<float> &scale,
                                SmallVectorImpl<float> &shift,
                                ArrayRef<float> constant) {
  switch (arithmetic) {
  case Arithmetic::Add:
    scale.assign({1.0f});
    shift.assign(constant.begin(), constant.end());
    return success();
  case Arithmetic::Sub:
    scale.assign({constantFirst ? -1.0f : 1.0f});
    shift.assign(constant.begin(), constant.end());
    if (!constantFirst)
      for (float &element : shift)
        element = -element;
    return success();
  case Arithmetic::Mul:
    scale.assign(constant.begin(), constant.end());
    shift.assign({0.0f});
    return success();
  case Arithmetic::Div:
    if (constantFirst)
      return node.emitError() << "the divisor must be constant";
    if (llvm::is_contained(constant, 0.0f))
      return node.emitError() << "the divisor must not be 0";
    for (float element : constant)
      scale.push_back(1.0f / element);
    shift.assign({0.0f});
    return success();
  }
  llvm_unreachable("unknown arithmetic");
}

/// The only dimension along which a constant of `shape` differs when broadcast
/// to `rank` dimensions: -1 if there is none, nothing if there are several.
static std::optional<int64_t> onlyDimension(ArrayRef<int64_t> shape,
                                            int64_t rank) {
  std::optional<int64_t> result = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 1)
      continue;
    if (*result != -1)
      return std::nullopt;
    result = rank - static_cast<int64_t>(shape.size()) + i;
  }
  return result;
}

/// `tensor`, repeated where it has to be for `shape`.
static FailureOr<Value> createRepeated(NodeImporter &node,
                                       const ConstantTensor &tensor,
                                       ArrayRef<int64_t> shape) {
  if (tensor.shape() == shape)
    return node.createConstant(tensor);
  if (countElements(shape) > largestEvaluation)
    return node.emitError()
           << "a constant of shape " << formatShape(tensor.shape())
           << " is too small to be repeated to " << formatShape(shape);
  return node.createConstant(tensor.broadcast(shape));
}

static FailureOr<Value> importWithConstant(NodeImporter &node,
                                           Arithmetic arithmetic,
                                           unsigned constantIndex) {
  FailureOr<Value> value = node.getValue(1 - constantIndex);
  FailureOr<ConstantTensor> constant =
      node.getConstant(constantIndex, "the operand");
  if (failed(value) || failed(constant))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  SmallVector<int64_t> broadcast;
  if (!broadcastShapes(shape, constant->shape(), broadcast) ||
      ArrayRef(broadcast) != shape)
    return node.emitError()
           << "a constant of shape " << formatShape(constant->shape())
           << " does not broadcast to " << formatShape(shape);
  if (failed(node.checkWeights(*constant)))
    return failure();
  SmallVector<float> elements = constant->elements<float>();
  SmallVector<float> scale, shift;
  if (failed(affineForm(node, arithmetic, constantIndex == 0, scale, shift,
                        elements)))
    return failure();

  std::optional<int64_t> dimension =
      onlyDimension(constant->shape(), shape.size());
  if (dimension == -1)
    return node.scaleAndShift(*value, scale[0], shift[0]);
  if (dimension)
    return node.scaleAndShift(*value, *dimension, scale, shift);

  bool isProduct = shift.size() == 1;
  if (!isProduct && scale[0] != 1.0f)
    value = node.scaleAndShift(*value, scale[0], 0.0f);
  ArrayRef<float> changed = isProduct ? scale : shift;
  auto tensor = changed == ArrayRef(elements)
                    ? *constant
                    : ConstantTensor::get<float>(constant->name(),
                                                 constant->shape(), changed);
  FailureOr<Value> whole = createRepeated(node, tensor, shape);
  if (failed(value) || failed(whole))
    return failure();
  if (isProduct)
    return node.create<nn::MultiplyOp>(*value, *whole, nn::ClampAttr());
  return node.create<nn::AddOp>(*value, *whole, nn::ClampAttr());
}

/// `value` with dimensions of size 1 in front, so that it has `rank`.
static FailureOr<Value> withRank(NodeImporter &node, Value value, size_t rank) {
  ArrayRef<int64_t> shape = shapeOf(value);
  SmallVector<int64_t> padded(rank - shape.size(), 1);
  padded.append(shape.begin(), shape.end());
  return node.reshape(value, padded);
}

/// Whether `shape`, NCHW, is one number per channel of an image of shape
/// `image`.
static bool isPerChannel(ArrayRef<int64_t> shape, ArrayRef<int64_t> image) {
  return shape.size() == 4 && shape.take_front(2) == image.take_front(2) &&
         shape[2] == 1 && shape[3] == 1;
}

static FailureOr<Value> importWithValues(NodeImporter &node,
                                         Arithmetic arithmetic) {
  FailureOr<Value> lhs = node.getValue(0), rhs = node.getValue(1);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (arithmetic == Arithmetic::Div)
    return node.emitError() << "the divisor must be constant";
  if (arithmetic == Arithmetic::Sub)
    rhs = node.scaleAndShift(*rhs, -1.0f, 0.0f);
  if (failed(rhs))
    return failure();

  size_t rank = std::max(shapeOf(*lhs).size(), shapeOf(*rhs).size());
  lhs = withRank(node, *lhs, rank);
  rhs = withRank(node, *rhs, rank);
  if (failed(lhs) || failed(rhs))
    return failure();
  ArrayRef<int64_t> left = shapeOf(*lhs), right = shapeOf(*rhs);
  bool isBroadcast = left != right;
  if (isBroadcast && !isPerChannel(left, right) && !isPerChannel(right, left))
    return node.emitError()
           << "the inputs must have equal shapes, or one of them one number "
              "per channel (NxCx1x1), got "
           << formatShape(left) << " and " << formatShape(right);
  if (isBroadcast) {
    lhs = node.toChannelsLast(*lhs);
    rhs = node.toChannelsLast(*rhs);
    if (failed(lhs) || failed(rhs))
      return failure();
  }
  FailureOr<Value> result =
      arithmetic == Arithmetic::Mul
          ? node.create<nn::MultiplyOp>(*lhs, *rhs, nn::ClampAttr())
          : node.create<nn::AddOp>(*lhs, *rhs, nn::ClampAttr());
  if (failed(result) || !isBroadcast)
    return result;
  return node.fromChannelsLast(*result);
}

static LogicalResult importArithmetic(NodeImporter &node,
                                      Arithmetic arithmetic) {
  if (failed(node.checkOperands(2, 2)))
    return failure();
  if (node.isConstant(0) && node.isConstant(1))
    return node.setResult(evaluateArithmetic(node, arithmetic));
  if (node.isConstant(0) || node.isConstant(1))
    return node.setResult(
        importWithConstant(node, arithmetic, node.isConstant(0) ? 0 : 1));
  return node.setResult(importWithValues(node, arithmetic));
}

LogicalResult windrow::importer::importAdd(NodeImporter &node) {
  return importArithmetic(node, Arithmetic::Add);
}

LogicalResult windrow::importer::importSub(NodeImporter &node) {
  return importArithmetic(node, Arithmetic::Sub);
}

LogicalResult windrow::importer::importMul(NodeImporter &node) {
  return importArithmetic(node, Arithmetic::Mul);
}

LogicalResult windrow::importer::importDiv(NodeImporter &node) {
  return importArithmetic(node, Arithmetic::Div);
}

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

static LogicalResult checkInferenceMode(NodeImporter &node) {
  // Only training updates the running mean and variance.
  node.attributes().ignore("momentum");
  if (node.opset() < 9 && node.attributes().getInt("spatial", 1) != 1)
    return node.emitError() << "attribute 'spatial' must be 1";
  if (node.opset() >= 14 && node.attributes().getInt("training_mode", 0) != 0)
    return node.emitError() << "attribute 'training_mode' must be 0";
  if (node.opset() < 14 && node.hasFurtherResults())
    return node.emitError() << "must have one output, got those of training";
  return node.checkAttributes();
}

LogicalResult windrow::importer::importBatchNormalization(NodeImporter &node) {
  if (failed(node.checkOperands(5, 5)) || failed(checkInferenceMode(node)))
    return failure();
  double epsilon = node.attributes().getFloat("epsilon", 1e-5f);
  FailureOr<Value> input = node.getValue(0);
  if (failed(input) || failed(node.checkAttributes()))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*input);
  if (shape.size() < 2)
    return node.emitError() << "the input must have 2 or more dimensions, got "
                            << formatShape(shape);
  FailureOr<SmallVector<double>> gamma =
      node.getVector(1, shape[1], "the scale");
  FailureOr<SmallVector<double>> beta = node.getVector(2, shape[1], "the bias");
  FailureOr<SmallVector<double>> mean = node.getVector(3, shape[1], "the mean");
  FailureOr<SmallVector<double>> variance =
      node.getVector(4, shape[1], "the variance");
  if (failed(gamma) || failed(beta) || failed(mean) || failed(variance))
    return failure();

  SmallVector<float> scale, shift;
  for (auto [g, b, m, v] : llvm::zip(*gamma, *beta, *mean, *variance)) {
    if (!(v + epsilon > 0))
      return node.emitError()
             << "variance plus epsilon must be positive, got " << v + epsilon;
    double factor = g / std::sqrt(v + epsilon);
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(b - m * factor));
  }
  return node.setResult(node.scaleAndShift(*input, /*axis=*/1, scale, shift));
}
