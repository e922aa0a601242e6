//===- caller_transport.h - Client and device on one thread -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_CALLER_TRANSPORT_H
#define WINDROW_RUNTIME_EXECUTOR_CALLER_TRANSPORT_H

#include "runtime/transport/transport.h"

#include <map>
#include <memory>

namespace windrow {

class Executor;

/// What the only device of a plan exchanges frames through when it computes on
/// the thread of a client that has stored its inputs and then waits: a receive
/// takes the frame from the client's tensor at once, a send writes it there.
class CallerTransport final : public Transport {
public:
  /// For the device of `client`, whose tensors must stay where they are, or
  /// null where the client does not only send and receive, or has other
  /// devices too.
  static std::unique_ptr<CallerTransport> create(Executor &client);

  Status open(Deadline deadline) override;
  Status accept() override;
  void close(const Status &reason) override;
  Status postReceive(uint32_t channel, uint32_t request,
                     std::span<std::byte> destination) override;
  Status waitReceive(uint32_t channel, Deadline deadline) override;
  Status postSend(uint32_t channel, uint32_t request,
                  std::span<const std::byte> source) override;
  Status waitSend(uint32_t channel, Deadline deadline) override;
  Status waitEpochEnd() override;
  void stop() override;

private:
  CallerTransport() = default;

  /// The client's bytes, by channel.
  std::map<uint32_t, std::span<std::byte>> tensors;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_CALLER_TRANSPORT_H
