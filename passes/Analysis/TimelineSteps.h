//===- TimelineSteps.h - A plan's timeline, step by step --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What both the prediction of a plan (PlanTimeline.h) and the descent on its
// shares (PlanPredictor.h) execute. The state of a timeline is a vector of
// times, which every step changes by taking greater ones and by adding
// durations: it is linear in the max-plus algebra (Baccelli et al.,
// "Synchronization and Linearity", 1992). A step can write down what it did as
// such terms.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_TIMELINESTEPS_H
#define WINDROW_PASSES_ANALYSIS_TIMELINESTEPS_H

#include "passes/Analysis/LayerStream.h"
#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RowChains.h"
#include "passes/Analysis/RowExchange.h"

#include <span>
#include <vector>

namespace windrow {

/// One change of a time: the greater of itself and `source` + `seconds`. Where
/// both are the same, it grows by `seconds`; where there is no source, it is
/// forgotten.
struct TimelineTerm {
  static constexpr size_t noSource = ~size_t(0);

  size_t target;
  size_t source;
  double seconds;
};

/// Follows a plan. Step 0 sends the arguments, step i + 1 is layer i, the last
/// one awaits the results. Arguments of a stream are sent, and all its layers
/// computed, in the step of its last layer. All arguments must outlive it, and
/// may change between steps, but for the number of layers in the stream.
class TimelineSteps {
public:
  TimelineSteps(const CostModel &model, const TensorUses &uses,
                const Plan &plan, const std::vector<TensorExchange> &exchanges);

  size_t numSteps() const { return network.layers.size() + 2; }
  void run(size_t step);
  /// The step in which what `layer` reads is awaited, or a later one, under
  /// any plan: that of its chain's last layer.
  size_t lastStepOf(size_t layer) const {
    const size_t last = chains.lastOf(layer);
    return layer < numStreamed ? std::max(last + 1, numStreamed) : last + 1;
  }
  /// The step that sends the last of the arguments.
  size_t lastArgumentStep() const { return numStreamed; }
  /// To be called after the exchange of `tensor` has changed.
  void followExchange(size_t tensor);

  /// Where the times of a participant and what it has coming of a tensor stand
  /// among the values.
  size_t clockOf(size_t participant) const { return 3 * participant; }
  size_t sendFreeOf(size_t participant) const { return 3 * participant + 1; }
  size_t receiveFreeOf(size_t participant) const { return 3 * participant + 2; }
  size_t numParticipantValues() const { return 3 * (numDevices + 1); }
  size_t arrivalOf(size_t tensor, size_t participant) const {
    return numParticipantValues() + tensor * (numDevices + 1) + participant;
  }

  /// Seconds after the request; negative where nothing is to come.
  std::vector<double> values;
  /// Where the terms of each step are added, in their order; may be null.
  std::vector<TimelineTerm> *terms = nullptr;
  /// What becomes of it all; may be null, and its layers empty.
  PlanTimes *times = nullptr;

private:
  int64_t countMessages(size_t tensor, const TensorTransfer &transfer) const;
  void placeLayer(size_t layer);
  bool isStreamedArgument(size_t tensor) const;
  const StreamPieces &findStreamPieces() const;
  void sendStreamed(size_t tensor, const TensorTransfer &transfer,
                    RowInterval rows);
  void awaitStreamed(size_t layer, size_t device);
  void computeStreamed(size_t layer, size_t device, RowInterval rows);
  void placeStream();
  void computeParts(size_t layer);
  void computeChannels(size_t layer);
  std::vector<size_t> chainOf(size_t layer) const;
  void computePieces(const std::vector<size_t> &chain, size_t position);
  void addPartials(size_t layer, const std::vector<size_t> &sources);
  void placeReduction(size_t layer, const LayerPlacement &owners);
  void placePartials(size_t layer);
  size_t choosePieces(std::span<const size_t> chain, size_t device,
                      RowInterval rows, std::span<const TensorTransfer> sends);
  bool isSplit(std::span<const size_t> chain, size_t device, size_t numPieces,
               std::span<const TensorTransfer> sends) const;
  void noteStart(size_t layer, size_t device);
  void awaitOperands(size_t layer, size_t device);
  void await(size_t device, size_t arrival) {
    await(device, arrival, messages[arrival]);
  }
  void await(size_t device, size_t arrival, double messageSeconds);
  void compute(size_t layer, size_t device, double seconds);
  void send(size_t source, size_t reader, int64_t bytes, size_t arrival);
  std::span<const TensorTransfer> sendsOf(size_t tensor, size_t source) const;
  void sendAll(size_t tensor, size_t source);
  void sendPending(size_t tensor);

  void advance(size_t target, double seconds);
  void raise(size_t target, size_t source, double seconds);
  void forget(size_t target);
  size_t partialOf(size_t position) const {
    return arrivalOf(network.tensors.size(), position);
  }

  const CostModel &model;
  const Network &network;
  const TensorUses &uses;
  const Plan &plan;
  const std::vector<TensorExchange> &exchanges;
  const size_t numDevices;
  const size_t numStreamed; ///< layers
  /// Of the stream, and the placements that they belong to.
  mutable StreamPieces streamPieces;
  mutable std::vector<LayerPlacement> streamPlacements;
  /// Of the reader's processor, for all that is to come, as the values.
  std::vector<double> messages;
  /// The same for what has been sent within the stream.
  std::vector<double> streamMessages;
  const RowChains chains;
  struct PendingSend {
    size_t turn; ///< of its source
    size_t source;
    size_t reader;
    int64_t bytes;
  };
  std::vector<PendingSend> pending;
  std::vector<RowInterval> awaited; ///< by others, of a device's rows
  std::vector<RowPiece> pieces;     ///< that were chosen last
  size_t currentLayer = 0;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_TIMELINESTEPS_H
