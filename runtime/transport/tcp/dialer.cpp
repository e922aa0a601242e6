//===- dialer.cpp - Keeps trying to connect to one peer -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/dialer.h"

#include <algorithm>
#include <fmt/format.h>

namespace windrow::tcp {

using std::chrono::milliseconds;

static constexpr milliseconds firstPause{10};
static constexpr milliseconds longestPause{500};
/// A connection attempt to a machine that is off would last minutes.
static constexpr milliseconds attemptDeadline{3000};

Dialer::Dialer(asio::io_context &context, SocketAddress address,
               std::function<void(Socket)> onConnected,
               std::function<bool(Status)> onProblem)
    : address(std::move(address)), onConnected(std::move(onConnected)),
      onProblem(std::move(onProblem)), resolver(context), socket(context),
      timer(context), pause(firstPause) {}

void Dialer::dial() {
  pause = firstPause;
  if (state == State::Dialing)
    return;
  state = State::Dialing;
  isLate = false;
  // Ends a pause, too.
  timer.expires_after(attemptDeadline);
  timer.async_wait([this, own = ++attempt](std::error_code error) {
    if (error || state != State::Dialing || own != attempt)
      return;
    isLate = true;
    resolver.cancel();
    std::error_code ignored;
    socket.close(ignored);
  });
  resolve();
}

void Dialer::dialLater() {
  if (state != State::Idle)
    return;
  state = State::Pausing;
  timer.expires_after(pause);
  const milliseconds nextPause = std::min(pause * 2, longestPause);
  timer.async_wait([this, nextPause](std::error_code error) {
    if (error || state != State::Pausing)
      return;
    dial();
    pause = nextPause;
  });
}

void Dialer::cancel() {
  state = State::Idle;
  timer.cancel();
  resolver.cancel();
  std::error_code ignored;
  socket.close(ignored);
}

void Dialer::resolve() {
  // A number needs no name service, which may be slow to say so.
  std::error_code error;
  const auto number = asio::ip::make_address(address.host, error);
  if (!error) {
    const auto port = static_cast<uint16_t>(std::stoi(address.port));
    connect(asio::ip::tcp::resolver::results_type::create(
        asio::ip::tcp::endpoint(number, port), address.host, address.port));
    return;
  }
  resolver.async_resolve(address.host, address.port,
                         asio::ip::resolver_base::numeric_service,
                         [this](std::error_code error, auto endpoints) {
                           if (error)
                             finish(error);
                           else
                             connect(endpoints);
                         });
}

void Dialer::connect(const asio::ip::tcp::resolver::results_type &endpoints) {
  asio::async_connect(
      socket, endpoints,
      [this](std::error_code error, const asio::ip::tcp::endpoint &) {
        finish(error);
      });
}

void Dialer::finish(std::error_code error) {
  if (state != State::Dialing)
    return;
  state = State::Idle;
  timer.cancel();
  if (!error && !isLate) {
    onConnected(std::move(socket));
    return;
  }
  std::error_code ignored;
  socket.close(ignored);
  const std::string text = isLate ? "no answer" : error.message();
  if (onProblem(Status(StatusCode::Unavailable,
                       fmt::format("cannot connect to {}:{}: {}", address.host,
                                   address.port, text))))
    dialLater();
}

} // namespace windrow::tcp
