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
  auto hasResultsElementCount = [&](ArrayRef<int64_t> shape) {
    return isSupportedShape(shape) &&
           ShapedType::getNumElements(shape) == result.getNumElements();
  };
  ArrayRef<int64_t> view = getView().value_or(source.getShape());
  for (auto [name, shape] :
       {std::pair("value", source.getShape()), std::pair("view", view)})
    if (!hasResultsElementCount(shape))
      return emitOpError()
             << name << " must have " << result.getNumElements()
             << " elements, as many as the result, got the shape [" << shape
             << "]";
  if (auto permutation = getPermutation();
      permutation && (permutation->size() != view.size() ||
                      !isPermutationVector(*permutation)))
    return emitOpError() << "permutation must hold every number below "
                         << view.size() << " once, got [" << *permutation
                         << "]";
  return success();
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
