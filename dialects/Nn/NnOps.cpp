//===- NnOps.cpp - Operations of the nn dialect ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace windrow::nn;

#include "dialects/Nn/NnInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Nn/NnOps.cpp.inc"

void ConstantOp::build(OpBuilder &builder, OperationState &state,
                       ElementsAttr value) {
  build(builder, state, cast<RankedTensorType>(value.getShapedType()), value,
        /*view=*/nullptr, /*permutation=*/nullptr);
}

void ConstantOp::build(OpBuilder &builder, OperationState &state, Type type,
                       ElementsAttr value, DenseI64ArrayAttr view,
                       DenseI64ArrayAttr permutation) {
  build(builder, state, type, value, view, permutation, /*offsets=*/nullptr,
        /*whole=*/nullptr);
}

/// Verifies the box that a constant with offsets is.
static LogicalResult verifyPart(ConstantOp op) {
  if (!op.getOffsets() && !op.getWhole())
    return success();
  if (!op.getOffsets() || !op.getWhole())
    return op.emitOpError() << "must have offsets and the shape of the whole, "
                               "or neither";
  ArrayRef<int64_t> shape = op.getResult().getType().getShape();
  ArrayRef<int64_t> offsets = *op.getOffsets(), whole = *op.getWhole();
  auto fits = [&](size_t dimension) {
    return offsets[dimension] >= 0 &&
           offsets[dimension] <= whole[dimension] - shape[dimension];
  };
  if (offsets.size() != shape.size() || whole.size() != shape.size() ||
      !isSupportedShape(whole) ||
      !llvm::all_of(llvm::seq<size_t>(0, shape.size()), fits))
    return op.emitOpError()
           << "must be a part of a tensor of the shape [" << whole << "], got ["
           << shape << "] from [" << offsets << "]";
  return success();
}

LogicalResult ConstantOp::verify() {
  auto source = dyn_cast<RankedTensorType>(getValue().getShapedType());
  RankedTensorType result = getResult().getType();
  if (!source || !source.hasStaticShape())
    return emitOpError() << "value must be a tensor, got "
                         << getValue().getShapedType();
  if (source.getElementType() != result.getElementType())
    return emitOpError() << "value must have elements of the result's type "
                         << result.getElementType() << ", got "
                         << source.getElementType();
  if (failed(verifyPart(*this)))
    return failure();
  int64_t elements = ShapedType::getNumElements(getWholeShape());
  auto hasAllElements = [&](ArrayRef<int64_t> shape) {
    return isSupportedShape(shape) &&
           ShapedType::getNumElements(shape) == elements;
  };
  ArrayRef<int64_t> view = getView().value_or(source.getShape());
  for (auto [name, shape] :
       {std::pair("value", source.getShape()), std::pair("view", view)})
    if (!hasAllElements(shape))
      return emitOpError() << name << " must have " << elements
                           << " elements, as many as the "
                           << (isPart() ? "whole" : "result")
                           << ", got the shape [" << shape << "]";
  if (auto permutation = getPermutation();
      permutation && (permutation->size() != view.size() ||
                      !isPermutationVector(*permutation)))
    return emitOpError() << "permutation must hold every number below "
                         << view.size() << " once, got [" << *permutation
                         << "]";
  return success();
}

Value windrow::nn::buildSlice(OpBuilder &builder, Location location,
                              Value value, ArrayRef<int64_t> offsets,
                              ArrayRef<int64_t> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == sizes)
    return value;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return SliceOp::create(builder, location, value, offsets, sizes);
  SmallVector<int64_t> all(offsets);
  if (constant.isPart())
    for (auto [offset, earlier] : llvm::zip_equal(all, *constant.getOffsets()))
      offset += earlier;
  return ConstantOp::create(
      builder, constant.getLoc(), type.clone(sizes), constant.getValue(),
      constant.getViewAttr(), constant.getPermutationAttr(),
      builder.getDenseI64ArrayAttr(all),
      builder.getDenseI64ArrayAttr(constant.getWholeShape()));
}

Value windrow::nn::buildSlice(OpBuilder &builder, Location location,
                              Value value, int64_t dimension,
                              RowInterval range) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> offsets(type.getRank(), 0), sizes(type.getShape());
  offsets[dimension] = range.begin;
  sizes[dimension] = range.size();
  return buildSlice(builder, location, value, offsets, sizes);
}

LogicalResult SoftmaxOp::verify() {
  if (getInput().getType().getRank() == 0)
    return emitOpError() << "input must have a last dimension, got rank 0";
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getInput().getType();
  RankedTensorType result = getResult().getType();
  if (input.getElementType() != result.getElementType())
    return emitOpError() << "result must have elements of type "
                         << input.getElementType() << ", got "
                         << result.getElementType();
  if (input.getNumElements() != result.getNumElements())
    return emitOpError() << "result must have " << input.getNumElements()
                         << " elements, as many as the input, got "
                         << result.getNumElements();
  return success();
}
