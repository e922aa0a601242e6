//===- cost_table.h - Measured costs of devices and links -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `windrow-profile` writes and the planner reads: see docs/cost-table.md.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_COST_TABLE_H
#define WINDROW_RUNTIME_TOOLS_COST_TABLE_H

#include "windrow/status.h"

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace windrow {

/// What the cost of an operator depends on, beside its rows.
struct ProfiledShape {
  std::string kind; ///< name of the `nn` operation, such as "conv_2d"
  /// Of "conv_2d": "direct", "winograd4x4" or "winograd2x2"; else empty.
  std::string kernel;
  /// Height and width; ones where the kind has no window.
  std::array<uint32_t, 2> window{1, 1}, strides{1, 1}, dilations{1, 1};
  uint32_t groups = 1;
  /// [width, channels], or [channels] of matrices.
  std::vector<uint32_t> input, output;
  /// The second operand is one pixel, repeated for all ("add", "multiply").
  bool isBroadcast = false;
  /// The result is clamped, where that takes longer ("add", "multiply").
  bool isClamped = false;

  /// Whether the kind has window, strides and dilations.
  bool hasWindow() const;

  auto operator<=>(const ProfiledShape &) const = default;
};

/// The time of one call for some numbers of output rows (of input rows for
/// "global_avg_pool" and "global_sum_pool").
struct OperatorCost {
  ProfiledShape shape;
  std::vector<uint32_t> rows; ///< ascending
  std::vector<double> seconds;
};

struct DeviceCosts {
  std::string name;
  uint32_t threads = 1;
  /// What a call costs however little it does.
  double kernelOverheadMicroseconds = 0;
  std::vector<OperatorCost> operators;
  /// Output channels that convolutions and fully connected layers compute at
  /// once: fewer take as long. Absent from tables of before it was measured.
  std::optional<uint32_t> channelTile;
};

/// One direction of a link. A message of n bytes is in the receiver's hands
/// 2 * message + latency + n / bandwidth after its sender began to send it.
struct LinkCosts {
  std::string from, to; ///< devices, or "client"
  double latencyMicroseconds = 0;
  double bandwidthMbit = 0; ///< 10^6 bits a second
  /// Processor time at either end.
  double messageMicroseconds = 0;
  /// What a large message takes longer where nothing was sent for a while.
  std::optional<double> afterIdleMicroseconds;
};

struct ProfiledCosts {
  std::vector<DeviceCosts> devices;
  std::vector<LinkCosts> links;
};

/// Replaces the devices and links of `table` that `measured` has too, and adds
/// the others. Of a device that keeps its number of threads, the operators that
/// were not measured anew stay.
void mergeCosts(ProfiledCosts &table, ProfiledCosts measured);

nlohmann::ordered_json toJson(const ProfiledShape &shape);
nlohmann::ordered_json toJson(const DeviceCosts &device);
nlohmann::ordered_json toJson(const LinkCosts &link);
nlohmann::ordered_json toJson(const ProfiledCosts &table);

/// The opposites. Messages name the key at fault.
Expected<ProfiledShape> parseProfiledShape(const nlohmann::ordered_json &json);
Expected<DeviceCosts> parseDeviceCosts(const nlohmann::ordered_json &json);
Expected<LinkCosts> parseLinkCosts(const nlohmann::ordered_json &json);
Expected<ProfiledCosts> parseCostTable(const nlohmann::ordered_json &json);

/// The table as text, one line for each operator.
std::string formatCostTable(const ProfiledCosts &table);

/// Reads a table from `path`; messages name the file.
Expected<ProfiledCosts> readCostTable(const std::filesystem::path &path);

/// Writes `table` to `path`, replacing a file that is there; on failure nothing
/// is left. Messages name the file.
Status writeCostTable(const std::filesystem::path &path,
                      const ProfiledCosts &table);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_COST_TABLE_H
