//===- ImportShapes.cpp - Flatten, Reshape, Squeeze, Transpose ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// Operand 0 with `shape`, which must have as many elements, as result 0.
static LogicalResult setReshaped(NodeImporter &node, ArrayRef<int64_t> shape) {
  return node.setResult(node.reshape(node.operand(0), shape));
}

LogicalResult windrow::importer::importFlatten(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(node.operand(0));
  int64_t rank = shape.size();
  int64_t axis = node.attributes().getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.emitError() << "axis must be from " << -rank << " to " << rank
                            << ", got " << axis;
  if (axis < 0)
    axis += rank;
  return setReshaped(node, {countElements(shape.take_front(axis)),
                            countElements(shape.drop_front(axis))});
}

/// Resolves -1 and 0 in the shape that a Reshape asks for.
static FailureOr<SmallVector<int64_t>> resolveShape(NodeImporter &node,
                                                    ArrayRef<int64_t> from,
                                                    ArrayRef<int64_t> to,
                                                    bool zeroIsZero) {
  auto fail = [&] {
    return node.emitError() << "shape " << formatShape(from)
                            << " cannot be reshaped to " << formatShape(to);
  };
  SmallVector<int64_t> shape(to);
  std::optional<size_t> unknown;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0 && !zeroIsZero && i < from.size())
      size = from[i];
    if (size == -1 && !unknown) {
      unknown = i;
      size = 1;
    }
    if (size <= 0)
      return fail();
  }
  int64_t count = countElements(from), known = countElements(shape);
  if (unknown && known > 0 && count % known == 0) {
    shape[*unknown] = count / known;
    known = count;
  }
  if (known != count)
    return fail();
  return shape;
}

LogicalResult windrow::importer::importReshape(NodeImporter &node) {
  if (failed(node.checkOperands(2, 2)))
    return failure();
  bool zeroIsZero =
      node.opset() >= 14 && node.attributes().getInt("allowzero", 0) != 0;
  FailureOr<SmallVector<int64_t>> target = node.getIntegers(1, "the shape");
  if (failed(target))
    return failure();
  FailureOr<SmallVector<int64_t>> shape =
      resolveShape(node, shapeOf(node.operand(0)), *target, zeroIsZero);
  if (failed(shape))
    return failure();
  return setReshaped(node, *shape);
}

/// The axes of Squeeze and Unsqueeze: an attribute until opset 12, then an
/// input. Nothing where they are left out.
static FailureOr<std::optional<SmallVector<int64_t>>>
readAxes(NodeImporter &node) {
  if (node.opset() < 13) {
    if (failed(node.checkOperands(1, 1)))
      return failure();
    std::optional<SmallVector<int64_t>> axes =
        node.attributes().findInts("axes");
    if (failed(node.checkAttributes()))
      return failure();
    return axes;
  }
  if (failed(node.checkOperands(1, 2)))
    return failure();
  if (!node.hasOperand(1))
    return std::optional<SmallVector<int64_t>>();
  FailureOr<SmallVector<int64_t>> axes = node.getIntegers(1, "axes");
  if (failed(axes))
    return failure();
  return std::optional(*axes);
}

LogicalResult windrow::importer::importSqueeze(NodeImporter &node) {
  FailureOr<std::optional<SmallVector<int64_t>>> axes = readAxes(node);
  if (failed(axes))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(node.operand(0));
  FailureOr<SmallVector<int64_t>> dropped =
      node.resolveAxes(axes->value_or(SmallVector<int64_t>()), shape.size());
  if (failed(dropped))
    return failure();
  SmallVector<int64_t> result;
  for (auto [i, size] : llvm::enumerate(shape)) {
    bool isDropped = axes->has_value()
                         ? llvm::is_contained(*dropped, static_cast<int64_t>(i))
                         : size == 1;
    if (!isDropped)
      result.push_back(size);
    else if (size != 1)
      return node.emitError() << "dimension " << i << " of "
                              << formatShape(shape) << " must be 1";
  }
  return setReshaped(node, result);
}

LogicalResult windrow::importer::importUnsqueeze(NodeImporter &node) {
  FailureOr<std::optional<SmallVector<int64_t>>> axes = readAxes(node);
  if (failed(axes))
    return failure();
  if (!*axes)
    return node.emitError() << "axes are missing";
  ArrayRef<int64_t> shape = shapeOf(node.operand(0));
  size_t rank = shape.size() + (*axes)->size();
  FailureOr<SmallVector<int64_t>> added = node.resolveAxes(**axes, rank);
  if (failed(added))
    return failure();
  SmallVector<int64_t> result;
  for (size_t i = 0; i < rank; ++i) {
    bool isAdded = llvm::is_contained(*added, static_cast<int64_t>(i));
    result.push_back(isAdded ? 1 : shape.front());
    if (!isAdded)
      shape = shape.drop_front();
  }
  return setReshaped(node, result);
}

LogicalResult windrow::importer::importTranspose(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  int64_t rank = shapeOf(node.operand(0)).size();
  auto reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  SmallVector<int64_t> permutation =
      node.attributes().getInts("perm", reversed);
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (failed(node.checkAttributes()))
    return failure();
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(0, rank)))
    return node.emitError()
           << "attribute 'perm' must be a permutation of " << rank
           << " dimensions, got " << formatShape(permutation);
  return node.setResult(node.transpose(node.operand(0), permutation));
}
