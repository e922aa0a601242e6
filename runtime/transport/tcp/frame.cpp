//===- frame.cpp - What goes over a TCP connection ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/frame.h"

#include "runtime/base/checksum.h"

#include <algorithm>
#include <fmt/format.h>

namespace windrow::tcp {

/// Places of a header's fields.
enum : size_t {
  magicAt = 0,
  versionAt = 4,
  kindAt = 6,
  epochAt = 8,
  sizeAt = 16,
  channelAt = 24,
  requestAt = 28,
  checksumAt = 32,
};

template <typename T> static void store(std::byte *at, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    at[i] = static_cast<std::byte>(value >> 8 * i);
}

template <typename T> static T load(const std::byte *at) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(std::to_integer<T>(at[i]) << 8 * i);
  return value;
}

HeaderImage encodeHeader(const FrameHeader &header) {
  HeaderImage image;
  store(image.data() + magicAt, frameMagic);
  store(image.data() + versionAt, protocolVersion);
  store(image.data() + kindAt, static_cast<uint16_t>(header.kind));
  store(image.data() + epochAt, header.epoch);
  store(image.data() + sizeAt, header.bytes);
  store(image.data() + channelAt, header.channel);
  store(image.data() + requestAt, header.request);
  store(image.data() + checksumAt, crc32(std::span(image).first(checksumAt)));
  return image;
}

/// Ok when a control frame of `kind` may have `bytes` bytes of payload.
static Status checkControlSize(FrameKind kind, uint64_t bytes) {
  uint64_t least = 0, most = 0;
  if (kind == FrameKind::Hello)
    least = most = helloBytes;
  else if (kind == FrameKind::Refuse || kind == FrameKind::Fail)
    most = maxControlBytes;
  if (bytes >= least && bytes <= most)
    return Status();
  return Status(StatusCode::CorruptData,
                fmt::format("payload of frame kind {} must be {} to {} bytes, "
                            "got {}",
                            static_cast<int>(kind), least, most, bytes));
}

Expected<FrameHeader>
decodeHeader(std::span<const std::byte, headerBytes> image) {
  const std::byte *data = image.data();
  if (auto magic = load<uint32_t>(data + magicAt); magic != frameMagic)
    return failure(Status(StatusCode::CorruptData,
                          fmt::format("frame magic must be {:#010x}, got "
                                      "{:#010x}",
                                      frameMagic, magic)));
  if (auto version = load<uint16_t>(data + versionAt);
      version != protocolVersion)
    return failure(Status(StatusCode::Incompatible,
                          fmt::format("protocol version must be {}, got {}",
                                      protocolVersion, version)));
  const uint32_t expected = crc32(image.first(checksumAt));
  if (auto actual = load<uint32_t>(data + checksumAt); actual != expected)
    return failure(Status(StatusCode::CorruptData,
                          fmt::format("header checksum must be {:#010x}, got "
                                      "{:#010x}",
                                      expected, actual)));
  const auto kind = load<uint16_t>(data + kindAt);
  if (kind < static_cast<uint16_t>(FrameKind::Hello) ||
      kind > static_cast<uint16_t>(FrameKind::Data))
    return failure(
        Status(StatusCode::CorruptData,
               fmt::format("frame kind must be 1 to 8, got {}", kind)));
  FrameHeader header{
      static_cast<FrameKind>(kind), load<uint64_t>(data + epochAt),
      load<uint64_t>(data + sizeAt), load<uint32_t>(data + channelAt),
      load<uint32_t>(data + requestAt)};
  if (header.kind != FrameKind::Data)
    if (Status status = checkControlSize(header.kind, header.bytes);
        !status.ok())
      return failure(std::move(status));
  return header;
}

TrailerImage encodeTrailer(uint32_t payloadChecksum) {
  TrailerImage image;
  store(image.data(), payloadChecksum);
  return image;
}

uint32_t decodeTrailer(std::span<const std::byte, trailerBytes> image) {
  return load<uint32_t>(image.data());
}

std::array<std::byte, helloBytes> encodeHello(const Hello &hello) {
  std::array<std::byte, helloBytes> image;
  store(image.data(), hello.participant);
  std::ranges::copy(hello.planDigest, image.begin() + sizeof(uint32_t));
  return image;
}

Hello decodeHello(std::span<const std::byte, helloBytes> image) {
  Hello hello{load<uint32_t>(image.data()), {}};
  std::ranges::copy(image.subspan<sizeof(uint32_t)>(),
                    hello.planDigest.begin());
  return hello;
}

} // namespace windrow::tcp
