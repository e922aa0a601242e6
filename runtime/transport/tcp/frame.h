//===- frame.h - What goes over a TCP connection ----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A connection carries frames in both directions, and nothing else:
//
//   offset  bytes
//        0      4  magic "WNDR"
//        4      2  protocol version
//        6      2  frame kind
//        8      8  epoch
//       16      8  n, the payload's size
//       24      4  channel; of a fail: the participant that failed
//       28      4  request; of a refuse: its status code
//       32      4  CRC-32 of the 32 bytes before
//       36      n  payload
//     36+n      4  CRC-32 of the payload
//
// All numbers are little-endian. Magic and version keep their places in all
// versions. The payload's checksum comes last so that neither side has to walk
// over a large payload before the first byte moves.
//
// Both sides begin with a hello, and say nothing more before they have checked
// the other's. Its payload is the sender's participant index (4 bytes) and the
// plan's digest (32 bytes). The payload of a refuse and of a fail is text.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_H

#include "windrow/status.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windrow::tcp {

inline constexpr uint32_t frameMagic = 0x52444e57; // "WNDR" in memory
inline constexpr uint16_t protocolVersion = 1;

inline constexpr size_t headerBytes = 36;
inline constexpr size_t trailerBytes = 4;
inline constexpr size_t digestBytes = 32;
inline constexpr size_t helloBytes = 4 + digestBytes;
/// Longest payload of a frame other than data.
inline constexpr size_t maxControlBytes = 1024;

enum class FrameKind : uint16_t {
  Hello = 1,
  Open,
  Ready,
  Refuse,
  Start,
  Fail,
  Close,
  Data,
};

struct FrameHeader {
  FrameKind kind;
  uint64_t epoch = 0;
  uint64_t bytes = 0;
  uint32_t channel = 0;
  uint32_t request = 0;
};

using HeaderImage = std::array<std::byte, headerBytes>;
using TrailerImage = std::array<std::byte, trailerBytes>;

HeaderImage encodeHeader(const FrameHeader &header);

/// Checks everything about a header that needs no knowledge of the plan: magic,
/// version, checksum, kind, and the size of all but data.
Expected<FrameHeader>
decodeHeader(std::span<const std::byte, headerBytes> image);

TrailerImage encodeTrailer(uint32_t payloadChecksum);
uint32_t decodeTrailer(std::span<const std::byte, trailerBytes> image);

struct Hello {
  uint32_t participant;
  std::array<std::byte, digestBytes> planDigest;
};

std::array<std::byte, helloBytes> encodeHello(const Hello &hello);
Hello decodeHello(std::span<const std::byte, helloBytes> image);

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_H
