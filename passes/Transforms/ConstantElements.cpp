//===- ConstantElements.cpp - Reading and making weights --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/ConstantElements.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace windrow::nn {

// Up to this many elements an attribute holds them itself, which reads better
// in printed IR.
static constexpr int64_t maxInlineElements = 256;
static constexpr size_t resourceAlignment = 64;

/// The shape as which the stored elements are seen before they are transposed.
static ArrayRef<int64_t> getViewShape(ConstantOp constant) {
  if (std::optional<ArrayRef<int64_t>> view = constant.getView())
    return *view;
  return constant.getValue().getShapedType().getShape();
}

static SmallVector<int64_t> getPermutation(ConstantOp constant) {
  if (std::optional<ArrayRef<int64_t>> permutation = constant.getPermutation())
    return SmallVector<int64_t>(*permutation);
  return llvm::to_vector(llvm::seq<int64_t>(0, getViewShape(constant).size()));
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

std::optional<StoredElements> StoredElements::get(ElementsAttr value) {
  if (!value.getElementType().isF32())
    return std::nullopt;
  ArrayRef<char> bytes;
  if (auto dense = dyn_cast<DenseElementsAttr>(value)) {
    bytes = dense.getRawData();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    bytes = blob->getData();
  } else {
    return std::nullopt;
  }

  StoredElements elements;
  elements.bytes = bytes.data();
  elements.isSplat = bytes.size() == sizeof(float);
  if (!elements.isSplat &&
      bytes.size() != value.getNumElements() * sizeof(float))
    return std::nullopt;
  return elements;
}

ElementOrder::ElementOrder(ConstantOp constant) {
  assert(!constant.isPart() && "a part has no order of all stored elements");
  ArrayRef<int64_t> view = getViewShape(constant);
  SmallVector<int64_t> permutation = getPermutation(constant);
  SmallVector<int64_t> resultStrides(view.size());
  int64_t stride = 1;
  for (int64_t dimension : llvm::reverse(permutation)) {
    resultStrides[dimension] = stride;
    stride *= view[dimension];
  }
  // Neighbours that stay neighbours are one dimension: runs get longer.
  for (auto [size, stride] : llvm::zip_equal(view, resultStrides)) {
    if (size == 1)
      continue;
    if (!sizes.empty() && strides.back() == stride * size) {
      sizes.back() *= size;
      strides.back() = stride;
      continue;
    }
    sizes.push_back(size);
    strides.push_back(stride);
  }
  if (sizes.empty() || llvm::is_contained(sizes, 0)) {
    sizes.assign(1, stride);
    strides.assign(1, 1);
  }
}

std::optional<SmallVector<float>> readConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || constant.isPart())
    return std::nullopt;
  std::optional<StoredElements> stored =
      StoredElements::get(constant.getValue());
  if (!stored)
    return std::nullopt;
  SmallVector<float> elements(constant.getValue().getNumElements());
  ElementOrder(constant).forEachRun([&](ElementOrder::Run run) {
    for (int64_t i = 0; i < run.count; ++i)
      elements[run.result + i * run.stride] = (*stored)[run.stored + i];
  });
  return elements;
}

std::optional<float> readUniformConstant(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return std::nullopt;
  std::optional<StoredElements> stored =
      StoredElements::get(constant.getValue());
  if (!stored)
    return std::nullopt;
  int64_t count = constant.getValue().getNumElements();
  for (int64_t i = 1; i < count; ++i)
    if ((*stored)[i] != (*stored)[0])
      return std::nullopt;
  return (*stored)[0];
}

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

ElementsAttr makeElements(RankedTensorType type, StringRef name,
                          function_ref<void(MutableArrayRef<float>)> fill) {
  assert(type.getElementType().isF32() && "only f32 is computed");
  int64_t count = type.getNumElements();
  if (count <= maxInlineElements) {
    SmallVector<float> elements(count);
    fill(elements);
    return DenseElementsAttr::get(type, ArrayRef<float>(elements));
  }
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(
      count * sizeof(float), resourceAlignment, /*dataIsMutable=*/true);
  fill(MutableArrayRef(reinterpret_cast<float *>(blob.getMutableData().data()),
                       count));
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

ConstantOp makeVectorConstant(OpBuilder &builder, Location location,
                              ArrayRef<double> elements) {
  auto type = RankedTensorType::get(static_cast<int64_t>(elements.size()),
                                    builder.getF32Type());
  return ConstantOp::create(
      builder, location,
      makeElements(type, "folded", [&](MutableArrayRef<float> result) {
        llvm::copy(elements, result.begin());
      }));
}

//===----------------------------------------------------------------------===//
// Viewing
//===----------------------------------------------------------------------===//

namespace {

/// A stretch of elements that two shapes of the same elements can both be cut
/// into: part of dimension `from` of the one and of dimension `to` of the
/// other.
struct Piece {
  int64_t size;
  int64_t from;
  int64_t to;
};

} // namespace

/// The pieces of both shapes, outermost first, without those of size one, or
/// nothing where the shapes have no common refinement.
static std::optional<SmallVector<Piece>> cutShapes(ArrayRef<int64_t> fromShape,
                                                   ArrayRef<int64_t> toShape) {
  SmallVector<Piece> pieces;
  size_t from = 0, to = 0;
  int64_t fromRest = 1, toRest = 1;
  for (;;) {
    while (fromRest == 1 && from < fromShape.size())
      fromRest = fromShape[from++];
    while (toRest == 1 && to < toShape.size())
      toRest = toShape[to++];
    if (fromRest == 1 && toRest == 1)
      return pieces;
    int64_t size = std::min(fromRest, toRest);
    if (size <= 1 || fromRest % size != 0 || toRest % size != 0)
      return std::nullopt;
    pieces.push_back(
        {size, static_cast<int64_t>(from) - 1, static_cast<int64_t>(to) - 1});
    fromRest /= size;
    toRest /= size;
  }
}

ConstantOp permuteConstant(OpBuilder &builder, ConstantOp constant,
                           ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> permutation, Type resultType) {
  if (constant.isPart())
    return {};
  ArrayRef<int64_t> view = getViewShape(constant);
  SmallVector<int64_t> oldPermutation = getPermutation(constant);
  SmallVector<int64_t> seenShape;
  for (int64_t dimension : oldPermutation)
    seenShape.push_back(view[dimension]);
  std::optional<SmallVector<Piece>> pieces = cutShapes(seenShape, shape);
  if (!pieces)
    return {};

  SmallVector<int64_t> newView;
  SmallVector<int64_t> viewPosition(pieces->size());
  for (size_t dimension = 0; dimension < view.size(); ++dimension)
    for (auto [index, piece] : llvm::enumerate(*pieces))
      if (oldPermutation[piece.from] == static_cast<int64_t>(dimension)) {
        viewPosition[index] = newView.size();
        newView.push_back(piece.size);
      }
  SmallVector<int64_t> newPermutation;
  for (int64_t dimension : permutation)
    for (auto [index, piece] : llvm::enumerate(*pieces))
      if (piece.to == dimension)
        newPermutation.push_back(viewPosition[index]);

  DenseI64ArrayAttr viewAttr, permutationAttr;
  if (!llvm::is_sorted(newPermutation)) {
    permutationAttr = builder.getDenseI64ArrayAttr(newPermutation);
    if (ArrayRef(newView) != constant.getValue().getShapedType().getShape())
      viewAttr = builder.getDenseI64ArrayAttr(newView);
  }
  return ConstantOp::create(builder, constant.getLoc(), resultType,
                            constant.getValue(), viewAttr, permutationAttr);
}

} // namespace windrow::nn
