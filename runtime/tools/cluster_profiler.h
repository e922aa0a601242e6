//===- cluster_profiler.h - Has a cluster measured --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_CLUSTER_PROFILER_H
#define WINDROW_RUNTIME_TOOLS_CLUSTER_PROFILER_H

#include "runtime/tools/profile_orders.h"

#include <functional>
#include <stop_token>

namespace windrow {

/// A machine that runs `windrow-profile --serve`.
struct ProfiledDevice {
  std::string name;
  std::string address; ///< "host:port"
  /// For kernels, unless its server was told another number.
  uint32_t threads = 1;
};

struct ClusterProfileOptions {
  /// This machine is the client.
  std::vector<ProfiledDevice> devices;
  /// What to measure on each of them; nothing where there are no operators. The
  /// number of threads is the device's.
  OperatorsOrder operators;
  bool measureLinks = true;
  /// How long a device may take to answer.
  std::chrono::milliseconds connectTimeout{5000};
};

/// What is measured now, and how much of that is done, from 0 to 1. Called on
/// the caller's thread.
using ClusterProgress = std::function<void(std::string_view, double)>;

/// Measures the links, one pair at a time, then the operators, on all devices
/// at once. Fails where a device does, with a message that begins with its
/// name, and with `Cancelled` once `stop` is requested.
Expected<ProfiledCosts> profileCluster(const ClusterProfileOptions &options,
                                       const ClusterProgress &onProgress,
                                       const std::stop_token &stop);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_CLUSTER_PROFILER_H
