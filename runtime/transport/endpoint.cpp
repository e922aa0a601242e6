//===- endpoint.cpp - Channels of one participant -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The frame calls and the landing of frames; epochs are in epoch.cpp.
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/endpoint.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <fmt/format.h>

namespace windrow {

Transport::~Transport() = default;

Status planDigestMismatch(const std::array<std::byte, 32> &expected,
                          const std::array<std::byte, 32> &actual) {
  auto text = [](const std::array<std::byte, 32> &digest) {
    std::string hex;
    for (std::byte b : digest)
      hex += fmt::format("{:02x}", std::to_integer<int>(b));
    return hex;
  };
  return Status(StatusCode::Incompatible,
                fmt::format("plan digest must be {}, got {}", text(expected),
                            text(actual)));
}

Endpoint::Endpoint(TransportConfig transportConfig, std::mutex &mutex,
                   std::chrono::milliseconds peerDeadline)
    : config(std::move(transportConfig)), mutex(mutex),
      peerDeadline(peerDeadline), links(config.participants.size()) {
  for (const ChannelSpec &spec : config.channels) {
    Channel channel;
    channel.spec = spec;
    if (spec.direction == ChannelDirection::Receive)
      channel.earlySlot = std::make_unique<std::byte[]>(spec.bytes);
    channels.push_back(std::move(channel));
  }
  std::ranges::sort(channels, {}, [](const Channel &c) { return c.spec.id; });

  for (ParticipantIndex i = 0; i < config.participants.size(); ++i) {
    bool sharesChannel = std::ranges::any_of(
        config.channels, [&](const ChannelSpec &c) { return c.peer == i; });
    if (i != config.self && (sharesChannel || isClient() || i == clientIndex()))
      neighbourList.push_back(i);
  }
}

Endpoint::~Endpoint() = default;

Status Endpoint::checkConfig(const TransportConfig &config) {
  const size_t count = config.participants.size();
  auto invalid = [](std::string text) {
    return Status(StatusCode::InvalidArgument, std::move(text));
  };
  if (count < 2)
    return invalid(fmt::format(
        "participants must be at least a device and a client, got {}", count));
  if (config.self >= count)
    return invalid(fmt::format("participant must be below {}, got {}", count,
                               config.self));
  std::vector<uint32_t> ids;
  for (const ChannelSpec &channel : config.channels) {
    if (channel.peer >= count || channel.peer == config.self)
      return invalid(fmt::format(
          "peer of channel {} must be another participant below {}, got {}",
          channel.id, count, channel.peer));
    ids.push_back(channel.id);
  }
  std::ranges::sort(ids);
  if (auto twin = std::ranges::adjacent_find(ids); twin != ids.end())
    return invalid(fmt::format("channel {} is listed twice", *twin));
  return Status();
}

bool Endpoint::isNeighbour(ParticipantIndex participant) const {
  return std::ranges::find(neighbourList, participant) != neighbourList.end();
}

//===----------------------------------------------------------------------===//
// Calls of the thread that runs the program
//===----------------------------------------------------------------------===//

Endpoint::Channel *Endpoint::findChannel(uint32_t id) {
  auto it = std::ranges::lower_bound(
      channels, id, {}, [](const Channel &c) { return c.spec.id; });
  return it != channels.end() && it->spec.id == id ? &*it : nullptr;
}

/// What a call returns that finds the epoch over, ok when it is not. `channel`
/// becomes the channel called `id`, which must have `direction`.
Status Endpoint::beginCallLocked(uint32_t id, ChannelDirection direction,
                                 Channel *&channel) {
  if (failureReported || stopped)
    return endCallLocked(Status());
  channel = findChannel(id);
  if (!channel || channel->spec.direction != direction)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("channel {} must be one that {} {} on, got none", id,
                           nameOf(config.self),
                           direction == ChannelDirection::Send ? "sends"
                                                               : "receives")));
  return Status();
}

/// `status` when it is a failure, else what the state of the epoch says.
Status Endpoint::endCallLocked(Status status) {
  if (stopped)
    return Status(StatusCode::Cancelled, "stopped");
  if (!status.ok())
    return status;
  if (phase == Phase::Failed) {
    failureReported = true;
    return epochFailure;
  }
  if (phase != Phase::Open)
    return Status(StatusCode::Unavailable, "no epoch is open");
  return Status();
}

/// Ends the epoch because of `status`, a failure of this participant's own that
/// the others hear of from `close`.
Status Endpoint::rejectLocked(Status status) {
  if (phase == Phase::Failed || phase == Phase::Closed)
    return endCallLocked(phase == Phase::Failed ? Status() : std::move(status));
  phase = Phase::Failed;
  epochFailure = status;
  failureOrigin = config.self;
  failureText = status.message();
  failureAnnounced = false;
  failureReported = true;
  return status;
}

Status Endpoint::postReceive(uint32_t id, uint32_t request,
                             std::span<std::byte> destination) {
  std::unique_lock lock(mutex);
  Channel *channel = nullptr;
  WINDROW_RETURN_IF_ERROR(
      beginCallLocked(id, ChannelDirection::Receive, channel));
  WINDROW_RETURN_IF_ERROR(endCallLocked(Status()));
  if (destination.size() != channel->spec.bytes)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("destination of channel {} must be {} bytes, got {}",
                           id, channel->spec.bytes, destination.size())));
  if (channel->receive != Channel::Receive::Idle)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("channel {} has a posted receive already", id)));
  if (channel->early != Channel::Early::Empty &&
      channel->earlyRequest != request)
    return rejectLocked(
        Status(StatusCode::CorruptData,
               fmt::format("frame of {} on channel {} must be of request {}, "
                           "got {}",
                           nameOf(channel->spec.peer), id, request,
                           channel->earlyRequest)));
  channel->destination = destination.data();
  channel->request = request;
  channel->receive = Channel::Receive::Posted;
  if (channel->early != Channel::Early::Full)
    return Status();

  // A full slot is left alone by all but this thread, so the copy needs no
  // lock.
  lock.unlock();
  std::copy_n(channel->earlySlot.get(), channel->spec.bytes,
              destination.data());
  lock.lock();
  channel->receive = Channel::Receive::Landed;
  channel->early = Channel::Early::Empty;
  const bool frameWaits = std::exchange(channel->frameWaits, false);
  const ParticipantIndex peer = channel->spec.peer;
  lock.unlock();
  if (frameWaits)
    resumeReading(peer);
  return Status();
}

Status Endpoint::waitReceive(uint32_t id, Deadline deadline) {
  std::unique_lock lock(mutex);
  Channel *channel = nullptr;
  WINDROW_RETURN_IF_ERROR(
      beginCallLocked(id, ChannelDirection::Receive, channel));
  if (channel->receive == Channel::Receive::Idle)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("channel {} has no posted receive", id)));
  auto landed = [](const Channel &c) {
    return c.receive == Channel::Receive::Landed;
  };
  WINDROW_RETURN_IF_ERROR(waitLocked(lock, deadline, *channel, landed));
  channel->receive = Channel::Receive::Idle;
  return Status();
}

Status Endpoint::postSend(uint32_t id, uint32_t request,
                          std::span<const std::byte> source) {
  std::unique_lock lock(mutex);
  Channel *channel = nullptr;
  WINDROW_RETURN_IF_ERROR(beginCallLocked(id, ChannelDirection::Send, channel));
  WINDROW_RETURN_IF_ERROR(endCallLocked(Status()));
  if (source.size() != channel->spec.bytes)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("source of channel {} must be {} bytes, got {}", id,
                           channel->spec.bytes, source.size())));
  if (channel->send != Channel::Send::Idle)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("channel {} has a posted send already", id)));
  channel->send = Channel::Send::Posted;
  channel->request = request;
  const FrameTag tag{epoch, id, request, channel->spec.bytes};
  const ParticipantIndex peer = channel->spec.peer;
  lock.unlock();
  startSend(peer, tag, source.data());
  return Status();
}

Status Endpoint::waitSend(uint32_t id, Deadline deadline) {
  std::unique_lock lock(mutex);
  Channel *channel = nullptr;
  WINDROW_RETURN_IF_ERROR(beginCallLocked(id, ChannelDirection::Send, channel));
  if (channel->send == Channel::Send::Idle)
    return rejectLocked(
        Status(StatusCode::InvalidArgument,
               fmt::format("channel {} has no posted send", id)));
  auto sent = [](const Channel &c) { return c.send == Channel::Send::Done; };
  WINDROW_RETURN_IF_ERROR(waitLocked(lock, deadline, *channel, sent));
  channel->send = Channel::Send::Idle;
  return Status();
}

/// Waits until `done` holds for `channel`, the epoch is over, or the deadline.
Status Endpoint::waitLocked(std::unique_lock<std::mutex> &lock,
                            Deadline deadline, const Channel &channel,
                            bool (*done)(const Channel &)) {
  auto over = [&] { return done(channel) || stopped || phase != Phase::Open; };
  if (deadline == noDeadline)
    changed.wait(lock, over);
  else
    changed.wait_until(lock, deadline, over);
  if (stopped)
    return endCallLocked(Status());
  if (done(channel))
    return Status();
  if (phase != Phase::Open)
    return endCallLocked(Status());
  const ChannelSpec &spec = channel.spec;
  return rejectLocked(Status(
      StatusCode::DeadlineExceeded,
      fmt::format("{} did not {} request {} on channel {} within the "
                  "deadline",
                  nameOf(spec.peer),
                  spec.direction == ChannelDirection::Send ? "take" : "send",
                  channel.request, spec.id)));
}

//===----------------------------------------------------------------------===//
// Frames that move
//===----------------------------------------------------------------------===//

Landing Endpoint::beginLandingLocked(ParticipantIndex from,
                                     const FrameTag &tag) {
  auto reject = [](std::string text) {
    return Landing{Landing::Action::Reject, nullptr,
                   Status(StatusCode::CorruptData, std::move(text))};
  };
  Channel *channel = findChannel(tag.channel);
  if (!channel || channel->spec.direction != ChannelDirection::Receive ||
      channel->spec.peer != from)
    return reject(fmt::format("channel must be one from {} to {}, got {}",
                              nameOf(from), nameOf(config.self), tag.channel));
  if (tag.bytes != channel->spec.bytes)
    return reject(fmt::format("frame on channel {} must be {} bytes, got {}",
                              tag.channel, channel->spec.bytes, tag.bytes));
  if (tag.epoch != epoch || phase == Phase::Closed || phase == Phase::Failed)
    return {Landing::Action::Discard};
  // Another device may have heard of the start before this one did.
  if (phase != Phase::Open && (phase != Phase::Ready || from == clientIndex()))
    return reject(fmt::format("frame on channel {} must come after the start "
                              "of its epoch, got it before",
                              tag.channel));
  if (channel->early != Channel::Early::Empty) {
    channel->frameWaits = true;
    return {Landing::Action::Wait};
  }
  if (channel->receive != Channel::Receive::Posted) {
    channel->early = Channel::Early::Filling;
    channel->earlyRequest = tag.request;
    return {Landing::Action::Fill, channel->earlySlot.get()};
  }
  if (tag.request != channel->request)
    return reject(fmt::format("frame on channel {} must be of request {}, "
                              "got {}",
                              tag.channel, channel->request, tag.request));
  channel->receive = Channel::Receive::Landing;
  return {Landing::Action::Fill, channel->destination};
}

bool Endpoint::finishLandingLocked(const FrameTag &tag,
                                   std::unique_lock<std::mutex> &lock) {
  Channel *channel = findChannel(tag.channel);
  assert(channel && "landing was begun");
  if (tag.epoch != epoch)
    return false;
  if (channel->receive == Channel::Receive::Landing) {
    channel->receive = Channel::Receive::Landed;
    return true;
  }
  assert(channel->early == Channel::Early::Filling && "landing was begun");
  channel->early = Channel::Early::Full;
  if (channel->receive != Channel::Receive::Posted)
    return false;
  // The receive was posted while the frame was filling the early slot.
  channel->receive = Channel::Receive::Landing;
  lock.unlock();
  std::copy_n(channel->earlySlot.get(), channel->spec.bytes,
              channel->destination);
  lock.lock();
  if (tag.epoch != epoch)
    return false;
  channel->early = Channel::Early::Empty;
  channel->receive = Channel::Receive::Landed;
  return true;
}

void Endpoint::finishSendLocked(const FrameTag &tag) {
  Channel *channel = findChannel(tag.channel);
  if (tag.epoch == epoch && channel->send == Channel::Send::Posted)
    channel->send = Channel::Send::Done;
}

/// Forgets all transfers; `abandonFrames` came before.
void Endpoint::resetChannelsLocked() {
  for (Channel &channel : channels) {
    channel.send = Channel::Send::Idle;
    channel.receive = Channel::Receive::Idle;
    channel.early = Channel::Early::Empty;
    channel.frameWaits = false;
    channel.destination = nullptr;
  }
}

} // namespace windrow
