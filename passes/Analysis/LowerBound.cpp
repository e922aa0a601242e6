//===- LowerBound.cpp - What no plan can beat -----------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LowerBound.h"

#include "passes/Analysis/BoundExchanges.h"
#include "passes/Analysis/LayerStream.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Load
//===----------------------------------------------------------------------===//

/// Seconds of all of `layer` at the best rate of any number of rows.
static double secondsAtBestRate(const CostModel &model, size_t layer,
                                size_t device) {
  const int64_t all = model.network().costRows(layer);
  double best = infinity;
  for (int64_t rows = 1; rows <= all; ++rows)
    best = std::min(best, model.rowsSeconds(layer, device, rows) *
                              static_cast<double>(all) /
                              static_cast<double>(rows));
  return best;
}

static double findLoadBound(const CostModel &model) {
  const Network &network = model.network();
  const size_t devices = model.numDevices();
  std::vector<std::vector<double>> seconds(devices);
  std::vector<double> totals(devices);
  for (size_t device = 0; device < devices; ++device) {
    size_t equal = 0;
    while (model.deviceClass(equal) != model.deviceClass(device))
      ++equal;
    for (size_t layer = 0; layer < network.layers.size(); ++layer) {
      seconds[device].push_back(equal < device
                                    ? seconds[equal][layer]
                                    : secondsAtBestRate(model, layer, device));
      totals[device] += seconds[device].back();
    }
  }
  // The greatest load is at least every weighted mean of the loads; weights in
  // proportion to the speeds make all devices alike.
  double speeds = 0;
  for (double total : totals)
    speeds += 1 / total;
  double bound = 0;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    double least = infinity;
    for (size_t device = 0; device < devices; ++device)
      least = std::min(least, seconds[device][layer] / totals[device] / speeds);
    bound += least;
  }
  double ends = infinity;
  for (size_t device = 0; device < devices; ++device)
    ends =
        std::min(ends, model.link(model.client(), device).latencySeconds +
                           model.link(device, model.client()).latencySeconds);
  return bound + ends;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace {
/// Dynamic programming over the layers and the states of the relaxed plan.
class StepBound {
public:
  StepBound(const CostModel &model, bool mayStream);

  double find();

private:
  void addStates();
  double enter(size_t layer, size_t to) const;
  double goOn(size_t layer, size_t to, const std::vector<double> &from,
              bool isStreamed) const;
  void noteLeaving();
  void goOnWithStream(size_t layer, size_t to, double seconds);
  void endStreams();
  double leaveStreams(size_t layer, size_t to) const;

  const CostModel &model;
  const bool mayStream;
  const BoundCosts costs;
  const BoundExchanges exchanges;
  /// Those that differ by their overlap stand together, the least one first.
  std::vector<BoundState> states;
  /// By state: seconds after the layer before, and after this one.
  std::vector<double> before;
  std::vector<double> after;
  /// The same of those whose layers are all in a stream, and of these until the
  /// whole image is there too.
  std::vector<double> streamedBefore;
  std::vector<double> streamedAfter;
  std::vector<double> streamEnds;
  /// Those that can be left for others: one of each overlap.
  std::vector<size_t> leaving;
};
} // namespace

StepBound::StepBound(const CostModel &model, bool mayStream)
    : model(model), mayStream(mayStream), costs(model),
      exchanges(model, costs) {
  addStates();
}

/// Of many devices, several numbers are in one state.
void StepBound::addStates() {
  states.push_back({BoundForm::Owner, 1, 1, 0, 0});
  for (size_t least = 2; least <= model.numDevices();) {
    const size_t most =
        std::min(model.numDevices(), least + least / (least < 24 ? 8 : 4));
    for (BoundForm form :
         {BoundForm::Replicated, BoundForm::Channels, BoundForm::OwnerSums,
          BoundForm::ReplicatedSums, BoundForm::DividedSums})
      states.push_back({form, least, most, 0, 0});
    const std::span<const int64_t> overlaps = BoundState::overlaps;
    for (size_t i = 0; i < overlaps.size(); ++i)
      states.push_back({BoundForm::Rows, least, most, overlaps[i],
                        i + 1 < overlaps.size()
                            ? overlaps[i + 1] - 1
                            : std::numeric_limits<int64_t>::max()});
    least = most + 1;
  }
  before.assign(states.size(), infinity);
  after = streamedBefore = streamedAfter = streamEnds = before;
}

/// Of states that differ by their overlap, the best one is left.
void StepBound::noteLeaving() {
  leaving.clear();
  for (size_t state = 0; state < states.size(); ++state) {
    const bool isAnother =
        states[state].form == BoundForm::Rows && states[state].overlap > 0;
    if (!isAnother)
      leaving.push_back(state);
    else if (before[state] < before[leaving.back()])
      leaving.back() = state;
  }
  std::erase_if(leaving,
                [&](size_t state) { return before[state] == infinity; });
}

/// Whether both are by rows among as many devices.
static bool isAlike(const BoundState &a, const BoundState &b) {
  return a.form == BoundForm::Rows && b.form == BoundForm::Rows &&
         a.least == b.least;
}

/// Seconds until `layer` can begin in a state, from one of other kind or number
/// of devices.
double StepBound::enter(size_t layer, size_t to) const {
  if (layer == 0)
    return exchanges.entrySeconds(states[to], 1);
  double least = leaveStreams(layer, to);
  for (size_t from : leaving)
    if (before[from] < least && !isAlike(states[from], states[to]))
      least =
          std::min(least, before[from] + exchanges.changeSeconds(
                                             layer, states[from], states[to]));
  return least;
}

/// The same from states of rows among as many devices, after `from`, where
/// `isStreamed` in a stream.
double StepBound::goOn(size_t layer, size_t to, const std::vector<double> &from,
                       bool isStreamed) const {
  double least = infinity;
  const size_t first = to - states[to].position();
  for (size_t i = 0; layer > 0 && i < BoundState::overlaps.size(); ++i)
    if (from[first + i] < least)
      least = std::min(least, from[first + i] +
                                  exchanges.changeSeconds(
                                      layer, states[first + i], states[to],
                                      isStreamed ? from[first + i] : 0));
  return least;
}

static constexpr double onePiece = 1.0 / static_cast<double>(maxStreamPieces);

/// A stream begins with a piece of the image. Its devices stay the same.
void StepBound::goOnWithStream(size_t layer, size_t to, double seconds) {
  const BoundState &state = states[to];
  if (layer == 0 &&
      (state.form == BoundForm::Owner || state.form == BoundForm::Rows))
    streamedAfter[to] = exchanges.entrySeconds(state, onePiece) + seconds;
  else if (state.form == BoundForm::Owner)
    streamedAfter[to] = streamedBefore[to] + seconds;
  else if (state.form == BoundForm::Rows)
    streamedAfter[to] = goOn(layer, to, streamedBefore, true) + seconds;
}

/// The whole image has to come.
void StepBound::endStreams() {
  for (size_t state = 0; state < states.size(); ++state)
    streamEnds[state] = std::max(streamedBefore[state],
                                 exchanges.entrySeconds(states[state], 1));
}

/// Of what leaves a stream, all but the last piece may have travelled before.
double StepBound::leaveStreams(size_t layer, size_t to) const {
  double least = infinity;
  double ofAlike = infinity;
  for (size_t from = 0; from < states.size(); ++from) {
    // Of states that differ by their overlap, the last one needs least.
    ofAlike = std::min(ofAlike, streamEnds[from]);
    if (from + 1 < states.size() && states[from + 1].overlap > 0)
      continue;
    if (ofAlike < least)
      least = std::min(least,
                       ofAlike + exchanges.changeSeconds(layer, states[from],
                                                         states[to], ofAlike));
    ofAlike = infinity;
  }
  return least;
}

double StepBound::find() {
  const size_t count = model.network().layers.size();
  for (size_t layer = 0; layer < count; ++layer) {
    noteLeaving();
    endStreams();
    for (size_t to = 0; to < states.size(); ++to) {
      const double seconds = costs.layerSeconds(layer, states[to]) +
                             exchanges.sumSeconds(layer, states[to]);
      after[to] = streamedAfter[to] = infinity;
      if (seconds == infinity)
        continue;
      if (mayStream)
        goOnWithStream(layer, to, seconds);
      after[to] = enter(layer, to) + seconds;
      if (states[to].form == BoundForm::Rows)
        after[to] =
            std::min(after[to], goOn(layer, to, before, false) + seconds);
    }
    std::swap(before, after);
    std::swap(streamedBefore, streamedAfter);
  }
  endStreams();
  double bound = infinity;
  for (size_t last = 0; last < states.size(); ++last)
    bound = std::min(
        {bound, before[last] + exchanges.answerSeconds(states[last], 1),
         streamEnds[last] + exchanges.answerSeconds(states[last], onePiece)});
  return bound;
}

double windrow::boundLatency(const CostModel &model, bool mayStream) {
  if (model.network().layers.empty())
    return 0;
  return std::max(findLoadBound(model), StepBound(model, mayStream).find());
}
