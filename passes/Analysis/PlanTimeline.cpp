//===- PlanTimeline.cpp - When everything of a plan happens ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanTimeline.h"

#include "passes/Analysis/BoundarySplit.h"
#include "passes/Analysis/RowChains.h"
#include "passes/Analysis/RowExchange.h"

#include <algorithm>
#include <numeric>

using namespace windrow;

namespace {
class Timeline {
public:
  Timeline(const CostModel &model, const Plan &plan, bool withLayers);

  PlanTimes run();

private:
  /// What a participant's processor and card have done so far.
  struct Participant {
    double clock = 0;
    double sendFree = 0;    ///< when its card can send the next message
    double receiveFree = 0; ///< when its card can receive the next one
    double sending = 0;
    double receiving = 0;
  };
  /// What a reader gets of one tensor.
  struct Arrival {
    double time = 0;
    double messageSeconds = 0;
  };

  void placeLayer(size_t layer);
  void computeParts(size_t layer);
  std::vector<size_t> chainOf(size_t layer) const;
  void computePieces(const std::vector<size_t> &chain, size_t position);
  void addPartials(size_t layer, const std::vector<size_t> &sources);
  void placeReduction(size_t layer, const LayerPlacement &owners);
  void placePartials(size_t layer);
  std::pair<std::vector<RowPiece>, size_t>
  choosePieces(std::span<const size_t> chain, size_t device, RowInterval rows,
               std::span<const TensorTransfer> sends) const;
  bool isSplit(std::span<const size_t> chain, size_t device,
               const std::vector<RowPiece> &pieces,
               std::span<const TensorTransfer> sends) const;
  void awaitOperands(size_t layer, size_t device);
  void await(size_t device, Arrival &arrival);
  void compute(size_t layer, size_t device, double seconds);
  void send(size_t source, size_t reader, int64_t bytes, Arrival &arrival);
  std::span<const TensorTransfer> sendsOf(size_t tensor, size_t source) const;
  void sendAll(size_t tensor, std::span<const TensorTransfer> sends);

  const CostModel &model;
  const Network &network;
  const Plan &plan;
  const size_t numDevices;
  const std::vector<size_t> producers;
  const std::vector<TensorExchange> exchanges;
  /// By layer: the one before it in its chain.
  const std::vector<std::optional<size_t>> predecessors;
  /// By layer: whether it is the predecessor of another.
  std::vector<bool> isFollowed;
  std::vector<Participant> participants;
  /// By tensor and participant.
  std::vector<std::vector<Arrival>> arrivals;
  PlanTimes times;
  size_t currentLayer = 0;
};
} // namespace

Timeline::Timeline(const CostModel &model, const Plan &plan, bool withLayers)
    : model(model), network(model.network()), plan(plan),
      numDevices(model.numDevices()), producers(findProducers(network)),
      exchanges(findExchanges(network, plan, numDevices)),
      predecessors(findPredecessors(network, plan)),
      isFollowed(network.layers.size()), participants(numDevices + 1),
      arrivals(network.tensors.size(), std::vector<Arrival>(numDevices + 1)) {
  for (std::optional<size_t> predecessor : predecessors)
    if (predecessor)
      isFollowed[*predecessor] = true;
  times.devices.resize(numDevices);
  times.finish.resize(network.layers.size());
  if (withLayers)
    times.layers.assign(network.layers.size(),
                        std::vector<LayerTime>(numDevices));
}

//===----------------------------------------------------------------------===//
// Processors and cards
//===----------------------------------------------------------------------===//

void Timeline::send(size_t source, size_t reader, int64_t bytes,
                    Arrival &arrival) {
  Participant &from = participants[source], &to = participants[reader];
  const LinkCost &link = model.link(source, reader);
  const double seconds = static_cast<double>(bytes) * link.secondsPerByte;
  from.clock += link.messageSeconds;
  from.sendFree = std::max(from.clock, from.sendFree) + seconds;
  from.sending += seconds;
  to.receiveFree =
      std::max(from.sendFree + link.latencySeconds, to.receiveFree + seconds);
  to.receiving += seconds;
  arrival.time = std::max(arrival.time, to.receiveFree);
  arrival.messageSeconds += link.messageSeconds;
  if (source < numDevices) {
    times.devices[source].message += link.messageSeconds;
    if (!times.layers.empty())
      times.layers[currentLayer][source].transfer += seconds;
  }
}

void Timeline::await(size_t device, Arrival &arrival) {
  Participant &participant = participants[device];
  const double wait = std::max(0.0, arrival.time - participant.clock);
  participant.clock += wait + arrival.messageSeconds;
  if (device < numDevices) {
    times.devices[device].wait += wait;
    times.devices[device].message += arrival.messageSeconds;
    if (!times.layers.empty())
      times.layers[currentLayer][device].wait += wait;
  }
  arrival = {};
}

void Timeline::awaitOperands(size_t layer, size_t device) {
  if (!times.layers.empty() && times.layers[layer][device].start == 0)
    times.layers[layer][device].start = participants[device].clock;
  for (const LayerOperand &operand : network.layers[layer].operands)
    await(device, arrivals[operand.tensor][device]);
}

void Timeline::compute(size_t layer, size_t device, double seconds) {
  participants[device].clock += seconds;
  times.devices[device].compute += seconds;
  times.finish[layer] =
      std::max(times.finish[layer], participants[device].clock);
  if (!times.layers.empty())
    times.layers[layer][device].compute += seconds;
}

std::span<const TensorTransfer> Timeline::sendsOf(size_t tensor,
                                                  size_t source) const {
  auto range = std::ranges::equal_range(exchanges[tensor].transfers, source, {},
                                        &TensorTransfer::source);
  return {range.begin(), range.end()};
}

void Timeline::sendAll(size_t tensor, std::span<const TensorTransfer> sends) {
  for (const TensorTransfer &transfer : sends)
    send(transfer.source, transfer.reader, transfer.bytes,
         arrivals[tensor][transfer.reader]);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// As `cluster-place` decides.
bool Timeline::isSplit(std::span<const size_t> chain, size_t device,
                       const std::vector<RowPiece> &pieces,
                       std::span<const TensorTransfer> sends) const {
  BoundarySplit split;
  split.pieces = static_cast<int64_t>(pieces.size());
  split.operations = static_cast<int64_t>(chain.size());
  for (size_t layer : chain)
    split.repeatedBytes += network.layers[layer].cost.weightBytes;
  for (const TensorTransfer &transfer : sends) {
    const LinkCost &link = model.link(device, transfer.reader);
    split.transferSeconds =
        std::max(split.transferSeconds,
                 link.latencySeconds +
                     static_cast<double>(transfer.bytes) * link.secondsPerByte);
  }
  return isSplitWorthwhile(split);
}

/// The pieces in which `rows` of the last layer of `chain` are computed, and
/// the position in the chain from which it goes piece by piece.
std::pair<std::vector<RowPiece>, size_t>
Timeline::choosePieces(std::span<const size_t> chain, size_t device,
                       RowInterval rows,
                       std::span<const TensorTransfer> sends) const {
  std::vector<RowInterval> awaited;
  for (const TensorTransfer &transfer : sends)
    awaited.push_back(transfer.rows);
  for (size_t first = 0; first < chain.size(); ++first) {
    std::span<const size_t> rest = chain.subspan(first);
    int64_t grain = 1;
    for (size_t layer : rest)
      grain = std::lcm(grain, network.layers[layer].rowGrain);
    std::vector<RowPiece> pieces = divideBoundaryFirst(rows, awaited, grain);
    if (!network.layers[chain.back()].isRowSplittable || pieces.size() == 1)
      break;
    if (isSplit(rest, device, pieces, sends))
      return {std::move(pieces), first};
  }
  return {{{rows, true}}, chain.size()};
}

/// `layer` and those before it in its chain, the first one first.
std::vector<size_t> Timeline::chainOf(size_t layer) const {
  std::vector<size_t> chain;
  for (std::optional<size_t> link = layer; link; link = predecessors[*link])
    chain.push_back(*link);
  std::ranges::reverse(chain);
  return chain;
}

void Timeline::computePieces(const std::vector<size_t> &chain,
                             size_t position) {
  const LayerPlacement &placement = plan.layers[chain.back()];
  const size_t device = placement.devices[position];
  const size_t tensor = network.layers[chain.back()].result;
  const RowInterval rows =
      placement.computedRows(position, network.tensors[tensor].rows);
  if (rows.empty())
    return;
  std::span<const TensorTransfer> sends = sendsOf(tensor, device);
  const auto [pieces, divided] = choosePieces(chain, device, rows, sends);
  for (const RowPiece &piece : pieces) {
    const bool isFirst = &piece == &pieces.front();
    for (size_t i = isFirst ? 0 : divided; i < chain.size(); ++i) {
      if (isFirst)
        awaitOperands(chain[i], device);
      compute(chain[i], device,
              model.intervalSeconds(chain[i], device,
                                    i < divided ? rows : piece.rows));
    }
    for (const TensorTransfer &transfer : sends)
      if (piece.awaited && piece.rows.contains(transfer.rows))
        send(device, transfer.reader, transfer.bytes,
             arrivals[tensor][transfer.reader]);
  }
}

void Timeline::computeParts(size_t layer) {
  const LayerPlacement &placement = plan.layers[layer];
  const size_t tensor = network.layers[layer].result;
  const bool hasRows = network.layers[layer].isRowSplittable;
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const size_t device = placement.devices[i];
    if (placement.mode == LayerMode::Channels) {
      if (placement.ownedPart(i).empty())
        continue;
      awaitOperands(layer, device);
      compute(
          layer, device,
          model.channelsSeconds(layer, device, placement.ownedPart(i).size()));
      sendAll(tensor, sendsOf(tensor, device));
    } else if (hasRows) {
      computePieces(chainOf(layer), i);
    } else {
      awaitOperands(layer, device);
      compute(layer, device, model.wholeSeconds(layer, device));
      sendAll(tensor, sendsOf(tensor, device));
    }
  }
}

/// Partial results, each as large as the whole, to where the result is to be,
/// and their sum there.
void Timeline::addPartials(size_t layer, const std::vector<size_t> &sources) {
  const LayerPlacement &placement = plan.layers[layer];
  const NetworkTensor &result = network.resultOf(layer);
  std::vector<int64_t> bytes(placement.devices.size(), result.bytes());
  if (!placement.bounds.empty())
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = result.bytes() / placement.bounds.back() *
                 placement.ownedPart(i).size();
  std::vector<Arrival> parts(placement.devices.size());
  for (size_t source : sources)
    for (size_t i = 0; i < parts.size(); ++i)
      if (placement.devices[i] != source && bytes[i] > 0)
        send(source, placement.devices[i], bytes[i], parts[i]);
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t target = placement.devices[i];
    if (bytes[i] == 0)
      continue;
    await(target, parts[i]);
    compute(layer, target,
            model.additionSeconds(target, bytes[i],
                                  static_cast<int64_t>(sources.size()) - 1));
    sendAll(network.layers[layer].result,
            sendsOf(network.layers[layer].result, target));
  }
}

void Timeline::placeReduction(size_t layer, const LayerPlacement &owners) {
  std::vector<size_t> sources;
  for (size_t i = 0; i < owners.devices.size(); ++i) {
    if (owners.ownedPart(i).empty())
      continue;
    const size_t device = owners.devices[i];
    awaitOperands(layer, device);
    compute(layer, device,
            model.rowsSeconds(layer, device, owners.ownedPart(i).size()));
    sources.push_back(device);
  }
  addPartials(layer, sources);
}

void Timeline::placePartials(size_t layer) {
  const LayerPlacement &placement = plan.layers[layer];
  std::vector<size_t> sources;
  for (size_t i = 0; i < placement.partialDevices.size(); ++i) {
    const int64_t channels =
        placement.partialBounds[i + 1] - placement.partialBounds[i];
    if (channels == 0)
      continue;
    const size_t device = placement.partialDevices[i];
    awaitOperands(layer, device);
    compute(layer, device, model.partialSeconds(layer, device, channels));
    sources.push_back(device);
  }
  addPartials(layer, sources);
}

void Timeline::placeLayer(size_t layer) {
  if (isFollowed[layer])
    return;
  currentLayer = layer;
  if (!plan.layers[layer].partialDevices.empty())
    placePartials(layer);
  else if (const LayerPlacement *owners =
               findReducedRows(network, plan, producers, layer))
    placeReduction(layer, *owners);
  else
    computeParts(layer);
}

PlanTimes Timeline::run() {
  for (size_t tensor : network.arguments)
    sendAll(tensor, exchanges[tensor].transfers);
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    if (layer > 0)
      times.finish[layer] = times.finish[layer - 1];
    placeLayer(layer);
  }
  for (size_t tensor : network.results)
    await(numDevices, arrivals[tensor][numDevices]);
  times.latency = participants[numDevices].clock;
  for (size_t device = 0; device < numDevices; ++device)
    times.devices[device].transfer =
        std::max(participants[device].sending, participants[device].receiving);
  return std::move(times);
}

PlanTimes windrow::predictTimes(const CostModel &model, const Plan &plan,
                                bool withLayers) {
  return Timeline(model, plan, withLayers).run();
}

double windrow::predictLatency(const CostModel &model, const Plan &plan) {
  return predictTimes(model, plan).latency;
}
