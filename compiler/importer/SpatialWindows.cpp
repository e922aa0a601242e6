//===- SpatialWindows.cpp - Windows of an ONNX node -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/SpatialWindows.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace windrow::importer;

/// Keeps sums and products of sizes far from overflow.
static constexpr int64_t largestSize = 1 << 20;

template <typename Container, typename Get>
static SmallVector<int64_t> collect(const Container &axes, Get get) {
  return llvm::map_to_vector(axes, get);
}

SmallVector<int64_t> SpatialWindows::kernel() const {
  return collect(axes, [](const WindowAxis &axis) { return axis.kernel; });
}

SmallVector<int64_t> SpatialWindows::strides() const {
  return collect(axes, [](const WindowAxis &axis) { return axis.stride; });
}

SmallVector<int64_t> SpatialWindows::dilations() const {
  return collect(axes, [](const WindowAxis &axis) { return axis.dilation; });
}

SmallVector<int64_t> SpatialWindows::pads() const {
  SmallVector<int64_t> pads(4);
  for (auto [i, placement] : llvm::enumerate(placements)) {
    pads[i] = placement.padBegin;
    pads[i + 2] = placement.padEnd + placement.overflowEnd;
  }
  return pads;
}

/// The attribute `name`, which must have `count` numbers from `least` on.
static FailureOr<SmallVector<int64_t>>
readSizes(NodeImporter &node, StringRef name, size_t count, int64_t least,
          ArrayRef<int64_t> defaultValue) {
  SmallVector<int64_t> sizes = node.attributes().getInts(name, defaultValue);
  if (failed(node.checkAttributes()))
    return failure();
  if (sizes.size() != count)
    return node.emitError() << "attribute '" << name << "' must have " << count
                            << " numbers, got " << sizes.size();
  for (int64_t size : sizes)
    if (size < least || size > largestSize)
      return node.emitError()
             << "attribute '" << name << "' must be from " << least << " to "
             << largestSize << ", got " << size;
  return sizes;
}

static FailureOr<AutoPad> readAutoPad(NodeImporter &node) {
  StringRef text = node.attributes().getString("auto_pad", "NOTSET");
  auto autoPad = llvm::StringSwitch<std::optional<AutoPad>>(text)
                     .Case("NOTSET", AutoPad::NotSet)
                     .Case("SAME_UPPER", AutoPad::SameUpper)
                     .Case("SAME_LOWER", AutoPad::SameLower)
                     .Case("VALID", AutoPad::Valid)
                     .Default(std::nullopt);
  if (!autoPad)
    return node.emitError() << "attribute 'auto_pad' must be NOTSET, "
                               "SAME_UPPER, SAME_LOWER or VALID, got '"
                            << text << "'";
  return *autoPad;
}

static FailureOr<SmallVector<int64_t>>
readKernel(NodeImporter &node, ArrayRef<int64_t> filterKernel) {
  if (filterKernel.empty() && !node.attributes().has("kernel_shape"))
    return node.emitError() << "attribute 'kernel_shape' is missing";
  FailureOr<SmallVector<int64_t>> kernel =
      readSizes(node, "kernel_shape", 2, 1, filterKernel);
  if (succeeded(kernel) && !filterKernel.empty() &&
      ArrayRef(*kernel) != filterKernel)
    return node.emitError()
           << "attribute 'kernel_shape' must be the filter's "
           << formatShape(filterKernel) << ", got " << formatShape(*kernel);
  return kernel;
}

FailureOr<SpatialWindows>
windrow::importer::readSpatialWindows(NodeImporter &node, Value image,
                                      ArrayRef<int64_t> filterKernel) {
  FailureOr<SmallVector<int64_t>> kernel = readKernel(node, filterKernel);
  if (failed(kernel))
    return failure();
  auto strides = readSizes(node, "strides", 2, 1, {1, 1});
  auto dilations = readSizes(node, "dilations", 2, 1, {1, 1});
  auto pads = readSizes(node, "pads", 4, 0, {0, 0, 0, 0});
  FailureOr<AutoPad> autoPad = readAutoPad(node);
  if (failed(strides) || failed(dilations) || failed(pads) || failed(autoPad))
    return failure();
  bool isPool = filterKernel.empty();
  bool ceilMode =
      isPool && node.opset() >= 10 && node.attributes().getInt("ceil_mode", 0);

  SpatialWindows windows;
  for (auto [i, axis, placement] :
       llvm::enumerate(windows.axes, windows.placements)) {
    axis = {.inputSize = shapeOf(image)[2 + i],
            .kernel = (*kernel)[i],
            .stride = (*strides)[i],
            .dilation = (*dilations)[i],
            .padBegin = (*pads)[i],
            .padEnd = (*pads)[i + 2]};
    placement = placeWindows(axis, *autoPad, ceilMode);
    if (placement.outputSize <= 0)
      return node.emitError()
             << (i == 0 ? "height " : "width ") << axis.inputSize
             << " with padding is less than the kernel's "
             << axis.effectiveKernel();
  }
  return windows;
}
