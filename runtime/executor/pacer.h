//===- pacer.h - Stands in for a slower machine -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_PACER_H
#define WINDROW_RUNTIME_EXECUTOR_PACER_H

#include <chrono>

namespace windrow {

/// Stretches work by sleeping after it, so that it appears to be done at a
/// share of the machine's speed. Where one thread works, what counts is its
/// processor time, so that other programs on the machine do not slow it down
/// twice.
class Pacer {
public:
  /// `pace` is above 0 and at most 1; 1 does nothing.
  Pacer(double pace, bool isSingleThreaded);

  void beginWork();
  /// Sleeps as is due, and returns what the work has taken at the pace. Single
  /// sleeps are longer or shorter than that; their sum is not.
  std::chrono::nanoseconds endWork();

private:
  using Nanoseconds = std::chrono::nanoseconds;

  Nanoseconds workTime() const;

  const double pace;
  const bool isSingleThreaded;
  Nanoseconds workStart{};
  Nanoseconds wallStart{};
  /// Sleep that is due; negative after a sleep that took too long.
  Nanoseconds due{};
};

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_PACER_H
