//===- WindowPlacement.h - Where sliding windows stand ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX's padding rules (auto_pad, ceil_mode) along one dimension, reduced to
// plain padding. Pure arithmetic; knows neither ONNX's files nor MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_WINDOWPLACEMENT_H
#define WINDROW_COMPILER_IMPORTER_WINDOWPLACEMENT_H

#include <cstdint>

namespace windrow::importer {

/// ONNX's auto_pad.
enum class AutoPad { NotSet, SameUpper, SameLower, Valid };

/// A window that slides along one dimension. Sizes, strides and dilations are
/// positive, pads are not negative; all are small enough to be added and
/// multiplied.
struct WindowAxis {
  int64_t inputSize = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  /// Used with AutoPad::NotSet only.
  int64_t padBegin = 0;
  int64_t padEnd = 0;

  int64_t effectiveKernel() const { return (kernel - 1) * dilation + 1; }
};

/// Padding with which exactly the windows of an ONNX operator fit: `outputSize`
/// is floor((inputSize + padBegin + padEnd + overflowEnd - effectiveKernel) /
/// stride) + 1.
struct WindowPlacement {
  int64_t padBegin = 0;
  int64_t padEnd = 0;
  /// The part of the last window that ceil_mode lets hang over the padding.
  /// ONNX counts it in no average, not even with count_include_pad.
  int64_t overflowEnd = 0;
  /// Not positive where no window fits.
  int64_t outputSize = 0;
};

/// Resolves auto_pad and ceil_mode as the specification of MaxPool-22 and
/// AveragePool-22 does: with ceil_mode, a last window that would start in the
/// padding at the end is dropped.
WindowPlacement placeWindows(const WindowAxis &axis, AutoPad autoPad,
                             bool ceilMode);

/// Whether every window holds an element of the input, not padding only.
bool everyWindowMeetsInput(const WindowAxis &axis,
                           const WindowPlacement &placement);

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_WINDOWPLACEMENT_H
