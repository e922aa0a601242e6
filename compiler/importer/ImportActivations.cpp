//===- ImportActivations.cpp - Relu, Clip, Sigmoid, Softmax and their kin -===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include <limits>

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

static constexpr float infinity = std::numeric_limits<float>::infinity();

LogicalResult windrow::importer::importRelu(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<Value> input = node.getValue(0);
  FailureOr<nn::ClampAttr> bounds = node.createClamp(0.0f, infinity);
  if (failed(input) || failed(bounds))
    return failure();
  return node.setResult(node.create<nn::ClampOp>(*input, *bounds));
}

/// Bounds are attributes until opset 10, then inputs.
static FailureOr<nn::ClampAttr> readClipBounds(NodeImporter &node) {
  if (node.opset() < 11) {
    float low = node.attributes().getFloat("min", -infinity);
    float high = node.attributes().getFloat("max", infinity);
    if (failed(node.checkAttributes()))
      return failure();
    return node.createClamp(low, high);
  }
  FailureOr<float> low = -infinity, high = infinity;
  if (node.hasOperand(1))
    low = node.getScalar(1, "the lower bound");
  if (succeeded(low) && node.hasOperand(2))
    high = node.getScalar(2, "the upper bound");
  if (failed(low) || failed(high))
    return failure();
  return node.createClamp(*low, *high);
}

LogicalResult windrow::importer::importClip(NodeImporter &node) {
  if (failed(node.checkOperands(1, node.opset() < 11 ? 1 : 3)))
    return failure();
  FailureOr<Value> input = node.getValue(0);
  FailureOr<nn::ClampAttr> bounds = readClipBounds(node);
  if (failed(input) || failed(bounds))
    return failure();
  if (!*bounds)
    return node.setResult(input);
  return node.setResult(node.create<nn::ClampOp>(*input, *bounds));
}

template <typename OpT> static LogicalResult importUnary(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<Value> input = node.getValue(0);
  if (failed(input))
    return failure();
  return node.setResult(node.create<OpT>(*input));
}

LogicalResult windrow::importer::importSigmoid(NodeImporter &node) {
  return importUnary<nn::SigmoidOp>(node);
}

LogicalResult windrow::importer::importHardSwish(NodeImporter &node) {
  return importUnary<nn::HardSwishOp>(node);
}

LogicalResult windrow::importer::importHardSigmoid(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  float alpha = node.attributes().getFloat("alpha", 0.2f);
  float beta = node.attributes().getFloat("beta", 0.5f);
  FailureOr<Value> input = node.getValue(0);
  FailureOr<nn::ClampAttr> clamp = node.createClamp(0.0f, 1.0f);
  if (failed(input) || failed(clamp) || failed(node.checkAttributes()))
    return failure();
  return node.setResult(node.scaleAndShift(*input, alpha, beta, *clamp));
}

/// Softmax over dimension `axis`.
static FailureOr<Value> softmaxAlong(NodeImporter &node, Value input,
                                     int64_t axis) {
  FailureOr<Value> last = node.toChannelsLast(input, axis);
  if (failed(last))
    return failure();
  FailureOr<Value> result = node.create<nn::SoftmaxOp>(*last);
  if (failed(result))
    return failure();
  return node.fromChannelsLast(*result, axis);
}

/// Softmax over all dimensions from `axis` on, as until opset 12.
static FailureOr<Value> softmaxFrom(NodeImporter &node, Value input,
                                    int64_t axis) {
  ArrayRef<int64_t> shape = shapeOf(input);
  FailureOr<Value> matrix =
      node.reshape(input, {countElements(shape.take_front(axis)),
                           countElements(shape.drop_front(axis))});
  if (failed(matrix))
    return failure();
  FailureOr<Value> result = node.create<nn::SoftmaxOp>(*matrix);
  if (failed(result))
    return failure();
  return node.reshape(*result, shape);
}

LogicalResult windrow::importer::importSoftmax(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<Value> input = node.getValue(0);
  if (failed(input))
    return failure();
  bool isAlongOneAxis = node.opset() >= 13;
  FailureOr<int64_t> axis = node.resolveAxis(
      node.attributes().getInt("axis", isAlongOneAxis ? -1 : 1),
      shapeOf(*input).size());
  if (failed(axis))
    return failure();
  return node.setResult(isAlongOneAxis ? softmaxAlong(node, *input, *axis)
                                       : softmaxFrom(node, *input, *axis));
}
