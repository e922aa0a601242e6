//===- tcp_endpoint.cpp - A participant on the network --------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/tcp_endpoint.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>

namespace windrow::tcp {

using std::chrono::milliseconds;

/// Connections at a time that have not said who they are.
static constexpr size_t maxStrangers = 64;
/// How long a refused peer may take to read the explanation.
static constexpr milliseconds refusalPatience{1000};
/// Before accepting again when the process has no file descriptor left.
static constexpr milliseconds acceptRetryPause{100};

/// How long a large frame may make no progress before others go as well.
static constexpr milliseconds sendPatience{100};

//===----------------------------------------------------------------------===//
// Beginning and end
//===----------------------------------------------------------------------===//

Expected<std::unique_ptr<TcpTransport>>
TcpEndpoint::create(TransportConfig config, TcpOptions options) {
  if (Status status = checkConfig(config); !status.ok())
    return failure(status);
  for (size_t i = 0; i < config.participants.size(); ++i)
    if (i < options.addressOverrides.size() &&
        !options.addressOverrides[i].empty())
      config.participants[i].address = options.addressOverrides[i];
  std::unique_ptr<TcpEndpoint> endpoint(
      new TcpEndpoint(std::move(config), std::move(options)));
  if (Status status = endpoint->addDialers(); !status.ok())
    return failure(status);
  if (!endpoint->isClient())
    if (Status status = endpoint->listen(); !status.ok())
      return failure(status);
  endpoint->start();
  return endpoint;
}

TcpEndpoint::TcpEndpoint(TransportConfig config, TcpOptions tcpOptions)
    : Endpoint(std::move(config), endpointMutex, tcpOptions.peerDeadline),
      options(std::move(tcpOptions)),
      turns(context, this->config.participants.size(), sendPatience),
      dialers(this->config.participants.size()),
      connections(this->config.participants.size()) {}

TcpEndpoint::~TcpEndpoint() {
  context.stop();
  if (ioThread.joinable())
    ioThread.join();
}

Status TcpEndpoint::addDialers() {
  for (ParticipantIndex peer : neighbours()) {
    if (peer == clientIndex() || (!isClient() && peer < config.self))
      continue;
    auto address = SocketAddress::parse(config.participants[peer].address);
    if (!address)
      return address.error().withContext(nameOf(peer));
    dialers[peer] = std::make_unique<Dialer>(
        context, *address,
        [this, peer](Socket socket) { adopt(std::move(socket), peer); },
        [this, peer](Status problem) { return dialFailed(peer, problem); });
  }
  return Status();
}

Status TcpEndpoint::listen() {
  auto address = SocketAddress::parse(options.listenAddress);
  if (!address)
    return address.error().withContext("cannot listen");
  std::error_code error;
  asio::ip::tcp::resolver resolver(context);
  auto found = resolver.resolve(address->host, address->port,
                                asio::ip::resolver_base::passive |
                                    asio::ip::resolver_base::numeric_service,
                                error);
  if (!error) {
    const asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), error);
    if (!error)
      acceptor.set_option(Acceptor::reuse_address(true), error);
    if (!error)
      acceptor.bind(endpoint, error);
    if (!error)
      acceptor.listen(Acceptor::max_listen_connections, error);
    if (!error)
      boundAddress = toString(acceptor.local_endpoint(error));
  }
  if (error)
    return Status(StatusCode::Unavailable,
                  fmt::format("cannot listen on {}: {}", options.listenAddress,
                              error.message()));
  return Status();
}

void TcpEndpoint::start() {
  if (acceptor.is_open())
    acceptNext();
  if (!isClient())
    connectPeers();
  // The process's signals are for its own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  ioThread = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void TcpEndpoint::run() {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception &exception) {
      Outbox outbox;
      std::lock_guard lock(mutex);
      failEpochLocked(config.self, StatusCode::Internal, exception.what(),
                      /*alreadyAnnounced=*/true, outbox);
    }
  }
}

//===----------------------------------------------------------------------===//
// Connections come up
//===----------------------------------------------------------------------===//

void TcpEndpoint::acceptNext() {
  acceptor.async_accept([this](std::error_code error, Socket socket) {
    if (error == asio::error::operation_aborted)
      return;
    if (!error) {
      if (strangers.size() < maxStrangers)
        adopt(std::move(socket), std::nullopt);
      acceptNext();
      return;
    }
    acceptPause.expires_after(acceptRetryPause);
    acceptPause.async_wait([this](std::error_code aborted) {
      if (!aborted)
        acceptNext();
    });
  });
}

void TcpEndpoint::connectPeers() {
  asio::post(context, [this] {
    for (ParticipantIndex peer : neighbours()) {
      auto dialedTo = [&](const std::shared_ptr<Connection> &stranger) {
        return stranger->dialedPeer() == peer;
      };
      if (dialers[peer] && !linkTo(peer) &&
          std::ranges::none_of(strangers, dialedTo))
        dialers[peer]->dial();
    }
  });
}

void TcpEndpoint::adopt(Socket socket, std::optional<ParticipantIndex> dialed) {
  auto connection = std::make_shared<Connection>(
      std::move(socket), static_cast<ConnectionOwner &>(*this), turns, dialed,
      config.channels.size());
  strangers.push_back(connection);
  connection->expectHello(options.helloDeadline);
  connection->sendControl({FrameKind::Hello},
                          encodeHello({config.self, config.planDigest}));
  connection->start();
}

/// Notes the problem; true when another attempt is wanted.
bool TcpEndpoint::dialFailed(ParticipantIndex peer, const Status &problem) {
  Outbox outbox;
  {
    std::lock_guard lock(mutex);
    linkDownLocked(peer, problem, /*final=*/false, outbox);
  }
  deliver(std::move(outbox));
  return wantsLink();
}

Status TcpEndpoint::checkHello(const Connection &connection,
                               const Hello &hello) {
  const ParticipantIndex peer = hello.participant;
  if (connection.dialedPeer() && peer != *connection.dialedPeer())
    return Status(StatusCode::Incompatible,
                  fmt::format("participant must be {}, got {}",
                              *connection.dialedPeer(), peer));
  const bool mayDial =
      isNeighbour(peer) && (peer == clientIndex() || peer < config.self);
  if (!connection.dialedPeer() && !mayDial)
    return Status(StatusCode::Incompatible,
                  fmt::format("participant must be one that dials {}, got {}",
                              nameOf(config.self), peer));
  if (hello.planDigest != config.planDigest)
    return planDigestMismatch(config.planDigest, hello.planDigest);
  std::lock_guard lock(mutex);
  if (peer == clientIndex() && connections[peer] && isServingLocked())
    return Status(StatusCode::Unavailable, "busy with another client");
  return Status();
}

void TcpEndpoint::helloReceived(Connection &connection, const Hello &hello) {
  Status status = checkHello(connection, hello);
  if (connection.peer())
    status = Status(StatusCode::CorruptData, "must say hello once, got two");
  if (!status.ok()) {
    turnAway(connection, status);
    return;
  }
  const ParticipantIndex peer = hello.participant;
  // The peer knows best which of its connections is alive.
  if (std::shared_ptr<Connection> former = linkTo(peer)) {
    former->close();
    lose(*former,
         Status(StatusCode::Unavailable, "replaced by a new connection"),
         /*final=*/false);
  }
  connection.helloReceived(peer);
  std::erase_if(strangers,
                [&](const auto &s) { return s.get() == &connection; });
  Outbox outbox;
  {
    std::lock_guard lock(mutex);
    connections[peer] = connection.shared_from_this();
    linkUpLocked(peer, outbox);
  }
  deliver(std::move(outbox));
}

//===----------------------------------------------------------------------===//
// Connections go down
//===----------------------------------------------------------------------===//

void TcpEndpoint::readingFailed(Connection &connection, const Status &problem) {
  if (problem.code() != StatusCode::Unavailable) {
    turnAway(connection, problem);
    return;
  }
  connection.close();
  lose(connection, problem, /*final=*/false);
}

/// Ends `connection` because of what came through it.
void TcpEndpoint::turnAway(Connection &connection, const Status &reason) {
  connection.refuse(reason, refusalPatience);
  lose(connection, reason, /*final=*/true);
  if (!options.onRefusal)
    return;
  std::optional<ParticipantIndex> peer =
      connection.peer() ? connection.peer() : connection.dialedPeer();
  options.onRefusal(reason.withContext(
      peer ? fmt::format("{} at {}", nameOf(*peer), connection.remoteAddress())
           : connection.remoteAddress()));
}

/// Draws the conclusions from `connection`'s end; it moves no frames any more.
void TcpEndpoint::lose(Connection &connection, const Status &problem,
                       bool final) {
  std::erase_if(strangers,
                [&](const auto &s) { return s.get() == &connection; });
  const std::optional<ParticipantIndex> peer =
      connection.peer() ? connection.peer() : connection.dialedPeer();
  if (!peer)
    return;
  Outbox outbox;
  {
    std::lock_guard lock(mutex);
    if (connections[*peer].get() == &connection)
      connections[*peer].reset();
    if (!connections[*peer])
      linkDownLocked(*peer, problem, final, outbox);
  }
  deliver(std::move(outbox));
  if (connection.dialedPeer() && wantsLink())
    dialers[*peer]->dialLater();
}

/// A device always looks for its peers, a client while it opens an epoch.
bool TcpEndpoint::wantsLink() {
  std::lock_guard lock(mutex);
  return !isClient() || isOpeningLocked();
}

std::shared_ptr<Connection> TcpEndpoint::linkTo(ParticipantIndex peer) {
  std::lock_guard lock(mutex);
  return connections[peer];
}

//===----------------------------------------------------------------------===//
// Control messages
//===----------------------------------------------------------------------===//

static FrameKind frameKindOf(ControlMessage::Kind kind) {
  switch (kind) {
  case ControlMessage::Kind::Open:
    return FrameKind::Open;
  case ControlMessage::Kind::Ready:
    return FrameKind::Ready;
  case ControlMessage::Kind::Refuse:
    return FrameKind::Refuse;
  case ControlMessage::Kind::Start:
    return FrameKind::Start;
  case ControlMessage::Kind::Fail:
    return FrameKind::Fail;
  case ControlMessage::Kind::Close:
    return FrameKind::Close;
  }
  return FrameKind::Close;
}

static ControlMessage::Kind messageKindOf(FrameKind kind) {
  switch (kind) {
  case FrameKind::Open:
    return ControlMessage::Kind::Open;
  case FrameKind::Ready:
    return ControlMessage::Kind::Ready;
  case FrameKind::Refuse:
    return ControlMessage::Kind::Refuse;
  case FrameKind::Start:
    return ControlMessage::Kind::Start;
  case FrameKind::Fail:
    return ControlMessage::Kind::Fail;
  case FrameKind::Hello:
  case FrameKind::Data:
  case FrameKind::Close:
    break;
  }
  return ControlMessage::Kind::Close;
}

/// Text from outside, fit to be shown.
static std::string printable(std::span<const std::byte> bytes) {
  std::string text;
  for (std::byte b : bytes) {
    const auto c = static_cast<char>(b);
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text;
}

void TcpEndpoint::deliver(Outbox outbox) {
  for (const Envelope &envelope : outbox) {
    const ControlMessage &message = envelope.message;
    const auto text = std::as_bytes(std::span(message.text));
    if (std::shared_ptr<Connection> connection = linkTo(envelope.to))
      connection->sendControl(
          {frameKindOf(message.kind), message.epoch, 0, message.origin, 0},
          text.first(std::min(text.size(), maxControlBytes)));
  }
}

void TcpEndpoint::controlReceived(Connection &connection,
                                  const FrameHeader &header,
                                  std::span<const std::byte> payload) {
  if (header.kind == FrameKind::Hello) {
    helloReceived(connection, decodeHello(payload.first<helloBytes>()));
    return;
  }
  if (header.kind == FrameKind::Refuse && header.epoch == 0) {
    // The connection is refused, not just an epoch.
    connection.close();
    const bool isKnown =
        header.request >= static_cast<uint32_t>(StatusCode::InvalidArgument) &&
        header.request <= static_cast<uint32_t>(StatusCode::Internal);
    lose(connection,
         Status(isKnown ? static_cast<StatusCode>(header.request)
                        : StatusCode::Unavailable,
                printable(payload)),
         /*final=*/true);
    return;
  }
  if (!connection.peer()) {
    turnAway(connection,
             Status(StatusCode::CorruptData,
                    fmt::format("must begin with hello, got frame kind {}",
                                static_cast<int>(header.kind))));
    return;
  }
  Outbox outbox;
  Status status;
  {
    std::lock_guard lock(mutex);
    status = handleControlLocked(*connection.peer(),
                                 {messageKindOf(header.kind), header.epoch,
                                  header.channel, printable(payload)},
                                 outbox);
  }
  deliver(std::move(outbox));
  if (!status.ok())
    turnAway(connection, status);
}

//===----------------------------------------------------------------------===//
// Frames
//===----------------------------------------------------------------------===//

void TcpEndpoint::startSend(ParticipantIndex peer, const FrameTag &tag,
                            const std::byte *source) {
  // Without a connection the epoch has failed, or is about to.
  if (std::shared_ptr<Connection> connection = linkTo(peer))
    connection->sendData(tag, source);
}

void TcpEndpoint::resumeReading(ParticipantIndex peer) {
  if (std::shared_ptr<Connection> connection = linkTo(peer))
    connection->resumeReading();
}

void TcpEndpoint::abandonFrames() {
  for (ParticipantIndex peer : neighbours())
    if (std::shared_ptr<Connection> connection = linkTo(peer))
      connection->abandonFrames();
}

Landing TcpEndpoint::beginLanding(Connection &connection, const FrameTag &tag) {
  if (!connection.peer())
    return {Landing::Action::Reject, nullptr,
            Status(StatusCode::CorruptData,
                   fmt::format("must begin with hello, got frame kind {}",
                               static_cast<int>(FrameKind::Data)))};
  std::lock_guard lock(mutex);
  return beginLandingLocked(*connection.peer(), tag);
}

void TcpEndpoint::finishLanding(Connection &, const FrameTag &tag) {
  std::unique_lock lock(mutex);
  const bool isAwaited = finishLandingLocked(tag, lock);
  lock.unlock();
  if (isAwaited)
    changed.notify_one();
}

void TcpEndpoint::sendFinished(const FrameTag &tag) {
  {
    std::lock_guard lock(mutex);
    finishSendLocked(tag);
  }
  changed.notify_one();
}

} // namespace windrow::tcp

namespace windrow {

Expected<std::unique_ptr<TcpTransport>>
createTcpTransport(TransportConfig config, TcpOptions options) {
  return tcp::TcpEndpoint::create(std::move(config), std::move(options));
}

} // namespace windrow
