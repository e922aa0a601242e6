//===- raw_peer.h - A bare socket that says what it likes -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_CONFORMANCE_RAW_PEER_H
#define WINDROW_TEST_CONFORMANCE_RAW_PEER_H

#include "runtime/transport/tcp/frame.h"

#include <chrono>
#include <string>
#include <vector>

namespace windrow::test {

using Bytes = std::vector<std::byte>;

/// A frame as it goes over the wire, with right checksums.
Bytes frameBytes(tcp::FrameHeader header, std::span<const std::byte> payload);
Bytes frameBytes(tcp::FrameHeader header, const std::string &text = "");
Bytes helloBytesOf(uint32_t participant, std::byte digest);

struct RawFrame {
  tcp::FrameHeader header;
  Bytes payload;
  std::string text() const;
};

/// A blocking socket towards an endpoint.
class RawPeer {
public:
  /// Connects to "127.0.0.1:port".
  explicit RawPeer(const std::string &address);
  /// Takes over an accepted socket.
  explicit RawPeer(int descriptor) : descriptor(descriptor) {}
  RawPeer(const RawPeer &) = delete;
  ~RawPeer();

  /// False when the other side has closed.
  bool send(std::span<const std::byte> bytes);
  /// The next frame; kind `Close` with the text "end" when the connection ended
  /// or nothing came for as long as `patience`.
  RawFrame next();
  /// The text of the refusal that ends the connection, or "end".
  std::string refusal();
  /// Whether the other side ends the connection within `patience`.
  bool endsInTime();

  std::chrono::milliseconds patience{10000};

private:
  bool read(std::span<std::byte> bytes);

  int descriptor;
};

/// A listening socket on loopback.
class RawListener {
public:
  RawListener();
  ~RawListener();
  int accept();
  std::string address;

private:
  int descriptor;
};

} // namespace windrow::test

#endif // WINDROW_TEST_CONFORMANCE_RAW_PEER_H
