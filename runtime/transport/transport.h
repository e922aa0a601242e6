//===- transport.h - Numbered byte channels between participants -*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A transport joins the participants of one plan: its devices and the client
// that asks. It moves frames of known size on numbered one-way channels and
// knows neither tensors nor bundles. Every implementation passes the suite in
// test/conformance.
//
// A plan is served in *epochs*: a client opens one, all participants agree on
// it, requests 0, 1, 2, ... follow, and the epoch ends when the client closes
// it or when any participant fails. Frames of another epoch are dropped.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TRANSPORT_H
#define WINDROW_RUNTIME_TRANSPORT_TRANSPORT_H

#include "windrow/status.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace windrow {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

/// Waits as long as the epoch lives.
inline constexpr Deadline noDeadline = Deadline::max();

/// Position of a participant in the plan: the devices in plan order, then the
/// client as the last.
using ParticipantIndex = uint32_t;

/// One end of one participant's contact data.
struct Participant {
  std::string name;    ///< unique within the plan
  std::string address; ///< "host:port"; empty for the client
};

enum class ChannelDirection : uint8_t { Send, Receive };

/// One end of a channel, as this participant uses it. Each channel carries one
/// frame of exactly `bytes` bytes per request.
struct ChannelSpec {
  uint32_t id; ///< unique within the plan
  ParticipantIndex peer;
  ChannelDirection direction;
  uint64_t bytes;
};

/// What a participant knows before it meets the others.
struct TransportConfig {
  /// Digest of the plan; a peer with another one is refused by name.
  std::array<std::byte, 32> planDigest;
  ParticipantIndex self;
  /// All participants, the client last.
  std::vector<Participant> participants;
  /// The channel ends of this participant only.
  std::vector<ChannelSpec> channels;
};

/// Channels between the participants of one plan.
///
/// Calls that move frames come from one thread (the executor's). `stop` may
/// come from any thread. After construction and the first request of an epoch
/// none of the frame calls allocates.
///
/// A frame that arrives before its receive is posted waits in an early slot,
/// one per channel, allocated up front; a second one for the same channel stops
/// the reading of that connection until the slot is free, so memory is bounded.
///
/// Once any call of an epoch fails, the epoch is over for this participant:
/// every further frame call returns that same failure until the next `accept`
/// or `open`.
class Transport {
public:
  virtual ~Transport();

  /// Client only: meets every device, agrees on a new epoch and returns when
  /// all devices said that they are ready, or fails by `deadline` with a message
  /// that names the device at fault.
  virtual Status open(Deadline deadline) = 0;

  /// Device only: waits until a client has opened an epoch and the devices that
  /// this one exchanges frames with are reachable. Fails with `Cancelled` after
  /// `stop`. A failed earlier epoch is forgotten.
  virtual Status accept() = 0;

  /// Ends the epoch, if any: tells the others `reason` when it is a failure, so
  /// that nobody waits for this participant. Buffers handed to earlier calls are
  /// not touched after the return. The connection data stay, `accept` or `open`
  /// may follow.
  virtual void close(const Status &reason) = 0;

  /// Lets the frame of `request` on `channel` land in `destination`, whose size
  /// must be the channel's. The memory must stay valid until `waitReceive`
  /// returned or `close` was called.
  virtual Status postReceive(uint32_t channel, uint32_t request,
                             std::span<std::byte> destination) = 0;

  /// Waits until the receive posted on `channel` has landed.
  virtual Status waitReceive(uint32_t channel, Deadline deadline) = 0;

  /// Queues `source`, whose size must be the channel's, for `request` on
  /// `channel` and returns without waiting. Read in place: the memory must stay
  /// unchanged until `waitSend` returned or `close` was called.
  virtual Status postSend(uint32_t channel, uint32_t request,
                          std::span<const std::byte> source) = 0;

  /// Waits until the memory of the send posted on `channel` is free again.
  virtual Status waitSend(uint32_t channel, Deadline deadline) = 0;

  /// Thread-safe: makes every waiting and later call fail with `Cancelled`.
  virtual void stop() = 0;
};

/// All participants within one process, joined by memory; entry i of the result
/// serves `configs[i]`. Frames are copied once.
Expected<std::vector<std::unique_ptr<Transport>>>
createInprocTransports(std::vector<TransportConfig> configs);

struct TcpOptions {
  /// Where to listen ("host:port", port 0 for any free one); empty for a client.
  std::string listenAddress;
  /// How long a device waits for its peers after a client opened an epoch.
  std::chrono::milliseconds peerDeadline{5000};
};

/// A TCP endpoint for one participant. A device listens from the return on.
/// Fails when the address cannot be bound.
Expected<std::unique_ptr<Transport>> createTcpTransport(TransportConfig config,
                                                        TcpOptions options);

} // namespace windrow

#endif // WINDROW_RUNTIME_TRANSPORT_TRANSPORT_H
