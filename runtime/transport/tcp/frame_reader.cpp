//===- frame_reader.cpp - Frames from a peer, into place ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/frame_reader.h"

#include "runtime/base/checksum.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace windrow::tcp {

/// Payload bytes a read: few enough to be in the cache still for the checksum.
static constexpr uint64_t readBytes = 128 << 10;

FrameReader::Step FrameReader::step(Socket &socket, LandingSite &site) {
  switch (stage) {
  case Stage::Header:
    return readHeader(socket);
  case Stage::Placement:
    return place(site);
  case Stage::Payload:
    return readPayload(socket);
  case Stage::Trailer:
    return readTrailer(socket, site);
  }
  return fail(Status(StatusCode::Internal, "unknown stage of a frame"));
}

bool FrameReader::needsSocket() const {
  switch (stage) {
  case Stage::Header:
    return staged < headerBytes;
  case Stage::Placement:
    return false;
  case Stage::Payload:
    return received < frame.bytes;
  case Stage::Trailer:
    return staged < trailerBytes;
  }
  return true;
}

void FrameReader::discardPayload() {
  if (frame.kind != FrameKind::Data)
    return;
  target = nullptr;
  isLanding = false;
}

FrameReader::Step FrameReader::fail(Status status) {
  fault = std::move(status);
  return Step::Failed;
}

/// Reads once; 0 when `step` is to be returned.
template <typename Buffers>
size_t FrameReader::read(Socket &socket, const Buffers &buffers, size_t wanted,
                         Step &step) {
  step = Step::Drained;
  if (std::exchange(exhausted, false))
    return 0;
  std::error_code error;
  const size_t got = socket.read_some(buffers, error);
  if (error == asio::error::would_block)
    return 0;
  if (error) {
    step = fail(Status(StatusCode::Unavailable,
                       error == asio::error::eof
                           ? "connection closed by the peer"
                           : "connection lost: " + error.message()));
    return 0;
  }
  exhausted = got < wanted;
  return got;
}

FrameReader::Step FrameReader::readHeader(Socket &socket) {
  if (staged < headerBytes) {
    const size_t wanted = headerBytes - staged;
    Step step;
    const size_t got = read(
        socket, asio::buffer(staging.data() + staged, wanted), wanted, step);
    if (got == 0)
      return step;
    staged += got;
    return Step::Again;
  }
  auto decoded = decodeHeader(std::span(staging).first<headerBytes>());
  if (!decoded)
    return fail(decoded.error());
  frame = *decoded;
  staged = 0;
  received = 0;
  checksum = 0;
  isLanding = false;
  target = control.data();
  stage = frame.kind == FrameKind::Data ? Stage::Placement : Stage::Payload;
  return Step::Again;
}

FrameReader::Step FrameReader::place(LandingSite &site) {
  Landing landing = site.beginLanding(tag());
  switch (landing.action) {
  case Landing::Action::Reject:
    return fail(std::move(landing.error));
  case Landing::Action::Wait:
    return Step::Waiting;
  case Landing::Action::Discard:
    target = nullptr;
    break;
  case Landing::Action::Fill:
    target = landing.target;
    isLanding = true;
    break;
  }
  stage = Stage::Payload;
  return Step::Again;
}

FrameReader::Step FrameReader::readPayload(Socket &socket) {
  const uint64_t rest = frame.bytes - received;
  if (rest == 0) {
    stage = Stage::Trailer;
    return Step::Again;
  }
  const size_t piece =
      std::min<uint64_t>(rest, target ? readBytes : nowhere.size());
  std::byte *place = target ? target + received : nowhere.data();
  const size_t beyond = piece == rest ? staging.size() : 0;
  const std::array<asio::mutable_buffer, 2> buffers = {
      asio::mutable_buffer(place, piece),
      asio::mutable_buffer(staging.data(), beyond)};
  Step step;
  const size_t got = read(socket, buffers, piece + beyond, step);
  if (got == 0)
    return step;
  const size_t part = std::min(got, piece);
  checksum = crc32({place, part}, checksum);
  received += part;
  staged = got - part;
  return Step::Again;
}

FrameReader::Step FrameReader::readTrailer(Socket &socket, LandingSite &site) {
  if (staged < trailerBytes) {
    const size_t wanted = staging.size() - staged;
    Step step;
    const size_t got = read(
        socket, asio::buffer(staging.data() + staged, wanted), wanted, step);
    if (got == 0)
      return step;
    staged += got;
    return Step::Again;
  }
  const uint32_t actual =
      decodeTrailer(std::span(staging).first<trailerBytes>());
  if (actual != checksum)
    return fail(Status(
        StatusCode::CorruptData,
        fmt::format(
            "payload checksum of {} must be {:#010x}, got {:#010x}",
            frame.kind == FrameKind::Data
                ? fmt::format("channel {}", frame.channel)
                : fmt::format("frame kind {}", static_cast<int>(frame.kind)),
            checksum, actual)));
  staged -= trailerBytes;
  std::memmove(staging.data(), staging.data() + trailerBytes, staged);
  stage = Stage::Header;
  if (frame.kind != FrameKind::Data)
    return Step::Control;
  if (isLanding)
    site.finishLanding(tag());
  return Step::Again;
}

} // namespace windrow::tcp
