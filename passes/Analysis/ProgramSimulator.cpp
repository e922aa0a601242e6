//===- ProgramSimulator.cpp - Executes the devices' programs in numbers ---===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/ProgramSimulator.h"

#include <algorithm>
#include <cassert>
#include <queue>
#include <unordered_map>

using namespace windrow;

namespace {
/// Something that happens: a participant takes its next step, or a message
/// reaches a participant's card.
struct Event {
  double time;
  int64_t number; ///< breaks ties, so that runs are alike
  size_t participant;
  const ProgramStep *message; ///< null for a step
  double messageSeconds;      ///< until the card has all of it

  bool operator>(const Event &other) const {
    return time != other.time ? time > other.time : number > other.number;
  }
};

class Simulator {
public:
  Simulator(const CostModel &model, const std::vector<Program> &programs)
      : model(model), programs(programs), states(programs.size()) {
    run.computing.resize(programs.size());
    run.waiting.resize(programs.size());
  }

  SimulatedRun simulate();

private:
  struct State {
    size_t nextStep = 0;
    double sendFree = 0;
    double receiveFree = 0;
    bool isWaiting = false;
    double waitsSince = 0;
  };

  void addEvent(double time, size_t participant,
                const ProgramStep *message = nullptr,
                double messageSeconds = 0);
  void takeStep(const Event &event);
  void send(size_t source, const ProgramStep &step, double time);
  void receive(size_t reader, const ProgramStep &step, double time);
  void deliver(const Event &event);

  const CostModel &model;
  const std::vector<Program> &programs;
  std::vector<State> states;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  /// By channel: when the message was there.
  std::unordered_map<int64_t, double> delivered;
  int64_t numEvents = 0;
  SimulatedRun run;
};
} // namespace

void Simulator::addEvent(double time, size_t participant,
                         const ProgramStep *message, double messageSeconds) {
  events.push({time, numEvents++, participant, message, messageSeconds});
}

void Simulator::send(size_t source, const ProgramStep &step, double time) {
  const LinkCost &link = model.link(source, step.peer);
  const double ready = time + link.messageSeconds;
  const double seconds = static_cast<double>(step.bytes) * link.secondsPerByte;
  const double start = std::max(ready, states[source].sendFree);
  states[source].sendFree = start + seconds;
  addEvent(start + link.latencySeconds, step.peer, &step, seconds);
  addEvent(ready, source);
}

void Simulator::receive(size_t reader, const ProgramStep &step, double time) {
  State &state = states[reader];
  auto message = delivered.find(step.channel);
  if (message == delivered.end()) {
    --state.nextStep;
    state.isWaiting = true;
    state.waitsSince = time;
    return;
  }
  const double start = std::max(time, message->second);
  run.waiting[reader] += start - time;
  addEvent(start + model.link(step.peer, reader).messageSeconds, reader);
}

void Simulator::takeStep(const Event &event) {
  State &state = states[event.participant];
  const Program &program = programs[event.participant];
  if (state.nextStep == program.size()) {
    if (event.participant == model.client())
      run.latency = event.time;
    return;
  }
  const ProgramStep &step = program[state.nextStep++];
  switch (step.kind) {
  case ProgramStep::Kind::Compute:
    run.computing[event.participant] += step.seconds;
    addEvent(event.time + step.seconds, event.participant);
    break;
  case ProgramStep::Kind::Send:
    send(event.participant, step, event.time);
    break;
  case ProgramStep::Kind::Receive:
    receive(event.participant, step, event.time);
    break;
  }
}

/// The first byte has come: the card takes in the rest once it is free.
void Simulator::deliver(const Event &event) {
  State &state = states[event.participant];
  state.receiveFree =
      std::max(event.time, state.receiveFree) + event.messageSeconds;
  const bool isNew =
      delivered.emplace(event.message->channel, state.receiveFree).second;
  assert(isNew && "a channel has one send");
  (void)isNew;
  if (!state.isWaiting)
    return;
  // Looks again; it may have waited for another message.
  state.isWaiting = false;
  addEvent(state.waitsSince, event.participant);
}

SimulatedRun Simulator::simulate() {
  for (size_t participant = 0; participant < programs.size(); ++participant)
    addEvent(0, participant);
  while (!events.empty()) {
    const Event event = events.top();
    events.pop();
    if (event.message)
      deliver(event);
    else
      takeStep(event);
  }
  for (size_t participant = 0; participant < programs.size(); ++participant)
    assert(states[participant].nextStep == programs[participant].size() &&
           "a wait is for ever");
  return std::move(run);
}

SimulatedRun windrow::simulatePrograms(const CostModel &model,
                                       const std::vector<Program> &programs) {
  assert(programs.size() == model.numDevices() + 1 && "one for each");
  return Simulator(model, programs).simulate();
}
