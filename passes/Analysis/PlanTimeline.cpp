//===- PlanTimeline.cpp - When everything of a plan happens ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanTimeline.h"

#include "passes/Analysis/TimelineSteps.h"

#include <algorithm>

using namespace windrow;

PlanTimes windrow::predictTimes(const CostModel &model, const Plan &plan,
                                bool withLayers) {
  const Network &network = model.network();
  const std::vector<TensorExchange> exchanges =
      findExchanges(network, plan, model.numDevices());
  const TensorUses uses(network);
  PlanTimes times;
  times.devices.resize(model.numDevices());
  times.finish.resize(network.layers.size());
  if (withLayers)
    times.layers.assign(network.layers.size(),
                        std::vector<LayerTime>(model.numDevices()));
  TimelineSteps steps(model, uses, plan, exchanges);
  steps.times = &times;
  for (size_t step = 0; step < steps.numSteps(); ++step)
    steps.run(step);
  times.latency = steps.values[steps.clockOf(model.client())];
  return times;
}

double windrow::predictLatency(const CostModel &model, const Plan &plan) {
  return predictTimes(model, plan).latency;
}
