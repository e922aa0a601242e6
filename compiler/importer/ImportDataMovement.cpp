//===- ImportDataMovement.cpp - Concat, Pad, Slice and Gather -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/ConstantEvaluation.h"
#include "compiler/importer/OperatorTable.h"
#include "llvm/ADT/STLExtras.h"
#include <limits>

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

/// Whether operations on `rank` dimensions are built channels last, as all
/// operations on images are.
static bool isImage(size_t rank) { return rank == 4; }

/// One number per dimension of an ONNX value in the order of the built one.
static SmallVector<int64_t> inBuiltOrder(ArrayRef<int64_t> numbers) {
  if (!isImage(numbers.size()))
    return SmallVector<int64_t>(numbers);
  return {numbers[0], numbers[2], numbers[3], numbers[1]};
}

static FailureOr<Value> toBuiltOrder(NodeImporter &node, Value value) {
  return isImage(shapeOf(value).size()) ? node.toChannelsLast(value) : value;
}

static FailureOr<Value> fromBuiltOrder(NodeImporter &node,
                                       FailureOr<Value> value) {
  if (failed(value) || !isImage(shapeOf(*value).size()))
    return value;
  return node.fromChannelsLast(*value);
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

static LogicalResult checkConcatShapes(NodeImporter &node, int64_t axis) {
  ArrayRef<int64_t> first = shapeOf(node.operand(0));
  for (unsigned i = 1; i < node.numOperands(); ++i) {
    SmallVector<int64_t> shape(shapeOf(node.operand(i)));
    if (shape.size() == first.size())
      shape[axis] = first[axis];
    if (ArrayRef(shape) != first)
      return node.emitError()
             << "inputs must have equal shapes but for dimension " << axis
             << ", got " << formatShape(first) << " and "
             << formatShape(shapeOf(node.operand(i)));
  }
  return success();
}

static FailureOr<Value> concatValues(NodeImporter &node, int64_t axis) {
  int64_t rank = shapeOf(node.operand(0)).size();
  SmallVector<Value> parts;
  for (unsigned i = 0; i < node.numOperands(); ++i) {
    FailureOr<Value> value = node.getValue(i);
    if (succeeded(value))
      value = toBuiltOrder(node, *value);
    if (failed(value))
      return failure();
    parts.push_back(*value);
  }
  int64_t builtAxis =
      isImage(rank) ? NodeImporter::movedDimension(axis, 1, rank) : axis;
  return fromBuiltOrder(
      node, node.create<nn::ConcatOp>(ValueRange(parts), builtAxis));
}

LogicalResult windrow::importer::importConcat(NodeImporter &node) {
  if (failed(node.checkOperands(std::max(1u, node.numOperands()),
                                std::numeric_limits<unsigned>::max())))
    return failure();
  if (!node.attributes().has("axis"))
    return node.emitError() << "attribute 'axis' is missing";
  FailureOr<int64_t> axis = node.resolveAxis(
      node.attributes().getInt("axis", 0), shapeOf(node.operand(0)).size());
  if (failed(axis) || failed(node.checkAttributes()) ||
      failed(checkConcatShapes(node, *axis)))
    return failure();
  if (node.numOperands() == 1)
    return node.setResult(FailureOr<GraphValue>(node.operand(0)));
  std::vector<ConstantTensor> constants;
  for (unsigned i = 0; i < node.numOperands(); ++i)
    if (node.isConstant(i))
      constants.push_back(std::get<ConstantTensor>(node.operand(i)));
  if (constants.size() == node.numOperands())
    return node.setResult(evaluateConcat(node, constants, *axis));
  return node.setResult(concatValues(node, *axis));
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// Along one dimension: elements start, start + step, ..., `size` of them.
struct SliceRange {
  int64_t start = 0;
  int64_t step = 1;
  int64_t size = 0;
};

/// Bounds may be negative, counted from the end, and lie outside.
static SliceRange resolveRange(int64_t start, int64_t end, int64_t step,
                               int64_t size) {
  auto clamp = [&](int64_t bound, int64_t low, int64_t high) {
    return std::clamp(bound < 0 ? bound + size : bound, low, high);
  };
  if (step > 0) {
    start = clamp(start, 0, size);
    end = clamp(end, 0, size);
    int64_t distance = std::max<int64_t>(0, end - start);
    return {start, step, distance / step + (distance % step != 0)};
  }
  start = clamp(start, 0, size - 1);
  end = clamp(end, -1, size - 1);
  int64_t distance = std::max<int64_t>(0, start - end);
  // The most negative step has no negation, and takes one element at most.
  if (step <= -size)
    return {start, step, distance > 0 ? 1 : 0};
  return {start, step, (distance - step - 1) / -step};
}

/// Operand `index` (starts, ends, axes, steps), or attribute `name` until opset
/// 9; the default where it is left out.
static FailureOr<SmallVector<int64_t>>
readSliceParameter(NodeImporter &node, unsigned index, StringRef name,
                   ArrayRef<int64_t> defaultValue) {
  if (node.opset() < 10 && index < 4)
    return node.attributes().getInts(name, defaultValue);
  if (!node.hasOperand(index))
    return SmallVector<int64_t>(defaultValue);
  return node.getIntegers(index, name);
}

static FailureOr<SmallVector<SliceRange>> readSlice(NodeImporter &node,
                                                    ArrayRef<int64_t> shape) {
  auto starts = readSliceParameter(node, 1, "starts", {});
  auto ends = readSliceParameter(node, 2, "ends", {});
  if (failed(starts) || failed(ends) || failed(node.checkAttributes()))
    return failure();
  size_t count = starts->size();
  auto axes = readSliceParameter(node, 3, "axes",
                                 llvm::to_vector(llvm::seq<int64_t>(0, count)));
  auto steps =
      readSliceParameter(node, 4, "steps", SmallVector<int64_t>(count, 1));
  if (failed(axes) || failed(steps) || failed(node.checkAttributes()))
    return failure();
  if (ends->size() != count || axes->size() != count || steps->size() != count)
    return node.emitError() << "starts, ends, axes and steps must have equal "
                               "lengths, got "
                            << count << ", " << ends->size() << ", "
                            << axes->size() << " and " << steps->size();
  FailureOr<SmallVector<int64_t>> dimensions =
      node.resolveAxes(*axes, shape.size());
  if (failed(dimensions))
    return failure();
  SmallVector<SliceRange> ranges = llvm::map_to_vector(shape, [](int64_t size) {
    return SliceRange{0, 1, size};
  });
  for (auto [start, end, dimension, step] :
       llvm::zip(*starts, *ends, *dimensions, *steps)) {
    if (step == 0)
      return node.emitError() << "steps must not be 0";
    ranges[dimension] = resolveRange(start, end, step, shape[dimension]);
  }
  return ranges;
}

/// The box of `value`, in ONNX's order, that begins at `offsets`.
static FailureOr<Value> sliceValue(NodeImporter &node, Value value,
                                   ArrayRef<int64_t> offsets,
                                   ArrayRef<int64_t> sizes) {
  if (ArrayRef(sizes) == shapeOf(value))
    return value;
  FailureOr<Value> input = toBuiltOrder(node, value);
  if (failed(input))
    return failure();
  return fromBuiltOrder(node,
                        node.create<nn::SliceOp>(*input, inBuiltOrder(offsets),
                                                 inBuiltOrder(sizes)));
}

LogicalResult windrow::importer::importSlice(NodeImporter &node) {
  bool isOld = node.opset() < 10;
  if (failed(node.checkOperands(isOld ? 1 : 3, isOld ? 1 : 5)))
    return failure();
  FailureOr<SmallVector<SliceRange>> ranges =
      readSlice(node, shapeOf(node.operand(0)));
  if (failed(ranges))
    return failure();
  SmallVector<int64_t> starts, steps, sizes;
  for (const SliceRange &range : *ranges) {
    starts.push_back(range.start);
    steps.push_back(range.step);
    sizes.push_back(range.size);
  }
  if (node.isConstant(0))
    return node.setResult(evaluateSlice(
        node, std::get<ConstantTensor>(node.operand(0)), starts, steps, sizes));
  for (int64_t step : steps)
    if (step != 1)
      return node.emitError() << "steps must be 1, got " << step;
  if (llvm::is_contained(sizes, 0))
    return node.emitError() << "the result must have elements, got the shape "
                            << formatShape(sizes);
  FailureOr<Value> input = node.getValue(0);
  if (failed(input))
    return failure();
  return node.setResult(sliceValue(node, *input, starts, sizes));
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

LogicalResult windrow::importer::importGather(NodeImporter &node) {
  if (failed(node.checkOperands(2, 2)))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(node.operand(0));
  FailureOr<int64_t> axis =
      node.resolveAxis(node.attributes().getInt("axis", 0), shape.size());
  FailureOr<SmallVector<int64_t>> indices = node.getIntegers(1, "the indices");
  if (failed(axis) || failed(indices))
    return failure();
  int64_t size = shape[*axis];
  for (int64_t &index : *indices) {
    if (index < -size || index >= size)
      return node.emitError() << "indices must be from " << -size << " to "
                              << size - 1 << ", got " << index;
    if (index < 0)
      index += size;
  }
  ArrayRef<int64_t> indexShape = shapeOf(node.operand(1));
  if (node.isConstant(0))
    return node.setResult(
        evaluateGather(node, std::get<ConstantTensor>(node.operand(0)),
                       *indices, indexShape, *axis));
  if (indices->size() != 1)
    return node.emitError()
           << "the indices of a computed value must be one number, got "
           << indices->size();

  FailureOr<Value> input = node.getValue(0);
  SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape);
  offsets[*axis] = indices->front();
  sizes[*axis] = 1;
  FailureOr<Value> slice = sliceValue(node, *input, offsets, sizes);
  if (failed(slice))
    return failure();
  if (indexShape.empty())
    sizes.erase(sizes.begin() + *axis);
  return node.setResult(node.reshape(*slice, sizes));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Low pads of all dimensions, then high ones: an attribute until opset 10,
/// then an input; from opset 18 on for some axes only.
static FailureOr<SmallVector<int64_t>> readPads(NodeImporter &node,
                                                int64_t rank) {
  SmallVector<int64_t> pads;
  if (node.opset() < 11) {
    pads = node.attributes().getInts("pads", {});
  } else {
    FailureOr<SmallVector<int64_t>> given = node.getIntegers(1, "pads");
    if (failed(given))
      return failure();
    pads = *given;
  }
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.opset() >= 18 && node.hasOperand(3)) {
    FailureOr<SmallVector<int64_t>> given = node.getIntegers(3, "axes");
    if (failed(given))
      return failure();
    FailureOr<SmallVector<int64_t>> resolved = node.resolveAxes(*given, rank);
    if (failed(resolved))
      return failure();
    axes = *resolved;
  }
  if (failed(node.checkAttributes()))
    return failure();
  if (pads.size() != 2 * axes.size())
    return node.emitError() << "pads must have " << 2 * axes.size()
                            << " numbers, got " << pads.size();
  SmallVector<int64_t> result(2 * rank, 0);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    result[axis] = pads[i];
    result[rank + axis] = pads[axes.size() + i];
  }
  for (int64_t pad : result)
    if (pad < 0 || pad > std::numeric_limits<int32_t>::max())
      return node.emitError() << "pads must be from 0 to 2^31 - 1, got " << pad;
  return result;
}

static LogicalResult checkPadMode(NodeImporter &node) {
  StringRef mode = node.attributes().getString("mode", "constant");
  if (mode != "constant")
    return node.emitError()
           << "attribute 'mode' must be constant, got '" << mode << "'";
  FailureOr<float> value = 0.0f;
  if (node.opset() < 11)
    value = node.attributes().getFloat("value", 0.0f);
  else if (node.hasOperand(2))
    value = node.getScalar(2, "the value of the padding");
  if (failed(value))
    return failure();
  if (*value != 0.0f)
    return node.emitError()
           << "the value of the padding must be 0, got " << *value;
  return success();
}

LogicalResult windrow::importer::importPad(NodeImporter &node) {
  unsigned least = node.opset() < 11 ? 1 : 2;
  unsigned most = node.opset() < 11 ? 1 : node.opset() < 18 ? 3 : 4;
  if (failed(node.checkOperands(least, most)) || failed(checkPadMode(node)))
    return failure();
  int64_t rank = shapeOf(node.operand(0)).size();
  FailureOr<SmallVector<int64_t>> pads = readPads(node, rank);
  FailureOr<Value> value = node.getValue(0);
  if (failed(pads) || failed(value))
    return failure();
  if (llvm::all_of(*pads, [](int64_t pad) { return pad == 0; }))
    return node.setResult(value);
  FailureOr<Value> input = toBuiltOrder(node, *value);
  if (failed(input))
    return failure();
  auto result = node.create<nn::PadOp>(
      *input, inBuiltOrder(ArrayRef(*pads).take_front(rank)),
      inBuiltOrder(ArrayRef(*pads).drop_front(rank)));
  return node.setResult(fromBuiltOrder(node, result));
}
