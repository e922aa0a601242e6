//===- ConstantEvaluation.cpp - Arithmetic on constants -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantEvaluation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace windrow::importer;

static LogicalResult checkEvaluation(NodeImporter &node,
                                     ArrayRef<int64_t> shape) {
  int64_t count = countElements(shape);
  if (count < 0 || count > largestEvaluation)
    return node.emitError()
           << "the constant result must have at most " << largestEvaluation
           << " elements, got the shape " << formatShape(shape);
  return success();
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static std::optional<float> compute(Arithmetic arithmetic, float lhs,
                                    float rhs) {
  switch (arithmetic) {
  case Arithmetic::Add:
    return lhs + rhs;
  case Arithmetic::Sub:
    return lhs - rhs;
  case Arithmetic::Mul:
    return lhs * rhs;
  case Arithmetic::Div:
    return rhs == 0.0f ? std::nullopt : std::optional(lhs / rhs);
  }
  llvm_unreachable("unknown arithmetic");
}

static std::optional<int64_t> compute(Arithmetic arithmetic, int64_t lhs,
                                      int64_t rhs) {
  int64_t result = 0;
  bool overflows = false;
  switch (arithmetic) {
  case Arithmetic::Add:
    overflows = llvm::AddOverflow(lhs, rhs, result);
    break;
  case Arithmetic::Sub:
    overflows = llvm::SubOverflow(lhs, rhs, result);
    break;
  case Arithmetic::Mul:
    overflows = llvm::MulOverflow(lhs, rhs, result);
    break;
  case Arithmetic::Div:
    overflows =
        rhs == 0 || (lhs == std::numeric_limits<int64_t>::min() && rhs == -1);
    if (!overflows)
      result = lhs / rhs;
    break;
  }
  return overflows ? std::nullopt : std::optional(result);
}

template <typename T>
static FailureOr<GraphValue>
evaluateElements(NodeImporter &node, Arithmetic arithmetic,
                 ArrayRef<int64_t> shape, const ConstantTensor &lhs,
                 const ConstantTensor &rhs) {
  SmallVector<T> elements;
  for (auto [left, right] : llvm::zip(lhs.broadcast(shape).elements<T>(),
                                      rhs.broadcast(shape).elements<T>())) {
    std::optional<T> element = compute(arithmetic, left, right);
    if (!element)
      return node.emitError() << "the constant result has no value: overflow "
                                 "or a division by 0";
    elements.push_back(*element);
  }
  return GraphValue(ConstantTensor::get<T>(node.resultName(), shape, elements));
}

FailureOr<GraphValue>
windrow::importer::evaluateArithmetic(NodeImporter &node,
                                      Arithmetic arithmetic) {
  const auto &lhs = std::get<ConstantTensor>(node.operand(0));
  const auto &rhs = std::get<ConstantTensor>(node.operand(1));
  SmallVector<int64_t> shape;
  if (!broadcastShapes(lhs.shape(), rhs.shape(), shape))
    return node.emitError() << "shapes " << formatShape(lhs.shape()) << " and "
                            << formatShape(rhs.shape()) << " do not broadcast";
  if (failed(checkEvaluation(node, shape)))
    return failure();
  ElementType type = lhs.elementType();
  if (type == rhs.elementType() && type == ElementType::Float32)
    return evaluateElements<float>(node, arithmetic, shape, lhs, rhs);
  if (type == rhs.elementType() && type == ElementType::Int64)
    return evaluateElements<int64_t>(node, arithmetic, shape, lhs, rhs);
  return node.emitError()
         << "constant operands must be both float32 or both int64, got "
         << elementTypeName(static_cast<int32_t>(type)) << " and "
         << elementTypeName(static_cast<int32_t>(rhs.elementType()));
}

template <typename T>
static FailureOr<GraphValue> castElements(NodeImporter &node,
                                          const ConstantTensor &tensor) {
  // All integers up to 2^53 are doubles.
  double limit = std::min(static_cast<double>(std::numeric_limits<T>::max()),
                          std::ldexp(1, 53));
  SmallVector<T> elements;
  for (double element : tensor.elements<double>()) {
    if (!(std::fabs(element) <= limit))
      return node.emitError() << "constant " << element
                              << " is out of the range of the result's type";
    elements.push_back(static_cast<T>(element));
  }
  return GraphValue(
      ConstantTensor::get<T>(node.resultName(), tensor.shape(), elements));
}

FailureOr<GraphValue> windrow::importer::evaluateCast(
    NodeImporter &node, const ConstantTensor &tensor, ElementType type) {
  if (type == tensor.elementType())
    return GraphValue(tensor);
  if (failed(checkEvaluation(node, tensor.shape())))
    return failure();
  switch (type) {
  case ElementType::Float32:
    return castElements<float>(node, tensor);
  case ElementType::Float64:
    return castElements<double>(node, tensor);
  case ElementType::Int32:
    return castElements<int32_t>(node, tensor);
  case ElementType::Int64:
    return castElements<int64_t>(node, tensor);
  case ElementType::Bool:
    break;
  }
  return node.emitError() << "a constant cannot be converted to bool";
}

//===----------------------------------------------------------------------===//
// Moving elements
//===----------------------------------------------------------------------===//

/// The coordinates of row-major `index`.
static void delinearize(int64_t index, ArrayRef<int64_t> shape,
                        MutableArrayRef<int64_t> coordinates) {
  for (size_t i = shape.size(); i-- > 0;) {
    coordinates[i] = index % shape[i];
    index /= shape[i];
  }
}

static int64_t linearize(ArrayRef<int64_t> coordinates,
                         ArrayRef<int64_t> shape) {
  int64_t index = 0;
  for (auto [coordinate, size] : llvm::zip(coordinates, shape))
    index = index * size + coordinate;
  return index;
}

FailureOr<GraphValue> windrow::importer::evaluateConcat(
    NodeImporter &node, ArrayRef<ConstantTensor> tensors, int64_t axis) {
  SmallVector<int64_t> shape(tensors[0].shape());
  shape[axis] = 0;
  for (const ConstantTensor &tensor : tensors)
    shape[axis] += tensor.shape()[axis];
  if (failed(checkEvaluation(node, shape)))
    return failure();

  // Blocks of consecutive elements: everything from `axis` on.
  size_t size = elementSize(tensors[0].elementType());
  int64_t blocks = countElements(ArrayRef(shape).take_front(axis));
  auto content = std::make_shared<SmallVector<char, 0>>();
  std::vector<ConstantTensor> rowMajor;
  for (const ConstantTensor &tensor : tensors) {
    if (tensor.elementType() != tensors[0].elementType())
      return node.emitError() << "inputs must have one element type, got "
                                 "constants of several";
    rowMajor.push_back(tensor.reshaped(tensor.shape()));
  }
  for (int64_t block = 0; block < blocks; ++block)
    for (const ConstantTensor &tensor : rowMajor) {
      int64_t bytes = countElements(tensor.shape().drop_front(axis)) * size;
      ArrayRef<char> part = tensor.storedBytes().slice(block * bytes, bytes);
      content->append(part.begin(), part.end());
    }
  ArrayRef<char> bytes(*content);
  return GraphValue(ConstantTensor(node.resultName(), tensors[0].elementType(),
                                   shape, bytes, std::move(content)));
}

FailureOr<GraphValue> windrow::importer::evaluateSlice(
    NodeImporter &node, const ConstantTensor &tensor, ArrayRef<int64_t> starts,
    ArrayRef<int64_t> steps, ArrayRef<int64_t> sizes) {
  if (failed(checkEvaluation(node, sizes)))
    return failure();
  SmallVector<int64_t> coordinates(sizes.size());
  return GraphValue(tensor.gathered(sizes, [&](int64_t index) {
    delinearize(index, sizes, coordinates);
    for (auto [i, coordinate] : llvm::enumerate(coordinates))
      coordinate = starts[i] + coordinate * steps[i];
    return linearize(coordinates, tensor.shape());
  }));
}

FailureOr<GraphValue> windrow::importer::evaluateGather(
    NodeImporter &node, const ConstantTensor &tensor, ArrayRef<int64_t> indices,
    ArrayRef<int64_t> indexShape, int64_t axis) {
  ArrayRef<int64_t> inner = tensor.shape().drop_front(axis + 1);
  SmallVector<int64_t> shape(tensor.shape().take_front(axis));
  shape.append(indexShape.begin(), indexShape.end());
  shape.append(inner.begin(), inner.end());
  if (failed(checkEvaluation(node, shape)))
    return failure();
  int64_t innerCount = countElements(inner);
  int64_t indexCount = indices.size();
  return GraphValue(tensor.gathered(shape, [&](int64_t position) {
    int64_t within = position % innerCount;
    int64_t index = indices[position / innerCount % indexCount];
    int64_t outer = position / innerCount / indexCount;
    return (outer * tensor.shape()[axis] + index) * innerCount + within;
  }));
}
