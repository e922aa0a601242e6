//===- lower_bound_test.cpp - No plan is faster than the bound ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/LayerStream.h"
#include "passes/Analysis/LowerBound.h"
#include "passes/Analysis/PlanRefinement.h"
#include "passes/Analysis/PlanSearch.h"
#include "passes/Analysis/PlanTimeline.h"
#include "passes/Analysis/RulePlans.h"
#include "test/unit/planner_networks.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace windrow;
using namespace windrow::test;

namespace {

/// Draws networks, clusters and plans.
class Drawing {
public:
  explicit Drawing(uint32_t seed) : random(seed) {}

  int64_t draw(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % (most - least + 1));
  }
  Network drawNetwork();
  ClusterDescription drawCluster();
  LayerPlacement drawPlacement(const Network &network, size_t layer,
                               size_t devices);
  Plan change(const Network &network, Plan plan, size_t devices);

private:
  std::vector<size_t> drawDevices(size_t devices, size_t least);
  std::vector<int64_t> drawBounds(int64_t all, size_t parts, int64_t grain);

  std::mt19937 random;
};

Network Drawing::drawNetwork() {
  NetworkBuilder builder(draw(3, 32), draw(4, 40), draw(1, 40));
  const int64_t channels = 8 * draw(1, 16);
  const int64_t layers = draw(2, 7);
  builder.conv(channels, 1 + 2 * draw(0, 1));
  for (int64_t layer = 1; layer < layers; ++layer) {
    if (draw(0, 3) > 0)
      builder.conv(channels, 1 + 2 * draw(0, 1));
    else if (draw(0, 1))
      builder.conv(channels, 3, 2).conv(channels, 1);
    else
      builder.conv(channels, 3).add(draw(0, 1) ? layer - 1 : layer);
  }
  if (draw(0, 2) == 0)
    builder.globalPool();
  if (draw(0, 1))
    builder.fullyConnected(8 * draw(1, 32));
  Network network = builder.finish();
  if (draw(0, 2) == 0)
    for (Layer &layer : network.layers)
      if (layer.shape.window[0] == 3)
        layer.rowGrain = 2;
  return network;
}

ClusterDescription Drawing::drawCluster() {
  std::vector<double> speeds(draw(2, 5));
  const bool isEqual = draw(0, 1);
  for (double &speed : speeds)
    speed = isEqual ? 1.0 : static_cast<double>(draw(2, 8)) / 4;
  const double megabits[] = {20, 100, 1000, 10000};
  ClusterDescription cluster =
      makeCluster(speeds, megabits[draw(0, 3)],
                  static_cast<double>(draw(0, 4) * draw(0, 4) * 60));
  if (draw(0, 3) == 0)
    cluster.linkExceptions.push_back(
        {"d0",
         draw(0, 1) ? "d1" : "client",
         {megabits[draw(0, 3)], static_cast<double>(draw(0, 4) * 100)}});
  return cluster;
}

std::vector<size_t> Drawing::drawDevices(size_t devices, size_t least) {
  std::vector<size_t> all(devices);
  std::iota(all.begin(), all.end(), size_t(0));
  if (draw(0, 1))
    std::ranges::shuffle(all, random);
  all.resize(draw(static_cast<int64_t>(least), static_cast<int64_t>(devices)));
  return all;
}

std::vector<int64_t> Drawing::drawBounds(int64_t all, size_t parts,
                                         int64_t grain) {
  std::vector<int64_t> bounds{0};
  for (size_t part = 1; part < parts; ++part) {
    const auto even = static_cast<int64_t>(all * part / parts);
    int64_t bound = draw(0, 2) ? even + draw(-1, 1) * grain : draw(0, all);
    bounds.push_back(std::clamp<int64_t>(bound, 0, all));
  }
  std::ranges::sort(bounds);
  bounds.push_back(all);
  return bounds;
}

LayerPlacement Drawing::drawPlacement(const Network &network, size_t index,
                                      size_t devices) {
  const Layer &layer = network.layers[index];
  const NetworkTensor &result = network.resultOf(index);
  LayerPlacement placement;
  const int64_t kind = draw(0, 9);
  if (kind < 5 && layer.isRowSplittable && result.rows > 1) {
    placement.mode = LayerMode::Rows;
    placement.devices = drawDevices(devices, 2);
    placement.bounds =
        drawBounds(result.rows, placement.devices.size(), layer.rowGrain);
    const int64_t more = draw(0, 4) ? 0 : draw(1, 3);
    for (size_t i = 0; more > 0 && i < placement.devices.size(); ++i) {
      const RowInterval own = placement.ownedPart(i);
      placement.computed.push_back(
          own.empty() ? own
                      : RowInterval{std::max<int64_t>(0, own.begin - more),
                                    std::min(result.rows, own.end + more)});
    }
    return placement;
  }
  if (kind < 8 && layer.isChannelSplittable && result.channels > 8) {
    placement.mode = LayerMode::Channels;
    placement.devices = drawDevices(devices, 2);
    placement.bounds = drawBounds(result.channels, placement.devices.size(), 4);
    placement.pieces = draw(0, 1) ? 1 : draw(2, 8);
    return placement;
  }
  placement.mode = draw(0, 1) ? LayerMode::Owner : LayerMode::Replicated;
  placement.devices = drawDevices(devices, 1);
  if (placement.mode == LayerMode::Owner)
    placement.devices.resize(1);
  if (layer.isPartialSplittable && layer.shape.input[1] > 8 &&
      draw(0, 2) == 0) {
    placement.partialDevices = drawDevices(devices, 2);
    placement.partialBounds =
        drawBounds(layer.shape.input[1], placement.partialDevices.size(), 4);
  }
  return placement;
}

/// Gives one to three layers, maybe all alike, another placement, or moves a
/// bound.
Plan Drawing::change(const Network &network, Plan plan, size_t devices) {
  const size_t count = plan.layers.size();
  const size_t first = random() % count;
  const size_t end = std::min(count, first + 1 + random() % 3);
  const bool isCopied = draw(0, 1);
  for (size_t layer = first; layer < end; ++layer) {
    LayerPlacement &placement = plan.layers[layer];
    if (draw(0, 1) && placement.bounds.size() > 2) {
      const size_t bound = 1 + random() % (placement.bounds.size() - 2);
      placement.bounds[bound] =
          std::clamp(placement.bounds[bound] +
                         draw(-1, 1) * network.layers[layer].rowGrain,
                     placement.bounds[bound - 1], placement.bounds[bound + 1]);
      placement.computed.clear();
      continue;
    }
    const Layer &description = network.layers[layer];
    if (isCopied && layer > first &&
        network.resultOf(layer).rows == network.resultOf(layer - 1).rows &&
        plan.layers[layer - 1].mode == LayerMode::Rows &&
        description.isRowSplittable) {
      placement = plan.layers[layer - 1];
      continue;
    }
    placement = drawPlacement(network, layer, devices);
  }
  return plan;
}

/// `plan` without pieces of rows where these are no stream any more.
Plan keepStream(const Network &network, const Plan &plan) {
  const TensorUses uses(network);
  const size_t count = countStreamed(plan);
  const int64_t pieces = count > 0 ? plan.layers.front().pieces : 1;
  if (auto streamed = streamLayers(network, uses, plan, count, pieces))
    return *streamed;
  return *streamLayers(network, uses, plan, 0, 1);
}

/// The latency of the best of many changes of `plan`.
double descend(const CostModel &model, Drawing &drawing, Plan plan, int steps) {
  double latency = predictLatency(model, plan);
  for (int step = 0; step < steps; ++step) {
    const Plan other =
        keepStream(model.network(),
                   drawing.change(model.network(), plan, model.numDevices()));
    const double changed = predictLatency(model, other);
    if (changed <= latency) {
      latency = changed;
      plan = other;
    }
  }
  return latency;
}

/// Bounds between devices move by a row from layer to layer, first one way,
/// then the other.
Plan drift(const Network &network, size_t devices, int64_t period) {
  Plan plan;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    const auto rows = network.resultOf(layer).rows;
    LayerPlacement &placement = plan.layers.emplace_back();
    if (!isRowDividable(network, layer)) {
      placement.mode = LayerMode::Replicated;
      placement.devices.resize(devices);
      std::iota(placement.devices.begin(), placement.devices.end(), size_t(0));
      continue;
    }
    placement.mode = LayerMode::Rows;
    placement.bounds.push_back(0);
    const int64_t phase = static_cast<int64_t>(layer) % (2 * period);
    const int64_t moved = std::min(phase, 2 * period - phase) - period / 2;
    for (size_t device = 0; device < devices; ++device) {
      placement.devices.push_back(device);
      const auto even = static_cast<int64_t>(static_cast<size_t>(rows) *
                                             (device + 1) / devices);
      placement.bounds.push_back(
          std::clamp(even + moved, placement.bounds.back(), rows));
    }
    placement.bounds.back() = rows;
  }
  return plan;
}

TEST(LowerBound, NoPlanThatDriftsIsFaster) {
  const int cases = 60;
  double closest = 1, sum = 0;
  for (int i = 0; i < cases; ++i) {
    Drawing drawing(5000 + i);
    NetworkBuilder builder(drawing.draw(3, 24), drawing.draw(4, 40), 16);
    const int64_t layers = drawing.draw(4, 14);
    const int64_t channels = 8 * drawing.draw(1, 12);
    for (int64_t layer = 0; layer < layers; ++layer)
      builder.conv(channels, drawing.draw(0, 3) ? 3 : 1);
    const Network network = builder.finish();
    const size_t devices = drawing.draw(2, 6);
    const double megabits[] = {20, 100, 1000, 10000};
    const ClusterDescription cluster = makeCluster(
        std::vector<double>(devices, 1.0), megabits[drawing.draw(0, 3)],
        static_cast<double>(drawing.draw(0, 30) * 40));
    const CostModel model(network, cluster, nullptr);
    const double bound = boundLatency(model, /*mayStream=*/false);
    SearchOptions options;
    options.useStreams = false;
    double best = descend(model, drawing, searchPlan(model, options).plan, 300);
    for (size_t used = 2; used <= devices; ++used)
      for (int64_t period : {1, 2, 3, 5, 8})
        best = std::min(
            best, descend(model, drawing, drift(network, used, period), 200));
    EXPECT_LE(bound, best * (1 + 1e-9))
        << "case " << i << " rows " << network.tensors[0].rows << " devices "
        << devices << " layers " << layers << " latency "
        << cluster.defaultLink.latencyUs << " conv "
        << model.wholeSeconds(1, 0) * 1e6;
    closest = std::min(closest, (best - bound) / best);
    sum += (best - bound) / best;
  }
  RecordProperty("mean_gap", std::to_string(sum / cases));
  EXPECT_LE(closest, 0.02);
  EXPECT_LE(sum / cases, 0.30);
}

/// What `model` says of whole layers and of halves of their channels, as if it
/// were measured on devices that compute `tile` channels at once.
CostTable measure(const CostModel &model, int64_t tile) {
  const Network &network = model.network();
  CostTable table;
  for (size_t device = 0; device < model.numDevices(); ++device) {
    MeasuredDevice &measured = table.devices.emplace_back();
    measured.name = model.cluster().devices[device].name;
    measured.channelTile = tile;
    for (size_t layer = 0; layer < network.layers.size(); ++layer) {
      const int64_t all = network.costRows(layer);
      if (model.wholeSeconds(layer, device) == 0)
        continue; // as a reshape, which tables have no entries for
      MeasuredOperator whole{network.layers[layer].shape, {}, {}};
      for (int64_t rows = 1; rows <= all; ++rows) {
        whole.rows.push_back(rows);
        whole.seconds.push_back(model.rowsSeconds(layer, device, rows));
      }
      const int64_t half = whole.shape.output[1] / 2;
      if (network.layers[layer].isChannelSplittable && half % tile == 0) {
        MeasuredOperator slice{
            whole.shape, {all}, {model.channelsSeconds(layer, device, half)}};
        slice.shape.output[1] = half;
        measured.operators.push_back(std::move(slice));
      }
      measured.operators.push_back(std::move(whole));
    }
  }
  return table;
}

/// Draws plans and improves them.
void expectNoPlanIsFaster(bool mayStream, bool hasTiles = false) {
  const int cases = 200;
  double closest = 1, sum = 0;
  for (int i = 0; i < cases; ++i) {
    Drawing drawing(i);
    const Network network = drawing.drawNetwork();
    const ClusterDescription cluster = drawing.drawCluster();
    CostTable table;
    if (hasTiles)
      table = measure(CostModel(network, cluster, nullptr),
                      int64_t(8) << drawing.draw(0, 2));
    const CostModel model(network, cluster, hasTiles ? &table : nullptr);
    const double bound = boundLatency(model, mayStream);
    std::vector<Plan> starts;
    SearchOptions options;
    options.useStreams = mayStream;
    starts.push_back(searchPlan(model, options).plan);
    starts.push_back(divideInProportion(
        network, std::vector<double>(model.numDevices(), 1.0), 0, 1));
    Plan drawn;
    for (size_t layer = 0; layer < network.layers.size(); ++layer)
      drawn.layers.push_back(
          drawing.drawPlacement(network, layer, model.numDevices()));
    starts.push_back(std::move(drawn));
    double best = std::numeric_limits<double>::infinity();
    for (const Plan &start : starts)
      best = std::min(best, descend(model, drawing, start, 400));
    EXPECT_LE(bound, best * (1 + 1e-9))
        << "case " << i << ", " << network.layers.size() << " layers, "
        << cluster.devices.size() << " devices, "
        << cluster.defaultLink.bandwidthMbit << " Mbit/s, "
        << cluster.defaultLink.latencyUs << " us";
    closest = std::min(closest, (best - bound) / best);
    sum += (best - bound) / best;
  }
  testing::Test::RecordProperty("mean_gap", std::to_string(sum / cases));
  EXPECT_LE(closest, 0.02);
  EXPECT_LE(sum / cases, 0.30);
}

TEST(LowerBound, NoPlanIsFaster) { expectNoPlanIsFaster(true); }

TEST(LowerBound, NoPlanWithoutStreamsIsFaster) { expectNoPlanIsFaster(false); }

TEST(LowerBound, NoPlanInTilesIsFaster) {
  expectNoPlanIsFaster(/*mayStream=*/false, /*hasTiles=*/true);
}

TEST(LowerBound, IsTheLatencyOfTheOnlyDevice) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const Network network = Drawing(seed).drawNetwork();
    // An image that is there at once is not worth a stream.
    const ClusterDescription cluster = makeCluster({1.0}, 1e12, 300);
    const CostModel model(network, cluster, nullptr);
    EXPECT_NEAR(boundLatency(model) /
                    predictLatency(model, leaveToOne(network, 0)),
                1.0, 1e-9);
  }
}

TEST(LowerBound, NoStreamOfTheOnlyDeviceIsFaster) {
  double sum = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const Network network = Drawing(seed).drawNetwork();
    const ClusterDescription cluster = makeCluster({1.0}, 100, 300);
    const CostModel model(network, cluster, nullptr);
    const double bound = boundLatency(model);
    const double latency =
        predictLatency(model, chooseStream(model, leaveToOne(network, 0)));
    EXPECT_LE(bound, latency);
    sum += 1 - bound / latency;
  }
  RecordProperty("mean_gap", std::to_string(sum / 20));
  EXPECT_LE(sum / 20, 0.20);
}

TEST(LowerBound, IsReachedWhereExchangesAreCheap) {
  NetworkBuilder builder(64, 64, 32);
  for (int layer = 0; layer < 6; ++layer)
    builder.conv(64, layer % 2 ? 1 : 3);
  const Network network = builder.finish();
  for (size_t devices : {2, 4, 8}) {
    const ClusterDescription cluster =
        makeCluster(std::vector<double>(devices, 1.0), 10000, 20);
    const CostModel model(network, cluster, nullptr);
    SearchOptions options;
    options.useStreams = false;
    const double latency = searchPlan(model, options).latency;
    EXPECT_GE(boundLatency(model, /*mayStream=*/false), 0.95 * latency)
        << devices;
    EXPECT_GE(boundLatency(model), 0.90 * searchPlan(model, {}).latency)
        << devices;
  }
}

} // namespace
