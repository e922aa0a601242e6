//===- NodeImporter.cpp - What the import of one node works with ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/NodeImporter.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace windrow::importer;
namespace nn = windrow::nn;

llvm::ArrayRef<int64_t> windrow::importer::shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

llvm::ArrayRef<int64_t> windrow::importer::shapeOf(const GraphValue &value) {
  if (const auto *constant = std::get_if<ConstantTensor>(&value))
    return constant->shape();
  return shapeOf(std::get<Value>(value));
}

StringRef windrow::importer::nodeName(const onnx::NodeProto &node) {
  if (!node.name().empty() || node.output().empty())
    return node.name();
  return node.output(0);
}

NodeImporter::NodeImporter(ImportState &state, const onnx::NodeProto &node,
                           ArrayRef<std::optional<GraphValue>> operands)
    : state(state), node(node), operands(operands), nodeAttributes(node),
      location(NameLoc::get(state.builder.getStringAttr(nodeName(node)))) {}

std::string NodeImporter::resultName() const {
  return node.output().empty() ? "" : node.output(0);
}

InFlightDiagnostic NodeImporter::emitError() {
  return mlir::emitError(location);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

LogicalResult NodeImporter::checkOperands(unsigned least, unsigned most) {
  if (operands.size() < least || operands.size() > most) {
    InFlightDiagnostic diagnostic = emitError() << "must have " << least;
    if (most == std::numeric_limits<unsigned>::max())
      diagnostic << " or more";
    else if (most != least)
      diagnostic << " to " << most;
    return diagnostic << " inputs, got " << operands.size();
  }
  for (unsigned i = 0; i < least; ++i)
    if (!operands[i])
      return emitError() << "input " << i << " must not be left out";
  return success();
}

bool NodeImporter::hasOperand(unsigned index) const {
  return index < operands.size() && operands[index];
}

bool NodeImporter::isConstant(unsigned index) const {
  return hasOperand(index) &&
         std::holds_alternative<ConstantTensor>(*operands[index]);
}

const GraphValue &NodeImporter::operand(unsigned index) const {
  assert(hasOperand(index) && "operand is left out");
  return *operands[index];
}

FailureOr<Value> NodeImporter::getValue(unsigned index) {
  if (!isConstant(index))
    return std::get<Value>(operand(index));
  return createConstant(std::get<ConstantTensor>(operand(index)));
}

FailureOr<Value> NodeImporter::getImage(unsigned index) {
  ArrayRef<int64_t> shape = shapeOf(operand(index));
  if (shape.size() != 4)
    return emitError() << "input " << index
                       << " must have the 4 dimensions NCHW, got "
                       << formatShape(shape);
  return getValue(index);
}

FailureOr<ConstantTensor> NodeImporter::getConstant(unsigned index,
                                                    StringRef what) {
  if (!isConstant(index))
    return emitError() << what << " must be constant, got the computed value '"
                       << node.input(index) << "'";
  return std::get<ConstantTensor>(operand(index));
}

FailureOr<SmallVector<int64_t>> NodeImporter::getIntegers(unsigned index,
                                                          StringRef what) {
  FailureOr<ConstantTensor> constant = getConstant(index, what);
  if (failed(constant))
    return failure();
  ElementType type = constant->elementType();
  if (type != ElementType::Int32 && type != ElementType::Int64)
    return emitError() << what << " must be of type int64, got "
                       << elementTypeName(static_cast<int32_t>(type));
  if (constant->rank() > 1)
    return emitError() << what << " must be a list, got the shape "
                       << formatShape(constant->shape());
  return constant->elements<int64_t>();
}

FailureOr<float> NodeImporter::getScalar(unsigned index, StringRef what) {
  FailureOr<ConstantTensor> constant = getConstant(index, what);
  if (failed(constant))
    return failure();
  if (constant->elementType() != ElementType::Float32)
    return emitError() << what << " must be of type float32, got "
                       << elementTypeName(
                              static_cast<int32_t>(constant->elementType()));
  if (constant->numElements() != 1)
    return emitError() << what << " must be one number, got the shape "
                       << formatShape(constant->shape());
  return constant->elements<float>().front();
}

FailureOr<SmallVector<double>>
NodeImporter::getVector(unsigned index, int64_t size, StringRef what) {
  FailureOr<ConstantTensor> constant = getConstant(index, what);
  if (failed(constant))
    return failure();
  if (constant->shape() != ArrayRef(size))
    return emitError() << what << " must have the shape " << size << ", got "
                       << formatShape(constant->shape());
  if (failed(checkWeights(*constant)))
    return failure();
  return constant->elements<double>();
}

LogicalResult NodeImporter::checkWeights(const ConstantTensor &tensor) {
  if (llvm::Error error = state.weights.check(tensor))
    return emitError() << llvm::toString(std::move(error));
  return success();
}

FailureOr<int64_t> NodeImporter::resolveAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return emitError() << "axis must be from " << -rank << " to " << rank - 1
                       << ", got " << axis;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>>
NodeImporter::resolveAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> resolved;
  for (int64_t axis : axes) {
    FailureOr<int64_t> dimension = resolveAxis(axis, rank);
    if (failed(dimension))
      return failure();
    if (llvm::is_contained(resolved, *dimension))
      return emitError() << "axis " << axis << " is given twice";
    resolved.push_back(*dimension);
  }
  return resolved;
}

LogicalResult NodeImporter::checkAttributes() {
  if (nodeAttributes.error().empty())
    return success();
  return emitError() << nodeAttributes.error();
}

bool NodeImporter::hasFurtherResults() const {
  return llvm::any_of(llvm::drop_begin(node.output()),
                      [](const std::string &name) { return !name.empty(); });
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

FailureOr<Value> NodeImporter::checkNewOperation(Operation *operation) {
  if (failed(verify(operation, /*verifyRecursively=*/false)))
    return failure();
  return operation->getResult(0);
}

FailureOr<Value> NodeImporter::createConstant(const ConstantTensor &tensor) {
  llvm::Expected<ElementsAttr> value = state.weights.get(tensor);
  if (!value)
    return emitError() << llvm::toString(value.takeError());
  DenseI64ArrayAttr view, permutation;
  if (tensor.isPermuted()) {
    permutation = builder().getDenseI64ArrayAttr(tensor.permutation());
    if (value->getShapedType().getShape() != tensor.storedShape())
      view = builder().getDenseI64ArrayAttr(tensor.storedShape());
  }
  auto type = RankedTensorType::get(tensor.shape(), value->getElementType());
  Location name = NameLoc::get(builder().getStringAttr(tensor.name()));
  return checkNewOperation(
      nn::ConstantOp::create(builder(), name, type, *value, view, permutation));
}

FailureOr<Value> NodeImporter::createVector(int64_t size,
                                            ArrayRef<float> elements) {
  for (float element : elements)
    if (!std::isfinite(element))
      return emitError() << "constants must be finite, got "
                         << (std::isnan(element) ? "NaN" : "infinity");
  auto type = RankedTensorType::get(size, builder().getF32Type());
  return checkNewOperation(nn::ConstantOp::create(
      builder(), location, DenseElementsAttr::get(type, elements)));
}

FailureOr<Value> NodeImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  auto type = cast<RankedTensorType>(value.getType()).clone(shape);
  return checkNewOperation(
      nn::ReshapeOp::create(builder(), location, type, value));
}

FailureOr<GraphValue> NodeImporter::reshape(const GraphValue &value,
                                            ArrayRef<int64_t> shape) {
  if (const auto *constant = std::get_if<ConstantTensor>(&value))
    return GraphValue(constant->reshaped(shape));
  FailureOr<Value> reshaped = reshape(std::get<Value>(value), shape);
  if (failed(reshaped))
    return failure();
  return GraphValue(*reshaped);
}

FailureOr<Value> NodeImporter::transpose(Value value,
                                         ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return value;
  return create<nn::TransposeOp>(value, permutation);
}

FailureOr<GraphValue> NodeImporter::transpose(const GraphValue &value,
                                              ArrayRef<int64_t> permutation) {
  if (const auto *constant = std::get_if<ConstantTensor>(&value))
    return GraphValue(constant->transposed(permutation));
  FailureOr<Value> transposed = transpose(std::get<Value>(value), permutation);
  if (failed(transposed))
    return failure();
  return GraphValue(*transposed);
}

int64_t NodeImporter::movedDimension(int64_t dimension, int64_t axis,
                                     int64_t rank) {
  if (dimension == axis)
    return rank - 1;
  return dimension < axis ? dimension : dimension - 1;
}

FailureOr<Value> NodeImporter::toChannelsLast(Value value, int64_t axis) {
  int64_t rank = shapeOf(value).size();
  SmallVector<int64_t> permutation(rank);
  for (int64_t i = 0; i < rank; ++i)
    permutation[movedDimension(i, axis, rank)] = i;
  return transpose(value, permutation);
}

FailureOr<Value> NodeImporter::fromChannelsLast(Value value, int64_t axis) {
  int64_t rank = shapeOf(value).size();
  SmallVector<int64_t> permutation(rank);
  for (int64_t i = 0; i < rank; ++i)
    permutation[i] = movedDimension(i, axis, rank);
  return transpose(value, permutation);
}

FailureOr<Value> NodeImporter::scaleAndShift(Value value, int64_t axis,
                                             ArrayRef<float> scale,
                                             ArrayRef<float> shift,
                                             nn::ClampAttr clamp) {
  int64_t size = shapeOf(value)[axis];
  FailureOr<Value> input = toChannelsLast(value, axis);
  FailureOr<Value> scales = createVector(size, scale);
  FailureOr<Value> shifts = createVector(size, shift);
  if (failed(input) || failed(scales) || failed(shifts))
    return failure();
  FailureOr<Value> result =
      create<nn::ScaleShiftOp>(*input, *scales, *shifts, clamp);
  if (failed(result))
    return failure();
  return fromChannelsLast(*result, axis);
}

FailureOr<Value> NodeImporter::scaleAndShift(Value value, float scale,
                                             float shift, nn::ClampAttr clamp) {
  int64_t rank = shapeOf(value).size();
  if (rank == 0)
    return emitError() << "the input must have a dimension, got a scalar";
  return scaleAndShift(value, rank > 1 ? 1 : 0, ArrayRef(scale),
                       ArrayRef(shift), clamp);
}

FailureOr<nn::ClampAttr> NodeImporter::createClamp(float low, float high) {
  if (std::isnan(low) || std::isnan(high))
    return emitError() << "the bounds must be numbers, got NaN";
  // The default bounds of old opsets are the largest numbers, not infinity.
  if (low == std::numeric_limits<float>::lowest())
    low = -std::numeric_limits<float>::infinity();
  if (high == std::numeric_limits<float>::max())
    high = std::numeric_limits<float>::infinity();
  if (!std::isfinite(low) && !std::isfinite(high) && low < high)
    return nn::ClampAttr();
  if (!(low < high))
    return emitError()
           << "the lower bound must be less than the upper one, got "
           << llvm::formatv("{0} and {1}", low, high).str();
  return nn::ClampAttr::get(builder().getContext(), low, high);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

LogicalResult NodeImporter::setResult(FailureOr<Value> value) {
  if (failed(value))
    return failure();
  firstResult = GraphValue(*value);
  return success();
}

LogicalResult NodeImporter::setResult(FailureOr<GraphValue> value) {
  if (failed(value))
    return failure();
  firstResult = std::move(*value);
  return success();
}
