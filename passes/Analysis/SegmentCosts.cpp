//===- SegmentCosts.cpp - Costs of layers in the forms of a search --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/SegmentCosts.h"

#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RowBalance.h"
#include "passes/Analysis/RowExchange.h"
#include "passes/Analysis/RowShares.h"
#include "passes/Analysis/RulePlans.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

static double networkSeconds(const CostModel &model, size_t device) {
  double seconds = 0;
  for (size_t layer = 0; layer < model.network().layers.size(); ++layer)
    seconds += model.wholeSeconds(layer, device);
  return seconds;
}

void windrow::balanceGroup(const CostModel &model, DeviceGroup &group) {
  const Network &network = model.network();
  std::vector<double> shares(group.devices.size(),
                             1.0 / static_cast<double>(group.devices.size()));
  // A strip is less efficient the smaller it is: shares and times settle fast.
  for (int round = 0; round < 4; ++round) {
    double sum = 0;
    for (size_t i = 0; i < shares.size(); ++i) {
      double seconds = 0;
      for (size_t layer = 0; layer < network.layers.size(); ++layer) {
        if (!isRowDividable(network, layer))
          continue;
        const int64_t all = network.costRows(layer);
        const double rows = shares[i] * static_cast<double>(all);
        const auto less = std::min(static_cast<int64_t>(rows), all - 1);
        const double begin = model.rowsSeconds(layer, group.devices[i], less);
        const double end = model.rowsSeconds(layer, group.devices[i], less + 1);
        seconds += begin + (rows - static_cast<double>(less)) * (end - begin);
      }
      if (seconds > 0)
        shares[i] /= seconds;
      sum += shares[i];
    }
    for (double &share : shares)
      share /= sum;
  }
  group.ends.assign(1, 0.0);
  for (double share : shares)
    group.ends.push_back(group.ends.back() + share);
  group.ends.back() = 1.0;
}

std::vector<DeviceGroup> windrow::chooseGroups(const CostModel &model) {
  const size_t count = model.numDevices();
  std::vector<double> seconds(count);
  for (size_t device = 0; device < count; ++device)
    seconds[device] = networkSeconds(model, device);
  std::vector<size_t> fastestFirst(count);
  std::iota(fastestFirst.begin(), fastestFirst.end(), size_t(0));
  std::ranges::stable_sort(fastestFirst, {},
                           [&](size_t device) { return seconds[device]; });
  std::vector<size_t> sizes;
  for (size_t size = 1; size < count; size += std::max<size_t>(1, size / 4))
    sizes.push_back(size);
  sizes.push_back(count);
  std::vector<DeviceGroup> groups;
  for (size_t size : sizes) {
    DeviceGroup &group = groups.emplace_back();
    group.devices.assign(fastestFirst.begin(), fastestFirst.begin() + size);
    std::ranges::sort(group.devices);
    balanceGroup(model, group);
  }
  return groups;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

SegmentCosts::SegmentCosts(const CostModel &model,
                           std::vector<DeviceGroup> groups,
                           std::vector<TensorForm> forms)
    : model(model), theGroups(std::move(groups)), theForms(std::move(forms)),
      equalLayer(findEqualLayers(model.network())) {
  findInnerLayers();
  for (const TensorForm &form : theForms)
    addForm(form);
}

void SegmentCosts::findInnerLayers() {
  const Network &network = model.network();
  std::vector<bool> isRead(network.tensors.size());
  isInner.resize(network.layers.size());
  for (size_t layer = network.layers.size(); layer-- > 0;) {
    const bool isDividable = isRowDividable(network, layer);
    const bool feedsRows = isRead[network.layers[layer].result];
    isInner[layer] = feedsRows && !isDividable;
    if (isDividable || feedsRows)
      for (const LayerOperand &operand : network.layers[layer].operands)
        isRead[operand.tensor] = true;
  }
}

std::vector<int64_t>
SegmentCosts::makeRowBounds(size_t layer, const DeviceGroup &group) const {
  const int64_t rows = model.network().resultOf(layer).rows;
  std::vector<double> ideal;
  for (double end : group.ends)
    ideal.push_back(end * static_cast<double>(rows));
  return balanceRows(rows, model.network().layers[layer].rowGrain, ideal,
                     [&](size_t position, RowInterval interval) {
                       return model.intervalSeconds(
                           layer, group.devices[position], interval);
                     });
}

int64_t windrow::channelTile(const CostModel &model, int64_t channels,
                             size_t devices) {
  const int64_t tile = model.channelTile();
  return channels >= tile * static_cast<int64_t>(devices) ? tile : 1;
}

static std::vector<int64_t> makeChannelBounds(const CostModel &model,
                                              int64_t channels,
                                              const DeviceGroup &group) {
  std::vector<double> shares;
  for (size_t i = 0; i < group.devices.size(); ++i)
    shares.push_back(group.ends[i + 1] - group.ends[i]);
  return divideRows(channels, shares,
                    channelTile(model, channels, shares.size()));
}

/// The number of pieces after which a device has sent its channels, all to each
/// of the others, soonest.
int64_t SegmentCosts::choosePieces(size_t layer,
                                   const LayerPlacement &placement) const {
  const size_t device = placement.devices.front();
  const RowInterval own = placement.ownedPart(0);
  const auto others = static_cast<double>(placement.devices.size() - 1);
  const LinkCost &link = model.link(device, placement.devices.back());
  const NetworkTensor &result = model.network().resultOf(layer);
  const double bytesPerChannel =
      static_cast<double>(result.rows * result.width * result.elementBytes);
  int64_t best = 1;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t pieces = 1; pieces <= maxPieces; ++pieces) {
    double computed = 0, sent = 0;
    for (RowInterval piece : divideInPieces(own, pieces)) {
      computed += model.channelsSeconds(layer, device, piece.size()) +
                  2 * others * link.messageSeconds;
      sent = std::max(sent, computed) + others * bytesPerChannel *
                                            static_cast<double>(piece.size()) *
                                            link.secondsPerByte;
    }
    if (sent < least) {
      least = sent;
      best = pieces;
    }
  }
  return best;
}

Plan SegmentCosts::makePlan(const TensorForm &form) const {
  const Network &network = model.network();
  const DeviceGroup &group = theGroups[form.group];
  if (form.mode == LayerMode::Owner)
    return leaveToOne(network, group.devices.front());
  if (form.mode == LayerMode::Rows) {
    std::vector<std::vector<int64_t>> known(network.layers.size());
    return divideByRows(network, group.devices,
                        theGroups.front().devices.front(), [&](size_t layer) {
                          std::vector<int64_t> &bounds =
                              known[equalLayer[layer]];
                          if (bounds.empty())
                            bounds = makeRowBounds(layer, group);
                          return bounds;
                        });
  }
  LayerPlacement whole;
  whole.mode = LayerMode::Replicated;
  whole.devices = group.devices;
  Plan plan{std::vector<LayerPlacement>(network.layers.size(), whole)};
  if (form.mode != LayerMode::Channels)
    return plan;
  std::vector<bool> isReadWhole(network.tensors.size());
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands)
      if (operand.channels == ChannelUse::All ||
          !network.layers[layer].isChannelSplittable)
        isReadWhole[operand.tensor] = true;
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    if (network.layers[layer].isChannelSplittable) {
      LayerPlacement &placement = plan.layers[layer];
      placement.mode = LayerMode::Channels;
      placement.bounds =
          makeChannelBounds(model, network.resultOf(layer).channels, group);
      if (isReadWhole[network.layers[layer].result])
        placement.pieces = choosePieces(layer, placement);
    }
  return plan;
}

void SegmentCosts::addForm(const TensorForm &form) {
  const Network &network = model.network();
  const size_t count = network.layers.size();
  Plan &plan = plans.emplace_back(makePlan(form));
  std::vector<bool> &isAllowed = possible.emplace_back(count, true);
  std::vector<double> &total = seconds.emplace_back(count);
  std::vector<double> &exposed = exchange.emplace_back(count);
  const PlanTimes times = predictTimes(model, plan, /*withLayers=*/true);
  for (size_t layer = 0; layer < count; ++layer) {
    if (form.mode == LayerMode::Rows)
      isAllowed[layer] = isRowDividable(network, layer) || isInner[layer];
    double compute = 0;
    for (const LayerTime &time : times.layers[layer])
      compute = std::max(compute, time.compute);
    total[layer] =
        layer == 0 ? compute : times.finish[layer] - times.finish[layer - 1];
    exposed[layer] = std::max(0.0, total[layer] - compute);
  }
}

const LayerPlacement &SegmentCosts::placementOf(size_t layer,
                                                size_t form) const {
  assert(possible[form][layer] && "a layer in a form that it cannot have");
  return plans[form].layers[layer];
}

//===----------------------------------------------------------------------===//
// Changes of form
//===----------------------------------------------------------------------===//

double SegmentCosts::meanSecondsPerByte(const std::vector<size_t> &devices,
                                        size_t other) const {
  // Of many devices a few tell.
  const size_t step = (devices.size() + 15) / 16;
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < devices.size(); i += step)
    if (devices[i] != other) {
      sum += model.link(devices[i], other).secondsPerByte;
      ++count;
    }
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

/// The share of a tensor that the device at `position` of the group of `to`
/// lacks when it has the form `from`; all of its part where `from` is null.
double SegmentCosts::receivedShare(const TensorForm *from, const TensorForm &to,
                                   size_t position) const {
  const DeviceGroup &group = theGroups[to.group];
  double begin = 0, end = 1;
  if (to.mode == LayerMode::Rows) {
    begin = group.ends[position];
    end = group.ends[position + 1];
  }
  if (!from)
    return end - begin;
  const DeviceGroup &holders = theGroups[from->group];
  auto held = std::ranges::find(holders.devices, group.devices[position]);
  if (held == holders.devices.end())
    return end - begin;
  const size_t i = held - holders.devices.begin();
  switch (from->mode) {
  case LayerMode::Owner:
  case LayerMode::Replicated:
    return 0;
  case LayerMode::Channels:
    return (end - begin) * (1 - (holders.ends[i + 1] - holders.ends[i]));
  case LayerMode::Rows:
    break;
  }
  const double overlap =
      std::min(end, holders.ends[i + 1]) - std::max(begin, holders.ends[i]);
  return end - begin - std::max(0.0, overlap);
}

double SegmentCosts::moveSeconds(size_t tensor,
                                 const std::vector<size_t> &sources,
                                 const TensorForm *from,
                                 const TensorForm &to) const {
  const auto bytes =
      static_cast<double>(model.network().tensors[tensor].bytes());
  const std::vector<size_t> &readers = theGroups[to.group].devices;
  const bool isDivided = from && (from->mode == LayerMode::Rows ||
                                  from->mode == LayerMode::Channels);
  const bool isAligned =
      from && from->mode == LayerMode::Rows && to.mode == LayerMode::Rows;
  const auto senders =
      static_cast<double>(isDivided ? sources.size() : size_t(1));
  double sent = 0, longest = 0, messages = 0;
  for (size_t i = 0; i < readers.size(); ++i) {
    const double share = receivedShare(from, to, i);
    if (share <= 1e-9)
      continue;
    const double received =
        share * bytes * meanSecondsPerByte(sources, readers[i]);
    longest = std::max(longest, received);
    sent += received;
    ++messages;
  }
  if (messages == 0)
    return 0;
  const LinkCost &link = model.link(sources.front(), readers.back());
  const double received = isAligned ? 2.0 : senders;
  const double posted = isAligned ? 2.0 : messages;
  return std::max(longest, sent / senders) + link.latencySeconds +
         std::max(received, posted) * link.messageSeconds;
}

double SegmentCosts::changeSeconds(size_t tensor, size_t from,
                                   size_t to) const {
  const NetworkTensor &shape = model.network().tensors[tensor];
  auto [entry, isNew] =
      changes.try_emplace({shape.rows, shape.bytesPerRow(), from, to}, 0.0);
  if (isNew)
    entry->second = moveSeconds(tensor, theGroups[theForms[from].group].devices,
                                &theForms[from], theForms[to]);
  return entry->second;
}

double SegmentCosts::scatterSeconds(size_t tensor, size_t to) const {
  return moveSeconds(tensor, {model.client()}, nullptr, theForms[to]);
}

double SegmentCosts::gatherSeconds(size_t tensor, size_t from) const {
  const TensorForm &form = theForms[from];
  const std::vector<size_t> &devices = theGroups[form.group].devices;
  const bool isDivided =
      form.mode == LayerMode::Rows || form.mode == LayerMode::Channels;
  const LinkCost &link = model.link(devices.front(), model.client());
  return link.latencySeconds +
         static_cast<double>(isDivided ? devices.size() : size_t(1)) *
             link.messageSeconds +
         static_cast<double>(model.network().tensors[tensor].bytes()) *
             link.secondsPerByte;
}

double SegmentCosts::reductionSeconds(size_t layer, size_t from,
                                      size_t to) const {
  const Network &network = model.network();
  const DeviceGroup &owners = theGroups[theForms[from].group];
  const DeviceGroup &targets = theGroups[theForms[to].group];
  const auto rows = static_cast<double>(network.costRows(layer));
  double compute = 0;
  for (size_t i = 0; i < owners.devices.size(); ++i) {
    const double share = owners.ends[i + 1] - owners.ends[i];
    compute = std::max(
        compute, model.rowsSeconds(layer, owners.devices[i],
                                   static_cast<int64_t>(share * rows + 0.999)));
  }
  const size_t target = targets.devices.front();
  const LinkCost &link = model.link(owners.devices.front(), target);
  const int64_t bytes = network.resultOf(layer).bytes();
  const auto parts = static_cast<int64_t>(owners.devices.size());
  return compute + link.latencySeconds +
         static_cast<double>(parts) *
             (link.messageSeconds +
              static_cast<double>(bytes) * link.secondsPerByte) +
         model.additionSeconds(target, bytes, parts - 1);
}
