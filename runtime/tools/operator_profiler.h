//===- operator_profiler.h - Measures operators on this machine -*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_OPERATOR_PROFILER_H
#define WINDROW_RUNTIME_TOOLS_OPERATOR_PROFILER_H

#include "runtime/tools/profiled_operator.h"

#include <chrono>
#include <functional>
#include <span>
#include <stop_token>

namespace windrow {

struct ProfileOptions {
  uint32_t threads = 1;
  /// As of a node: the share of this machine's speed that is measured.
  double pace = 1.0;
  /// About how long to measure at most. Every operator is measured once, and
  /// run before, however long it takes.
  std::chrono::milliseconds budget{60000};
  /// Into how many parts channels are sliced beside.
  std::vector<uint32_t> slices{2, 4, 16};
  /// Ends the profile with `Cancelled` before the next operator.
  std::stop_token stop;
};

/// Told now and then how much is done, from 0 to 1; what it returns ends the
/// profile where it is a failure.
using ProfileProgress = std::function<Status(double)>;

/// Measures `operators`, which stand in the order in which a network runs them,
/// at all their `rowSteps`, and slices of their channels, and how many channels
/// kernels compute at once; the name in the result is empty.
///
/// All operators run one behind the other, as in a network, a few times, of
/// which the first does not count, so that each finds the caches as a request
/// after others does; again and again, until the medians are stable or the
/// budget is spent; with a pace, until it is spent. Fails where a shape makes no
/// sense or memory runs out.
Expected<DeviceCosts>
profileOperators(std::span<const ProfiledOperator> operators,
                 const ProfileOptions &options,
                 const ProfileProgress &onProgress);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_OPERATOR_PROFILER_H
