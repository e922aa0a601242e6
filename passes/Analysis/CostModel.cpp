//===- CostModel.cpp - Seconds of computing and sending -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/CostModel.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

using namespace windrow;

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// Cost tables name operators; these two multiply by weights of their own.
static bool hasWeights(const OperatorShape &shape) {
  return shape.kind == "conv_2d" || shape.kind == "fully_connected";
}

/// Winograd's algorithms multiply less and add more: what measuring says of
/// layers with many channels (benchmarks/RESULTS.md).
static double savedWork(const OperatorShape &shape) {
  if (shape.kernel == "winograd4x4")
    return 2.4;
  return shape.kernel == "winograd2x2" ? 1.6 : 1.0;
}

OperatorWork windrow::workOf(const OperatorShape &shape, double rows) {
  constexpr double elementBytes = 4;
  auto positive = [](int64_t size) {
    return static_cast<double>(std::max<int64_t>(size, 1));
  };
  const double outputs =
      rows * positive(shape.output[0]) * positive(shape.output[1]);
  const double inputs = rows * positive(shape.strides[0]) *
                        positive(shape.input[0]) * positive(shape.input[1]);
  const double window = positive(shape.window[0]) * positive(shape.window[1]);
  if (!hasWeights(shape))
    return {outputs * window, (inputs + outputs) * elementBytes};
  const double macsPerOutput =
      window * positive(shape.input[1]) / positive(shape.groups);
  const double weights = macsPerOutput * positive(shape.output[1]);
  return {outputs * macsPerOutput / savedWork(shape),
          (inputs + outputs + weights) * elementBytes};
}

/// The work of `rows` of the rows that the cost of `layer` grows with.
static OperatorWork layerWork(const Network &network, size_t index,
                              double rows) {
  const nn::OpCost &cost = network.layers[index].cost;
  const double share = rows / static_cast<double>(network.costRows(index));
  const auto activations = static_cast<double>(cost.activationBytesRead +
                                               cost.activationBytesWritten);
  return {share * static_cast<double>(cost.macs) /
              savedWork(network.layers[index].shape),
          share * activations + static_cast<double>(cost.weightBytes)};
}

static bool isEqual(const Network &network, size_t a, size_t b) {
  const Layer &one = network.layers[a], &other = network.layers[b];
  return one.shape == other.shape && one.cost == other.cost &&
         one.rowGrain == other.rowGrain &&
         network.costRows(a) == network.costRows(b) &&
         network.resultOf(a).rows == network.resultOf(b).rows;
}

std::vector<size_t> windrow::findEqualLayers(const Network &network) {
  std::vector<size_t> equal;
  std::vector<size_t> distinct;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    auto found = std::ranges::find_if(
        distinct, [&](size_t other) { return isEqual(network, layer, other); });
    if (found == distinct.end())
      found = distinct.insert(found, layer);
    equal.push_back(*found);
  }
  return equal;
}

//===----------------------------------------------------------------------===//
// Measurements
//===----------------------------------------------------------------------===//

/// Rows that a kernel computes at once: of some, as many as of all.
static int64_t rowTile(const OperatorShape &shape) {
  if (shape.kernel == "winograd4x4")
    return 4;
  return shape.kernel == "winograd2x2" ? 2 : 1;
}

/// Piecewise linear in rows, or in whole tiles of them; fewer than the first
/// number take as long as that, more than the last take in proportion, but for
/// the overhead of the call.
static double interpolate(const MeasuredOperator &measured, double rows,
                          double overhead) {
  const std::vector<int64_t> &xs = measured.rows;
  const std::vector<double> &ys = measured.seconds;
  const auto tile = static_cast<double>(rowTile(measured.shape));
  auto tilesOf = [&](double count) {
    return tile > 1 ? std::ceil(count / tile) : count;
  };
  auto tilesAt = [&](int64_t x) { return tilesOf(static_cast<double>(x)); };
  const double tiles = tilesOf(rows);
  auto next = std::ranges::upper_bound(xs, tiles, {}, tilesAt);
  if (next == xs.begin())
    return ys.front();
  const size_t last = next - xs.begin() - 1;
  const double more = tiles - tilesAt(xs[last]);
  if (next == xs.end()) {
    const double fixed = std::min(overhead, ys[last]);
    return ys[last] + (ys[last] - fixed) * more / tilesAt(xs[last]);
  }
  // The last one that is as many tiles.
  const size_t upper =
      std::ranges::upper_bound(next, xs.end(), tilesAt(*next), {}, tilesAt) -
      xs.begin() - 1;
  return ys[last] + more * (ys[upper] - ys[last]) /
                        (tilesAt(xs[upper]) - tilesAt(xs[last]));
}

static bool isSameKind(const OperatorShape &a, const OperatorShape &b) {
  auto isGrouped = [](const OperatorShape &shape) { return shape.groups > 1; };
  return a.kind == b.kind && a.kernel == b.kernel && a.window == b.window &&
         a.strides == b.strides && isGrouped(a) == isGrouped(b);
}

/// How far two works are from each other: in powers of e of either number.
static double distance(OperatorWork a, OperatorWork b) {
  return std::abs(std::log((a.macs + 1) / (b.macs + 1))) +
         std::abs(std::log((a.bytes + 1) / (b.bytes + 1)));
}

static double roofline(OperatorWork work, double macsPerSecond,
                       double bytesPerSecond) {
  return std::max(work.macs / macsPerSecond, work.bytes / bytesPerSecond);
}

/// The measurements that say most about `shape`, of which `rows` rows are
/// `work`.
CostModel::References CostModel::findReferences(const Rates &rates,
                                                const OperatorShape &shape,
                                                OperatorWork work,
                                                double rows) const {
  References references;
  if (!rates.measured)
    return references;
  // Clamping may or may not be a pass of its own.
  OperatorShape other = shape;
  other.isClamped = !other.isClamped;
  for (const OperatorShape &wanted : {shape, other}) {
    for (const MeasuredOperator &op : rates.measured->operators)
      if (op.shape == wanted)
        references.exact = &op;
    if (references.exact)
      return references;
  }
  struct Neighbour {
    const MeasuredOperator *op;
    double distance;
  };
  std::vector<Neighbour> neighbours;
  for (const MeasuredOperator &op : rates.measured->operators)
    if (isSameKind(op.shape, shape))
      neighbours.push_back({&op, distance(workOf(op.shape, rows), work)});
  const size_t count = std::min<size_t>(neighbours.size(), 2);
  std::ranges::partial_sort(neighbours, neighbours.begin() + count, {},
                            &Neighbour::distance);
  for (size_t i = 0; i < count; ++i)
    references.near.push_back(
        {neighbours[i].op, 1 / (neighbours[i].distance + 1e-3)});
  return references;
}

bool CostModel::isMeasured(size_t layer) const {
  const auto rows = static_cast<double>(theNetwork.costRows(layer));
  const OperatorWork work = layerWork(theNetwork, layer, rows);
  return std::ranges::all_of(classes, [&](const Rates &rates) {
    return !rates.measured ||
           findReferences(rates, theNetwork.layers[layer].shape, work, rows)
               .exact;
  });
}

double CostModel::secondsOf(const Rates &rates, const References &references,
                            OperatorWork work, double rows) const {
  if (work.macs == 0 && work.bytes == 0)
    return 0;
  const double overhead = rates.kernelOverheadSeconds;
  if (references.exact)
    return interpolate(*references.exact, rows, overhead);
  auto ideal = [&](OperatorWork part) {
    return roofline(part, rates.macsPerSecond, rates.bytesPerSecond);
  };
  double weights = 0, sum = 0;
  for (auto [op, weight] : references.near) {
    // As many rows, so that strips compare with strips.
    const double busy = interpolate(*op, rows, overhead) - overhead;
    if (busy <= 0)
      continue;
    weights += weight;
    sum += weight * busy / ideal(workOf(op->shape, rows));
  }
  const double slowdown = weights > 0 ? sum / weights : 1.0;
  return overhead + slowdown * ideal(work);
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

/// The best rates of any operator of `device`: what its processor can do.
static std::pair<double, double> bestRates(const MeasuredDevice &device) {
  double macs = 1, bytes = 1;
  for (const MeasuredOperator &op : device.operators)
    for (size_t i = 0; i < op.rows.size(); ++i) {
      const OperatorWork work = workOf(op.shape, double(op.rows[i]));
      macs = std::max(macs, work.macs / op.seconds[i]);
      bytes = std::max(bytes, work.bytes / op.seconds[i]);
    }
  return {macs, bytes};
}

void CostModel::addDevices(const CostTable *table) {
  for (size_t i = 0; i < theCluster.devices.size(); ++i) {
    const DeviceDescription &device = theCluster.devices[i];
    Rates rates{};
    rates.measured = table ? table->findDevice(device.name) : nullptr;
    if (rates.measured && rates.measured->operators.empty())
      rates.measured = nullptr;
    if (rates.measured) {
      std::tie(rates.macsPerSecond, rates.bytesPerSecond) =
          bestRates(*rates.measured);
      rates.kernelOverheadSeconds = rates.measured->kernelOverheadSeconds;
      widestTile = std::max(widestTile, rates.measured->channelTile);
    } else {
      const double gflops = device.gflops.value_or(
          defaultGflops * device.speed * static_cast<double>(device.threads));
      rates.macsPerSecond = gflops * 1e9 / 2;
      rates.bytesPerSecond =
          device.gbps.value_or(defaultGbps * device.speed) * 1e9;
      rates.kernelOverheadSeconds = defaultKernelOverheadSeconds;
      unmeasured.push_back(i);
    }
    auto isEqual = [&](const Rates &other) {
      return other.measured == rates.measured &&
             other.macsPerSecond == rates.macsPerSecond &&
             other.bytesPerSecond == rates.bytesPerSecond;
    };
    auto found = std::ranges::find_if(classes, isEqual);
    deviceClasses.push_back(found - classes.begin());
    if (found == classes.end())
      classes.push_back(rates);
  }
}

void CostModel::addLinks(const CostTable *table) {
  auto nameOf = [&](size_t participant) -> std::string_view {
    return participant == client()
               ? std::string_view("client")
               : std::string_view(theCluster.devices[participant].name);
  };
  for (size_t from = 0; from <= client(); ++from)
    for (size_t to = 0; to <= client(); ++to) {
      const MeasuredLink *measured =
          table ? table->findLink(nameOf(from), nameOf(to)) : nullptr;
      if (measured) {
        links.push_back({measured->latencySeconds, 1 / measured->bytesPerSecond,
                         measured->messageSeconds});
        continue;
      }
      const LinkDescription &link =
          theCluster.linkBetween(nameOf(from), nameOf(to));
      links.push_back({link.latencyUs * 1e-6, 8e-6 / link.bandwidthMbit,
                       defaultMessageSeconds});
    }
}

std::unique_ptr<CostModel::RowCurves>
CostModel::makeRowCurves(const Rates &rates) const {
  auto curves = std::make_unique<RowCurves>();
  for (size_t layer = 0; layer < theNetwork.layers.size(); ++layer) {
    std::vector<double> &curve = curves->emplace_back(1, 0.0);
    const auto allRows = static_cast<double>(theNetwork.costRows(layer));
    const References references =
        findReferences(rates, theNetwork.layers[layer].shape,
                       layerWork(theNetwork, layer, allRows), allRows);
    const auto grain = static_cast<double>(theNetwork.layers[layer].rowGrain);
    for (double rows = 1; rows <= allRows; ++rows) {
      // Whole grains are computed.
      const double computed =
          std::min(allRows, std::ceil(rows / grain) * grain);
      const double seconds = secondsOf(
          rates, references, layerWork(theNetwork, layer, computed), computed);
      // Noise must not make more rows cheaper: balancing relies on it.
      curve.push_back(std::max(curve.back(), seconds));
    }
  }
  return curves;
}

CostModel::CostModel(const Network &network, const ClusterDescription &cluster,
                     const CostTable *table)
    : theNetwork(network), theCluster(cluster),
      equalLayers(findEqualLayers(network)) {
  assert(!cluster.devices.empty() && "a cluster has devices");
  addDevices(table);
  addLinks(table);
  for (const Rates &rates : classes)
    rowCurves.push_back(makeRowCurves(rates));
  slices.resize(classes.size() * network.layers.size());
}

//===----------------------------------------------------------------------===//
// Slices of channels
//===----------------------------------------------------------------------===//

/// Seconds of `shape`, all `rows` rows of it, between and beyond measurements
/// of it with other numbers of `channels`, a member of its `input` or `output`;
/// nothing where there are fewer than two.
static std::optional<double>
interpolateChannels(const MeasuredDevice &device, const OperatorShape &shape,
                    std::array<int64_t, 2> OperatorShape::*channels,
                    double rows, double overhead) {
  std::map<int64_t, double> measured;
  for (const MeasuredOperator &op : device.operators) {
    if (op.shape.kind != shape.kind || op.shape.kernel != shape.kernel)
      continue;
    OperatorShape other = op.shape;
    const int64_t count = (other.*channels)[1];
    (other.*channels)[1] = (shape.*channels)[1];
    other.isClamped = shape.isClamped;
    if (other != shape)
      continue;
    const double seconds = interpolate(op, rows, overhead);
    auto [entry, isNew] = measured.try_emplace(count, seconds);
    if (!isNew && op.shape.isClamped == shape.isClamped)
      entry->second = seconds;
  }
  if (measured.size() < 2)
    return std::nullopt;
  const auto wanted = static_cast<double>((shape.*channels)[1]);
  auto high = measured.lower_bound((shape.*channels)[1]);
  if (high == measured.begin())
    ++high;
  else if (high == measured.end())
    --high;
  auto low = std::prev(high);
  const auto begin = static_cast<double>(low->first);
  const double slope =
      std::max(0.0, (high->second - low->second) /
                        (static_cast<double>(high->first) - begin));
  // Fewer channels are never more efficient.
  return std::max(low->second + slope * (wanted - begin),
                  wanted < begin ? low->second * wanted / begin : 0.0);
}

/// `shape` with the output channels that are computed where no fewer than
/// `tile` are.
static OperatorShape roundToTiles(OperatorShape shape, int64_t tile) {
  if (hasWeights(shape) && shape.groups == 1)
    shape.output[1] = (shape.output[1] + tile - 1) / tile * tile;
  return shape;
}

double CostModel::estimate(const Rates &rates, const OperatorShape &shape,
                           OperatorWork work, double rows) const {
  const References references = findReferences(rates, shape, work, rows);
  if (!rates.measured || references.exact)
    return secondsOf(rates, references, work, rows);
  const OperatorShape rounded =
      roundToTiles(shape, rates.measured->channelTile);
  if (rounded != shape) {
    const double growth = static_cast<double>(rounded.output[1]) /
                          static_cast<double>(shape.output[1]);
    return estimate(rates, rounded, {growth * work.macs, growth * work.bytes},
                    rows);
  }
  for (auto channels : {&OperatorShape::output, &OperatorShape::input})
    if (auto seconds = interpolateChannels(*rates.measured, shape, channels,
                                           rows, rates.kernelOverheadSeconds))
      return *seconds;
  return secondsOf(rates, references, work, rows);
}

static constexpr double unknown = -1;

double CostModel::slicedSeconds(size_t layer, size_t device, int64_t channels,
                                bool isInput) const {
  if (channels == 0)
    return 0;
  const Layer &description = theNetwork.layers[layer];
  const int64_t all = std::max<int64_t>(
      1, isInput ? description.shape.input[1] : description.shape.output[1]);
  if (channels >= all)
    return wholeSeconds(layer, device);
  const size_t deviceClass = deviceClasses[device];
  std::vector<double> &known =
      slices[deviceClass * equalLayers.size() + equalLayers[layer]][isInput];
  if (known.empty())
    known.assign(all, unknown);
  double &seconds = known[channels];
  if (seconds != unknown)
    return seconds;

  const double share = static_cast<double>(channels) / static_cast<double>(all);
  const bool isSame = !isInput && !description.operands.empty() &&
                      description.operands.front().channels == ChannelUse::Same;
  OperatorShape shape = description.shape;
  (isInput ? shape.input[1] : shape.output[1]) = channels;
  if (isSame)
    shape.input[1] = std::max<int64_t>(
        1, std::llround(share * static_cast<double>(shape.input[1])));
  if (isSame && shape.groups > 1)
    shape.groups = std::max<int64_t>(
        1, std::llround(share * static_cast<double>(shape.groups)));
  const nn::OpCost &cost = description.cost;
  const double read = isInput || isSame ? share : 1.0;
  const double written = isInput ? 1.0 : share;
  OperatorWork work{share * static_cast<double>(cost.macs) / savedWork(shape),
                    read * static_cast<double>(cost.activationBytesRead) +
                        written *
                            static_cast<double>(cost.activationBytesWritten) +
                        share * static_cast<double>(cost.weightBytes)};
  const auto rows = static_cast<double>(theNetwork.costRows(layer));
  seconds = std::min(estimate(classes[deviceClass], shape, work, rows),
                     wholeSeconds(layer, device));
  return seconds;
}

double CostModel::channelsSeconds(size_t layer, size_t device,
                                  int64_t channels) const {
  return slicedSeconds(layer, device, channels, /*isInput=*/false);
}

double CostModel::partialSeconds(size_t layer, size_t device,
                                 int64_t channels) const {
  return slicedSeconds(layer, device, channels, /*isInput=*/true);
}

double CostModel::operatorSeconds(size_t device, const OperatorShape &shape,
                                  const nn::OpCost &cost, int64_t rows) const {
  const Rates &rates = classes[deviceClasses[device]];
  const OperatorWork work{static_cast<double>(cost.macs) / savedWork(shape),
                          static_cast<double>(cost.activationBytesRead +
                                              cost.activationBytesWritten +
                                              cost.weightBytes)};
  return estimate(rates, shape, work, static_cast<double>(rows));
}

double CostModel::joinSeconds(size_t device, int64_t bytes,
                              int64_t parts) const {
  const Rates &rates = classes[deviceClasses[device]];
  return static_cast<double>(parts) * rates.kernelOverheadSeconds +
         2.0 * static_cast<double>(bytes) / rates.bytesPerSecond;
}

double CostModel::additionSeconds(size_t device, int64_t bytes,
                                  int64_t count) const {
  const Rates &rates = classes[deviceClasses[device]];
  const double traffic = 3.0 * static_cast<double>(bytes);
  return static_cast<double>(count) *
         (rates.kernelOverheadSeconds + traffic / rates.bytesPerSecond);
}
