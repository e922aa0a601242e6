//===- raw_peer.cpp - A bare socket that says what it likes ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/raw_peer.h"

#include "runtime/base/checksum.h"

#include <algorithm>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windrow::test {

Bytes frameBytes(tcp::FrameHeader header, std::span<const std::byte> payload) {
  header.bytes = payload.size();
  const auto image = tcp::encodeHeader(header);
  const auto trailer = tcp::encodeTrailer(crc32(payload));
  Bytes bytes(image.size() + payload.size() + trailer.size());
  auto end = std::ranges::copy(image, bytes.begin()).out;
  end = std::ranges::copy(payload, end).out;
  std::ranges::copy(trailer, end);
  return bytes;
}

Bytes frameBytes(tcp::FrameHeader header, const std::string &text) {
  return frameBytes(header, std::as_bytes(std::span(text)));
}

Bytes helloBytesOf(uint32_t participant, std::byte digest) {
  tcp::Hello hello{participant, {}};
  hello.planDigest.fill(digest);
  return frameBytes({tcp::FrameKind::Hello}, tcp::encodeHello(hello));
}

std::string RawFrame::text() const {
  return std::string(reinterpret_cast<const char *>(payload.data()),
                     payload.size());
}

static sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

RawPeer::RawPeer(const std::string &address)
    : descriptor(::socket(AF_INET, SOCK_STREAM, 0)) {
  const auto target = loopback(
      static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr *>(&target),
                      sizeof(target)),
            0);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawPeer::~RawPeer() { ::close(descriptor); }

bool RawPeer::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes = bytes.subspan(sent);
  }
  return true;
}

bool RawPeer::read(std::span<std::byte> bytes) {
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  while (!bytes.empty()) {
    const ssize_t got = ::recv(descriptor, bytes.data(), bytes.size(), 0);
    if (got <= 0)
      return false;
    bytes = bytes.subspan(got);
  }
  return true;
}

RawFrame RawPeer::next() {
  RawFrame end{{tcp::FrameKind::Close}, {}};
  for (char c : std::string("end"))
    end.payload.push_back(std::byte(c));
  tcp::HeaderImage image;
  if (!read(image))
    return end;
  auto header = tcp::decodeHeader(image);
  EXPECT_TRUE(header) << header.error().message();
  if (!header)
    return end;
  RawFrame frame{*header, Bytes(header->bytes)};
  tcp::TrailerImage trailer;
  if (!read(frame.payload) || !read(trailer))
    return end;
  EXPECT_EQ(tcp::decodeTrailer(trailer), crc32(frame.payload));
  return frame;
}

std::string RawPeer::refusal() {
  for (;;) {
    const RawFrame frame = next();
    if (frame.header.kind == tcp::FrameKind::Refuse ||
        frame.header.kind == tcp::FrameKind::Close)
      return frame.text();
  }
}

bool RawPeer::endsInTime() {
  const auto end = std::chrono::steady_clock::now() + patience;
  std::byte some;
  while (read({&some, 1}))
    continue;
  return std::chrono::steady_clock::now() < end;
}

RawListener::RawListener() : descriptor(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in any = loopback(0);
  socklen_t size = sizeof(any);
  auto *generic = reinterpret_cast<sockaddr *>(&any);
  EXPECT_EQ(::bind(descriptor, generic, size), 0);
  EXPECT_EQ(::listen(descriptor, 8), 0);
  EXPECT_EQ(::getsockname(descriptor, generic, &size), 0);
  address = "127.0.0.1:" + std::to_string(ntohs(any.sin_port));
}

RawListener::~RawListener() { ::close(descriptor); }

int RawListener::accept() { return ::accept(descriptor, nullptr, nullptr); }

} // namespace windrow::test
