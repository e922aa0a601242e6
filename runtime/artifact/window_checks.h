//===- window_checks.h - Sliding windows of operators -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_WINDOW_CHECKS_H
#define WINDROW_RUNTIME_ARTIFACT_WINDOW_CHECKS_H

#include "windrow/status.h"

#include <cstdint>

namespace windrow {

/// One axis of a sliding window. Values are 32 bits wide, so that sums and
/// products of two of them fit.
struct WindowAxis {
  const char *name;
  uint64_t input, output;
  uint64_t window, stride, dilation, before, after;

  uint64_t span() const { return (window - 1) * dilation + 1; }
};

/// Checks that the window yields the output's extent.
Status checkAxis(const WindowAxis &axis);

/// The same, and that every window of a pool holds an element that is not
/// padding.
Status checkPoolAxis(const WindowAxis &axis);

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_WINDOW_CHECKS_H
