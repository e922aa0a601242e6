//===- BoundCosts.h - Layers of the relaxed plan ----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_BOUNDCOSTS_H
#define WINDROW_PASSES_ANALYSIS_BOUNDCOSTS_H

#include "passes/Analysis/CostModel.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

namespace windrow {

/// How the relaxed plan computes a layer: all of it on one device or on each of
/// several; rows; channels; or, of divided input channels, partial sums that
/// are added on one device, on each, or each part on another.
enum class BoundForm {
  Owner,
  Replicated,
  Rows,
  Channels,
  OwnerSums,
  ReplicatedSums,
  DividedSums
};

/// One step of the relaxed plan: a layer's form, and how many devices compute
/// some of it: a number between two.
struct BoundState {
  static constexpr std::array<int64_t, 14> overlaps{0, 1,  2,  3,  4,  5,  6,
                                                    8, 10, 12, 16, 20, 24, 32};

  BoundForm form;
  size_t least;
  size_t most;
  /// Of rows: how many are computed on both sides of a bound, a number between
  /// two; the first is one of `overlaps`.
  int64_t overlap;
  int64_t mostOverlap;

  /// Where the overlap stands among all.
  size_t position() const {
    return std::ranges::find(overlaps, overlap) - overlaps.begin();
  }
  bool isSums() const {
    return form == BoundForm::OwnerSums || form == BoundForm::ReplicatedSums ||
           form == BoundForm::DividedSums;
  }
};

/// What computing takes at least, on the mean of the devices by their speeds.
/// `model` must outlive it.
class BoundCosts {
public:
  explicit BoundCosts(const CostModel &model);

  /// Seconds of `layer`; infinite where it cannot have the form.
  double layerSeconds(size_t layer, const BoundState &state) const;
  /// Seconds of all of `layer` on the fastest device for it.
  double wholeSeconds(size_t layer) const { return fastest[layer]; }
  /// Seconds of `layer` by channels.
  double channelSeconds(size_t layer, const BoundState &state) const {
    return slicedSeconds(equalLayer[layer], state);
  }
  /// Seconds of `layer` by rows without overlap.
  double rowsSeconds(size_t layer, size_t workers) const;

  /// Of the `count` fastest devices: the share of the fastest.
  double greatestShare(size_t count) const {
    return speeds[0] / speedSums[count];
  }

private:
  /// By rows beyond one for each device, in the order of their cost.
  struct RowSegment {
    double rows;
    double slope;
  };
  struct RowsCost {
    double seconds = 0;
    double perRow = 0; ///< of one more
  };

  void sortDevices();
  void findFastest();
  const std::vector<RowSegment> &hullOf(size_t layer, size_t device,
                                        int64_t most) const;
  const RowsCost &findRowsCost(size_t layer, size_t workers) const;
  RowsCost makeRowsCost(size_t layer, size_t workers) const;
  double slicedSeconds(size_t layer, const BoundState &state) const;
  double makeSlicedSeconds(size_t layer, bool isInput, size_t workers) const;

  const CostModel &model;
  const Network &network;
  std::vector<size_t> fastestFirst;
  /// In that order, and summed up: entry n is of the n fastest.
  std::vector<double> speeds;
  std::vector<double> speedSums;
  const std::vector<size_t> equalLayer; ///< see `findEqualLayers`
  /// By layer, class and most rows; by layer and workers; by layer, form and
  /// workers.
  mutable std::map<std::tuple<size_t, size_t, int64_t>, std::vector<RowSegment>>
      hulls;
  mutable std::vector<std::vector<std::optional<RowsCost>>> rowsCosts;
  mutable std::array<std::vector<std::vector<std::optional<double>>>, 2> slices;
  std::vector<double> fastest; ///< by layer
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_BOUNDCOSTS_H
