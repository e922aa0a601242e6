//===- ImportConstants.cpp - Constant, Shape, Cast, Dropout ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantEvaluation.h"
#include "compiler/importer/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// A tensor attribute as result 0.
static LogicalResult setTensor(NodeImporter &node,
                               const onnx::TensorProto &tensor) {
  llvm::Expected<ConstantTensor> constant =
      node.file().readTensor(tensor, node.resultName());
  if (!constant)
    return node.emitError() << llvm::toString(constant.takeError());
  return node.setResult(FailureOr<GraphValue>(GraphValue(*constant)));
}

template <typename T>
static LogicalResult setElements(NodeImporter &node, ArrayRef<int64_t> shape,
                                 ArrayRef<T> elements) {
  return node.setResult(FailureOr<GraphValue>(
      GraphValue(ConstantTensor::get<T>(node.resultName(), shape, elements))));
}

LogicalResult windrow::importer::importConstant(NodeImporter &node) {
  if (failed(node.checkOperands(0, 0)))
    return failure();
  NodeAttributes &attributes = node.attributes();
  if (const onnx::TensorProto *tensor = attributes.findTensor("value"))
    return setTensor(node, *tensor);
  if (attributes.has("value_float"))
    return setElements<float>(node, {},
                              attributes.getFloat("value_float", 0.0f));
  if (attributes.has("value_int"))
    return setElements<int64_t>(node, {}, attributes.getInt("value_int", 0));
  if (auto floats = attributes.findFloats("value_floats"))
    return setElements<float>(node, static_cast<int64_t>(floats->size()),
                              *floats);
  if (auto ints = attributes.findInts("value_ints"))
    return setElements<int64_t>(node, static_cast<int64_t>(ints->size()),
                                *ints);
  if (failed(node.checkAttributes()))
    return failure();
  return node.emitError()
         << "attribute 'value', 'value_float', 'value_floats', "
            "'value_int' or 'value_ints' is missing";
}

LogicalResult windrow::importer::importConstantOfShape(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<SmallVector<int64_t>> shape = node.getIntegers(0, "the shape");
  if (failed(shape))
    return failure();
  bool isNegative = llvm::any_of(*shape, [](int64_t size) { return size < 0; });
  if (isNegative || countElements(*shape) < 0 ||
      countElements(*shape) > largestEvaluation)
    return node.emitError() << "the shape must have 0 to " << largestEvaluation
                            << " elements, got " << formatShape(*shape);
  auto element = ConstantTensor::get<float>(node.resultName(), {1}, {0.0f});
  if (const onnx::TensorProto *tensor = node.attributes().findTensor("value")) {
    llvm::Expected<ConstantTensor> given =
        node.file().readTensor(*tensor, node.resultName());
    if (!given)
      return node.emitError() << llvm::toString(given.takeError());
    if (given->numElements() != 1)
      return node.emitError() << "attribute 'value' must be one number, got "
                              << formatShape(given->shape());
    element = *given;
  }
  return node.setResult(FailureOr<GraphValue>(GraphValue(
      element.reshaped({1}).gathered(*shape, [](int64_t) { return 0; }))));
}

LogicalResult windrow::importer::importShape(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(node.operand(0));
  int64_t rank = shape.size(), start = 0, end = rank;
  if (node.opset() >= 15) {
    auto resolve = [&](int64_t bound) {
      return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank);
    };
    start = resolve(node.attributes().getInt("start", 0));
    end = std::max(start, resolve(node.attributes().getInt("end", rank)));
  }
  return setElements<int64_t>(node, end - start,
                              shape.slice(start, end - start));
}

LogicalResult windrow::importer::importCast(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  // Concerns 8-bit floats only.
  node.attributes().ignore("saturate");
  int64_t type = node.attributes().getInt("to", 0);
  if (failed(node.checkAttributes()))
    return failure();
  if (!node.isConstant(0)) {
    if (type != onnx::TensorProto::FLOAT)
      return node.emitError() << "a computed value must stay float32, got "
                              << elementTypeName(type);
    return node.setResult(FailureOr<GraphValue>(node.operand(0)));
  }
  switch (type) {
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::DOUBLE:
  case onnx::TensorProto::INT32:
  case onnx::TensorProto::INT64:
  case onnx::TensorProto::BOOL:
    return node.setResult(
        evaluateCast(node, std::get<ConstantTensor>(node.operand(0)),
                     static_cast<ElementType>(type)));
  }
  return node.emitError() << "constants cannot be converted to "
                          << elementTypeName(type);
}

LogicalResult windrow::importer::importIdentity(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  return node.setResult(FailureOr<GraphValue>(node.operand(0)));
}

LogicalResult windrow::importer::importDropout(NodeImporter &node) {
  if (failed(node.checkOperands(1, node.opset() < 12 ? 1 : 3)))
    return failure();
  node.attributes().ignore("ratio");
  node.attributes().ignore("seed");
  if (node.hasOperand(2)) {
    FailureOr<ConstantTensor> training =
        node.getConstant(2, "the training mode");
    if (failed(training))
      return failure();
    if (llvm::any_of(training->elements<int32_t>(),
                     [](int32_t flag) { return flag != 0; }))
      return node.emitError() << "the training mode must be false";
  }
  return node.setResult(FailureOr<GraphValue>(node.operand(0)));
}
