//===- connection.h - One TCP connection of an endpoint ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_CONNECTION_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_CONNECTION_H

#include "runtime/transport/tcp/frame_reader.h"
#include "runtime/transport/tcp/frame_writer.h"
#include "runtime/transport/tcp/operation_memory.h"
#include "runtime/transport/tcp/send_turns.h"

#include <memory>
#include <mutex>
#include <optional>

namespace windrow::tcp {

class Connection;

/// What a connection tells its endpoint. The first two are called while the
/// connection is locked, so that abandoning it excludes them; the rest is not.
class ConnectionOwner {
public:
  virtual Landing beginLanding(Connection &connection, const FrameTag &tag) = 0;
  virtual void finishLanding(Connection &connection, const FrameTag &tag) = 0;
  /// From any thread that writes.
  virtual void sendFinished(const FrameTag &tag) = 0;
  /// On the io thread.
  virtual void controlReceived(Connection &connection,
                               const FrameHeader &header,
                               std::span<const std::byte> payload) = 0;
  /// On the io thread: nothing more can be read, because of `problem`.
  virtual void readingFailed(Connection &connection, const Status &problem) = 0;

protected:
  ~ConnectionOwner() = default;
};

/// Frames both ways over one socket. Members are thread-safe unless they say
/// otherwise; whoever sends a small frame writes it at once in its own thread
/// if nothing is queued before it, the io thread does the rest.
class Connection final : public TurnTaker,
                         public std::enable_shared_from_this<Connection> {
public:
  /// `dialed` is the participant that was dialed, if this side did. There is
  /// room for `dataFrames` queued data frames. `owner` and `turns`, by which
  /// larger frames go, must outlive all operations on `socket`.
  Connection(Socket socket, ConnectionOwner &owner, SendTurns &turns,
             std::optional<ParticipantIndex> dialed, size_t dataFrames);

  /// Begins to read.
  void start();
  void sendData(const FrameTag &tag, const std::byte *source);
  void sendControl(const FrameHeader &header,
                   std::span<const std::byte> payload);
  void turnCame() override;
  /// Asks again for the place of a frame that had to wait.
  void resumeReading();
  /// On return no frame that was posted or begun before touches memory of the
  /// caller's.
  void abandonFrames();

  /// Io thread only: tells the peer why, says nothing more, and ignores what
  /// still comes until the peer closes or `patience` is over. (Closing at once
  /// would reset the connection and could destroy the explanation.)
  void refuse(const Status &reason, std::chrono::milliseconds patience);
  /// Io thread only: refuses unless the peer has said hello within `patience`.
  void expectHello(std::chrono::milliseconds patience);
  /// Io thread only.
  void helloReceived(ParticipantIndex peer);
  /// Io thread only: nothing is read or written after the return.
  void close();

  /// Io thread only: who the other side is, once it said so.
  std::optional<ParticipantIndex> peer() const { return identified; }
  std::optional<ParticipantIndex> dialedPeer() const { return dialed; }
  /// The other side's address.
  const std::string &remoteAddress() const { return remote; }

private:
  class Site;

  void awaitReadableLocked();
  void awaitWritableLocked();
  void readFrames();
  void drainLocked();
  void writeFrames();
  bool mayWriteLocked();
  std::shared_ptr<TurnTaker> leaveTurnLocked();
  std::shared_ptr<TurnTaker> passTurnLocked();

  ConnectionOwner &owner;
  SendTurns &turns;
  const std::optional<ParticipantIndex> dialed;
  std::optional<ParticipantIndex> identified;
  std::string remote;
  Timer timer;

  std::mutex mutex; ///< guards all below
  Socket socket;
  FrameReader reader;
  FrameWriter writer;
  OperationMemory readMemory, writeMemory;
  bool isClosed = false;
  bool isDraining = false;       ///< refused: reads only to discard
  bool isWaitingForRoom = false; ///< not reading until `resumeReading`
  bool isReadAwaited = false;    ///< the io thread reads next
  bool isWriteAwaited = false;   ///< the io thread writes next
  bool hasAskedForTurn = false;  ///< holds the turn or waits for it
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_CONNECTION_H
