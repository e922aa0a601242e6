//===- frame_writer.h - Queue of frames towards a peer ----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_WRITER_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_WRITER_H

#include "runtime/transport/endpoint.h"
#include "runtime/transport/tcp/frame.h"
#include "runtime/transport/tcp/socket.h"

#include <list>
#include <optional>

namespace windrow::tcp {

/// Frames that wait to be written to one socket, in order. Payloads of data are
/// read where they lie, piece by piece as the socket takes them. Not
/// thread-safe.
class FrameWriter {
public:
  /// What one write did.
  struct Step {
    std::error_code error;
    uint64_t bytes = 0;               ///< written
    bool blocked = false;             ///< the socket takes no more for now
    std::optional<FrameTag> finished; ///< the data frame it completed, if any
  };

  /// Room for `dataFrames` queued data frames without allocation.
  explicit FrameWriter(size_t dataFrames) : spare(dataFrames) {}

  bool empty() const { return queue.empty(); }
  /// Of the oldest frame, if that is one of data; else 0.
  uint64_t nextDataBytes() const {
    return !queue.empty() && queue.front().isData ? queue.front().bytes : 0;
  }
  /// Of the oldest frame, which must be one of data.
  uint64_t nextTicket() const { return queue.front().ticket; }

  /// `ticket` is the frame's place among those of other connections.
  void pushData(const FrameTag &tag, const std::byte *source, uint64_t ticket);
  /// Copies `payload`; the header's size is set from it.
  void pushControl(FrameHeader header, std::span<const std::byte> payload);

  /// Writes a part of the oldest frame; the queue must not be empty.
  Step writeSome(Socket &socket);

  /// Drops all data frames and looks at no source afterwards. One that is
  /// partly written is completed from a copy.
  void abandonData();
  /// Drops everything.
  void clear();

private:
  struct Frame {
    FrameTag tag{};      ///< of data only
    uint64_t ticket = 0; ///< of data only
    bool isData = false;
    HeaderImage header;
    TrailerImage trailer;
    const std::byte *payload = nullptr;
    uint64_t bytes = 0;   ///< of the payload
    uint64_t written = 0; ///< of header, payload and trailer
    uint64_t summed = 0;  ///< bytes of the payload that `checksum` covers
    uint32_t checksum = 0;
    std::vector<std::byte> copy; ///< owns the payload of what is not data
  };

  Frame &push();
  void pop();

  std::list<Frame> queue;
  std::list<Frame> spare; ///< nodes to be used again
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_FRAME_WRITER_H
