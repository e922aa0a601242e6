//===- BoundExchanges.h - Exchanges of the relaxed plan ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_BOUNDEXCHANGES_H
#define WINDROW_PASSES_ANALYSIS_BOUNDEXCHANGES_H

#include "passes/Analysis/BoundCosts.h"

#include <vector>

namespace windrow {

/// What exchanges add at least to the mean of the devices' clocks. `model` and
/// `costs` must outlive it.
class BoundExchanges {
public:
  BoundExchanges(const CostModel &model, const BoundCosts &costs);

  /// Seconds until `part` of what layer 0 reads is there.
  double entrySeconds(const BoundState &state, double part) const;
  /// Seconds from the layer before `layer` to it, where the layers before were
  /// a stream for `streamed` seconds.
  double changeSeconds(size_t layer, const BoundState &from,
                       const BoundState &to, double streamed = 0) const;
  /// Seconds in which the partial results of `layer` become its result.
  double sumSeconds(size_t layer, const BoundState &state) const;
  /// Seconds from the last layer to the answer, of which `part` has not
  /// travelled before.
  double answerSeconds(const BoundState &state, double part) const;

private:
  /// Of the rows at a bound between devices.
  struct RowNeeds {
    const LayerOperand *operand = nullptr; ///< of the layer before; or null
    int64_t shared = 0;                    ///< rows that both sides read
    int64_t stride = 0;
  };

  void findLeastLinks();
  RowNeeds findRowNeeds(size_t layer) const;
  double rowChangeSeconds(size_t layer, const BoundState &from,
                          const BoundState &to, double streamed) const;
  double hiddenSeconds(size_t layer, size_t workers) const;
  double scatterSeconds(double bytes, double hidden,
                        const BoundState &to) const;
  double gatherSeconds(double bytes, double hidden, const BoundState &from,
                       const BoundState &to) const;
  double lackingShare(const BoundState &from, const BoundState &to) const;
  double foreignShare(size_t sources, size_t readers) const;

  const CostModel &model;
  const BoundCosts &costs;
  const Network &network;
  /// By layer.
  std::vector<RowNeeds> rowNeeds;
  /// By layer and workers; 0 where not known yet.
  mutable std::vector<std::vector<double>> hidden;
  /// Of any link between devices, and of any of the client's.
  LinkCost inner{infinity, infinity, infinity};
  LinkCost outer = inner;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_BOUNDEXCHANGES_H
