//===- ImportPools.cpp - MaxPool, AveragePool, ReduceMean and their kin ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OperatorTable.h"
#include "compiler/importer/SpatialWindows.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

static LogicalResult checkWindowsMeetInput(NodeImporter &node,
                                           const SpatialWindows &windows) {
  for (auto [axis, placement] : llvm::zip(windows.axes, windows.placements))
    if (!everyWindowMeetsInput(axis, placement))
      return node.emitError() << "every window must hold an element of the "
                                 "input, got one of padding only";
  return success();
}

LogicalResult windrow::importer::importMaxPool(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  // The order of the indices that the second output would have.
  node.attributes().ignore("storage_order");
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<SpatialWindows> windows = readSpatialWindows(node, *image, {});
  if (failed(windows) || failed(checkWindowsMeetInput(node, *windows)))
    return failure();
  FailureOr<Value> input = node.toChannelsLast(*image);
  if (failed(input))
    return failure();
  FailureOr<Value> result = node.create<nn::MaxPool2DOp>(
      *input, windows->kernel(), windows->strides(), windows->pads(),
      windows->dilations(), nn::ClampAttr());
  if (failed(result))
    return failure();
  return node.setResult(node.fromChannelsLast(*result));
}

/// Turns the padding that counts in the mean into zeros around `image`, which
/// is NHWC; what ceil_mode lets hang over stays padding.
static FailureOr<Value> padWithZeros(NodeImporter &node, Value image,
                                     SpatialWindows &windows) {
  SmallVector<int64_t> low(4, 0), high(4, 0);
  for (auto [i, placement] : llvm::enumerate(windows.placements)) {
    low[1 + i] = std::exchange(placement.padBegin, 0);
    high[1 + i] = std::exchange(placement.padEnd, 0);
  }
  auto isZero = [](int64_t size) { return size == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return image;
  return node.create<nn::PadOp>(image, low, high);
}

LogicalResult windrow::importer::importAveragePool(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  bool countPadding = node.attributes().getInt("count_include_pad", 0) != 0;
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<SpatialWindows> windows = readSpatialWindows(node, *image, {});
  if (failed(windows))
    return failure();
  if (llvm::any_of(windows->dilations(), [](int64_t d) { return d != 1; }))
    return node.emitError() << "attribute 'dilations' must be 1, got "
                            << formatShape(windows->dilations());
  FailureOr<Value> input = node.toChannelsLast(*image);
  if (succeeded(input) && countPadding)
    input = padWithZeros(node, *input, *windows);
  else if (failed(checkWindowsMeetInput(node, *windows)))
    return failure();
  if (failed(input))
    return failure();
  FailureOr<Value> result = node.create<nn::AvgPool2DOp>(
      *input, windows->kernel(), windows->strides(), windows->pads(),
      nn::ClampAttr());
  if (failed(result))
    return failure();
  return node.setResult(node.fromChannelsLast(*result));
}

LogicalResult windrow::importer::importGlobalAveragePool(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<Value> input = node.toChannelsLast(*image);
  if (failed(input))
    return failure();
  FailureOr<Value> result = node.create<nn::GlobalAvgPoolOp>(*input);
  if (failed(result))
    return failure();
  return node.setResult(node.fromChannelsLast(*result));
}

LogicalResult windrow::importer::importGlobalMaxPool(NodeImporter &node) {
  if (failed(node.checkOperands(1, 1)))
    return failure();
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<Value> input = node.toChannelsLast(*image);
  if (failed(input))
    return failure();
  ArrayRef<int64_t> wholeImage = shapeOf(*input).slice(1, 2);
  SmallVector<int64_t> ones(2, 1), zeros(4, 0);
  FailureOr<Value> result = node.create<nn::MaxPool2DOp>(
      *input, wholeImage, ones, zeros, ones, nn::ClampAttr());
  if (failed(result))
    return failure();
  return node.setResult(node.fromChannelsLast(*result));
}

/// The axes of a reduction: an attribute before opset `inputSince`, then an
/// input. Empty for all.
static FailureOr<SmallVector<int64_t>>
readReducedAxes(NodeImporter &node, int64_t rank, int64_t inputSince) {
  bool areInput = node.opset() >= inputSince;
  if (failed(node.checkOperands(1, areInput ? 2 : 1)))
    return failure();
  SmallVector<int64_t> axes;
  if (areInput && node.hasOperand(1)) {
    FailureOr<SmallVector<int64_t>> given = node.getIntegers(1, "axes");
    if (failed(given))
      return failure();
    axes = *given;
  } else if (!areInput) {
    axes = node.attributes().getInts("axes", {});
  }
  FailureOr<SmallVector<int64_t>> resolved = node.resolveAxes(axes, rank);
  if (succeeded(resolved))
    llvm::sort(*resolved);
  return resolved;
}

/// A reduction to `OpT` over height and width; its axes are an input from opset
/// `inputSince` on.
template <typename OpT>
static LogicalResult importReduction(NodeImporter &node, int64_t inputSince) {
  if (!node.hasOperand(0))
    return node.checkOperands(1, 2);
  FailureOr<Value> image = node.getImage(0);
  if (failed(image))
    return failure();
  FailureOr<SmallVector<int64_t>> axes = readReducedAxes(node, 4, inputSince);
  bool keepDimensions = node.attributes().getInt("keepdims", 1) != 0;
  bool emptyIsNone = node.opset() >= inputSince &&
                     node.attributes().getInt("noop_with_empty_axes", 0);
  if (failed(axes) || failed(node.checkAttributes()))
    return failure();
  if (axes->empty() && emptyIsNone)
    return node.setResult(image);

  bool isChannelsFirst = *axes == SmallVector<int64_t>{2, 3};
  if (!isChannelsFirst && *axes != SmallVector<int64_t>{1, 2})
    return node.emitError() << "axes must be height and width (2 and 3, or 1 "
                               "and 2 where channels are last), got "
                            << (axes->empty() ? "all" : formatShape(*axes));
  FailureOr<Value> input =
      isChannelsFirst ? node.toChannelsLast(*image) : image;
  if (failed(input))
    return failure();
  FailureOr<Value> result = node.create<OpT>(*input);
  if (failed(result))
    return failure();
  if (!keepDimensions) {
    ArrayRef<int64_t> shape = shapeOf(*result);
    return node.setResult(node.reshape(*result, {shape[0], shape[3]}));
  }
  return node.setResult(isChannelsFirst ? node.fromChannelsLast(*result)
                                        : result);
}

LogicalResult windrow::importer::importReduceMean(NodeImporter &node) {
  return importReduction<nn::GlobalAvgPoolOp>(node, /*inputSince=*/18);
}

LogicalResult windrow::importer::importReduceSum(NodeImporter &node) {
  return importReduction<nn::GlobalSumPoolOp>(node, /*inputSince=*/13);
}
