//===- CostModel.h - Seconds of computing and sending -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What parts of layers and messages take on the devices of a cluster. Times
// come from a cost table where there is one: piecewise linear in rows for an
// operator that was measured, by the efficiency of the nearest ones for
// another. Without measurements a roofline stands in: the greater of the
// arithmetic and the memory traffic at the rates that the cluster file gives
// (Williams, Waterman and Patterson, "Roofline", 2009).
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_COSTMODEL_H
#define WINDROW_PASSES_ANALYSIS_COSTMODEL_H

#include "passes/Analysis/ClusterDescription.h"
#include "passes/Analysis/CostTable.h"
#include "passes/Analysis/Network.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace windrow {

/// Of a device of speed 1 whose rates nobody states; the arithmetic of each
/// thread, the memory of all together. About one core of a Raspberry Pi 4.
inline constexpr double defaultGflops = 10.0;
inline constexpr double defaultGbps = 4.0;
/// What a kernel call and a message take beyond their work where that was not
/// measured.
inline constexpr double defaultKernelOverheadSeconds = 20e-6;
inline constexpr double defaultMessageSeconds = 25e-6;

/// Seconds of what cannot be.
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// Arithmetic and memory traffic of a part of an operator.
struct OperatorWork {
  double macs = 0;
  double bytes = 0;
};

/// The work of `rows` rows of `shape`, whose elements have four bytes; less
/// arithmetic where the kernel saves some.
OperatorWork workOf(const OperatorShape &shape, double rows);

/// One direction between two participants.
struct LinkCost {
  double latencySeconds = 0;
  double secondsPerByte = 0;
  double messageSeconds = 0; ///< of either end's processor
};

/// By layer: the first one that costs the same, however its rows or channels
/// are divided.
std::vector<size_t> findEqualLayers(const Network &network);

/// How long things take in one network on one cluster. Participants are
/// numbered as the cluster's devices, the client follows them. Of rows and
/// channels, none take no time, and more never take less. Thread-compatible;
/// the network and the cluster must outlive it.
class CostModel {
public:
  /// `table` may be null.
  CostModel(const Network &network, const ClusterDescription &cluster,
            const CostTable *table);

  const Network &network() const { return theNetwork; }
  const ClusterDescription &cluster() const { return theCluster; }
  size_t numDevices() const { return theCluster.devices.size(); }
  size_t client() const { return numDevices(); }

  /// Seconds of `rows` rows of `layer`, of its operand where it is a row
  /// reduction.
  double rowsSeconds(size_t layer, size_t device, int64_t rows) const {
    return (*rowCurves[deviceClasses[device]])[layer][rows];
  }
  /// Seconds of these rows of the result of `layer`: of whole grains.
  double intervalSeconds(size_t layer, size_t device, RowInterval rows) const {
    const int64_t grain = theNetwork.layers[layer].rowGrain;
    const int64_t begin = rows.begin / grain * grain;
    const int64_t end = std::min((rows.end + grain - 1) / grain * grain,
                                 theNetwork.costRows(layer));
    return rows.empty() ? 0.0 : rowsSeconds(layer, device, end - begin);
  }
  double wholeSeconds(size_t layer, size_t device) const {
    return rowsSeconds(layer, device, theNetwork.costRows(layer));
  }
  /// Seconds of some channels of the result, all rows: of whole tiles where the
  /// device has some (`MeasuredDevice::channelTile`).
  double channelsSeconds(size_t layer, size_t device, int64_t channels) const;
  /// Seconds of the partial result of some input channels, all rows.
  double partialSeconds(size_t layer, size_t device, int64_t channels) const;
  /// Seconds to add `count` tensors of `bytes` to another.
  double additionSeconds(size_t device, int64_t bytes, int64_t count) const;
  /// Seconds to lay `parts`, some channels of each pixel, together: `bytes` in
  /// all.
  double joinSeconds(size_t device, int64_t bytes, int64_t parts) const;

  /// Seconds of an operator that need not be a layer's: of one of its parts as
  /// a device's program has it. `rows` are those that its cost grows with.
  double operatorSeconds(size_t device, const OperatorShape &shape,
                         const nn::OpCost &cost, int64_t rows) const;

  const LinkCost &link(size_t from, size_t to) const {
    return links[from * (numDevices() + 1) + to];
  }

  /// Whether every device that was measured at all has run this very operator;
  /// only then are different kernels comparable.
  bool isMeasured(size_t layer) const;

  /// Bounds between channels that several devices compute are best multiples
  /// of this: the widest tile of any device, 16 at least.
  int64_t channelTile() const { return widestTile; }

  /// Devices of one class have the same costs.
  size_t deviceClass(size_t device) const { return deviceClasses[device]; }
  /// Devices for which a roofline stands in for measurements.
  const std::vector<size_t> &unmeasuredDevices() const { return unmeasured; }

private:
  /// Measurements from which the time of an operator follows: of that operator,
  /// or of the nearest ones with their weights.
  struct References {
    const MeasuredOperator *exact = nullptr;
    std::vector<std::pair<const MeasuredOperator *, double>> near;
  };

  /// What one or several equal devices take.
  struct Rates {
    double macsPerSecond;
    double bytesPerSecond;
    double kernelOverheadSeconds;
    const MeasuredDevice *measured;
  };

  using RowCurves = std::vector<std::vector<double>>;

  void addDevices(const CostTable *table);
  void addLinks(const CostTable *table);
  std::unique_ptr<RowCurves> makeRowCurves(const Rates &rates) const;
  References findReferences(const Rates &rates, const OperatorShape &shape,
                            OperatorWork work, double rows) const;
  double secondsOf(const Rates &rates, const References &references,
                   OperatorWork work, double rows) const;
  double estimate(const Rates &rates, const OperatorShape &shape,
                  OperatorWork work, double rows) const;
  double slicedSeconds(size_t layer, size_t device, int64_t channels,
                       bool isInput) const;

  const Network &theNetwork;
  const ClusterDescription &theCluster;
  std::vector<Rates> classes;
  std::vector<size_t> deviceClasses;
  std::vector<size_t> unmeasured;
  int64_t widestTile = 16;
  std::vector<LinkCost> links;
  /// By class, layer and rows.
  std::vector<std::unique_ptr<RowCurves>> rowCurves;
  const std::vector<size_t> equalLayers; ///< see `findEqualLayers`
  /// By class and layer, whether channels of the input are divided, and how
  /// many there are: what was asked for.
  mutable std::vector<std::array<std::vector<double>, 2>> slices;
};

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_COSTMODEL_H
