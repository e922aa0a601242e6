//===- Plan.cpp - Where each part of a network is computed ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/Plan.h"

#include "passes/Analysis/LayerStream.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <tuple>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Needs
//===----------------------------------------------------------------------===//

TensorUses::TensorUses(const Network &network)
    : producers(network.tensors.size(), network.layers.size()),
      readers(network.tensors.size()), isResult(network.tensors.size()) {
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    producers[network.layers[layer].result] = layer;
    for (const LayerOperand &operand : network.layers[layer].operands)
      if (std::vector<size_t> &layers = readers[operand.tensor];
          layers.empty() || layers.back() != layer)
        layers.push_back(layer);
  }
  for (size_t tensor : network.results)
    isResult[tensor] = true;
}

/// Whether several devices own rows, none all of them.
static bool isDistributedRows(const LayerPlacement &placement) {
  if (placement.mode != LayerMode::Rows)
    return false;
  size_t owners = 0;
  for (size_t i = 0; i < placement.devices.size(); ++i)
    owners += !placement.ownedPart(i).empty();
  return owners > 1;
}

const LayerPlacement *windrow::findReducedRows(const Network &network,
                                               const TensorUses &uses,
                                               const Plan &plan, size_t layer) {
  const Layer &reduction = network.layers[layer];
  if (!reduction.isRowReduction)
    return nullptr;
  const size_t producer = uses.producers[reduction.operands.front().tensor];
  if (producer == network.layers.size() ||
      !isDistributedRows(plan.layers[producer]))
    return nullptr;
  return &plan.layers[producer];
}

namespace {
/// Collects what is needed of one tensor, then who sends it.
class ExchangeFinder {
public:
  ExchangeFinder(const Network &network, const TensorUses &uses,
                 const Plan &plan, size_t numDevices, size_t tensor)
      : network(network), uses(uses), plan(plan), numDevices(numDevices),
        tensor(tensor), shape(network.tensors[tensor]),
        channelsNeeded(numDevices + 1) {
    exchange.needed.resize(numDevices + 1);
  }

  TensorExchange find();

private:
  void need(size_t participant, RowInterval rows, RowInterval channels);
  void addNeeds(size_t layer);
  void addTransfers();
  void addRowTransfers(size_t reader, const LayerPlacement &placement);
  void addChannelTransfers(size_t reader, const LayerPlacement &placement);

  const Network &network;
  const TensorUses &uses;
  const Plan &plan;
  const size_t numDevices;
  const size_t tensor;
  const NetworkTensor &shape;
  std::vector<RowInterval> channelsNeeded; ///< by participant
  TensorExchange exchange;
};
} // namespace

void ExchangeFinder::need(size_t participant, RowInterval rows,
                          RowInterval channels) {
  RowInterval &needed = exchange.needed[participant];
  needed = needed.hull(rows);
  channelsNeeded[participant] = channelsNeeded[participant].hull(channels);
}

void ExchangeFinder::addNeeds(size_t index) {
  const Layer &layer = network.layers[index];
  const LayerPlacement &placement = plan.layers[index];
  for (size_t i = 0; i < placement.partialDevices.size(); ++i) {
    RowInterval channels{placement.partialBounds[i],
                         placement.partialBounds[i + 1]};
    if (!channels.empty())
      need(placement.partialDevices[i], shape.allRows(), channels);
  }
  if (!placement.partialDevices.empty())
    return;
  if (const LayerPlacement *owners =
          findReducedRows(network, uses, plan, index)) {
    for (size_t i = 0; i < owners->devices.size(); ++i)
      need(owners->devices[i], owners->ownedPart(i), {0, shape.channels});
    return;
  }
  const int64_t resultRows = network.tensors[layer.result].rows;
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const RowInterval rows = placement.computedRows(i, resultRows);
    const bool isSlice = placement.mode == LayerMode::Channels;
    if (rows.empty() || (isSlice && placement.ownedPart(i).empty()))
      continue;
    for (const LayerOperand &operand : layer.operands) {
      if (operand.tensor != tensor)
        continue;
      RowInterval channels{0, shape.channels};
      if (isSlice && operand.channels == ChannelUse::Same)
        channels = placement.ownedPart(i);
      need(placement.devices[i], operand.neededRows(rows, shape), channels);
    }
  }
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

void ExchangeFinder::addRowTransfers(size_t reader,
                                     const LayerPlacement &placement) {
  const RowInterval needed = exchange.needed[reader];
  RowInterval own;
  for (size_t i = 0; i < placement.devices.size(); ++i)
    if (placement.devices[i] == reader)
      own = placement.computedRows(i, shape.rows);
  const std::vector<int64_t> &bounds = placement.bounds;
  auto first = std::ranges::upper_bound(bounds, needed.begin);
  for (size_t i = first - bounds.begin() - 1;
       i < placement.devices.size() && bounds[i] < needed.end; ++i) {
    const RowInterval rows = placement.ownedPart(i).intersect(needed);
    auto add = [&](RowInterval part) {
      if (!part.empty() && placement.devices[i] != reader)
        exchange.transfers.push_back({placement.devices[i], reader, part,
                                      part.size() * shape.bytesPerRow()});
    };
    if (own.intersect(rows).empty()) {
      add(rows);
      continue;
    }
    add({rows.begin, std::min(rows.end, own.begin)});
    add({std::max(rows.begin, own.end), rows.end});
  }
}

void ExchangeFinder::addChannelTransfers(size_t reader,
                                         const LayerPlacement &placement) {
  const RowInterval rows = exchange.needed[reader];
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const RowInterval channels =
        placement.ownedPart(i).intersect(channelsNeeded[reader]);
    if (!channels.empty() && placement.devices[i] != reader)
      exchange.transfers.push_back(
          {placement.devices[i], reader, rows,
           rows.size() * shape.width * channels.size() * shape.elementBytes,
           channels});
  }
}

void ExchangeFinder::addTransfers() {
  // Of a divided tensor, most devices have two neighbours.
  exchange.transfers.reserve(2 * numDevices);
  const size_t producer = uses.producers[tensor];
  for (size_t reader = 0; reader <= numDevices; ++reader) {
    const RowInterval rows = exchange.needed[reader];
    if (rows.empty())
      continue;
    const int64_t bytes = rows.size() * shape.bytesPerRow();
    if (producer == network.layers.size()) {
      if (reader != numDevices)
        exchange.transfers.push_back({numDevices, reader, rows, bytes});
      continue;
    }
    const LayerPlacement &placement = plan.layers[producer];
    if (placement.mode == LayerMode::Rows)
      addRowTransfers(reader, placement);
    else if (placement.mode == LayerMode::Channels)
      addChannelTransfers(reader, placement);
    else if (std::ranges::find(placement.devices, reader) ==
             placement.devices.end())
      exchange.transfers.push_back(
          {placement.devices.front(), reader, rows, bytes});
  }
  // Were all to send to the first reader first, they would wait for each other.
  std::ranges::sort(
      exchange.transfers, {}, [&](const TensorTransfer &transfer) {
        const size_t behind = transfer.reader + numDevices - transfer.source;
        return std::tuple(transfer.source, behind % (numDevices + 1),
                          transfer.rows.begin);
      });
}

TensorExchange ExchangeFinder::find() {
  for (size_t layer : uses.readers[tensor])
    addNeeds(layer);
  if (uses.isResult[tensor])
    need(numDevices, shape.allRows(), {0, shape.channels});
  addTransfers();
  return std::move(exchange);
}

TensorExchange windrow::findExchange(const Network &network,
                                     const TensorUses &uses, const Plan &plan,
                                     size_t numDevices, size_t tensor) {
  return ExchangeFinder(network, uses, plan, numDevices, tensor).find();
}

std::vector<TensorExchange> windrow::findExchanges(const Network &network,
                                                   const Plan &plan,
                                                   size_t numDevices) {
  assert(plan.layers.size() == network.layers.size() && "a layer lacks a plan");
  const TensorUses uses(network);
  std::vector<TensorExchange> exchanges;
  for (size_t tensor = 0; tensor < network.tensors.size(); ++tensor)
    exchanges.push_back(findExchange(network, uses, plan, numDevices, tensor));
  return exchanges;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

int64_t windrow::heldWeightBytes(const Layer &layer) {
  const int64_t bytes = layer.cost.weightBytes;
  if (layer.shape.kernel == "winograd4x4")
    return bytes * 36 / 9;
  return layer.shape.kernel == "winograd2x2" ? bytes * 16 / 9 : bytes;
}

/// Adds what each device holds of the weights of a layer.
static void addWeights(const Network &network, const Plan &plan, size_t layer,
                       std::vector<int64_t> &bytes) {
  const LayerPlacement &placement = plan.layers[layer];
  const int64_t all = heldWeightBytes(network.layers[layer]);
  auto addShares = [&](const std::vector<size_t> &devices,
                       const std::vector<int64_t> &bounds) {
    for (size_t i = 0; i < devices.size(); ++i)
      bytes[devices[i]] +=
          std::llround(static_cast<double>(all) *
                       static_cast<double>(bounds[i + 1] - bounds[i]) /
                       static_cast<double>(bounds.back()));
  };
  if (!placement.partialDevices.empty())
    return addShares(placement.partialDevices, placement.partialBounds);
  if (placement.mode == LayerMode::Channels)
    return addShares(placement.devices, placement.bounds);
  const int64_t rows = network.resultOf(layer).rows;
  for (size_t i = 0; i < placement.devices.size(); ++i)
    if (!placement.computedRows(i, rows).empty())
      bytes[placement.devices[i]] += all;
}

/// The bytes of `tensor` that `device` holds: what it computes and receives.
static int64_t heldBytes(const Network &network, const LayerPlacement *producer,
                         RowInterval needed, size_t tensor, size_t device) {
  const NetworkTensor &shape = network.tensors[tensor];
  RowInterval rows = needed;
  int64_t bytesPerRow = shape.bytesPerRow();
  if (producer)
    for (size_t i = 0; i < producer->devices.size(); ++i) {
      if (producer->devices[i] != device)
        continue;
      if (producer->mode == LayerMode::Channels && needed.empty())
        bytesPerRow =
            shape.width * shape.elementBytes * producer->ownedPart(i).size();
      rows = rows.hull(producer->computedRows(i, shape.rows));
    }
  return rows.size() * bytesPerRow;
}

/// What it reads and its result.
static std::vector<size_t> tensorsOf(const Layer &layer) {
  std::vector<size_t> tensors{layer.result};
  for (const LayerOperand &operand : layer.operands)
    tensors.push_back(operand.tensor);
  return tensors;
}

std::vector<int64_t> windrow::estimateMemory(const Network &network,
                                             const Plan &plan,
                                             size_t numDevices) {
  std::vector<TensorExchange> exchanges =
      findExchanges(network, plan, numDevices);
  const size_t numLayers = network.layers.size();
  const std::vector<size_t> producers = TensorUses(network).producers;
  std::vector<size_t> lastUse(network.tensors.size(), 0);
  for (size_t layer = 0; layer < numLayers; ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands)
      lastUse[operand.tensor] = layer;
  // All of a stream is there until its last piece.
  const size_t numStreamed = countStreamed(plan);
  for (size_t layer = 0; layer < numStreamed; ++layer)
    for (size_t tensor : tensorsOf(network.layers[layer]))
      lastUse[tensor] = std::max(lastUse[tensor], numStreamed - 1);
  for (size_t tensor : network.results)
    lastUse[tensor] = numLayers;

  std::vector<int64_t> weights(numDevices), peak(numDevices), live(numDevices);
  std::vector<std::vector<size_t>> dying(numLayers + 1);
  auto change = [&](size_t tensor, int64_t sign) {
    const size_t producer = producers[tensor];
    for (size_t device = 0; device < numDevices; ++device) {
      live[device] +=
          sign *
          heldBytes(network,
                    producer < numLayers ? &plan.layers[producer] : nullptr,
                    exchanges[tensor].needed[device], tensor, device);
      peak[device] = std::max(peak[device], live[device]);
    }
  };
  for (size_t tensor : network.arguments) {
    change(tensor, 1);
    dying[lastUse[tensor]].push_back(tensor);
  }
  for (size_t layer = 0; layer < numLayers; ++layer) {
    const size_t result = network.layers[layer].result;
    addWeights(network, plan, layer, weights);
    change(result, 1);
    dying[std::max(lastUse[result], layer)].push_back(result);
    for (size_t tensor : dying[layer])
      change(tensor, -1);
  }
  for (size_t device = 0; device < numDevices; ++device)
    weights[device] += peak[device];
  return weights;
}
