//===- endpoint.h - Channels and epochs of one participant ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What all transports have in common: the state of a participant's channels,
// the agreement on an epoch and the spreading of failures. A transport derives
// from `Endpoint`, moves bytes and control messages, and reports which links
// are up.
//
// How an epoch opens, C being the client and D any device:
//
//   C -> D   Open(epoch)       on a link that is up
//   D -> C   Ready(epoch)      when the links to D's peers are up and its
//                              channels are reset; or Refuse(epoch, text)
//   C -> D   Start(epoch)      when all devices are ready
//
// So no device sends a frame before every device is able to tell frames of this
// epoch from stale ones. `Close` and `Fail` end the epoch; the client, which
// has a link to every device, passes each `Fail` on, with its origin kept.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_ENDPOINT_H
#define WINDROW_RUNTIME_TRANSPORT_ENDPOINT_H

#include "runtime/transport/transport.h"

#include <condition_variable>
#include <mutex>

namespace windrow {

/// What participants tell each other beside frames.
struct ControlMessage {
  enum class Kind : uint16_t { Open, Ready, Refuse, Start, Fail, Close };

  Kind kind;
  uint64_t epoch = 0;
  /// Of `Fail`: the participant that failed, whoever noticed.
  ParticipantIndex origin = 0;
  /// Of `Refuse` and `Fail`: why.
  std::string text;
};

/// A control message on its way.
struct Envelope {
  ParticipantIndex from;
  ParticipantIndex to;
  ControlMessage message;
};

/// Messages that arose while a lock was held, to be delivered after it.
using Outbox = std::vector<Envelope>;

/// What identifies a frame.
struct FrameTag {
  uint64_t epoch;
  uint32_t channel;
  uint32_t request;
  uint64_t bytes;
};

/// What to do with a frame whose tag has arrived.
struct Landing {
  enum class Action {
    Fill,    ///< put the payload at `target`, then call `finishLanding`
    Discard, ///< of another epoch: skip the payload
    Wait,    ///< no room yet: ask again after `resumeReading`
    Reject,  ///< `error` says why it breaks the plan
  };

  Action action;
  std::byte *target = nullptr;
  Status error = Status();
};

/// The refusal of a peer that serves another plan.
Status planDigestMismatch(const std::array<std::byte, 32> &expected,
                          const std::array<std::byte, 32> &actual);

/// One participant's channels and epoch. Members whose names end in `Locked`
/// must be called with `mutex` held, all others without it.
class Endpoint : public virtual Transport {
public:
  ~Endpoint() override;

  Status open(Deadline deadline) final;
  Status accept() final;
  void close(const Status &reason) final;
  Status postReceive(uint32_t channel, uint32_t request,
                     std::span<std::byte> destination) final;
  Status waitReceive(uint32_t channel, Deadline deadline) final;
  Status postSend(uint32_t channel, uint32_t request,
                  std::span<const std::byte> source) final;
  Status waitSend(uint32_t channel, Deadline deadline) final;
  Status waitEpochEnd() final;
  void stop() final;

  /// Ok when `config` is consistent in itself.
  static Status checkConfig(const TransportConfig &config);

protected:
  /// `mutex`, which must outlive the endpoint, guards its state; endpoints of
  /// one process may share one. `config` must be valid.
  Endpoint(TransportConfig config, std::mutex &mutex,
           std::chrono::milliseconds peerDeadline);

  //===--------------------------------------------------------------------===//
  // What a transport supplies; called from the thread of the frame calls,
  // `deliver` also from the transport's own.
  //===--------------------------------------------------------------------===//

  /// Hands over each message whose link is up, in order; drops the others.
  virtual void deliver(Outbox outbox) = 0;
  /// Sets out to bring up the links that are down and wanted, and calls
  /// `linkUpLocked` for each that comes up.
  virtual void connectPeers() = 0;
  /// Moves the frame in `source` to `peer` after those started before it; calls
  /// `finishSend` when the memory is free again.
  virtual void startSend(ParticipantIndex peer, const FrameTag &tag,
                         const std::byte *source) = 0;
  /// Frames of `peer` that had to wait may have room now.
  virtual void resumeReading(ParticipantIndex peer) = 0;
  /// On return no frame that was started before touches posted memory or a
  /// channel's early slot.
  virtual void abandonFrames() = 0;

  //===--------------------------------------------------------------------===//
  // What a transport reports
  //===--------------------------------------------------------------------===//

  void linkUpLocked(ParticipantIndex peer, Outbox &outbox);
  /// The link to `peer` is down, or an attempt to bring it up failed. `final`:
  /// trying again would not help.
  void linkDownLocked(ParticipantIndex peer, Status problem, bool final,
                      Outbox &outbox);
  /// Acts on `message`; fails when it does not befit its sender.
  Status handleControlLocked(ParticipantIndex from,
                             const ControlMessage &message, Outbox &outbox);
  /// Ends the epoch because of `origin`; tells the others unless
  /// `alreadyAnnounced`.
  void failEpochLocked(ParticipantIndex origin, StatusCode code,
                       const std::string &text, bool alreadyAnnounced,
                       Outbox &outbox);

  /// Finds the place for a frame from `from`.
  Landing beginLandingLocked(ParticipantIndex from, const FrameTag &tag);
  /// The payload is complete; true when a waiting thread is to be notified.
  /// Lets go of `lock`, which must hold `mutex`, while it copies.
  bool finishLandingLocked(const FrameTag &tag,
                           std::unique_lock<std::mutex> &lock);
  /// The memory of a send is free again.
  void finishSendLocked(const FrameTag &tag);

  //===--------------------------------------------------------------------===//
  // What a transport may ask
  //===--------------------------------------------------------------------===//

  bool isClient() const { return config.self == clientIndex(); }
  ParticipantIndex clientIndex() const {
    return static_cast<ParticipantIndex>(config.participants.size() - 1);
  }
  const std::string &nameOf(ParticipantIndex participant) const {
    return config.participants[participant].name;
  }
  /// The participants that this one exchanges frames or control messages with:
  /// all devices for the client, the client and the channel peers for a device.
  const std::vector<ParticipantIndex> &neighbours() const {
    return neighbourList;
  }
  bool isNeighbour(ParticipantIndex participant) const;
  bool isLinkedLocked(ParticipantIndex participant) const {
    return links[participant].up;
  }
  /// True from the offer of an epoch until its end.
  bool isServingLocked() const;
  /// True while a client looks for its devices.
  bool isOpeningLocked() const { return phase == Phase::Opening; }

  const TransportConfig config;
  std::mutex &mutex;
  std::condition_variable changed;

private:
  enum class Phase {
    Closed,  ///< no epoch
    Opening, ///< client: until all are ready; device: until its peers are up
    Ready,   ///< device: until the client's start
    Open,    ///< frames may be sent
    Failed,  ///< over, not yet closed
  };

  struct Link {
    bool up = false;
    bool ready = false; ///< client only: the device answered this epoch
    Status problem;     ///< why it is down, where known
  };

  struct Channel {
    enum class Receive { Idle, Posted, Landing, Landed };
    enum class Early { Empty, Filling, Full };
    enum class Send { Idle, Posted, Done };

    ChannelSpec spec;
    Send send = Send::Idle;
    Receive receive = Receive::Idle;
    Early early = Early::Empty;
    bool frameWaits = false; ///< a frame found no room
    uint32_t request = 0;    ///< of the posted transfer
    uint32_t earlyRequest = 0;
    std::byte *destination = nullptr;
    std::unique_ptr<std::byte[]> earlySlot;
  };

  Channel *findChannel(uint32_t id);
  Status beginCallLocked(uint32_t id, ChannelDirection direction,
                         Channel *&channel);
  Status endCallLocked(Status status);
  Status waitLocked(std::unique_lock<std::mutex> &lock, Deadline deadline,
                    const Channel &channel, bool (*done)(const Channel &));
  Status rejectLocked(Status status);
  void resetChannelsLocked();

  template <typename Predicate>
  bool waitUntil(std::unique_lock<std::mutex> &lock, Deadline deadline,
                 Predicate predicate);
  Status openResultLocked(bool inTime);
  bool servePeersLocked(std::unique_lock<std::mutex> &lock);
  void endEpoch(const Status &reason);
  void announceLocked(ControlMessage message, ParticipantIndex except,
                      Outbox &outbox) const;
  void announceFailureLocked(Outbox &outbox);
  Status handleOfferLocked(ParticipantIndex from, uint64_t offered,
                           Outbox &outbox);
  void handleEndLocked(ParticipantIndex from, const ControlMessage &message,
                       Outbox &outbox);

  const std::chrono::milliseconds peerDeadline;
  std::vector<ParticipantIndex> neighbourList;
  std::vector<Channel> channels; ///< ascending ids
  std::vector<Link> links;       ///< by participant

  bool stopped = false;
  Phase phase = Phase::Closed;
  uint64_t epoch = 0;        ///< 0 while closed
  uint64_t offeredEpoch = 0; ///< device: opened by the client, not yet accepted
  Status epochFailure;
  ParticipantIndex failureOrigin = 0;
  std::string failureText; ///< `epochFailure` without its origin's name
  bool failureAnnounced = false;
  bool failureReported = false; ///< a call returned it
};

} // namespace windrow

#endif // WINDROW_RUNTIME_TRANSPORT_ENDPOINT_H
