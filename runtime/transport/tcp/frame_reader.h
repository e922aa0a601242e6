//===- frame_reader.h - Frames from a peer, into place ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_READER_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_READER_H

#include "runtime/transport/endpoint.h"
#include "runtime/transport/tcp/frame.h"
#include "runtime/transport/tcp/socket.h"

namespace windrow::tcp {

/// Where a reader asks for the places of data.
class LandingSite {
public:
  virtual Landing beginLanding(const FrameTag &tag) = 0;
  virtual void finishLanding(const FrameTag &tag) = 0;

protected:
  ~LandingSite() = default;
};

/// Reads frames from one socket, the payloads of data straight into their
/// places. Not thread-safe.
class FrameReader {
public:
  enum class Step {
    Again,   ///< went on; call again
    Drained, ///< call again when the socket is readable
    Waiting, ///< no room for a frame; call again when there may be
    Control, ///< a frame other than data is complete: `header`, `payload`
    Failed,  ///< `problem` says why; never call again
  };

  /// Goes on by at most one read or one frame.
  Step step(Socket &socket, LandingSite &site);

  /// True when the next step needs the socket; false when it must be taken
  /// without waiting for one.
  bool needsSocket() const;

  /// The rest of the payload under way, if any, goes nowhere.
  void discardPayload();

  const FrameHeader &header() const { return frame; }
  std::span<const std::byte> payload() const {
    return std::span(control).first(frame.bytes);
  }
  const Status &problem() const { return fault; }

private:
  enum class Stage { Header, Placement, Payload, Trailer };

  FrameTag tag() const {
    return {frame.epoch, frame.channel, frame.request, frame.bytes};
  }
  Step fail(Status status);
  Step place(LandingSite &site);
  Step readHeader(Socket &socket);
  Step readPayload(Socket &socket);
  Step readTrailer(Socket &socket, LandingSite &site);
  template <typename Buffers>
  size_t read(Socket &socket, const Buffers &buffers, size_t wanted,
              Step &step);

  Stage stage = Stage::Header;
  FrameHeader frame{};
  std::byte *target = nullptr; ///< null: the payload goes nowhere
  bool isLanding = false;      ///< the payload goes where the site said
  uint64_t received = 0;       ///< bytes of the payload
  uint32_t checksum = 0;       ///< of those
  bool exhausted = false;      ///< the last read got less than it asked for
  size_t staged = 0;
  /// A trailer and the header after it, read together with a payload's end.
  std::array<std::byte, trailerBytes + headerBytes> staging;
  std::array<std::byte, maxControlBytes> control;
  std::array<std::byte, 16 << 10> nowhere;
  Status fault;
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_READER_H
