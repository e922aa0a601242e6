//===- dialer.h - Keeps trying to connect to one peer -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_DIALER_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_DIALER_H

#include "runtime/transport/tcp/socket.h"

#include <functional>

namespace windrow::tcp {

/// Dials one address on request, with growing pauses between failures. For the
/// io thread only; must outlive the runs of `context`.
class Dialer {
public:
  /// `onConnected` gets the socket; `onProblem` says why an attempt failed, and
  /// decides with its answer whether another one follows.
  Dialer(asio::io_context &context, SocketAddress address,
         std::function<void(Socket)> onConnected,
         std::function<bool(Status)> onProblem);

  /// Dials at once unless an attempt is under way.
  void dial();
  /// Dials after a pause, longer each time until `dial` is called.
  void dialLater();
  void cancel();

private:
  void resolve();
  void connect(const asio::ip::tcp::resolver::results_type &endpoints);
  void finish(std::error_code error);

  enum class State { Idle, Pausing, Dialing };

  SocketAddress address;
  std::function<void(Socket)> onConnected;
  std::function<bool(Status)> onProblem;
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver;
  Socket socket;
  Timer timer; ///< of the pause, or of the attempt
  State state = State::Idle;
  uint64_t attempt = 0; ///< number of the latest
  bool isLate = false;  ///< it was given up
  std::chrono::milliseconds pause;
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_DIALER_H
