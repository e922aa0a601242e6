//===- PlanReport.h - What a plan does, for people and programs -*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLANREPORT_H
#define WINDROW_PASSES_ANALYSIS_PLANREPORT_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"

#include <optional>
#include <string>
#include <vector>

namespace windrow {

/// Consecutive layers that are placed alike. Times are in seconds, of the
/// device that takes longest.
struct SegmentReport {
  size_t firstLayer = 0;
  size_t lastLayer = 0;
  /// "rows", "rows, fused", "channels", "channels, 2 pieces" or more of them,
  /// "partial sums", "one device", "replicated".
  std::string mode;
  std::vector<size_t> devices;
  /// Rows or channels of each device in the first layer; empty where each has
  /// all.
  std::vector<int64_t> shares;
  double compute = 0;
  double transfer = 0; ///< of cards, whether or not something else goes on
  double wait = 0;
};

struct DeviceReport {
  double computeShare = 0; ///< of the latency
  double transferShare = 0;
  double waitShare = 0;
  int64_t memoryBytes = 0;
};

/// What the cost model says of a plan.
struct PlanReport {
  double latency = 0;    ///< predicted, in seconds
  double lowerBound = 0; ///< in seconds; at most the latency
  /// Of the programs that the plan became, where these were simulated.
  std::optional<double> simulatedLatency;
  std::vector<SegmentReport> segments;
  std::vector<DeviceReport> devices; ///< as in the cluster

  /// How much longer than the bound the plan may take, as a share of the
  /// plan's.
  double gap() const {
    return latency > 0 ? (latency - lowerBound) / latency : 0;
  }
};

/// Follows `plan`, which must be complete.
PlanReport reportPlan(const CostModel &model, const Plan &plan);

/// The device that computes everything, though there are several; else none.
std::optional<size_t> findOnlyDevice(const CostModel &model, const Plan &plan);

/// One line: latency, bound and gap.
std::string summarize(const PlanReport &report);

/// Tables of segments and devices, with a summary.
std::string formatTable(const CostModel &model, const PlanReport &report);

/// The same as a JSON object, with a line feed at the end.
std::string formatJson(const CostModel &model, const PlanReport &report);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANREPORT_H
