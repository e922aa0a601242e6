//===- LayerStream.cpp - The layers of a plan that form a stream ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LayerStream.h"

#include "passes/Analysis/PlanSearch.h"
#include "passes/Analysis/PlanTimeline.h"

#include <algorithm>

using namespace windrow;

/// Whether its result can be computed in pieces of rows.
static bool hasRowPieces(const LayerPlacement &placement) {
  return placement.partialDevices.empty() &&
         (placement.mode == LayerMode::Rows ||
          placement.mode == LayerMode::Owner);
}

size_t windrow::countStreamed(const Plan &plan) {
  size_t count = 0;
  while (count < plan.layers.size() && plan.layers[count].pieces > 1 &&
         hasRowPieces(plan.layers[count]))
    ++count;
  return count;
}

bool windrow::isStreamable(const Network &network, const TensorUses &uses,
                           const Plan &plan, size_t count) {
  for (size_t index = 0; index < count; ++index) {
    const Layer &layer = network.layers[index];
    const LayerPlacement &placement = plan.layers[index];
    if (!layer.isRowSplittable || !hasRowPieces(placement) ||
        placement.devices != plan.layers.front().devices)
      return false;
    for (const LayerOperand &operand : layer.operands) {
      const bool isArgument =
          uses.producers[operand.tensor] == network.layers.size();
      if (operand.windows.empty() ||
          (isArgument && (uses.isResult[operand.tensor] ||
                          uses.readers[operand.tensor].back() >= count)))
        return false;
    }
  }
  return true;
}

std::optional<Plan> windrow::streamLayers(const Network &network,
                                          const TensorUses &uses,
                                          const Plan &plan, size_t count,
                                          int64_t pieces) {
  if (!isStreamable(network, uses, plan, count))
    return std::nullopt;
  Plan streamed = plan;
  for (LayerPlacement &placement : streamed.layers)
    if (hasRowPieces(placement))
      placement.pieces = 1;
  for (size_t layer = 0; layer < count; ++layer)
    streamed.layers[layer].pieces = pieces;
  return streamed;
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

static StreamedTensor describeResult(const Network &network,
                                     const LayerPlacement &placement,
                                     const Layer &layer, size_t numDevices) {
  const int64_t allRows = network.tensors[layer.result].rows;
  StreamedTensor tensor;
  tensor.grain = layer.rowGrain;
  tensor.rows.resize(numDevices);
  tensor.owned.resize(numDevices);
  for (size_t i = 0; i < placement.devices.size(); ++i) {
    const size_t device = placement.devices[i];
    tensor.rows[device] = placement.computedRows(i, allRows);
    tensor.owned[device] = placement.mode == LayerMode::Rows
                               ? placement.ownedPart(i)
                               : tensor.rows[device];
  }
  return tensor;
}

StreamPieces windrow::divideLayers(const Network &network, const Plan &plan,
                                   size_t count, size_t numDevices) {
  const size_t numArguments = network.arguments.size();
  std::vector<StreamedTensor> tensors(numArguments);
  std::vector<size_t> places(network.tensors.size());
  for (size_t i = 0; i < numArguments; ++i) {
    places[network.arguments[i]] = i;
    tensors[i].rows.resize(numDevices);
  }
  for (size_t index = 0; index < count; ++index) {
    const Layer &layer = network.layers[index];
    places[layer.result] = tensors.size();
    tensors.push_back(
        describeResult(network, plan.layers[index], layer, numDevices));
    for (const LayerOperand &operand : layer.operands) {
      const size_t place = places[operand.tensor];
      const NetworkTensor &shape = network.tensors[operand.tensor];
      tensors.back().operands.push_back(
          {place, [&operand, &shape](RowInterval rows) {
             return operand.neededRows(rows, shape);
           }});
      for (size_t device = 0; place < numArguments && device < numDevices;
           ++device)
        if (const RowInterval rows = tensors.back().rows[device]; !rows.empty())
          tensors[place].rows[device] =
              tensors[place].rows[device].hull(operand.neededRows(rows, shape));
    }
  }
  return divideStream(tensors, plan.layers.front().pieces);
}

//===----------------------------------------------------------------------===//
// The best stream
//===----------------------------------------------------------------------===//

Plan windrow::chooseStream(const CostModel &model, const Plan &plan) {
  const Network &network = model.network();
  const TensorUses uses(network);
  Plan best = plan;
  const double before = predictLatency(model, plan);
  double latency = before;
  auto excessOf = [&](const Plan &each) {
    return judgePlan(model.cluster(), Objective::Latency, 0,
                     estimateMemory(network, each, model.numDevices()))
        .excessBytes;
  };
  const double mostExcess = excessOf(plan);
  // All of a stream is in memory at once.
  auto isAffordable = [&](const Plan &each) {
    return excessOf(each) <= mostExcess;
  };
  auto isBetter = [&](size_t count, int64_t pieces) {
    std::optional<Plan> streamed =
        streamLayers(network, uses, plan, count, pieces);
    const double seconds =
        streamed ? predictLatency(model, *streamed) : latency;
    if (seconds >= latency || !isAffordable(*streamed))
      return false;
    latency = seconds;
    best = std::move(*streamed);
    return true;
  };
  // Behind layers without gain another one may bring some.
  constexpr size_t patience = 6;
  constexpr int64_t usualPieces = 4;
  size_t count = 0;
  for (size_t more = 1;
       more <= network.layers.size() && more <= count + patience; ++more)
    if (isBetter(more, usualPieces))
      count = more;
  for (int64_t pieces = 2; count > 0 && pieces <= maxStreamPieces; ++pieces)
    isBetter(count, pieces);
  // Small pieces take longer than what is between their measured sizes tells.
  constexpr double leastGain = 0.01;
  return before > latency * (1 + leastGain) ? best : plan;
}
