//===- socket.h - Asio's types as this transport uses them ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_SOCKET_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_SOCKET_H

#include "windrow/status.h"

#include <asio.hpp>
#include <string>
#include <string_view>

namespace windrow::tcp {

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               Executor>;

/// A host, by name or number, and a port.
struct SocketAddress {
  std::string host;
  std::string port;

  /// Parses "host:port" and "[ipv6]:port"; the port is 0 to 65535.
  static Expected<SocketAddress> parse(std::string_view text);
};

/// "host:port" or "[ipv6]:port".
std::string toString(const asio::ip::tcp::endpoint &endpoint);

/// Makes `socket` non-blocking, without Nagle's delay, and under cubic
/// congestion control where the kernel has it. It has no more than about 110 KB
/// on the way at a time: the kernel keeps that, and what it takes to keep it,
/// in twice 64 KiB. Round trips up to 0.9 ms leave a link of 1 Gbit/s busy.
void tuneSocket(Socket &socket);

/// Whether the kernel holds 8 KiB or more of what was written to `socket` that
/// it has not sent yet. The socket becomes writable, for `wait_write`, once it
/// does not; a write succeeds all the same.
bool holdsUnsentData(Socket &socket);

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_SOCKET_H
