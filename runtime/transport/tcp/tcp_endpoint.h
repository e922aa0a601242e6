//===- tcp_endpoint.h - A participant on the network ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_TCP_ENDPOINT_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_TCP_ENDPOINT_H

#include "runtime/transport/endpoint.h"
#include "runtime/transport/tcp/connection.h"
#include "runtime/transport/tcp/dialer.h"

#include <thread>

namespace windrow::tcp {

/// Base that makes the mutex outlive `Endpoint`, which refers to it.
struct EndpointMutex {
  std::mutex endpointMutex;
};

/// One participant on the network. The client dials every device; of two
/// devices that share a channel the one with the lower index dials the other.
/// One io thread runs all connections.
///
/// Locks: a connection may take `mutex` while it is locked, never the other way
/// round, and no connection is locked by who holds another.
class TcpEndpoint final : private EndpointMutex,
                          public Endpoint,
                          public TcpTransport,
                          private ConnectionOwner {
public:
  static Expected<std::unique_ptr<TcpTransport>> create(TransportConfig config,
                                                        TcpOptions options);
  ~TcpEndpoint() override;

  std::string listeningAddress() const override { return boundAddress; }

protected:
  void deliver(Outbox outbox) override;
  void connectPeers() override;
  void startSend(ParticipantIndex peer, const FrameTag &tag,
                 const std::byte *source) override;
  void resumeReading(ParticipantIndex peer) override;
  void abandonFrames() override;

private:
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

  TcpEndpoint(TransportConfig config, TcpOptions options);

  Status listen();
  Status addDialers();
  void start();
  void run();
  void acceptNext();
  void adopt(Socket socket, std::optional<ParticipantIndex> dialed);
  bool dialFailed(ParticipantIndex peer, const Status &problem);

  Landing beginLanding(Connection &connection, const FrameTag &tag) override;
  void finishLanding(Connection &connection, const FrameTag &tag) override;
  void sendFinished(const FrameTag &tag) override;
  void controlReceived(Connection &connection, const FrameHeader &header,
                       std::span<const std::byte> payload) override;
  void readingFailed(Connection &connection, const Status &problem) override;

  void helloReceived(Connection &connection, const Hello &hello);
  Status checkHello(const Connection &connection, const Hello &hello);
  void turnAway(Connection &connection, const Status &reason);
  void lose(Connection &connection, const Status &problem, bool final);
  bool wantsLink();
  std::shared_ptr<Connection> linkTo(ParticipantIndex peer);

  const TcpOptions options;
  std::string boundAddress;
  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  SendTurns turns;
  Acceptor acceptor{context};
  Timer acceptPause{context};

  /// By participant; null where this one does not dial. Io thread only.
  std::vector<std::unique_ptr<Dialer>> dialers;
  /// Those that have not said hello yet. Io thread only.
  std::vector<std::shared_ptr<Connection>> strangers;
  /// By participant; guarded by `mutex`, set by the io thread only.
  std::vector<std::shared_ptr<Connection>> connections;

  std::thread ioThread;
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_TCP_ENDPOINT_H
