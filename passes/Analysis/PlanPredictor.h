//===- PlanPredictor.h - Latencies of plans that differ little --*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_PLANPREDICTOR_H
#define WINDROW_PASSES_ANALYSIS_PLANPREDICTOR_H

#include "passes/Analysis/TimelineSteps.h"

#include <vector>

namespace windrow {

/// One layer's new placement.
struct PlacementChange {
  size_t layer;
  LayerPlacement placement;
};

/// Predicts what changes of a plan bring, exactly as `predictLatency` does but
/// in the time of the steps that the change touches: before these it goes on
/// from a state of the plan as it is, and after them, as a timeline is linear
/// in the max-plus algebra, the latency is the greatest sum of a time of the
/// state and the longest way from there to the end. Not thread-safe; the model
/// must outlive it.
class PlanPredictor {
public:
  PlanPredictor(const CostModel &model, Plan plan);
  PlanPredictor(const PlanPredictor &) = delete;

  const Plan &plan() const { return thePlan; }
  double latency() const { return theLatency; }
  const TensorUses &tensorUses() const { return uses; }
  /// When the last device has done `layer`, with those that it is computed
  /// together with, or what it had to do before.
  double endOf(size_t layer) const;
  /// Of steps followed since it was made, each for every device: a measure of
  /// time that is the same on every machine.
  int64_t work() const { return theWork; }

  /// Makes `changes`, of different layers, if the plan becomes faster by more
  /// than rounding and by more than a share, `trafficWeight`, of the time that
  /// its additional transfers take, or not slower with less to transfer; says
  /// whether it did. They are exchanged with what they replace or stay as they
  /// were.
  bool tryChanges(std::vector<PlacementChange> &changes);

  /// What a second counts for that `tensor` travels. A transfer that nobody
  /// waits for costs nothing in the timeline, but in a network it delays
  /// others: plans that were a little faster by twice the traffic were measured
  /// to be 10 % slower. While the client still sends, all who have got nothing
  /// yet are delayed.
  double trafficWeight(size_t tensor) const;

private:
  struct Window {
    size_t first; ///< step
    size_t last;  ///< the step after
  };

  void findLiveTensors();
  Window findWindow(const std::vector<PlacementChange> &changes);
  void exchangePlacements(std::vector<PlacementChange> &changes);
  void save(size_t step, const std::vector<double> &values,
            std::vector<double> &state) const;
  void load(size_t step, const std::vector<double> &state,
            std::vector<double> &values) const;
  void runForward(size_t first);
  void runBackward(size_t last);
  double latencyFrom(Window window);
  double transferSeconds(size_t tensor) const;
  void addWork(size_t numSteps);

  const CostModel &model;
  const Network &network;
  const TensorUses uses;
  Plan thePlan;
  std::vector<TensorExchange> exchanges;
  TimelineSteps steps;
  double theLatency = 0;
  double argumentsSent = 0; ///< when the client has sent its last byte
  int64_t theWork = 0;
  /// By step: tensors that are sent before it and awaited there or later.
  std::vector<std::vector<size_t>> liveTensors;
  /// By step: the values before it, and the longest ways from them to the end.
  std::vector<std::vector<double>> states;
  std::vector<std::vector<double>> tails;
  /// By step.
  std::vector<std::vector<TimelineTerm>> terms;
  std::vector<double> tail;
  /// Of the latest changes.
  std::vector<size_t> changedTensors;
  std::vector<TensorExchange> otherExchanges;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_PLANPREDICTOR_H
