//===- SegmentCosts.h - Costs of layers in the forms of a search *- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The search knows a tensor by its form: whole on one device, whole on all of a
// group, or divided by rows or channels among a group. This file says what a
// layer takes that reads and writes one form, and what changing the form of a
// tensor takes. Sums of these costs guide the search; the timeline judges its
// plans.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_SEGMENTCOSTS_H
#define WINDROW_PASSES_ANALYSIS_SEGMENTCOSTS_H

#include "passes/Analysis/CostModel.h"
#include "passes/Analysis/Plan.h"

#include <map>
#include <tuple>
#include <vector>

namespace windrow {

/// Devices that work together, in the order of their parts.
struct DeviceGroup {
  std::vector<size_t> devices;
  /// Where the parts end, as shares of the whole: 0 first, 1 last.
  std::vector<double> ends;
};

/// A form that tensors are held in between layers.
struct TensorForm {
  LayerMode mode = LayerMode::Owner;
  size_t group = 0;

  friend bool operator==(TensorForm, TensorForm) = default;
};

/// The groups that a search considers: the fastest device alone, then ever more
/// of the fastest ones, in the cluster's order. Of many devices not every
/// number is tried, but all of them are.
std::vector<DeviceGroup> chooseGroups(const CostModel &model);

/// Gives `group` shares of equal time, all layers that can be divided by rows
/// taken together.
void balanceGroup(const CostModel &model, DeviceGroup &group);

/// Bounds between channels are multiples of this: the tile of the kernels,
/// where there is one for each of `devices`.
int64_t channelTile(const CostModel &model, int64_t channels, size_t devices);

/// In at most how many pieces a search lets devices compute their channels.
inline constexpr int64_t maxPieces = 4;

/// What layers and changes of form cost. `model` must outlive it.
class SegmentCosts {
public:
  SegmentCosts(const CostModel &model, std::vector<DeviceGroup> groups,
               std::vector<TensorForm> forms);

  const std::vector<DeviceGroup> &groups() const { return theGroups; }
  const std::vector<TensorForm> &forms() const { return theForms; }

  /// Whether `layer` can be computed in the form.
  bool isPossible(size_t layer, size_t form) const {
    return possible[form][layer];
  }
  /// Seconds of `layer` where it and those before have the form.
  double layerSeconds(size_t layer, size_t form) const {
    return seconds[form][layer];
  }
  /// The part of it that is not computing: waiting for rows or channels.
  double exchangeSeconds(size_t layer, size_t form) const {
    return exchange[form][layer];
  }
  /// Seconds until `tensor`, in one form, is in another; of a tensor that the
  /// client has, from there.
  double changeSeconds(size_t tensor, size_t from, size_t to) const;
  double scatterSeconds(size_t tensor, size_t to) const;
  double gatherSeconds(size_t tensor, size_t from) const;
  /// Seconds in which the partial results of `layer`, a row reduction whose
  /// operand is divided, become a result of the form `to`.
  double reductionSeconds(size_t layer, size_t from, size_t to) const;

  /// Where the form places `layer`, for which it must be possible.
  const LayerPlacement &placementOf(size_t layer, size_t form) const;

private:
  void findInnerLayers();
  void addForm(const TensorForm &form);
  Plan makePlan(const TensorForm &form) const;
  int64_t choosePieces(size_t layer, const LayerPlacement &placement) const;
  std::vector<int64_t> makeRowBounds(size_t layer,
                                     const DeviceGroup &group) const;
  double moveSeconds(size_t tensor, const std::vector<size_t> &sources,
                     const TensorForm *from, const TensorForm &to) const;
  double receivedShare(const TensorForm *from, const TensorForm &to,
                       size_t position) const;
  double meanSecondsPerByte(const std::vector<size_t> &devices,
                            size_t other) const;

  const CostModel &model;
  std::vector<DeviceGroup> theGroups;
  std::vector<TensorForm> theForms;
  /// By form and layer.
  std::vector<Plan> plans;
  std::vector<std::vector<bool>> possible;
  std::vector<std::vector<double>> seconds;
  std::vector<std::vector<double>> exchange;
  /// By layer: rows depend on it though it has none to divide.
  std::vector<bool> isInner;
  const std::vector<size_t> equalLayer; ///< see `findEqualLayers`
  /// By rows, bytes of a row and the two forms.
  mutable std::map<std::tuple<int64_t, int64_t, size_t, size_t>, double>
      changes;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_SEGMENTCOSTS_H
