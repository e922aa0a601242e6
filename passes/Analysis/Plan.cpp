//===- Plan.cpp - Where each part of a network is computed ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/Plan.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Needs
//===----------------------------------------------------------------------===//

std::vector<size_t> windrow::findProducers(const Network &network) {
  std::vector<size_t> producers(network.tensors.size(), network.layers.size());
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    producers[network.layers[layer].result] = layer;
  return producers;
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

const LayerPlacement *
windrow::findReducedRows(const Network &network, const Plan &plan,
                         const std::vector<size_t> &producers, size_t layer) {
  const Layer &reduction = network.layers[layer];
  if (!reduction.isRowReduction)
    return nullptr;
  const size_t producer = producers[reduction.operands.front().tensor];
  if (producer == network.layers.size() ||
      !isDistributedRows(plan.layers[producer]))
    return nullptr;
  return &plan.layers[producer];
}

namespace {
/// Collects what is needed of every tensor, then who sends it.
class ExchangeFinder {
public:
  ExchangeFinder(const Network &network, const Plan &plan, size_t numDevices)
      : network(network), plan(plan), numDevices(numDevices),
        producers(findProducers(network)), needs(network.tensors.size()),
        exchanges(network.tensors.size()) {
    for (TensorExchange &exchange : exchanges)
      exchange.needed.resize(numDevices + 1);
    for (std::vector<RowInterval> &channels : needs)
      channels.resize(numDevices + 1);
  }

  std::vector<TensorExchange> find();

private:
  void need(size_t tensor, size_t participant, RowInterval rows,
            RowInterval channels);
  void addNeeds(size_t layer);
  void addPartialNeeds(size_t layer);
  void addTransfers(size_t tensor);
  void addRowTransfers(size_t tensor, size_t reader,
                       const LayerPlacement &placement);
  void addChannelTransfers(size_t tensor, size_t reader,
                           const LayerPlacement &placement);

  const Network &network;
  const Plan &plan;
  size_t numDevices;
  std::vector<size_t> producers;
  /// By tensor and participant: the channels needed.
  std::vector<std::vector<RowInterval>> needs;
  std::vector<TensorExchange> exchanges;
};
} // namespace

void ExchangeFinder::need(size_t tensor, size_t participant, RowInterval rows,
                          RowInterval channels) {
  RowInterval &needed = exchanges[tensor].needed[participant];
  needed = needed.hull(rows);
  needs[tensor][participant] = needs[tensor][participant].hull(channels);
}

void ExchangeFinder::addPartialNeeds(size_t layer) {
  const LayerPlacement &placement = plan.layers[layer];
  const size_t tensor = network.layers[layer].operands.front().tensor;
  for (size_t i = 0; i < placement.partialDevices.size(); ++i) {
    RowInterval channels{placement.partialBounds[i],
                         placement.partialBounds[i + 1]};
    if (!channels.empty())
      need(tensor, placement.partialDevices[i],
           network.tensors[tensor].allRows(), channels);
  }
}

void ExchangeFinder::addNeeds(size_t index) {
  const Layer &layer = network.layers[index];
  const LayerPlacement &placement = plan.layers[index];
  if (!placement.partialDevices.empty())
    return addPartialNeeds(index);
  if (const LayerPlacement *owners =
          findReducedRows(network, plan, producers, index)) {
    const size_t tensor = layer.operands.front().tensor;
    for (size_t i = 0; i < owners->devices.size(); ++i)
      need(tensor, owners->devices[i], owners->ownedPart(i),
           {0, network.tensors[tensor].channels});
    return;
  }
  const int64_t resultRows = network.tensors[layer.result].rows;
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const RowInterval rows = placement.computedRows(i, resultRows);
    const bool isSlice = placement.mode == LayerMode::Channels;
    if (rows.empty() || (isSlice && placement.ownedPart(i).empty()))
      continue;
    for (const LayerOperand &operand : layer.operands) {
      const NetworkTensor &tensor = network.tensors[operand.tensor];
      RowInterval channels{0, tensor.channels};
      if (isSlice && operand.channels == ChannelUse::Same)
        channels = placement.ownedPart(i);
      const RowInterval window = rows == RowInterval{0, resultRows}
                                     ? tensor.allRows()
                                     : operand.neededRows(rows, tensor);
      need(operand.tensor, placement.devices[i], window, channels);
    }
  }
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

void ExchangeFinder::addRowTransfers(size_t tensor, size_t reader,
                                     const LayerPlacement &placement) {
  const NetworkTensor &shape = network.tensors[tensor];
  const RowInterval needed = exchanges[tensor].needed[reader];
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
        exchanges[tensor].transfers.push_back(
            {placement.devices[i], reader, part,
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

void ExchangeFinder::addChannelTransfers(size_t tensor, size_t reader,
                                         const LayerPlacement &placement) {
  const NetworkTensor &shape = network.tensors[tensor];
  const RowInterval rows = exchanges[tensor].needed[reader];
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const RowInterval channels =
        placement.ownedPart(i).intersect(needs[tensor][reader]);
    if (!channels.empty() && placement.devices[i] != reader)
      exchanges[tensor].transfers.push_back(
          {placement.devices[i], reader, rows,
           rows.size() * shape.width * channels.size() * shape.elementBytes});
  }
}

void ExchangeFinder::addTransfers(size_t tensor) {
  const size_t producer = producers[tensor];
  TensorExchange &exchange = exchanges[tensor];
  for (size_t reader = 0; reader <= numDevices; ++reader) {
    const RowInterval rows = exchange.needed[reader];
    if (rows.empty())
      continue;
    const int64_t bytes = rows.size() * network.tensors[tensor].bytesPerRow();
    if (producer == network.layers.size()) {
      if (reader != numDevices)
        exchange.transfers.push_back({numDevices, reader, rows, bytes});
      continue;
    }
    const LayerPlacement &placement = plan.layers[producer];
    if (placement.mode == LayerMode::Rows)
      addRowTransfers(tensor, reader, placement);
    else if (placement.mode == LayerMode::Channels)
      addChannelTransfers(tensor, reader, placement);
    else if (std::ranges::find(placement.devices, reader) ==
             placement.devices.end())
      exchange.transfers.push_back(
          {placement.devices.front(), reader, rows, bytes});
  }
  std::ranges::stable_sort(exchange.transfers, {}, &TensorTransfer::source);
}

std::vector<TensorExchange> ExchangeFinder::find() {
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    addNeeds(layer);
  for (size_t tensor : network.results)
    need(tensor, numDevices, network.tensors[tensor].allRows(),
         {0, network.tensors[tensor].channels});
  for (size_t tensor = 0; tensor < network.tensors.size(); ++tensor)
    addTransfers(tensor);
  return std::move(exchanges);
}

std::vector<TensorExchange> windrow::findExchanges(const Network &network,
                                                   const Plan &plan,
                                                   size_t numDevices) {
  assert(plan.layers.size() == network.layers.size() && "a layer lacks a plan");
  return ExchangeFinder(network, plan, numDevices).find();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// The part of the weights of a layer that each device holds, as a factor.
static void addWeights(const Network &network, const Plan &plan, size_t layer,
                       std::vector<int64_t> &bytes) {
  const LayerPlacement &placement = plan.layers[layer];
  const auto weights =
      static_cast<double>(network.layers[layer].cost.weightBytes);
  auto addShares = [&](const std::vector<size_t> &devices,
                       const std::vector<int64_t> &bounds) {
    for (size_t i = 0; i < devices.size(); ++i)
      bytes[devices[i]] += std::llround(
          weights * static_cast<double>(bounds[i + 1] - bounds[i]) /
          static_cast<double>(bounds.back()));
  };
  if (!placement.partialDevices.empty())
    return addShares(placement.partialDevices, placement.partialBounds);
  if (placement.mode == LayerMode::Channels)
    return addShares(placement.devices, placement.bounds);
  const int64_t rows = network.resultOf(layer).rows;
  for (size_t i = 0; i < placement.devices.size(); ++i)
    if (!placement.computedRows(i, rows).empty())
      bytes[placement.devices[i]] += network.layers[layer].cost.weightBytes;
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

std::vector<int64_t> windrow::estimateMemory(const Network &network,
                                             const Plan &plan,
                                             size_t numDevices) {
  std::vector<TensorExchange> exchanges =
      findExchanges(network, plan, numDevices);
  const size_t numLayers = network.layers.size();
  const std::vector<size_t> producers = findProducers(network);
  std::vector<size_t> lastUse(network.tensors.size(), 0);
  for (size_t layer = 0; layer < numLayers; ++layer)
    for (const LayerOperand &operand : network.layers[layer].operands)
      lastUse[operand.tensor] = layer;
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
