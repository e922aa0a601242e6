//===- TimelineSteps.cpp - A plan's timeline, step by step ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/TimelineSteps.h"

#include "passes/Analysis/BoundarySplit.h"

#include <algorithm>
#include <numeric>

using namespace windrow;

static constexpr double nothing = -1;

TimelineSteps::TimelineSteps(const CostModel &model, const TensorUses &uses,
                             const Plan &plan,
                             const std::vector<TensorExchange> &exchanges)
    : model(model), network(model.network()), uses(uses), plan(plan),
      exchanges(exchanges), numDevices(model.numDevices()),
      numStreamed(countStreamed(plan)), chains(network, uses) {
  values.assign(partialOf(numDevices + 1), nothing);
  std::fill_n(values.begin(), numParticipantValues(), 0.0);
  messages.resize(values.size());
  for (size_t tensor = 0; tensor < network.tensors.size(); ++tensor)
    followExchange(tensor);
}

void TimelineSteps::followExchange(size_t tensor) {
  std::fill_n(messages.begin() + arrivalOf(tensor, 0), numDevices + 1, 0.0);
  for (const TensorTransfer &transfer : exchanges[tensor].transfers) {
    double &seconds = messages[arrivalOf(tensor, transfer.reader)];
    const int64_t count = countMessages(tensor, transfer);
    seconds += static_cast<double>(count) *
               model.link(transfer.source, transfer.reader).messageSeconds;
    if (!transfer.channels.empty() && transfer.reader < numDevices)
      seconds += model.joinSeconds(transfer.reader, transfer.bytes, count);
  }
}

/// A transfer goes piece by piece within a stream, as does one of channels,
/// unless they are sums.
int64_t TimelineSteps::countMessages(size_t tensor,
                                     const TensorTransfer &transfer) const {
  const size_t layer = uses.producers[tensor];
  if (layer < numStreamed)
    return std::ranges::count_if(
        findStreamPieces()[network.arguments.size() + layer][transfer.source],
        [&](RowInterval rows) {
          return !rows.intersect(transfer.rows).empty();
        });
  if (transfer.channels.empty() || !plan.layers[layer].partialDevices.empty() ||
      findReducedRows(network, uses, plan, layer))
    return 1;
  const LayerPlacement &placement = plan.layers[layer];
  const size_t position =
      std::ranges::find(placement.devices, transfer.source) -
      placement.devices.begin();
  return std::ranges::count_if(
      divideInPieces(placement.ownedPart(position), placement.pieces),
      [&](RowInterval piece) {
        return !piece.intersect(transfer.channels).empty();
      });
}

//===----------------------------------------------------------------------===//
// Terms
//===----------------------------------------------------------------------===//

void TimelineSteps::advance(size_t target, double seconds) {
  values[target] += seconds;
  if (terms)
    terms->push_back({target, target, seconds});
}

void TimelineSteps::raise(size_t target, size_t source, double seconds) {
  values[target] = std::max(values[target], values[source] + seconds);
  if (terms)
    terms->push_back({target, source, seconds});
}

void TimelineSteps::forget(size_t target) {
  values[target] = nothing;
  if (terms)
    terms->push_back({target, TimelineTerm::noSource, 0});
}

//===----------------------------------------------------------------------===//
// Processors and cards
//===----------------------------------------------------------------------===//

void TimelineSteps::send(size_t source, size_t reader, int64_t bytes,
                         size_t arrival) {
  const LinkCost &link = model.link(source, reader);
  const double seconds = static_cast<double>(bytes) * link.secondsPerByte;
  advance(clockOf(source), link.messageSeconds);
  raise(sendFreeOf(source), clockOf(source), 0);
  advance(sendFreeOf(source), seconds);
  advance(receiveFreeOf(reader), seconds);
  raise(receiveFreeOf(reader), sendFreeOf(source), link.latencySeconds);
  raise(arrival, receiveFreeOf(reader), 0);
  if (!times)
    return;
  if (reader < numDevices)
    times->devices[reader].receiving += seconds;
  if (source < numDevices) {
    times->devices[source].sending += seconds;
    times->devices[source].message += link.messageSeconds;
    if (!times->layers.empty())
      times->layers[currentLayer][source].transfer += seconds;
  }
}

void TimelineSteps::await(size_t device, size_t arrival,
                          double messageSeconds) {
  if (values[arrival] == nothing)
    return;
  const double wait = std::max(0.0, values[arrival] - values[clockOf(device)]);
  raise(clockOf(device), arrival, 0);
  advance(clockOf(device), messageSeconds);
  forget(arrival);
  if (!times || device == numDevices)
    return;
  times->devices[device].wait += wait;
  times->devices[device].message += messageSeconds;
  if (!times->layers.empty())
    times->layers[currentLayer][device].wait += wait;
}

void TimelineSteps::noteStart(size_t layer, size_t device) {
  if (times && !times->layers.empty() &&
      times->layers[layer][device].start == 0)
    times->layers[layer][device].start = values[clockOf(device)];
}

void TimelineSteps::awaitOperands(size_t layer, size_t device) {
  noteStart(layer, device);
  for (const LayerOperand &operand : network.layers[layer].operands)
    await(device, arrivalOf(operand.tensor, device));
}

void TimelineSteps::compute(size_t layer, size_t device, double seconds) {
  advance(clockOf(device), seconds);
  if (!times)
    return;
  times->devices[device].compute += seconds;
  times->finish[layer] =
      std::max(times->finish[layer], values[clockOf(device)]);
  if (!times->layers.empty())
    times->layers[layer][device].compute += seconds;
}

std::span<const TensorTransfer> TimelineSteps::sendsOf(size_t tensor,
                                                       size_t source) const {
  auto range = std::ranges::equal_range(exchanges[tensor].transfers, source, {},
                                        &TensorTransfer::source);
  return {range.begin(), range.end()};
}

void TimelineSteps::sendAll(size_t tensor, size_t source) {
  for (const TensorTransfer &transfer : sendsOf(tensor, source))
    send(source, transfer.reader, transfer.bytes,
         arrivalOf(tensor, transfer.reader));
}

/// Sends what several devices send at the same time: of each one thing, then of
/// each the next, as their cards do.
void TimelineSteps::sendPending(size_t tensor) {
  std::ranges::stable_sort(pending, {}, &PendingSend::turn);
  for (const PendingSend &each : pending)
    send(each.source, each.reader, each.bytes, arrivalOf(tensor, each.reader));
  pending.clear();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// As `cluster-place` decides.
bool TimelineSteps::isSplit(std::span<const size_t> chain, size_t device,
                            size_t numPieces,
                            std::span<const TensorTransfer> sends) const {
  BoundarySplit split;
  split.pieces = static_cast<int64_t>(numPieces);
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

/// Finds the pieces in which `rows` of the last layer of `chain` are computed,
/// and returns the position in the chain from which it goes piece by piece.
size_t TimelineSteps::choosePieces(std::span<const size_t> chain, size_t device,
                                   RowInterval rows,
                                   std::span<const TensorTransfer> sends) {
  const auto takeWhole = [&] {
    pieces.assign(1, {rows, true});
    return chain.size();
  };
  awaited.clear();
  for (const TensorTransfer &transfer : sends) {
    if (transfer.rows == rows)
      return takeWhole();
    awaited.push_back(transfer.rows);
  }
  for (size_t first = 0; !awaited.empty() && first < chain.size(); ++first) {
    std::span<const size_t> rest = chain.subspan(first);
    int64_t grain = 1;
    for (size_t layer : rest)
      grain = std::lcm(grain, network.layers[layer].rowGrain);
    pieces = divideBoundaryFirst(rows, awaited, grain);
    if (!network.layers[chain.back()].isRowSplittable || pieces.size() == 1)
      break;
    if (isSplit(rest, device, pieces.size(), sends))
      return first;
  }
  return takeWhole();
}

/// `layer` and those before it in its chain, the first one first.
std::vector<size_t> TimelineSteps::chainOf(size_t layer) const {
  std::vector<size_t> chain;
  for (std::optional<size_t> link = layer; link;
       link = chains.predecessorOf(plan, *link))
    chain.push_back(*link);
  std::ranges::reverse(chain);
  return chain;
}

void TimelineSteps::computePieces(const std::vector<size_t> &chain,
                                  size_t position) {
  const LayerPlacement &placement = plan.layers[chain.back()];
  const size_t device = placement.devices[position];
  const size_t tensor = network.layers[chain.back()].result;
  const RowInterval rows =
      placement.computedRows(position, network.tensors[tensor].rows);
  if (rows.empty())
    return;
  std::span<const TensorTransfer> sends = sendsOf(tensor, device);
  const size_t divided = choosePieces(chain, device, rows, sends);
  for (const RowPiece &piece : pieces) {
    const bool isFirst = &piece == &pieces.front();
    for (size_t i = isFirst ? 0 : divided; i < chain.size(); ++i) {
      if (isFirst)
        awaitOperands(chain[i], device);
      compute(chain[i], device,
              model.intervalSeconds(chain[i], device,
                                    i < divided ? rows : piece.rows));
    }
    size_t turn = 0;
    for (const TensorTransfer &transfer : sends) {
      if (!piece.awaited || !piece.rows.contains(transfer.rows))
        continue;
      if (pieces.size() == 1)
        pending.push_back({turn++, device, transfer.reader, transfer.bytes});
      else
        send(device, transfer.reader, transfer.bytes,
             arrivalOf(tensor, transfer.reader));
    }
  }
}

/// Piece by piece, as the devices do at the same time.
void TimelineSteps::computeChannels(size_t layer) {
  const LayerPlacement &placement = plan.layers[layer];
  const size_t tensor = network.layers[layer].result;
  for (int64_t number = 0; number < placement.pieces; ++number) {
    for (size_t i = 0; i < placement.devices.size(); ++i) {
      const std::vector<RowInterval> parts =
          divideInPieces(placement.ownedPart(i), placement.pieces);
      if (static_cast<size_t>(number) >= parts.size() || parts[number].empty())
        continue;
      const size_t device = placement.devices[i];
      if (number == 0)
        awaitOperands(layer, device);
      compute(layer, device,
              model.channelsSeconds(layer, device, parts[number].size()));
      size_t turn = 0;
      for (const TensorTransfer &transfer : sendsOf(tensor, device))
        if (const RowInterval sent = transfer.channels.intersect(parts[number]);
            !sent.empty())
          pending.push_back(
              {turn++, device, transfer.reader,
               transfer.bytes / transfer.channels.size() * sent.size()});
    }
    sendPending(tensor);
  }
}

void TimelineSteps::computeParts(size_t layer) {
  const LayerPlacement &placement = plan.layers[layer];
  if (placement.mode == LayerMode::Channels)
    return computeChannels(layer);
  const size_t tensor = network.layers[layer].result;
  std::vector<size_t> chain;
  if (network.layers[layer].isRowSplittable)
    chain = chainOf(layer);
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const size_t device = placement.devices[i];
    if (!chain.empty()) {
      computePieces(chain, i);
    } else {
      awaitOperands(layer, device);
      compute(layer, device, model.wholeSeconds(layer, device));
      sendAll(tensor, device);
    }
  }
  sendPending(tensor);
}

/// Partial results, each as large as the whole, to where the result is to be,
/// and their sum there.
void TimelineSteps::addPartials(size_t layer,
                                const std::vector<size_t> &sources) {
  const LayerPlacement &placement = plan.layers[layer];
  const NetworkTensor &result = network.resultOf(layer);
  std::vector<int64_t> bytes(placement.devices.size(), result.bytes());
  if (!placement.bounds.empty())
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = result.bytes() / placement.bounds.back() *
                 placement.ownedPart(i).size();
  std::fill_n(messages.begin() + partialOf(0), bytes.size(), 0.0);
  // All send at the same time, each to the target behind its own first.
  for (size_t round = 1; round <= bytes.size(); ++round)
    for (size_t number = 0; number < sources.size(); ++number) {
      const size_t i = (number + round) % bytes.size();
      const size_t source = sources[number], target = placement.devices[i];
      if (target == source || bytes[i] == 0)
        continue;
      send(source, target, bytes[i], partialOf(i));
      messages[partialOf(i)] += model.link(source, target).messageSeconds;
    }
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t target = placement.devices[i];
    if (bytes[i] == 0)
      continue;
    await(target, partialOf(i));
    compute(layer, target,
            model.additionSeconds(target, bytes[i],
                                  static_cast<int64_t>(sources.size()) - 1));
    sendAll(network.layers[layer].result, target);
  }
}

void TimelineSteps::placeReduction(size_t layer, const LayerPlacement &owners) {
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

void TimelineSteps::placePartials(size_t layer) {
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

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

bool TimelineSteps::isStreamedArgument(size_t tensor) const {
  return numStreamed > 0 && !uses.readers[tensor].empty() &&
         uses.readers[tensor].front() < numStreamed;
}

const StreamPieces &TimelineSteps::findStreamPieces() const {
  auto end = plan.layers.begin() + static_cast<std::ptrdiff_t>(numStreamed);
  if (!std::equal(plan.layers.begin(), end, streamPlacements.begin(),
                  streamPlacements.end())) {
    streamPlacements.assign(plan.layers.begin(), end);
    streamPieces = divideLayers(network, plan, numStreamed, numDevices);
  }
  return streamPieces;
}

/// Sends `rows`, if any, of what the reader of `transfer` needs.
void TimelineSteps::sendStreamed(size_t tensor, const TensorTransfer &transfer,
                                 RowInterval rows) {
  if (rows.empty())
    return;
  const size_t arrival = arrivalOf(tensor, transfer.reader);
  send(transfer.source, transfer.reader,
       rows.size() * network.tensors[tensor].bytesPerRow(), arrival);
  streamMessages[arrival] +=
      model.link(transfer.source, transfer.reader).messageSeconds;
}

void TimelineSteps::awaitStreamed(size_t layer, size_t device) {
  noteStart(layer, device);
  for (const LayerOperand &operand : network.layers[layer].operands) {
    const size_t arrival = arrivalOf(operand.tensor, device);
    await(device, arrival, streamMessages[arrival]);
    streamMessages[arrival] = 0;
  }
}

void TimelineSteps::computeStreamed(size_t layer, size_t device,
                                    RowInterval rows) {
  const size_t tensor = network.layers[layer].result;
  std::vector<TensorTransfer> sends;
  for (const TensorTransfer &transfer : sendsOf(tensor, device))
    if (const RowInterval part = transfer.rows.intersect(rows); !part.empty())
      sends.push_back({device, transfer.reader, part,
                       part.size() * network.tensors[tensor].bytesPerRow()});
  choosePieces(std::span(&layer, 1), device, rows, sends);
  for (const RowPiece &piece : pieces) {
    compute(layer, device, model.intervalSeconds(layer, device, piece.rows));
    for (const TensorTransfer &transfer : sends)
      sendStreamed(tensor, transfer, transfer.rows.intersect(piece.rows));
  }
}

/// Turn by turn, as the devices do at the same time.
void TimelineSteps::placeStream() {
  const StreamPieces &turns = findStreamPieces();
  streamMessages.assign(values.size(), 0.0);
  const size_t numArguments = network.arguments.size();
  for (int64_t turn = 0; turn < plan.layers.front().pieces; ++turn) {
    for (size_t i = 0; i < numArguments; ++i)
      if (const size_t tensor = network.arguments[i];
          isStreamedArgument(tensor))
        for (const TensorTransfer &transfer : exchanges[tensor].transfers)
          sendStreamed(tensor, transfer, turns[i][transfer.reader][turn]);
    for (size_t layer = 0; layer < numStreamed; ++layer) {
      currentLayer = layer;
      for (size_t device : plan.layers[layer].devices) {
        const RowInterval rows = turns[numArguments + layer][device][turn];
        if (rows.empty())
          continue;
        awaitStreamed(layer, device);
        computeStreamed(layer, device, rows);
      }
    }
  }
}

void TimelineSteps::placeLayer(size_t layer) {
  currentLayer = layer;
  if (times && layer > 0)
    times->finish[layer] = times->finish[layer - 1];
  for (size_t reader = 0; reader <= numDevices; ++reader)
    forget(arrivalOf(network.layers[layer].result, reader));
  if (layer + 1 == numStreamed)
    return placeStream();
  if (layer < numStreamed || chains.isFollowed(plan, layer))
    return;
  if (!plan.layers[layer].partialDevices.empty())
    placePartials(layer);
  else if (const LayerPlacement *owners =
               findReducedRows(network, uses, plan, layer))
    placeReduction(layer, *owners);
  else
    computeParts(layer);
}

void TimelineSteps::run(size_t step) {
  const size_t client = numDevices;
  if (step == 0) {
    for (size_t tensor : network.arguments)
      for (size_t reader = 0; reader <= numDevices; ++reader)
        forget(arrivalOf(tensor, reader));
    for (size_t tensor : network.arguments)
      if (!isStreamedArgument(tensor))
        sendAll(tensor, client);
  } else if (step + 1 < numSteps()) {
    placeLayer(step - 1);
  } else {
    for (size_t tensor : network.results)
      await(client, arrivalOf(tensor, client));
  }
}
