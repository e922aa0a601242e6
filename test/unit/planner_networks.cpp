//===- planner_networks.cpp - Small networks for tests of the planner -----===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/planner_networks.h"

using namespace windrow;
using namespace windrow::test;

NetworkBuilder::NetworkBuilder(int64_t rows, int64_t width, int64_t channels) {
  network.tensors.push_back({rows, width, channels, 4});
  network.arguments = {0};
}

Layer &NetworkBuilder::addLayer(std::string kind, NetworkTensor result) {
  const size_t operand = network.tensors.size() - 1;
  const NetworkTensor &input = network.tensors[operand];
  Layer &layer = network.layers.emplace_back();
  layer.name = kind + "_" + std::to_string(network.layers.size() - 1);
  layer.shape.kind = std::move(kind);
  layer.shape.input = {input.width, input.channels};
  layer.shape.output = {result.width, result.channels};
  layer.cost.activationBytesRead = input.bytes();
  layer.cost.activationBytesWritten = result.bytes();
  layer.operands.push_back({operand, {}, ChannelUse::All});
  layer.result = network.tensors.size();
  network.tensors.push_back(result);
  return layer;
}

NetworkBuilder &NetworkBuilder::conv(int64_t channels, int64_t kernel,
                                     int64_t stride) {
  const NetworkTensor input = network.tensors.back();
  const NetworkTensor result{(input.rows + stride - 1) / stride,
                             (input.width + stride - 1) / stride, channels, 4};
  Layer &layer = addLayer("conv_2d", result);
  layer.shape.kernel = "direct";
  layer.shape.window = {kernel, kernel};
  layer.shape.strides = {stride, stride};
  layer.isRowSplittable = layer.isChannelSplittable = true;
  layer.isPartialSplittable = true;
  const int64_t weights = kernel * kernel * input.channels * channels;
  layer.cost.macs = weights * result.rows * result.width;
  layer.cost.weightBytes = weights * 4;
  const RowSlide slide{input.rows, kernel, stride, 1, kernel / 2};
  for (int64_t row = 0; row < result.rows; ++row)
    layer.operands.front().windows.push_back(
        rowWindow(slide, {row, row + 1}).rows);
  return *this;
}

NetworkBuilder &NetworkBuilder::add(size_t other) {
  const NetworkTensor result = network.tensors.back();
  const size_t operand = network.layers[other].result;
  Layer &layer = addLayer("add", result);
  layer.isRowSplittable = layer.isChannelSplittable = true;
  layer.cost.macs = result.rows * result.width * result.channels;
  layer.cost.activationBytesRead = 2 * result.bytes();
  layer.operands.push_back({operand, {}, ChannelUse::All});
  for (LayerOperand &each : layer.operands) {
    each.channels = ChannelUse::Same;
    for (int64_t row = 0; row < result.rows; ++row)
      each.windows.push_back({row, row + 1});
  }
  return *this;
}

NetworkBuilder &NetworkBuilder::globalPool() {
  const NetworkTensor input = network.tensors.back();
  Layer &layer = addLayer("global_avg_pool", {1, 1, input.channels, 4});
  layer.isRowReduction = layer.isChannelSplittable = true;
  layer.operands.front().channels = ChannelUse::Same;
  layer.cost.macs = input.rows * input.width * input.channels;
  return *this;
}

NetworkBuilder &NetworkBuilder::fullyConnected(int64_t channels) {
  const NetworkTensor input = network.tensors.back();
  const int64_t inputs = input.rows * input.width * input.channels;
  if (input.rows * input.width > 1) {
    Layer &flatten = addLayer("reshape", {1, 1, inputs, 4});
    flatten.cost = {};
  }
  Layer &layer = addLayer("fully_connected", {1, 1, channels, 4});
  layer.isChannelSplittable = layer.isPartialSplittable = true;
  layer.shape.input = {0, inputs};
  layer.shape.output = {0, channels};
  layer.cost.macs = inputs * channels;
  layer.cost.weightBytes = inputs * channels * 4;
  return *this;
}

Network NetworkBuilder::finish() {
  network.results = {network.tensors.size() - 1};
  return std::move(network);
}

ClusterDescription test::makeCluster(std::vector<double> speeds,
                                     double bandwidthMbit, double latencyUs) {
  ClusterDescription cluster;
  for (size_t i = 0; i < speeds.size(); ++i) {
    DeviceDescription &device = cluster.devices.emplace_back();
    device.name = "d" + std::to_string(i);
    device.address = "localhost:" + std::to_string(7801 + i);
    device.speed = speeds[i];
  }
  cluster.defaultLink = {bandwidthMbit, latencyUs};
  return cluster;
}
