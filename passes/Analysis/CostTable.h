//===- CostTable.h - What was measured on devices and links -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The contents of a cost table, whose file format docs/cost-table.md describes.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_COSTTABLE_H
#define WINDROW_PASSES_ANALYSIS_COSTTABLE_H

#include "passes/Analysis/Network.h"

#include <string>
#include <string_view>
#include <vector>

namespace windrow {

/// Times of one operator, by output rows (input rows of a reduction).
struct MeasuredOperator {
  OperatorShape shape;
  std::vector<int64_t> rows;   ///< ascending, at least 1
  std::vector<double> seconds; ///< of one call, one for each of `rows`
};

/// What one device takes.
struct MeasuredDevice {
  std::string name;
  int64_t threads = 1;
  double kernelOverheadSeconds = 0; ///< of one call of any kernel
  std::vector<MeasuredOperator> operators;
  /// Output channels that convolutions and fully connected layers compute at
  /// once: fewer take as long.
  int64_t channelTile = 1;
};

/// One direction between two participants.
struct MeasuredLink {
  std::string from;
  std::string to;
  double latencySeconds = 0;
  double bytesPerSecond = 1;
  /// Processor time that a message costs each of its ends.
  double messageSeconds = 0;
};

struct CostTable {
  std::vector<MeasuredDevice> devices;
  std::vector<MeasuredLink> links;

  /// The device of that name, or null.
  const MeasuredDevice *findDevice(std::string_view name) const;
  /// The link in that direction, else the one in the other, or null.
  const MeasuredLink *findLink(std::string_view from,
                               std::string_view to) const;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_COSTTABLE_H
