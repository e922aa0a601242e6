//===- RowChains.cpp - Layers that go on with the same rows ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/RowChains.h"

using namespace windrow;

/// How often each tensor is read, by layers or by the client.
static std::vector<size_t> countReaders(const Network &network) {
  std::vector<size_t> readers(network.tensors.size());
  for (const Layer &layer : network.layers)
    for (const LayerOperand &operand : layer.operands)
      ++readers[operand.tensor];
  for (size_t tensor : network.results)
    ++readers[tensor];
  return readers;
}

static bool readsSameRows(const LayerOperand &operand) {
  int64_t row = 0;
  for (RowInterval window : operand.windows) {
    if (window != RowInterval{row, row + 1})
      return false;
    ++row;
  }
  return row > 0;
}

/// Whether every device computes the same rows, `all` at most, under both.
static bool haveSameRows(const LayerPlacement &a, const LayerPlacement &b,
                         int64_t all) {
  if (a.devices != b.devices)
    return false;
  for (size_t i = 0; i < a.devices.size(); ++i)
    if (a.computedRows(i, all) != b.computedRows(i, all))
      return false;
  return true;
}

RowChains::RowChains(const Network &network, const TensorUses &uses)
    : network(network), predecessors(network.layers.size()),
      successors(network.layers.size()) {
  const std::vector<size_t> readers = countReaders(network);
  for (size_t index = 0; index < network.layers.size(); ++index) {
    const Layer &layer = network.layers[index];
    const LayerOperand *last = nullptr;
    for (const LayerOperand &operand : layer.operands)
      if (uses.producers[operand.tensor] < index &&
          (!last ||
           uses.producers[last->tensor] < uses.producers[operand.tensor]))
        last = &operand;
    if (!last || readers[last->tensor] != 1 || !readsSameRows(*last))
      continue;
    const size_t before = uses.producers[last->tensor];
    if (!layer.isRowSplittable || !network.layers[before].isRowSplittable)
      continue;
    predecessors[index] = before;
    successors[before] = index;
  }
}

bool RowChains::isLinked(const Plan &plan, std::optional<size_t> before,
                         size_t layer) const {
  auto isByRows = [](const LayerPlacement &placement) {
    return placement.mode == LayerMode::Rows &&
           placement.partialDevices.empty() && placement.pieces == 1;
  };
  return before && isByRows(plan.layers[*before]) &&
         isByRows(plan.layers[layer]) &&
         haveSameRows(plan.layers[*before], plan.layers[layer],
                      network.resultOf(layer).rows);
}

std::vector<std::optional<size_t>>
windrow::findPredecessors(const Network &network, const Plan &plan) {
  const RowChains chains(network, TensorUses(network));
  std::vector<std::optional<size_t>> predecessors;
  for (size_t layer = 0; layer < network.layers.size(); ++layer)
    predecessors.push_back(chains.predecessorOf(plan, layer));
  return predecessors;
}
