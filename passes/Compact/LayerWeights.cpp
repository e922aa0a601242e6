//===- LayerWeights.cpp - Weights of a layer as matrices ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Compact/LayerWeights.h"

#include "passes/Compact/LayerChoice.h"
#include "passes/Transforms/ConstantElements.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace windrow::nn {

FilterShape getFilterShape(Conv2DOp conv) {
  ArrayRef<int64_t> shape = conv.getFilter().getType().getShape();
  return {shape[0], shape[1], shape[2], shape[3]};
}

bool isKnownConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && !constant.isPart() &&
         StoredElements::get(constant.getValue());
}

std::string whyNotDenseFilter(Operation *op, StringRef purpose) {
  auto conv = dyn_cast<Conv2DOp>(op);
  if (!conv)
    return llvm::formatv("must be a convolution to {0}, got '{1}'", purpose,
                         op->getName());
  if (getFilterShape(conv).taps() == 1)
    return llvm::formatv("must have a kernel larger than 1x1 to {0}", purpose);
  if (conv.getGroups() != 1)
    return llvm::formatv("must have one group to {0}, got {1}", purpose,
                         conv.getGroups());
  if (!isKnownConstant(conv.getFilter()))
    return llvm::formatv("must have a constant filter of f32 to {0}", purpose);
  return "";
}

std::optional<Matrix> readFilter(Value filter) {
  std::optional<SmallVector<float>> elements = readConstant(filter);
  if (!elements)
    return std::nullopt;
  int64_t columns = cast<RankedTensorType>(filter.getType()).getShape().back();
  Matrix matrix(static_cast<int64_t>(elements->size()) / columns, columns);
  llvm::copy(*elements, matrix.data());
  return matrix;
}

std::optional<Vector> readVector(Value vector) {
  std::optional<SmallVector<float>> elements = readConstant(vector);
  if (!elements)
    return std::nullopt;
  Vector result(static_cast<int64_t>(elements->size()));
  llvm::copy(*elements, result.data());
  return result;
}

ConstantOp makeConstant(OpBuilder &builder, Location location,
                        ArrayRef<int64_t> shape, const Matrix &elements) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  assert(type.getNumElements() == elements.size() && "shape must fit");
  auto name = location->findInstanceOf<NameLoc>();
  return ConstantOp::create(
      builder, location,
      makeElements(type, name ? name.getName().getValue() : "compact",
                   [&](MutableArrayRef<float> result) {
                     for (auto [index, element] : llvm::enumerate(result))
                       element = static_cast<float>(elements.data()[index]);
                   }));
}

ConstantOp makeZeros(OpBuilder &builder, Location location,
                     ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return ConstantOp::create(builder, location,
                            DenseElementsAttr::get(type, 0.0f));
}

} // namespace windrow::nn
