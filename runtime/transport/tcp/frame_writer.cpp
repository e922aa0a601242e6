//===- frame_writer.cpp - Queue of frames towards a peer ------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/frame_writer.h"

#include "runtime/base/checksum.h"

#include <algorithm>

namespace windrow::tcp {

/// Payload bytes a write: few enough that the checksum's pass leaves them in
/// the cache for the copy into the kernel.
static constexpr uint64_t writeBytes = 128 << 10;

FrameWriter::Frame &FrameWriter::push() {
  if (spare.empty())
    spare.emplace_back();
  queue.splice(queue.end(), spare, spare.begin());
  Frame &frame = queue.back();
  frame.written = frame.summed = 0;
  frame.checksum = 0;
  return frame;
}

void FrameWriter::pop() {
  queue.front().copy.clear();
  spare.splice(spare.begin(), queue, queue.begin());
}

void FrameWriter::pushData(const FrameTag &tag, const std::byte *source,
                           uint64_t ticket) {
  Frame &frame = push();
  frame.tag = tag;
  frame.ticket = ticket;
  frame.isData = true;
  frame.header = encodeHeader(
      {FrameKind::Data, tag.epoch, tag.bytes, tag.channel, tag.request});
  frame.payload = source;
  frame.bytes = tag.bytes;
}

void FrameWriter::pushControl(FrameHeader header,
                              std::span<const std::byte> payload) {
  Frame &frame = push();
  frame.isData = false;
  header.bytes = payload.size();
  frame.header = encodeHeader(header);
  frame.copy.assign(payload.begin(), payload.end());
  frame.payload = frame.copy.data();
  frame.bytes = payload.size();
}

FrameWriter::Step FrameWriter::writeSome(Socket &socket) {
  Frame &frame = queue.front();
  const uint64_t payloadEnd = headerBytes + frame.bytes;
  std::array<asio::const_buffer, 3> buffers;
  size_t count = 0, wanted = 0;
  auto add = [&](const std::byte *data, size_t size) {
    buffers[count++] = asio::const_buffer(data, size);
    wanted += size;
  };

  if (frame.written < headerBytes)
    add(frame.header.data() + frame.written, headerBytes - frame.written);
  const uint64_t begin =
      std::clamp<uint64_t>(frame.written, headerBytes, payloadEnd) -
      headerBytes;
  const uint64_t end = std::min(frame.bytes, begin + writeBytes);
  if (begin < end)
    add(frame.payload + begin, end - begin);
  if (frame.summed < end) {
    frame.checksum = crc32({frame.payload + frame.summed, end - frame.summed},
                           frame.checksum);
    frame.summed = end;
  }
  if (end == frame.bytes) {
    frame.trailer = encodeTrailer(frame.checksum);
    const uint64_t done = std::max(frame.written, payloadEnd) - payloadEnd;
    add(frame.trailer.data() + done, trailerBytes - done);
  }

  Step step;
  const size_t taken = socket.write_some(
      std::span<const asio::const_buffer>(buffers.data(), count), step.error);
  if (step.error == asio::error::would_block) {
    step.error.clear();
    step.blocked = true;
    return step;
  }
  if (step.error)
    return step;
  frame.written += taken;
  step.bytes = taken;
  step.blocked = taken < wanted;
  if (frame.written == payloadEnd + trailerBytes) {
    if (frame.isData)
      step.finished = frame.tag;
    pop();
  }
  return step;
}

void FrameWriter::abandonData() {
  for (auto it = queue.begin(); it != queue.end();) {
    auto frame = it++;
    if (!frame->isData)
      continue;
    if (frame->written == 0) {
      spare.splice(spare.begin(), queue, frame);
      continue;
    }
    frame->isData = false;
    frame->copy.assign(frame->payload, frame->payload + frame->bytes);
    frame->payload = frame->copy.data();
  }
}

void FrameWriter::clear() {
  while (!queue.empty())
    pop();
}

} // namespace windrow::tcp
