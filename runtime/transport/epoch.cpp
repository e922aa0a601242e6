//===- epoch.cpp - Agreement on epochs and spreading of failures ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/endpoint.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <random>

namespace windrow {

/// A number that no earlier epoch of any client is likely to have had.
static uint64_t freshEpoch() {
  std::random_device entropy;
  uint64_t epoch = 0;
  while (epoch == 0)
    epoch = uint64_t(entropy()) << 32 | entropy();
  return epoch;
}

/// Waits for `predicate`; false when the deadline came first.
template <typename Predicate>
bool Endpoint::waitUntil(std::unique_lock<std::mutex> &lock, Deadline deadline,
                         Predicate predicate) {
  if (deadline != noDeadline)
    return changed.wait_until(lock, deadline, predicate);
  changed.wait(lock, predicate);
  return true;
}

Status Endpoint::waitEpochEnd() {
  std::unique_lock lock(mutex);
  waitUntil(lock, noDeadline, [&] { return stopped || phase != Phase::Open; });
  return endCallLocked(Status());
}

//===----------------------------------------------------------------------===//
// The client's side
//===----------------------------------------------------------------------===//

Status Endpoint::open(Deadline deadline) {
  assert(isClient() && "only the client opens epochs");
  endEpoch(Status());

  Outbox outbox;
  std::unique_lock lock(mutex);
  resetChannelsLocked();
  failureReported = false;
  epoch = freshEpoch();
  phase = Phase::Opening;
  for (Link &link : links)
    link.ready = false;
  announceLocked({ControlMessage::Kind::Open, epoch, 0, {}}, config.self,
                 outbox);
  lock.unlock();
  deliver(std::move(outbox));
  connectPeers();

  lock.lock();
  auto allReady = [&] {
    return std::ranges::all_of(
        neighbourList, [&](ParticipantIndex i) { return links[i].ready; });
  };
  bool inTime = waitUntil(lock, deadline, [&] {
    return allReady() || phase != Phase::Opening || stopped;
  });
  Status status = openResultLocked(inTime);
  Outbox answers;
  if (status.ok()) {
    phase = Phase::Open;
    announceLocked({ControlMessage::Kind::Start, epoch, 0, {}}, config.self,
                   answers);
  } else {
    announceFailureLocked(answers);
  }
  lock.unlock();
  deliver(std::move(answers));
  return status;
}

/// What `open` returns after its wait; a failure is recorded.
Status Endpoint::openResultLocked(bool inTime) {
  if (stopped || phase != Phase::Opening) {
    Status status = endCallLocked(Status());
    return stopped && phase == Phase::Opening ? rejectLocked(status) : status;
  }
  if (inTime)
    return Status();
  // One that is out of reach may be why the others did not answer.
  auto late = std::ranges::find_if(
      neighbourList, [&](ParticipantIndex i) { return !links[i].up; });
  if (late == neighbourList.end())
    late = std::ranges::find_if(
        neighbourList, [&](ParticipantIndex i) { return !links[i].ready; });
  const Link &link = links[*late];
  std::string text = nameOf(*late);
  text += link.up ? ": did not answer within the deadline"
                  : ": not reached within the deadline";
  if (!link.up && !link.problem.ok())
    text += ": " + link.problem.message();
  return rejectLocked(Status(StatusCode::DeadlineExceeded, std::move(text)));
}

//===----------------------------------------------------------------------===//
// A device's side
//===----------------------------------------------------------------------===//

Status Endpoint::accept() {
  assert(!isClient() && "only devices accept epochs");
  for (;;) {
    endEpoch(Status());
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return offeredEpoch != 0 || stopped; });
    if (stopped)
      return endCallLocked(Status());
    resetChannelsLocked();
    failureReported = false;
    epoch = std::exchange(offeredEpoch, 0);
    phase = Phase::Opening;
    if (servePeersLocked(lock))
      return Status();
    if (stopped)
      return rejectLocked(endCallLocked(Status()));
  }
}

/// Waits for the links to the peers, answers the client and waits for its
/// start; true when the epoch is open.
bool Endpoint::servePeersLocked(std::unique_lock<std::mutex> &lock) {
  lock.unlock();
  connectPeers();
  lock.lock();
  auto isDown = [&](ParticipantIndex i) { return !links[i].up; };
  bool allUp = waitUntil(lock, Clock::now() + peerDeadline, [&] {
    return std::ranges::none_of(neighbourList, isDown) ||
           phase != Phase::Opening || stopped;
  });
  if (phase != Phase::Opening || stopped)
    return false;

  ControlMessage answer{ControlMessage::Kind::Ready, epoch, 0, {}};
  if (!allUp) {
    ParticipantIndex missing = *std::ranges::find_if(neighbourList, isDown);
    answer.kind = ControlMessage::Kind::Refuse;
    answer.text = fmt::format("{} is not connected within {} ms",
                              nameOf(missing), peerDeadline.count());
    if (!links[missing].problem.ok())
      answer.text += ": " + links[missing].problem.message();
  }
  phase = allUp ? Phase::Ready : Phase::Closed;
  lock.unlock();
  deliver({{config.self, clientIndex(), std::move(answer)}});
  lock.lock();
  if (!allUp)
    return false;
  changed.wait(lock, [&] { return phase != Phase::Ready || stopped; });
  return phase == Phase::Open && !stopped;
}

//===----------------------------------------------------------------------===//
// The end of an epoch
//===----------------------------------------------------------------------===//

void Endpoint::close(const Status &reason) { endEpoch(reason); }

void Endpoint::stop() {
  {
    std::lock_guard lock(mutex);
    stopped = true;
  }
  changed.notify_all();
}

void Endpoint::endEpoch(const Status &reason) {
  Outbox outbox;
  {
    std::lock_guard lock(mutex);
    bool alive = phase != Phase::Closed && phase != Phase::Failed;
    if (alive && reason.ok())
      announceLocked({ControlMessage::Kind::Close, epoch, 0, {}}, config.self,
                     outbox);
    else if (alive)
      failEpochLocked(config.self, reason.code(), reason.message(),
                      /*alreadyAnnounced=*/false, outbox);
    else if (phase == Phase::Failed)
      announceFailureLocked(outbox);
    phase = Phase::Closed;
    epoch = 0;
  }
  abandonFrames();
  deliver(std::move(outbox));
}

void Endpoint::failEpochLocked(ParticipantIndex origin, StatusCode code,
                               const std::string &text, bool alreadyAnnounced,
                               Outbox &outbox) {
  if (phase == Phase::Closed || phase == Phase::Failed)
    return;
  phase = Phase::Failed;
  failureOrigin = origin;
  failureText = text;
  failureAnnounced = alreadyAnnounced;
  epochFailure = Status(code, text);
  if (origin != config.self)
    epochFailure = epochFailure.withContext(nameOf(origin));
  announceFailureLocked(outbox);
  changed.notify_all();
}

void Endpoint::announceFailureLocked(Outbox &outbox) {
  if (std::exchange(failureAnnounced, true))
    return;
  std::string text = failureText;
  if (failureOrigin != config.self)
    text += fmt::format(", seen by {}", nameOf(config.self));
  announceLocked({ControlMessage::Kind::Fail, epoch, failureOrigin, text},
                 failureOrigin, outbox);
}

/// Addresses `message` to all neighbours that are linked, but `except`.
void Endpoint::announceLocked(ControlMessage message, ParticipantIndex except,
                              Outbox &outbox) const {
  for (ParticipantIndex to : neighbourList)
    if (to != except && links[to].up)
      outbox.push_back({config.self, to, message});
}

//===----------------------------------------------------------------------===//
// What the transport reports
//===----------------------------------------------------------------------===//

void Endpoint::linkUpLocked(ParticipantIndex peer, Outbox &outbox) {
  links[peer].up = true;
  links[peer].problem = Status();
  if (isClient() && phase == Phase::Opening)
    outbox.push_back(
        {config.self, peer, {ControlMessage::Kind::Open, epoch, 0, {}}});
  changed.notify_all();
}

void Endpoint::linkDownLocked(ParticipantIndex peer, Status problem, bool final,
                              Outbox &outbox) {
  links[peer].up = false;
  links[peer].problem = problem;
  if (peer == clientIndex())
    offeredEpoch = 0;
  // While an epoch opens, a link may still come up again in time.
  bool fatal = phase == Phase::Ready || phase == Phase::Open;
  if (phase == Phase::Opening)
    fatal = isClient() ? final || links[peer].ready : peer == clientIndex();
  if (fatal)
    failEpochLocked(peer, problem.code(), problem.message(),
                    /*alreadyAnnounced=*/false, outbox);
}

Status Endpoint::handleControlLocked(ParticipantIndex from,
                                     const ControlMessage &message,
                                     Outbox &outbox) {
  using Kind = ControlMessage::Kind;
  const bool fromClient = from == clientIndex();
  const bool ofThisEpoch = message.epoch != 0 && message.epoch == epoch;
  switch (message.kind) {
  case Kind::Open:
    return handleOfferLocked(from, message.epoch, outbox);
  case Kind::Start:
    if (!fromClient)
      break;
    if (ofThisEpoch && phase == Phase::Ready)
      phase = Phase::Open;
    changed.notify_all();
    return Status();
  case Kind::Ready:
    if (!isClient())
      break;
    if (ofThisEpoch)
      links[from].ready = true;
    changed.notify_all();
    return Status();
  case Kind::Refuse:
    if (!isClient())
      break;
    if (ofThisEpoch)
      failEpochLocked(from, StatusCode::Unavailable, message.text,
                      /*alreadyAnnounced=*/false, outbox);
    return Status();
  case Kind::Fail:
  case Kind::Close:
    if (message.kind == Kind::Fail &&
        message.origin >= config.participants.size())
      break;
    handleEndLocked(from, message, outbox);
    return Status();
  }
  return Status(StatusCode::CorruptData,
                fmt::format("{} must not send control message {}", nameOf(from),
                            static_cast<int>(message.kind)));
}

Status Endpoint::handleOfferLocked(ParticipantIndex from, uint64_t offered,
                                   Outbox &outbox) {
  if (from != clientIndex() || offered == 0)
    return Status(
        StatusCode::CorruptData,
        fmt::format("{} must not open epoch {}", nameOf(from), offered));
  failEpochLocked(from, StatusCode::Cancelled, "opened another epoch",
                  /*alreadyAnnounced=*/true, outbox);
  offeredEpoch = offered;
  changed.notify_all();
  return Status();
}

void Endpoint::handleEndLocked(ParticipantIndex from,
                               const ControlMessage &message, Outbox &outbox) {
  if (from == clientIndex() && message.epoch == offeredEpoch)
    offeredEpoch = 0;
  if (message.epoch == 0 || message.epoch != epoch)
    return;
  if (message.kind == ControlMessage::Kind::Close) {
    failEpochLocked(from, StatusCode::Cancelled, "closed the epoch",
                    /*alreadyAnnounced=*/!isClient(), outbox);
    return;
  }
  const bool alive = phase != Phase::Closed && phase != Phase::Failed;
  failEpochLocked(message.origin, StatusCode::Unavailable, message.text,
                  /*alreadyAnnounced=*/true, outbox);
  if (alive && isClient())
    announceLocked(message, message.origin, outbox);
}

bool Endpoint::isServingLocked() const {
  return offeredEpoch != 0 || phase == Phase::Opening ||
         phase == Phase::Ready || phase == Phase::Open;
}

} // namespace windrow
