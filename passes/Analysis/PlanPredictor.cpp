//===- PlanPredictor.cpp - Latencies of plans that differ little ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/PlanPredictor.h"

#include <algorithm>
#include <limits>

using namespace windrow;

static constexpr double unreachable = -std::numeric_limits<double>::infinity();

PlanPredictor::PlanPredictor(const CostModel &model, Plan plan)
    : model(model), network(model.network()), uses(network),
      thePlan(std::move(plan)),
      exchanges(findExchanges(network, thePlan, model.numDevices())),
      steps(model, uses, thePlan, exchanges), states(steps.numSteps() + 1),
      tails(steps.numSteps() + 1), terms(steps.numSteps()) {
  findLiveTensors();
  save(0, steps.values, states[0]);
  runForward(0);
  argumentsSent =
      states[steps.lastArgumentStep() + 1][steps.sendFreeOf(model.client())];
  tail.assign(steps.values.size(), unreachable);
  tail[steps.clockOf(model.client())] = 0;
  save(steps.numSteps(), tail, tails.back());
  runBackward(steps.numSteps());
}

void PlanPredictor::findLiveTensors() {
  liveTensors.resize(steps.numSteps() + 1);
  for (size_t tensor = 0; tensor < network.tensors.size(); ++tensor) {
    const size_t producer = uses.producers[tensor];
    const size_t first = producer == network.layers.size() ? 0 : producer + 1;
    size_t last = first;
    if (uses.isResult[tensor])
      last = steps.numSteps() - 1;
    for (size_t reader : uses.readers[tensor])
      last = std::max(last, steps.lastStepOf(reader));
    for (size_t step = first + 1; step <= last; ++step)
      liveTensors[step].push_back(tensor);
  }
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

void PlanPredictor::save(size_t step, const std::vector<double> &values,
                         std::vector<double> &state) const {
  state.assign(values.begin(), values.begin() + steps.numParticipantValues());
  for (size_t tensor : liveTensors[step]) {
    auto first = values.begin() + steps.arrivalOf(tensor, 0);
    state.insert(state.end(), first, first + model.numDevices() + 1);
  }
}

void PlanPredictor::load(size_t step, const std::vector<double> &state,
                         std::vector<double> &values) const {
  auto next = state.begin() + steps.numParticipantValues();
  std::copy(state.begin(), next, values.begin());
  for (size_t tensor : liveTensors[step]) {
    auto end = next + model.numDevices() + 1;
    std::copy(next, end, values.begin() + steps.arrivalOf(tensor, 0));
    next = end;
  }
}

void PlanPredictor::addWork(size_t numSteps) {
  // Everyone who needs a row looks for its owner among all devices: from a few
  // dozen of them on, that takes most of a step.
  const size_t lookups = 1 + model.numDevices() / 32;
  theWork +=
      static_cast<int64_t>(numSteps * (model.numDevices() + 4) * lookups);
}

/// The states after step `first` and the later ones.
void PlanPredictor::runForward(size_t first) {
  addWork(2 * (steps.numSteps() - first));
  load(first, states[first], steps.values);
  for (size_t step = first; step < steps.numSteps(); ++step) {
    terms[step].clear();
    steps.terms = &terms[step];
    steps.run(step);
    save(step + 1, steps.values, states[step + 1]);
  }
  steps.terms = nullptr;
  theLatency = steps.values[steps.clockOf(model.client())];
}

/// The ways to the end from before step `last - 1` and the earlier ones.
void PlanPredictor::runBackward(size_t last) {
  addWork(2 * last);
  std::ranges::fill(tail, unreachable);
  load(last, tails[last], tail);
  for (size_t step = last; step-- > 0;) {
    for (size_t i = terms[step].size(); i-- > 0;) {
      const TimelineTerm &term = terms[step][i];
      if (term.source == TimelineTerm::noSource)
        tail[term.target] = unreachable;
      else if (term.source == term.target)
        tail[term.target] += term.seconds;
      else
        tail[term.source] =
            std::max(tail[term.source], tail[term.target] + term.seconds);
    }
    save(step, tail, tails[step]);
  }
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

/// The steps that may differ, with the tensors whose exchange may.
PlanPredictor::Window
PlanPredictor::findWindow(const std::vector<PlacementChange> &changes) {
  changedTensors.clear();
  for (const PlacementChange &change : changes) {
    changedTensors.push_back(network.layers[change.layer].result);
    for (const LayerOperand &operand : network.layers[change.layer].operands)
      changedTensors.push_back(operand.tensor);
  }
  std::ranges::sort(changedTensors);
  auto rest = std::ranges::unique(changedTensors);
  changedTensors.erase(rest.begin(), rest.end());
  Window window{steps.numSteps(), 0};
  for (size_t tensor : changedTensors) {
    const size_t producer = uses.producers[tensor];
    const size_t made = producer == network.layers.size() ? 0 : producer + 1;
    window.first = std::min(window.first, made);
    window.last =
        std::max(window.last, made == 0 ? 1 : steps.lastStepOf(producer) + 1);
    if (uses.isResult[tensor])
      window.last = steps.numSteps();
    for (size_t reader : uses.readers[tensor])
      window.last = std::max(window.last, steps.lastStepOf(reader) + 1);
  }
  return window;
}

void PlanPredictor::exchangePlacements(std::vector<PlacementChange> &changes) {
  for (PlacementChange &change : changes)
    std::swap(thePlan.layers[change.layer], change.placement);
}

double PlanPredictor::latencyFrom(Window window) {
  addWork(window.last - window.first + 2);
  load(window.first, states[window.first], steps.values);
  for (size_t step = window.first; step < window.last; ++step)
    steps.run(step);
  const std::vector<double> &ways = tails[window.last];
  double latency = 0;
  auto add = [&](size_t value, size_t position) {
    latency = std::max(latency, steps.values[value] + ways[position]);
  };
  size_t position = 0;
  for (; position < steps.numParticipantValues(); ++position)
    add(position, position);
  for (size_t tensor : liveTensors[window.last])
    for (size_t reader = 0; reader <= model.numDevices(); ++reader)
      add(steps.arrivalOf(tensor, reader), position++);
  return latency;
}

/// What the transfers of `tensor` take one after the other, without latencies.
double PlanPredictor::transferSeconds(size_t tensor) const {
  double seconds = 0;
  for (const TensorTransfer &transfer : exchanges[tensor].transfers)
    seconds += static_cast<double>(transfer.bytes) *
               model.link(transfer.source, transfer.reader).secondsPerByte;
  return seconds;
}

double PlanPredictor::trafficWeight(size_t tensor) const {
  const size_t producer = uses.producers[tensor];
  if (producer == network.layers.size())
    return 0.1;
  double begin = std::numeric_limits<double>::infinity();
  for (size_t device = 0; device < model.numDevices(); ++device)
    begin = std::min(begin, states[producer + 1][steps.clockOf(device)]);
  return begin < argumentsSent ? 1.0 : 0.1;
}

double PlanPredictor::endOf(size_t layer) const {
  const std::vector<double> &state = states[steps.lastStepOf(layer) + 1];
  double end = 0;
  for (size_t device = 0; device < model.numDevices(); ++device)
    end = std::max(end, state[steps.clockOf(device)]);
  return end;
}

bool PlanPredictor::tryChanges(std::vector<PlacementChange> &changes) {
  const Window window = findWindow(changes);
  exchangePlacements(changes);
  otherExchanges.clear();
  double added = 0;
  for (size_t tensor : changedTensors) {
    const double weight = trafficWeight(tensor);
    added -= weight * transferSeconds(tensor);
    otherExchanges.push_back(
        findExchange(network, uses, thePlan, model.numDevices(), tensor));
    std::swap(exchanges[tensor], otherExchanges.back());
    steps.followExchange(tensor);
    added += weight * transferSeconds(tensor);
  }
  const double rounding = 1e-9 * theLatency;
  const double change = latencyFrom(window) - theLatency;
  if (change < rounding && change + added < -rounding) {
    runForward(window.first);
    runBackward(window.last);
    return true;
  }
  exchangePlacements(changes);
  for (size_t i = 0; i < changedTensors.size(); ++i) {
    std::swap(exchanges[changedTensors[i]], otherExchanges[i]);
    steps.followExchange(changedTensors[i]);
  }
  return false;
}
