//===- PlanTimeline.h - When everything of a plan happens -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Predicts how long a plan takes by following it layer by layer, as the devices
// will: each computes the pieces of its layers in order, boundary rows first
// where `cluster-place` does so; sends without waiting, one message at a time
// through its card; and waits, before a layer, for all that the layer reads.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLANTIMELINE_H
#define WINDROW_PASSES_ANALYSIS_PLANTIMELINE_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"

#include <algorithm>
#include <vector>

namespace windrow {

/// What a device does until the answer is there, in seconds.
struct DeviceTime {
  double compute = 0;
  double message = 0; ///< its processor's work for messages
  double sending = 0;
  double receiving = 0;
  double wait = 0; ///< for messages

  /// Its card sends or receives, whichever is more.
  double transfer() const { return std::max(sending, receiving); }
};

/// One device's part in one layer.
struct LayerTime {
  double start = 0; ///< of waiting for what it reads
  double wait = 0;
  double compute = 0;
  double transfer = 0; ///< its card sends what it computed
};

/// All times are seconds after the request.
struct PlanTimes {
  double latency = 0; ///< until the client has all results
  std::vector<DeviceTime> devices;
  /// By layer and device; empty unless asked for.
  std::vector<std::vector<LayerTime>> layers;
  /// By layer: when the last device has computed it or an earlier one.
  std::vector<double> finish;
};

/// Follows `plan`, which must be complete.
PlanTimes predictTimes(const CostModel &model, const Plan &plan,
                       bool withLayers = false);

/// The latency of `predictTimes`.
double predictLatency(const CostModel &model, const Plan &plan);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANTIMELINE_H
