//===- profile_link.h - The two ends of a measurement -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `windrow-profile --serve` listens as the only device of a plan that every
// version knows by heart, and whoever has something measured is its client: the
// user's `windrow-profile`, or another device that measures the link between
// the two. A client opens an epoch, gives orders, and ends it.
//
// Orders and results are JSON, cut into frames of one size; links are measured
// with frames of three sizes, which say nothing. So all that the transport does
// for nodes holds here: sizes and checksums, one client at a time, the
// spreading of failures.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROFILE_LINK_H
#define WINDROW_RUNTIME_TOOLS_PROFILE_LINK_H

#include "runtime/transport/transport.h"

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <stop_token>
#include <string>
#include <vector>

namespace windrow {

/// Bytes of the messages that links are measured with.
inline constexpr std::array<uint64_t, 4> probeBytes = {64, 32 << 10, 256 << 10,
                                                       2 << 20};

/// Most bytes of an order and of a result.
inline constexpr size_t maxOrderBytes = 4 << 20;
inline constexpr size_t maxResultBytes = 16 << 20;

/// Answer probes, "receive", "send" and "rounds" of them.
inline constexpr const char *echoOrder = "echo";
/// Measure operators: `OperatorsOrder`.
inline constexpr const char *operatorsOrder = "operators";
/// Measure the link to another server: `LinkOrder`.
inline constexpr const char *linkOrder = "link";
/// Go on: the answer to every word of progress.
inline constexpr const char *continueOrder = "continue";
/// End the epoch.
inline constexpr const char *endOrder = "end";

/// How long the other side may be silent.
inline constexpr std::chrono::seconds profilePatience{20};

/// What `self`, the device (0) or its client (1), tells a transport. `device`
/// is the device's name in messages, and `address` where its client finds it.
TransportConfig profileConfig(ParticipantIndex self, std::string device,
                              std::string address);

/// One end of a measurement, for one epoch that is open on `transport`, which
/// must outlive it. Failures name the other side. Used by one thread.
class ProfileLink {
public:
  /// `peer` is the other side's name in messages.
  ProfileLink(Transport &transport, ParticipantIndex self, std::string peer);

  const std::string &peer() const { return peerName; }

  /// Sends `json` to the other side, which reads it with `receive`.
  Status send(const nlohmann::ordered_json &json);
  /// Fails, too, where more than `maxBytes` or no object comes.
  Expected<nlohmann::ordered_json> receive(size_t maxBytes);

  /// One message of `probeBytes[size]` bytes.
  Status sendProbe(uint32_t size);
  /// Makes room for such a message; `awaitProbe` waits for it.
  Status expectProbe(uint32_t size);
  Status awaitProbe(uint32_t size);

private:
  uint32_t channel(uint32_t index, ChannelDirection direction) const;
  Expected<std::string> receiveText(size_t maxBytes);
  tl::unexpected<Status> corrupt(const std::string &problem) const;

  Transport &transport;
  const ParticipantIndex self;
  const std::string peerName;
  /// By channel: the number of its next frame.
  std::vector<uint32_t> nextSent, nextReceived;
  std::vector<std::byte> piece;
  std::vector<std::byte> outgoing, incoming;
};

/// The client's end, with a transport and an epoch of its own.
class ProfileConnection {
public:
  /// Connects to the device called `name`, which serves at `address`. Fails
  /// with messages that name it, within `timeout`, and with `Cancelled` once
  /// `stop` is requested, as everything later does.
  static Expected<std::unique_ptr<ProfileConnection>>
  open(const std::string &name, const std::string &address,
       std::chrono::milliseconds timeout, const std::stop_token &stop);
  /// Leaves the device, which is busy for others until it has noticed.
  ~ProfileConnection();

  ProfileLink &link() { return profileLink; }

  /// Ends the epoch in order: the device is free for others on return.
  Status finish();

private:
  struct Stopper {
    Transport &transport;
    void operator()() const { transport.stop(); }
  };

  ProfileConnection(std::unique_ptr<Transport> transport,
                    const std::string &name, const std::stop_token &stop);

  std::unique_ptr<Transport> transport;
  ProfileLink profileLink;
  std::stop_callback<Stopper> stopper;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROFILE_LINK_H
