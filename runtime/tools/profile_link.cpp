//===- profile_link.cpp - The two ends of a measurement -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/profile_link.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;

/// Changes with the orders and results; sides of different versions refuse each
/// other.
static constexpr std::string_view planName = "windrow-profile, version 1";

/// A frame of text begins with the number of its bytes that count, and with
/// whether another one follows.
static constexpr size_t textHeaderBytes = 8;
static constexpr size_t textFrameBytes = 16 << 10;
static constexpr size_t textPieceBytes = textFrameBytes - textHeaderBytes;

/// JSON that makes sense here is less deep.
static constexpr int maxDepth = 16;

/// Channels of one direction: text, then the probes.
static constexpr uint32_t channelsEachWay = 1 + probeBytes.size();

TransportConfig windrow::profileConfig(ParticipantIndex self,
                                       std::string device,
                                       std::string address) {
  TransportConfig config;
  config.planDigest.fill(std::byte(0));
  std::ranges::copy(std::as_bytes(std::span(planName)),
                    config.planDigest.begin());
  config.self = self;
  config.participants = {{std::move(device), std::move(address)},
                         {"client", ""}};
  for (uint32_t id = 0; id < 2 * channelsEachWay; ++id) {
    bool isSent = (id / channelsEachWay == 0) == (self == 0);
    uint32_t index = id % channelsEachWay;
    config.channels.push_back(
        {id, 1 - self,
         isSent ? ChannelDirection::Send : ChannelDirection::Receive,
         index == 0 ? textFrameBytes : probeBytes[index - 1]});
  }
  return config;
}

ProfileLink::ProfileLink(Transport &transport, ParticipantIndex self,
                         std::string peer)
    : transport(transport), self(self), peerName(std::move(peer)),
      nextSent(channelsEachWay), nextReceived(channelsEachWay),
      piece(textFrameBytes), outgoing(probeBytes.back()),
      incoming(probeBytes.back()) {
  for (size_t i = 0; i < outgoing.size(); ++i)
    outgoing[i] = static_cast<std::byte>(i * 31);
}

/// The device sends on the lower half of the channels.
uint32_t ProfileLink::channel(uint32_t index,
                              ChannelDirection direction) const {
  bool isLower = (direction == ChannelDirection::Send) == (self == 0);
  return isLower ? index : channelsEachWay + index;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

Status ProfileLink::send(const Json &json) {
  std::string text =
      json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  const uint32_t id = channel(0, ChannelDirection::Send);
  size_t begin = 0;
  do {
    size_t count = std::min(text.size() - begin, textPieceBytes);
    bool isLast = begin + count == text.size();
    const std::array<uint32_t, 2> header = {static_cast<uint32_t>(count),
                                            isLast ? 0u : 1u};
    std::memcpy(piece.data(), header.data(), textHeaderBytes);
    std::memcpy(piece.data() + textHeaderBytes, text.data() + begin, count);
    WINDROW_RETURN_IF_ERROR(transport.postSend(id, nextSent[0]++, piece));
    WINDROW_RETURN_IF_ERROR(
        transport.waitSend(id, Clock::now() + profilePatience));
    begin += count;
  } while (begin < text.size());
  return {};
}

tl::unexpected<Status> ProfileLink::corrupt(const std::string &problem) const {
  return failure(
      Status(StatusCode::CorruptData, problem).withContext(peerName));
}

Expected<std::string> ProfileLink::receiveText(size_t maxBytes) {
  const uint32_t id = channel(0, ChannelDirection::Receive);
  std::string text;
  for (std::array<uint32_t, 2> header = {0, 1}; header[1] != 0;) {
    Status status = transport.postReceive(id, nextReceived[0]++, piece);
    if (status.ok())
      status = transport.waitReceive(id, Clock::now() + profilePatience);
    if (!status.ok())
      return failure(status);
    std::memcpy(header.data(), piece.data(), textHeaderBytes);
    if (header[0] > textPieceBytes || header[1] > 1 ||
        (header[0] < textPieceBytes && header[1] == 1))
      return corrupt(
          fmt::format("piece of text must be of {} bytes or the last, got {}",
                      textPieceBytes, header[0]));
    if (text.size() + header[0] > maxBytes)
      return corrupt(
          fmt::format("text must be at most {} bytes, got more", maxBytes));
    text.append(reinterpret_cast<const char *>(piece.data()) + textHeaderBytes,
                header[0]);
  }
  return text;
}

Expected<Json> ProfileLink::receive(size_t maxBytes) {
  Expected<std::string> text = receiveText(maxBytes);
  if (!text)
    return failure(text.error());
  // Who writes messages about JSON walks over it by recursion.
  bool isTooDeep = false;
  auto limitDepth = [&](int depth, Json::parse_event_t, const Json &) {
    isTooDeep |= depth > maxDepth;
    return depth <= maxDepth;
  };
  Json json = Json::parse(*text, limitDepth, /*allow_exceptions=*/false);
  if (isTooDeep)
    return corrupt(
        fmt::format("text must be at most {} levels deep, got more", maxDepth));
  if (!json.is_object())
    return corrupt("text must be an object of JSON");
  return json;
}

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

Status ProfileLink::sendProbe(uint32_t size) {
  const uint32_t id = channel(1 + size, ChannelDirection::Send);
  WINDROW_RETURN_IF_ERROR(transport.postSend(
      id, nextSent[1 + size]++, std::span(outgoing).first(probeBytes[size])));
  return transport.waitSend(id, Clock::now() + profilePatience);
}

Status ProfileLink::expectProbe(uint32_t size) {
  return transport.postReceive(channel(1 + size, ChannelDirection::Receive),
                               nextReceived[1 + size]++,
                               std::span(incoming).first(probeBytes[size]));
}

Status ProfileLink::awaitProbe(uint32_t size) {
  return transport.waitReceive(channel(1 + size, ChannelDirection::Receive),
                               Clock::now() + profilePatience);
}

//===----------------------------------------------------------------------===//
// The client's end
//===----------------------------------------------------------------------===//

ProfileConnection::ProfileConnection(std::unique_ptr<Transport> created,
                                     const std::string &name,
                                     const std::stop_token &stop)
    : transport(std::move(created)), profileLink(*transport, 1, name),
      stopper(stop, Stopper{*transport}) {}

ProfileConnection::~ProfileConnection() { transport->close(Status()); }

Expected<std::unique_ptr<ProfileConnection>>
ProfileConnection::open(const std::string &name, const std::string &address,
                        std::chrono::milliseconds timeout,
                        const std::stop_token &stop) {
  Expected<std::unique_ptr<TcpTransport>> transport =
      createTcpTransport(profileConfig(1, name, address), {});
  if (!transport)
    return failure(transport.error());
  std::unique_ptr<ProfileConnection> connection(
      new ProfileConnection(std::move(*transport), name, stop));
  Status opened = connection->transport->open(Clock::now() + timeout);
  if (opened.code() == StatusCode::Incompatible)
    return failure(Status(
        StatusCode::Incompatible,
        fmt::format("{}: must be windrow-profile --serve, of this version, at "
                    "{}, got something else",
                    name, address)));
  if (!opened.ok())
    return failure(opened);
  return connection;
}

Status ProfileConnection::finish() {
  WINDROW_RETURN_IF_ERROR(profileLink.send({{"order", endOrder}}));
  Expected<Json> nothing = profileLink.receive(maxResultBytes);
  if (!nothing && nothing.error().code() == StatusCode::Cancelled)
    return {};
  return nothing ? Status(StatusCode::CorruptData,
                          profileLink.peer() + ": must end the measurement")
                 : nothing.error();
}
