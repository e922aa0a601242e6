//===- BoundExchanges.cpp - Exchanges of the relaxed plan -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/BoundExchanges.h"

#include <algorithm>
#include <cmath>

using namespace windrow;

BoundExchanges::BoundExchanges(const CostModel &model, const BoundCosts &costs)
    : model(model), costs(costs), network(model.network()) {
  findLeastLinks();
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    rowNeeds.push_back(findRowNeeds(layer));
  hidden.assign(network.layers.size(),
                std::vector<double>(model.numDevices() + 1));
}

void BoundExchanges::findLeastLinks() {
  for (size_t from = 0; from <= model.client(); ++from)
    for (size_t to = 0; to <= model.client(); ++to) {
      if (from == to)
        continue;
      const LinkCost &link = model.link(from, to);
      LinkCost &least =
          from == model.client() || to == model.client() ? outer : inner;
      least.latencySeconds =
          std::min(least.latencySeconds, link.latencySeconds);
      least.secondsPerByte =
          std::min(least.secondsPerByte, link.secondsPerByte);
      least.messageSeconds =
          std::min(least.messageSeconds, link.messageSeconds);
    }
}

BoundExchanges::RowNeeds BoundExchanges::findRowNeeds(size_t layer) const {
  RowNeeds needs;
  for (const LayerOperand &operand : network.layers[layer].operands)
    if (layer > 0 && operand.tensor == network.layers[layer - 1].result)
      needs.operand = &operand;
  if (!needs.operand || needs.operand->windows.size() < 2)
    return needs;
  const std::vector<RowInterval> &windows = needs.operand->windows;
  // Windows that end at the image's edge do not tell.
  const size_t middle = windows.size() / 2;
  needs.stride = windows[middle].end - windows[middle - 1].end;
  needs.shared = std::numeric_limits<int64_t>::max();
  for (size_t row = 1; row < windows.size(); ++row)
    needs.shared =
        std::min(needs.shared, windows[row - 1].end - windows[row].begin);
  return needs;
}

/// What is computed while the rows that `layer` waits for travel: the layer
/// before, and those before it as long as no rows are exchanged between them.
double BoundExchanges::hiddenSeconds(size_t layer, size_t workers) const {
  const double known = hidden[layer][workers];
  if (known > 0)
    return known;
  double seconds = 0;
  const size_t reader = layer;
  do
    seconds += costs.rowsSeconds(--layer, workers);
  while (layer > 0 && rowNeeds[layer].operand && rowNeeds[layer].shared <= 0);
  return hidden[reader][workers] = seconds;
}

double BoundExchanges::rowChangeSeconds(size_t layer, const BoundState &from,
                                        const BoundState &to,
                                        double streamed) const {
  const RowNeeds &needs = rowNeeds[layer];
  const int64_t needed =
      std::max<int64_t>(0, needs.shared + needs.stride * to.overlap);
  const bool isOther = from.least != to.least;
  const int64_t overlap = isOther ? 0 : from.mostOverlap;
  if (overlap >= needed && !isOther)
    return 0;
  // At every bound one device at least waits for a message of another.
  const double messages =
      2 * (1 - costs.greatestShare(std::max(from.most, to.most))) *
      inner.messageSeconds;
  const NetworkTensor &tensor = network.tensors[needs.operand->tensor];
  const double rows = std::ceil(static_cast<double>(needed - overlap) / 2);
  const double transfer =
      rows * static_cast<double>(tensor.bytesPerRow()) * inner.secondsPerByte;
  const double late = inner.latencySeconds + inner.messageSeconds -
                      hiddenSeconds(layer, to.most);
  // Devices in pairs await each other; or each its neighbours, half of the time
  // either, whose cards have two messages to send, as its own has to receive.
  const auto workers = static_cast<double>(to.least);
  const double ofBoth =
      ((workers - 1) * late + (2 * workers - 3) * transfer) / workers;
  // In a stream, and right behind it, every second bound has been exchanged at
  // the first turn.
  return messages +
         (streamed > 0 ? 0.5 : 1.0) * std::max({0.0, late + transfer, ofBoth});
}

/// One device sends each of `to`, but for itself, `bytes`; of the time that it
/// computes, `hidden` may go by after that.
double BoundExchanges::scatterSeconds(double bytes, double hidden,
                                      const BoundState &to) const {
  const auto readers = static_cast<double>(to.least);
  const double others = 1 - costs.greatestShare(to.least);
  return std::max(0.0, others * (inner.latencySeconds + inner.messageSeconds) +
                           (readers - 1) / 2 * bytes * inner.secondsPerByte -
                           hidden);
}

/// All devices of `to` need parts of all devices of `from`, in total `bytes`
/// each, their own included. Of all messages, as the mean, half of the others
/// of the same source leave before it and half of the others to the same reader
/// arrive after it.
double BoundExchanges::gatherSeconds(double bytes, double hidden,
                                     const BoundState &from,
                                     const BoundState &to) const {
  const double message = inner.messageSeconds;
  const auto sources = static_cast<double>(from.least);
  const auto readers = static_cast<double>(to.least);
  const double transfer = bytes * inner.secondsPerByte *
                          lackingShare(from, to) * (sources + readers - 2) /
                          (2 * (sources - 1));
  double least = infinity;
  for (int pieces = 1; pieces <= 8; ++pieces) {
    const double last = 1.0 / pieces;
    const double exposed =
        std::max(transfer * last, transfer - hidden * (1 - last));
    least = std::min(least, exposed + (pieces - 1) * message);
    if (hidden == 0)
      break;
  }
  double foreign = foreignShare(from.least, to.least);
  // A device that computes rows beyond its own can send these before.
  if (from.form == BoundForm::Rows)
    foreign *= 1 - costs.greatestShare(from.least);
  return std::max((readers - 1) * message,
                  foreign * (message + inner.latencySeconds + least)) +
         (sources - 1) * message;
}

/// How much of what all devices of `from` have those of `to` lack on the mean.
/// Where they are fewer, these may have up to twice their share before.
double BoundExchanges::lackingShare(const BoundState &from,
                                    const BoundState &to) const {
  const double greatest = costs.greatestShare(from.least);
  if (to.least >= from.least)
    return 1 - greatest;
  const auto readers = static_cast<double>(to.least);
  return 1 - std::min(1.0, 2 * readers * greatest) / readers;
}

/// The share of the readers' clocks that is due to the clocks of others, where
/// these are as important as possible.
double BoundExchanges::foreignShare(size_t sources, size_t readers) const {
  return std::min(1.0, 2 - costs.greatestShare(sources) -
                           costs.greatestShare(readers));
}

double BoundExchanges::changeSeconds(size_t layer, const BoundState &from,
                                     const BoundState &to,
                                     double streamed) const {
  const LayerOperand *operand = rowNeeds[layer].operand;
  const bool isReduction = network.layers[layer].isRowReduction;
  if (isReduction &&
      ((from.form == BoundForm::Rows) != (to.form == BoundForm::Rows) ||
       (to.form == BoundForm::Rows && from.least != to.least)))
    return infinity;
  if (!operand || isReduction || network.layers[layer - 1].isRowReduction)
    return 0;
  const bool isSame =
      to.form == BoundForm::Channels && operand->channels == ChannelUse::Same;
  const auto all =
      static_cast<double>(network.tensors[operand->tensor].bytes());
  const bool isPart = isSame || to.isSums() || to.form == BoundForm::Rows;
  const double bytes = isPart ? all / static_cast<double>(to.most) : all;
  switch (from.form) {
  case BoundForm::Owner:
  case BoundForm::OwnerSums:
    if (to.form == BoundForm::Owner)
      return 0;
    return scatterSeconds(bytes,
                          from.form == BoundForm::Owner &&
                                  to.form == BoundForm::Rows
                              ? streamed + costs.wholeSeconds(layer - 1) /
                                               static_cast<double>(to.least)
                              : streamed,
                          to);
  case BoundForm::Replicated:
  case BoundForm::ReplicatedSums:
    // Somebody has to send to those who are new.
    if (to.least <= from.most)
      return 0;
    return static_cast<double>(to.least - from.most) /
           static_cast<double>(to.least) *
           (inner.latencySeconds + 2 * inner.messageSeconds +
            bytes * inner.secondsPerByte);
  case BoundForm::Rows:
    return to.form == BoundForm::Rows
               ? rowChangeSeconds(layer, from, to, streamed)
               : gatherSeconds(bytes, streamed, from, to);
  case BoundForm::DividedSums:
    return isPart ? 0.0 : gatherSeconds(bytes, 0, from, to);
  default:
    break;
  }
  if (to.isSums() || isSame)
    return 0;
  return gatherSeconds(bytes, costs.channelSeconds(layer - 1, from), from, to);
}

double BoundExchanges::sumSeconds(size_t layer, const BoundState &state) const {
  const bool isReduction =
      network.layers[layer].isRowReduction && state.form == BoundForm::Rows;
  if (!isReduction && !state.isSums())
    return 0;
  const auto sources = static_cast<double>(state.least);
  double targets = sources;
  double part = static_cast<double>(network.resultOf(layer).bytes()) *
                inner.secondsPerByte;
  if (state.form == BoundForm::OwnerSums)
    targets = 1;
  else if (state.form != BoundForm::ReplicatedSums)
    part /= static_cast<double>(model.numDevices());
  const double foreign =
      foreignShare(state.least, isReduction || targets == 1 ? 1 : state.least);
  return foreign * (inner.messageSeconds + inner.latencySeconds +
                    part * (sources + targets - 2) / 2) +
         (sources - 1) * inner.messageSeconds;
}

/// Until the first layer begins, on the mean of its devices by their speeds.
/// The client's card sends one message after the other.
double BoundExchanges::entrySeconds(const BoundState &state,
                                    double part) const {
  double bytes = 0;
  for (size_t tensor : network.arguments)
    bytes += static_cast<double>(network.tensors[tensor].bytes());
  const auto readers = static_cast<double>(state.least);
  double share = 1;
  if (state.form == BoundForm::Rows)
    share = (1 + 1 / static_cast<double>(state.most)) / 2;
  else if (state.form == BoundForm::Channels ||
           state.form == BoundForm::Replicated)
    share = (readers + 1) / 2;
  return outer.latencySeconds + part * share * bytes * outer.secondsPerByte +
         2 * outer.messageSeconds;
}

/// After the last layer: what is computed last has still to travel.
double BoundExchanges::answerSeconds(const BoundState &state,
                                     double part) const {
  const bool isRows = state.form == BoundForm::Rows;
  const bool isSum = isRows && network.layers.back().isRowReduction;
  const bool isDivided = isRows || state.form == BoundForm::Channels ||
                         state.form == BoundForm::DividedSums;
  const size_t sources = isDivided && !isSum ? state.least : 1;
  double bytes = 0;
  for (size_t tensor : network.results)
    bytes += static_cast<double>(network.tensors[tensor].bytes());
  double share = 1;
  if (isDivided)
    share = isRows && !isSum ? 0.5 : 0.0;
  if (network.results.size() > 1)
    share = 0;
  return outer.latencySeconds + part * share * bytes * outer.secondsPerByte +
         (1 + static_cast<double>(sources)) * outer.messageSeconds;
}
