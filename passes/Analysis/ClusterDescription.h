//===- ClusterDescription.h - The machines and their links ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_CLUSTERDESCRIPTION_H
#define WINDROW_PASSES_ANALYSIS_CLUSTERDESCRIPTION_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windrow {

/// One machine that computes.
struct DeviceDescription {
  std::string name;    ///< unique; never "client"
  std::string address; ///< "host:port"
  int64_t threads = 1; ///< at least 1
  double speed = 1.0;  ///< positive, relative to the other devices
  std::optional<int64_t> memoryMb;
  std::optional<double> gflops; ///< 1e9 floating-point operations a second
  std::optional<double> gbps;   ///< 1e9 bytes of memory traffic a second
};

/// A connection, both directions alike.
struct LinkDescription {
  double bandwidthMbit = 1000.0; ///< positive
  double latencyUs = 100.0;      ///< one way; not negative

  /// Time from the first byte's departure to the last one's arrival.
  double secondsFor(int64_t bytes) const {
    return latencyUs * 1e-6 + static_cast<double>(bytes) * 8e-6 / bandwidthMbit;
  }
};

/// A link that differs from the default; either end may be the client.
struct LinkException {
  std::string first;
  std::string second;
  LinkDescription link;
};

/// The devices in plan order and how they are connected, with each other and
/// with the client.
struct ClusterDescription {
  std::vector<DeviceDescription> devices;
  LinkDescription defaultLink;
  std::vector<LinkException> linkExceptions;

  /// The link between two participants, in either order.
  const LinkDescription &linkBetween(std::string_view a,
                                     std::string_view b) const;

  /// Position of the device with the greatest speed, the first among equals.
  /// There must be a device.
  size_t fastestDevice() const;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_CLUSTERDESCRIPTION_H
