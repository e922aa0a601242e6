//===- inproc.cpp - Transport within one process --------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No thread of its own: whoever posts a send or a receive moves the frames that
// can move by then. Frames between two participants keep their order over all
// channels, as on a connection, so that a program that would hang over TCP
// hangs here as well.
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/endpoint.h"

#include <algorithm>
#include <fmt/format.h>

namespace windrow {
namespace {

class InprocEndpoint;

/// What the participants share.
struct Hub {
  std::mutex mutex;
  std::vector<InprocEndpoint *> endpoints; ///< null once destroyed
};

class InprocEndpoint final : public Endpoint {
public:
  InprocEndpoint(TransportConfig config, std::shared_ptr<Hub> sharedHub);
  ~InprocEndpoint() override;

protected:
  void deliver(Outbox outbox) override;
  void connectPeers() override;
  void startSend(ParticipantIndex peer, const FrameTag &tag,
                 const std::byte *source) override;
  void resumeReading(ParticipantIndex peer) override;
  void abandonFrames() override;

private:
  struct Frame {
    FrameTag tag;
    const std::byte *source;
  };

  bool advanceLocked(InprocEndpoint &receiver, Outbox &outbox,
                     std::unique_lock<std::mutex> &lock);
  void advance(InprocEndpoint *sender, InprocEndpoint *receiver,
               std::unique_lock<std::mutex> &lock);

  std::shared_ptr<Hub> hub;
  /// Frames not yet taken, by receiver; each has room for all channels.
  std::vector<std::vector<Frame>> queues;
};

InprocEndpoint::InprocEndpoint(TransportConfig transportConfig,
                               std::shared_ptr<Hub> sharedHub)
    : Endpoint(std::move(transportConfig), sharedHub->mutex,
               std::chrono::seconds(5)),
      hub(std::move(sharedHub)), queues(config.participants.size()) {
  for (std::vector<Frame> &queue : queues)
    queue.reserve(config.channels.size());
}

InprocEndpoint::~InprocEndpoint() {
  std::unique_lock lock(mutex);
  hub->endpoints[config.self] = nullptr;
  Outbox outbox;
  for (ParticipantIndex i : neighbours())
    if (InprocEndpoint *other = hub->endpoints[i])
      other->linkDownLocked(
          config.self,
          Status(StatusCode::Unavailable, "connection closed by the peer"),
          /*final=*/true, outbox);
  lock.unlock();
  deliver(std::move(outbox));
}

void InprocEndpoint::deliver(Outbox outbox) {
  std::lock_guard lock(mutex);
  // Handling a message may add others.
  for (size_t i = 0; i < outbox.size(); ++i) {
    const Envelope envelope = std::move(outbox[i]);
    if (InprocEndpoint *to = hub->endpoints[envelope.to])
      (void)to->handleControlLocked(envelope.from, envelope.message, outbox);
  }
}

void InprocEndpoint::connectPeers() {
  Outbox outbox;
  std::unique_lock lock(mutex);
  for (ParticipantIndex i : neighbours()) {
    InprocEndpoint *other = hub->endpoints[i];
    Status problem;
    if (!other)
      problem =
          Status(StatusCode::Unavailable, "connection closed by the peer");
    else if (other->config.planDigest != config.planDigest)
      problem = planDigestMismatch(config.planDigest, other->config.planDigest);
    if (!problem.ok()) {
      linkDownLocked(i, problem, /*final=*/true, outbox);
      continue;
    }
    if (isLinkedLocked(i))
      continue;
    linkUpLocked(i, outbox);
    if (!other->isLinkedLocked(config.self))
      other->linkUpLocked(config.self, outbox);
  }
  lock.unlock();
  deliver(std::move(outbox));
}

/// Moves the oldest frame to `receiver` if it can move by now.
bool InprocEndpoint::advanceLocked(InprocEndpoint &receiver, Outbox &outbox,
                                   std::unique_lock<std::mutex> &lock) {
  std::vector<Frame> &queue = queues[receiver.config.self];
  if (queue.empty())
    return false;
  const Frame frame = queue.front();
  Landing landing = receiver.beginLandingLocked(config.self, frame.tag);
  if (landing.action == Landing::Action::Wait)
    return false;
  queue.erase(queue.begin());
  if (landing.action == Landing::Action::Fill) {
    std::copy_n(frame.source, frame.tag.bytes, landing.target);
    receiver.finishLandingLocked(frame.tag, lock);
    receiver.changed.notify_one();
  } else if (landing.action == Landing::Action::Reject) {
    receiver.failEpochLocked(config.self, landing.error.code(),
                             landing.error.message(),
                             /*alreadyAnnounced=*/false, outbox);
  }
  finishSendLocked(frame.tag);
  changed.notify_one();
  return true;
}

void InprocEndpoint::advance(InprocEndpoint *sender, InprocEndpoint *receiver,
                             std::unique_lock<std::mutex> &lock) {
  if (!sender || !receiver)
    return;
  Outbox outbox;
  while (sender->advanceLocked(*receiver, outbox, lock))
    continue;
  lock.unlock();
  if (!outbox.empty())
    deliver(std::move(outbox));
  lock.lock();
}

void InprocEndpoint::startSend(ParticipantIndex peer, const FrameTag &tag,
                               const std::byte *source) {
  std::unique_lock lock(mutex);
  queues[peer].push_back({tag, source});
  advance(this, hub->endpoints[peer], lock);
}

void InprocEndpoint::resumeReading(ParticipantIndex peer) {
  std::unique_lock lock(mutex);
  advance(hub->endpoints[peer], this, lock);
}

void InprocEndpoint::abandonFrames() {
  std::unique_lock lock(mutex);
  for (std::vector<Frame> &queue : queues)
    queue.clear();
  // Frames that waited for room here are stale now.
  for (ParticipantIndex i : neighbours())
    advance(hub->endpoints[i], this, lock);
}

} // namespace

Expected<std::vector<std::unique_ptr<Transport>>>
createInprocTransports(std::vector<TransportConfig> configs) {
  auto hub = std::make_shared<Hub>();
  std::vector<std::unique_ptr<Transport>> transports;
  for (ParticipantIndex i = 0; i < configs.size(); ++i) {
    if (Status status = Endpoint::checkConfig(configs[i]); !status.ok())
      return failure(status);
    if (configs[i].self != i ||
        configs[i].participants.size() != configs.size())
      return failure(Status(
          StatusCode::InvalidArgument,
          fmt::format("configuration {} must be of participant {} of {}, got "
                      "{} of {}",
                      i, i, configs.size(), configs[i].self,
                      configs[i].participants.size())));
  }
  hub->endpoints.resize(configs.size(), nullptr);
  for (ParticipantIndex i = 0; i < configs.size(); ++i) {
    auto endpoint =
        std::make_unique<InprocEndpoint>(std::move(configs[i]), hub);
    hub->endpoints[i] = endpoint.get();
    transports.push_back(std::move(endpoint));
  }
  return transports;
}

} // namespace windrow
