//===- socket.cpp - Addresses and socket options --------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/socket.h"

#include <charconv>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

namespace windrow::tcp {

static constexpr int maxUnsentBytes = 8 << 10;

Expected<SocketAddress> SocketAddress::parse(std::string_view text) {
  auto invalid = [&] {
    return failure(
        Status(StatusCode::InvalidArgument,
               fmt::format("address must be host:port, got \"{}\"", text)));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return invalid();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find_first_of(":[]") != std::string_view::npos)
    return invalid();
  uint16_t number;
  auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || error != std::errc() || end != port.data() + port.size())
    return invalid();
  return SocketAddress{std::string(host), std::string(port)};
}

std::string toString(const asio::ip::tcp::endpoint &endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6()
             ? fmt::format("[{}]:{}", host, endpoint.port())
             : fmt::format("{}:{}", host, endpoint.port());
}

void tuneSocket(Socket &socket) {
  // A socket without these still works, only slower; one that blocks would not.
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  static constexpr std::string_view algorithm = "cubic";
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION,
               algorithm.data(), algorithm.size());
  // Other connections wait until a frame is out of this process; what the
  // kernel holds back beyond this would delay none of it. A socket counts as
  // writable below half of it.
  const int notSentBytes = 2 * maxUnsentBytes;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT,
               &notSentBytes, sizeof(notSentBytes));
  // Several devices send to one at once, and what a switch cannot queue for it
  // (512 KB a port, often less) is lost and sent again.
  const int sendBufferBytes = 64 << 10;
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDBUF, &sendBufferBytes,
               sizeof(sendBufferBytes));
  socket.non_blocking(true, ignored);
}

bool holdsUnsentData(Socket &socket) {
  int bytes = 0;
  const bool isKnown =
      ::ioctl(socket.native_handle(), SIOCOUTQNSD, &bytes) == 0;
  return isKnown && bytes >= maxUnsentBytes;
}

} // namespace windrow::tcp
