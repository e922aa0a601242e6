//===- schedule_checks.cpp - Order of a bundle's instructions -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/operands.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <vector>

namespace windrow {

static Status checkChannels(const format::Bundle &bundle) {
  std::set<uint32_t> ids;
  for (uint32_t i = 0; i < bundle.channels()->size(); ++i) {
    const format::Channel &channel = *bundle.channels()->Get(i);
    std::string what = fmt::format("channel {} (id {})", i, channel.id());
    if (!ids.insert(channel.id()).second)
      return corruptData(what + ": id must be unique");
    if (channel.peer() >= bundle.participants()->size())
      return corruptData(fmt::format("{}: peer must be less than {}, got {}",
                                     what, bundle.participants()->size(),
                                     channel.peer()));
    if (channel.peer() == bundle.self())
      return corruptData(what + ": peer must be another participant");
    if (channel.direction() > format::Direction::MAX)
      return corruptData(
          fmt::format("{}: direction must be at most {}, got {}", what,
                      static_cast<unsigned>(format::Direction::MAX),
                      static_cast<unsigned>(channel.direction())));
    if (channel.tensor() >= bundle.tensors()->size())
      return corruptData(fmt::format("{}: tensor must be less than {}, got {}",
                                     what, bundle.tensors()->size(),
                                     channel.tensor()));
  }
  return Status();
}

namespace {

enum class ChannelState { Unused, Posted, Done };

/// Walks the instructions in order and follows the state of every channel.
class ScheduleChecker {
public:
  explicit ScheduleChecker(const format::Bundle &bundle)
      : bundle(bundle), states(bundle.channels()->size()) {}

  Status check();

private:
  Status checkRun(uint32_t index) const;
  Status checkPost(uint32_t index, format::Direction direction);
  Status checkWait(uint32_t index, format::Direction direction);
  Status checkChannelIndex(uint32_t index, format::Direction direction) const;
  /// Checks an access to `tensor` against everything in flight.
  Status checkAccess(uint32_t tensor, bool writes, uint32_t ownChannel) const;

  const format::Tensor &tensorOf(uint32_t channel) const {
    return *bundle.tensors()->Get(bundle.channels()->Get(channel)->tensor());
  }

  const format::Bundle &bundle;
  std::vector<ChannelState> states;
  std::vector<uint32_t> inFlight;
};

} // namespace

static constexpr uint32_t noChannel = UINT32_MAX;

Status ScheduleChecker::checkAccess(uint32_t tensor, bool writes,
                                    uint32_t ownChannel) const {
  for (uint32_t channel : inFlight) {
    bool receives = bundle.channels()->Get(channel)->direction() ==
                    format::Direction::Receive;
    if (channel == ownChannel || (!writes && !receives) ||
        !overlap(*bundle.tensors()->Get(tensor), tensorOf(channel)))
      continue;
    return corruptData(
        fmt::format("must not {} tensor {} while channel {} {} it",
                    writes ? "write" : "read", tensor, channel,
                    receives ? "receives" : "sends"));
  }
  return Status();
}

Status ScheduleChecker::checkRun(uint32_t index) const {
  if (index >= bundle.operators()->size())
    return corruptData(fmt::format("index must be less than {}, got {}",
                                   bundle.operators()->size(), index));
  Operands operands = Operands::of(*bundle.operators()->Get(index));
  for (uint32_t input : operands.inputs())
    WINDROW_RETURN_IF_ERROR(checkAccess(input, /*writes=*/false, noChannel));
  return checkAccess(operands.output(), /*writes=*/true, noChannel);
}

Status ScheduleChecker::checkChannelIndex(uint32_t index,
                                          format::Direction direction) const {
  if (index >= states.size())
    return corruptData(fmt::format("index must be less than {}, got {}",
                                   states.size(), index));
  if (bundle.channels()->Get(index)->direction() != direction)
    return corruptData(fmt::format(
        "channel {} must be one that {}", index,
        direction == format::Direction::Send ? "sends" : "receives"));
  return Status();
}

Status ScheduleChecker::checkPost(uint32_t index, format::Direction direction) {
  WINDROW_RETURN_IF_ERROR(checkChannelIndex(index, direction));
  if (states[index] != ChannelState::Unused)
    return corruptData(fmt::format("channel {} must be posted once", index));
  WINDROW_RETURN_IF_ERROR(checkAccess(bundle.channels()->Get(index)->tensor(),
                                      direction == format::Direction::Receive,
                                      index));
  states[index] = ChannelState::Posted;
  inFlight.push_back(index);
  return Status();
}

Status ScheduleChecker::checkWait(uint32_t index, format::Direction direction) {
  WINDROW_RETURN_IF_ERROR(checkChannelIndex(index, direction));
  if (states[index] == ChannelState::Unused)
    return corruptData(fmt::format(
        "channel {} must be posted before it is waited for", index));
  if (states[index] == ChannelState::Done)
    return corruptData(
        fmt::format("channel {} must be waited for once", index));
  states[index] = ChannelState::Done;
  std::erase(inFlight, index);
  return Status();
}

Status ScheduleChecker::check() {
  for (uint32_t i = 0; i < bundle.instructions()->size(); ++i) {
    const format::Instruction &instruction = *bundle.instructions()->Get(i);
    Status status;
    switch (instruction.kind()) {
    case format::InstructionKind::Run:
      status = checkRun(instruction.index());
      break;
    case format::InstructionKind::PostReceive:
      status = checkPost(instruction.index(), format::Direction::Receive);
      break;
    case format::InstructionKind::WaitReceive:
      status = checkWait(instruction.index(), format::Direction::Receive);
      break;
    case format::InstructionKind::PostSend:
      status = checkPost(instruction.index(), format::Direction::Send);
      break;
    case format::InstructionKind::WaitSend:
      status = checkWait(instruction.index(), format::Direction::Send);
      break;
    default:
      status = corruptData(
          fmt::format("kind must be at most {}, got {}",
                      static_cast<unsigned>(format::InstructionKind::MAX),
                      static_cast<unsigned>(instruction.kind())));
    }
    if (!status.ok())
      return status.withContext(fmt::format("instruction {}", i));
  }
  for (uint32_t i = 0; i < states.size(); ++i)
    if (states[i] != ChannelState::Done)
      return corruptData(fmt::format(
          "channel {} (id {}) must be {} by the instructions", i,
          bundle.channels()->Get(i)->id(),
          states[i] == ChannelState::Unused ? "posted" : "waited for"));
  return Status();
}

Status checkSchedule(const format::Bundle &bundle) {
  WINDROW_RETURN_IF_ERROR(checkChannels(bundle));
  return ScheduleChecker(bundle).check();
}

} // namespace windrow
