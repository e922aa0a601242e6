//===- caller_transport.cpp - Client and device on one thread -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/caller_transport.h"

#include "runtime/executor/executor.h"

#include <algorithm>
#include <fmt/format.h>

using namespace windrow;

/// Whether the client's tensors can be read and written in any order: it
/// computes nothing itself, and none that it sends shares bytes with one that
/// it receives.
static bool isOrderFree(Executor &client) {
  const format::Bundle &bundle = client.reader().bundle();
  auto isRun = [](const format::Instruction *instruction) {
    return instruction->kind() == format::InstructionKind::Run;
  };
  if (std::ranges::any_of(*bundle.instructions(), isRun))
    return false;
  for (const format::Channel *sent : *bundle.channels())
    for (const format::Channel *received : *bundle.channels()) {
      if (sent->direction() != format::Direction::Send ||
          received->direction() != format::Direction::Receive)
        continue;
      std::span<std::byte> from = client.tensorData(sent->tensor());
      std::span<std::byte> to = client.tensorData(received->tensor());
      if (from.data() < to.data() + to.size() &&
          to.data() < from.data() + from.size())
        return false;
    }
  return true;
}

std::unique_ptr<CallerTransport> CallerTransport::create(Executor &client) {
  const format::Bundle &bundle = client.reader().bundle();
  const bool isOneDevice = bundle.participants()->size() == 2;
  if (!isOneDevice || !isOrderFree(client))
    return nullptr;
  std::unique_ptr<CallerTransport> transport(new CallerTransport);
  for (const format::Channel *channel : *bundle.channels())
    transport->tensors[channel->id()] = client.tensorData(channel->tensor());
  return transport;
}

static Status checkSize(std::span<const std::byte> own,
                        std::span<const std::byte> peers, uint32_t channel) {
  if (own.size() == peers.size())
    return Status();
  return Status(StatusCode::CorruptData,
                fmt::format("channel {} must have {} bytes, as the client's "
                            "end, got {}",
                            channel, peers.size(), own.size()));
}

Status CallerTransport::postReceive(uint32_t channel, uint32_t,
                                    std::span<std::byte> destination) {
  const std::span<std::byte> source = tensors[channel];
  WINDROW_RETURN_IF_ERROR(checkSize(destination, source, channel));
  std::ranges::copy(source, destination.begin());
  return Status();
}

Status CallerTransport::postSend(uint32_t channel, uint32_t,
                                 std::span<const std::byte> source) {
  const std::span<std::byte> destination = tensors[channel];
  WINDROW_RETURN_IF_ERROR(checkSize(source, destination, channel));
  std::ranges::copy(source, destination.begin());
  return Status();
}

Status CallerTransport::open(Deadline) { return Status(); }
Status CallerTransport::accept() { return Status(); }
void CallerTransport::close(const Status &) {}
Status CallerTransport::waitReceive(uint32_t, Deadline) { return Status(); }
Status CallerTransport::waitSend(uint32_t, Deadline) { return Status(); }
void CallerTransport::stop() {}

Status CallerTransport::waitEpochEnd() {
  return Status(StatusCode::Cancelled, "the client's thread ends no epoch");
}
