//===- window_checks.cpp - Sliding windows of operators -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/window_checks.h"

#include "runtime/artifact/bundle_checks.h"

#include <algorithm>
#include <fmt/format.h>

namespace windrow {

Status checkAxis(const WindowAxis &axis) {
  if (axis.window == 0 || axis.stride == 0 || axis.dilation == 0)
    return corruptData(fmt::format(
        "{}: window, stride and dilation must be at least 1, got {}, {} and {}",
        axis.name, axis.window, axis.stride, axis.dilation));
  uint64_t padded = axis.before + axis.input + axis.after;
  if (padded < axis.span())
    return corruptData(
        fmt::format("{}: padded input must be at least {}, got {}", axis.name,
                    axis.span(), padded));
  uint64_t expected = (padded - axis.span()) / axis.stride + 1;
  if (axis.output != expected)
    return corruptData(fmt::format("{}: output must be {}, got {}", axis.name,
                                   expected, axis.output));
  return Status();
}

Status checkPoolAxis(const WindowAxis &axis) {
  WINDROW_RETURN_IF_ERROR(checkAxis(axis));
  // Windows that begin behind the leading padding hold one if the last does.
  auto holdsElement = [&axis](uint64_t start) {
    uint64_t skipped =
        start >= axis.before
            ? 0
            : (axis.before - start + axis.dilation - 1) / axis.dilation;
    return skipped < axis.window &&
           start + skipped * axis.dilation < axis.before + axis.input;
  };
  uint64_t lastStart = (axis.output - 1) * axis.stride;
  bool allHold = holdsElement(lastStart);
  for (uint64_t start = 0; start < std::min(axis.before, lastStart) && allHold;
       start += axis.stride)
    allHold = holdsElement(start);
  if (!allHold)
    return corruptData(
        fmt::format("{}: every window must hold an element that is not padding",
                    axis.name));
  return Status();
}

} // namespace windrow
