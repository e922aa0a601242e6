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
#include <functional>
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

/// A member of the plan and where it is reached.
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
/// A channel has at most one posted send or receive at a time, and every posted
/// one is waited for before the next. A transfer that was complete before the
/// epoch failed may still be waited for with success. Once any call of an epoch
/// fails, the epoch is over for this participant: every further frame call
/// returns that same failure until the next `accept` or `open`.
///
/// A failure of a peer is `Unavailable` and reads "name: reason", where `name`
/// is the participant that failed, whoever noticed; an epoch that its client
/// ended in order fails the devices' waits with `Cancelled`.
class Transport {
public:
  virtual ~Transport();

  /// Client only: meets every device, agrees on a new epoch and returns when
  /// all devices said that they are ready, or fails by `deadline` with a
  /// message that names the device at fault.
  virtual Status open(Deadline deadline) = 0;

  /// Device only: waits until a client has opened an epoch for which all
  /// devices are ready; refuses a client as long as a device that this one
  /// exchanges frames with is out of reach. Fails with `Cancelled` after
  /// `stop`. An earlier epoch is closed and forgotten.
  virtual Status accept() = 0;

  /// Ends the epoch, if any, and tells the others, with `reason` when it is a
  /// failure, so that nobody waits for this participant. Buffers handed to
  /// earlier calls are not touched after the return; sends not yet waited for
  /// may be lost. `accept` or `open` may follow.
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

  /// Waits until the epoch is over, for a participant that has no frames to
  /// exchange, and returns why it is: `Cancelled` where its client ended it in
  /// order. Never ok.
  virtual Status waitEpochEnd() = 0;

  /// Thread-safe, though not for signal handlers: makes every waiting and later
  /// call but `close` fail with `Cancelled`.
  virtual void stop() = 0;
};

/// All participants within one process, joined by memory; entry i of the result
/// serves `configs[i]`, which must be that of participant i. A frame whose
/// receive is posted when it is sent is copied once, an early one twice.
/// Destroying an entry is to the others what the death of its process would be.
Expected<std::vector<std::unique_ptr<Transport>>>
createInprocTransports(std::vector<TransportConfig> configs);

struct TcpOptions {
  /// Where to listen ("host:port", "[ipv6]:port", port 0 for any free one);
  /// empty for a client.
  std::string listenAddress;
  /// Entry i, where there is one and it is not empty, replaces the address of
  /// participant i.
  std::vector<std::string> addressOverrides;
  /// How long a device waits for its peers after a client opened an epoch.
  std::chrono::milliseconds peerDeadline{5000};
  /// How long a new connection may take to say who it is.
  std::chrono::milliseconds helloDeadline{2000};
  /// Told of every connection that is turned away or dropped because of what
  /// came through it; may be empty. Called on the transport's own thread: must
  /// not block, nor call the transport.
  std::function<void(const Status &)> onRefusal;
};

/// A transport over TCP, which also says where it listens.
class TcpTransport : public virtual Transport {
public:
  /// "host:port" as bound, with the real port; empty for a client.
  virtual std::string listeningAddress() const = 0;
};

/// A TCP endpoint for one participant, with one thread of its own. A device
/// listens, and looks for its peers, from the return on. Fails when an address
/// does not parse or cannot be bound.
Expected<std::unique_ptr<TcpTransport>>
createTcpTransport(TransportConfig config, TcpOptions options);

} // namespace windrow

#endif // WINDROW_RUNTIME_TRANSPORT_TRANSPORT_H
