//===- RowChains.h - Layers that go on with the same rows -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_ROWCHAINS_H
#define WINDROW_PASSES_ANALYSIS_ROWCHAINS_H

#include "passes/Analysis/Plan.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace windrow {

/// Chains of layers in a network: where every device computes the same rows of
/// two layers, the second reads of each row of the first no other, and nobody
/// else reads them, the rows that others wait for can go through both before
/// the rest, as `cluster-place` lets them. Of several layers that it reads, a
/// layer goes on with the last. Layers of a stream are in no chain.
class RowChains {
public:
  RowChains(const Network &network, const TensorUses &uses);

  /// The layer with which `layer` goes on under `plan`.
  std::optional<size_t> predecessorOf(const Plan &plan, size_t layer) const {
    return isLinked(plan, predecessors[layer], layer) ? predecessors[layer]
                                                      : std::nullopt;
  }
  /// Whether another layer goes on with `layer` under `plan`.
  bool isFollowed(const Plan &plan, size_t layer) const {
    return successors[layer] && isLinked(plan, layer, *successors[layer]);
  }
  /// The last layer that may be in the chain of `layer` under any plan.
  size_t lastOf(size_t layer) const {
    while (successors[layer])
      layer = *successors[layer];
    return layer;
  }

private:
  bool isLinked(const Plan &plan, std::optional<size_t> before,
                size_t layer) const;

  const Network &network;
  /// By layer, under those plans that place the two alike.
  std::vector<std::optional<size_t>> predecessors;
  std::vector<std::optional<size_t>> successors;
};

/// For each layer the one before it in its chain under `plan`, if any.
std::vector<std::optional<size_t>> findPredecessors(const Network &network,
                                                    const Plan &plan);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_ROWCHAINS_H
