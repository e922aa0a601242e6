//===- NnFolds.cpp - Local simplifications of nn --------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Folds that join two operations change the later one in place and read around
// the earlier one, which dies where it has no other user.
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

using namespace mlir;
using namespace windrow::nn;

static bool isIdentity(ArrayRef<int64_t> permutation) {
  for (auto [index, dim] : llvm::enumerate(permutation))
    if (dim != int64_t(index))
      return false;
  return true;
}

OpFoldResult ClampOp::fold(FoldAdaptor) {
  auto earlier = getInput().getDefiningOp<ClampOp>();
  if (!earlier)
    return {};
  ClampAttr joined = earlier.getBounds().then(getBounds());
  if (!joined)
    return {};
  if (joined == earlier.getBounds())
    return earlier.getResult();
  setBoundsAttr(joined);
  getInputMutable().assign(earlier.getInput());
  return getResult();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front())
                                 : OpFoldResult();
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

/// Reads a slice of a concatenation from the one operand that holds it.
static bool readFromConcatOperand(SliceOp slice) {
  auto concat = slice.getInput().getDefiningOp<ConcatOp>();
  if (!concat)
    return false;
  int64_t axis = concat.getAxis();
  SmallVector<int64_t> offsets(slice.getOffsets());
  for (Value operand : concat.getInputs()) {
    int64_t size = cast<RankedTensorType>(operand.getType()).getDimSize(axis);
    if (offsets[axis] < size) {
      if (offsets[axis] + slice.getSizes()[axis] > size)
        return false;
      slice.setOffsets(offsets);
      slice.getInputMutable().assign(operand);
      return true;
    }
    offsets[axis] -= size;
  }
  return false;
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (readFromConcatOperand(*this))
    return getResult();
  auto earlier = getInput().getDefiningOp<SliceOp>();
  if (!earlier)
    return {};
  SmallVector<int64_t> offsets(getOffsets());
  for (auto [offset, earlierOffset] :
       llvm::zip_equal(offsets, earlier.getOffsets()))
    offset += earlierOffset;
  setOffsets(offsets);
  getInputMutable().assign(earlier.getInput());
  return getResult();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto earlier = getInput().getDefiningOp<ReshapeOp>();
  if (!earlier)
    return {};
  getInputMutable().assign(earlier.getInput());
  return getResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (isIdentity(getPermutation()))
    return getInput();
  auto earlier = getInput().getDefiningOp<TransposeOp>();
  if (!earlier)
    return {};
  SmallVector<int64_t> joined;
  for (int64_t dim : getPermutation())
    joined.push_back(earlier.getPermutation()[dim]);
  setPermutation(joined);
  getInputMutable().assign(earlier.getInput());
  return getResult();
}
