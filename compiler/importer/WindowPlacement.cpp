//===- WindowPlacement.cpp - Where sliding windows stand ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/WindowPlacement.h"

#include <algorithm>

using namespace windrow::importer;

static int64_t ceilDivide(int64_t numerator, int64_t denominator) {
  return (numerator + denominator - 1) / denominator;
}

static WindowPlacement placeSame(const WindowAxis &axis, bool moreAtEnd) {
  WindowPlacement result;
  result.outputSize = ceilDivide(axis.inputSize, axis.stride);
  int64_t pads =
      std::max<int64_t>(0, (result.outputSize - 1) * axis.stride +
                               axis.effectiveKernel() - axis.inputSize);
  result.padBegin = moreAtEnd ? pads / 2 : pads - pads / 2;
  result.padEnd = pads - result.padBegin;
  return result;
}

WindowPlacement windrow::importer::placeWindows(const WindowAxis &axis,
                                                AutoPad autoPad,
                                                bool ceilMode) {
  if (autoPad == AutoPad::SameUpper || autoPad == AutoPad::SameLower)
    return placeSame(axis, autoPad == AutoPad::SameUpper);

  WindowPlacement result;
  if (autoPad == AutoPad::NotSet) {
    result.padBegin = axis.padBegin;
    result.padEnd = axis.padEnd;
  }
  int64_t slack =
      axis.inputSize + result.padBegin + result.padEnd - axis.effectiveKernel();
  if (slack < 0)
    return result;
  result.outputSize = slack / axis.stride + 1;
  // ONNX ties VALID to windows that fit, whatever ceil_mode says.
  if (!ceilMode || autoPad == AutoPad::Valid)
    return result;

  result.outputSize = ceilDivide(slack, axis.stride) + 1;
  if ((result.outputSize - 1) * axis.stride >= axis.inputSize + result.padBegin)
    --result.outputSize;
  int64_t padsNeeded = std::max<int64_t>(
      0, (result.outputSize - 1) * axis.stride + axis.effectiveKernel() -
             axis.inputSize - result.padBegin);
  result.overflowEnd = std::max<int64_t>(0, padsNeeded - result.padEnd);
  if ((slack + result.overflowEnd) / axis.stride + 1 > result.outputSize)
    result.padEnd = padsNeeded;
  return result;
}

bool windrow::importer::everyWindowMeetsInput(
    const WindowAxis &axis, const WindowPlacement &placement) {
  int64_t lastStart =
      (placement.outputSize - 1) * axis.stride - placement.padBegin;
  if (lastStart >= axis.inputSize ||
      placement.padBegin >= axis.effectiveKernel())
    return false;
  // Of a window that starts before the input, the first tap not before it must
  // lie inside.
  int64_t starts = std::min(ceilDivide(placement.padBegin, axis.stride),
                            placement.outputSize);
  for (int64_t i = 0; i < starts; ++i) {
    int64_t missing = placement.padBegin - i * axis.stride;
    int64_t tap = ceilDivide(missing, axis.dilation);
    if (tap >= axis.kernel || tap * axis.dilation - missing >= axis.inputSize)
      return false;
  }
  return true;
}
