//===- connection.cpp - One TCP connection of an endpoint -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/connection.h"

#include <fmt/format.h>

namespace windrow::tcp {

/// Frames up to this size are written by the thread that sends them: it saves
/// waking another one, and costs less than that takes.
static constexpr uint64_t directBytes = 64 << 10;

/// Larger frames take turns, and none of them is written while the kernel still
/// holds others back: the order in which it sends what several connections have
/// written is that of their acknowledgements, not that of the writes.
static constexpr uint64_t unorderedBytes = 8 << 10;

/// Reads or writes in a row before other connections have their turn.
static constexpr int turnsInARow = 16;

/// Passes a reader's questions on with the connection they come from.
class Connection::Site final : public LandingSite {
public:
  explicit Site(Connection &connection) : connection(connection) {}
  Landing beginLanding(const FrameTag &tag) override {
    return connection.owner.beginLanding(connection, tag);
  }
  void finishLanding(const FrameTag &tag) override {
    connection.owner.finishLanding(connection, tag);
  }

private:
  Connection &connection;
};

Connection::Connection(Socket connectedSocket, ConnectionOwner &owner,
                       SendTurns &turns, std::optional<ParticipantIndex> dialed,
                       size_t dataFrames)
    : owner(owner), turns(turns), dialed(dialed),
      timer(connectedSocket.get_executor()), socket(std::move(connectedSocket)),
      writer(dataFrames) {
  tuneSocket(socket);
  std::error_code error;
  auto address = socket.remote_endpoint(error);
  remote = error ? "unknown address" : toString(address);
}

void Connection::start() {
  std::lock_guard lock(mutex);
  if (!isClosed)
    awaitReadableLocked();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

void Connection::awaitReadableLocked() {
  if (std::exchange(isReadAwaited, true))
    return;
  socket.async_wait(
      Socket::wait_read,
      asio::bind_allocator(OperationMemory::Allocator<void>(readMemory),
                           [self = shared_from_this()](std::error_code error) {
                             {
                               std::lock_guard lock(self->mutex);
                               self->isReadAwaited = false;
                             }
                             if (!error)
                               self->readFrames();
                           }));
}

void Connection::readFrames() {
  Site site(*this);
  for (int turn = 0;; ++turn) {
    FrameReader::Step step;
    {
      std::lock_guard lock(mutex);
      if (isClosed)
        return;
      if (isDraining) {
        drainLocked();
        return;
      }
      const bool others = turn >= turnsInARow && reader.needsSocket();
      step = others ? FrameReader::Step::Drained : reader.step(socket, site);
      if (step == FrameReader::Step::Waiting) {
        isWaitingForRoom = true;
        return;
      }
      if (step == FrameReader::Step::Drained) {
        awaitReadableLocked();
        return;
      }
    }
    if (step == FrameReader::Step::Control) {
      owner.controlReceived(*this, reader.header(), reader.payload());
    } else if (step == FrameReader::Step::Failed) {
      owner.readingFailed(*this, reader.problem());
      return;
    }
  }
}

/// Reads and forgets what a refused peer still sends.
void Connection::drainLocked() {
  std::array<std::byte, 4096> nowhere;
  std::error_code error;
  for (int turn = 0; turn < turnsInARow && !error; ++turn)
    socket.read_some(asio::buffer(nowhere), error);
  if (!error || error == asio::error::would_block) {
    awaitReadableLocked();
    return;
  }
  isClosed = true;
  socket.close(error);
  timer.cancel();
}

void Connection::resumeReading() {
  std::lock_guard lock(mutex);
  // The trailer of the frame that waits is not read yet, so that the socket is
  // or becomes readable.
  if (!isClosed && std::exchange(isWaitingForRoom, false))
    awaitReadableLocked();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

void Connection::sendData(const FrameTag &tag, const std::byte *source) {
  {
    std::lock_guard lock(mutex);
    if (isClosed || isDraining)
      return;
    const bool first = writer.empty();
    writer.pushData(tag, source, turns.drawTicket());
    if (!first)
      return;
    if (tag.bytes > directBytes) {
      if (mayWriteLocked())
        awaitWritableLocked();
      return;
    }
  }
  writeFrames();
}

void Connection::sendControl(const FrameHeader &header,
                             std::span<const std::byte> payload) {
  {
    std::lock_guard lock(mutex);
    if (isClosed || isDraining)
      return;
    const bool first = writer.empty();
    writer.pushControl(header, payload);
    if (!first)
      return;
  }
  writeFrames();
}

void Connection::awaitWritableLocked() {
  if (std::exchange(isWriteAwaited, true))
    return;
  socket.async_wait(
      Socket::wait_write,
      asio::bind_allocator(OperationMemory::Allocator<void>(writeMemory),
                           [self = shared_from_this()](std::error_code error) {
                             {
                               std::lock_guard lock(self->mutex);
                               self->isWriteAwaited = false;
                             }
                             if (!error)
                               self->writeFrames();
                           }));
}

/// Whether the oldest frame is small or its turn has come.
bool Connection::mayWriteLocked() {
  if (writer.nextDataBytes() <= unorderedBytes)
    return true;
  if (!std::exchange(hasAskedForTurn, true))
    return turns.ask(shared_from_this(), writer.nextTicket());
  return turns.holds(*this);
}

std::shared_ptr<TurnTaker> Connection::leaveTurnLocked() {
  return std::exchange(hasAskedForTurn, false) ? turns.leave(*this) : nullptr;
}

/// After a larger frame: asks for the next one at once, which may have been
/// posted before those of other connections.
std::shared_ptr<TurnTaker> Connection::passTurnLocked() {
  return writer.nextDataBytes() > unorderedBytes
             ? turns.pass(*this, writer.nextTicket())
             : leaveTurnLocked();
}

void Connection::turnCame() {
  std::lock_guard lock(mutex);
  if (!isClosed && hasAskedForTurn && turns.holds(*this))
    awaitWritableLocked();
}

static void tell(const std::shared_ptr<TurnTaker> &next) {
  if (next)
    next->turnCame();
}

/// Writes until the queue is empty or the socket takes no more. While the queue
/// holds a frame, either a thread is in here, or the io thread is going to be,
/// or the frame waits for its turn.
void Connection::writeFrames() {
  for (int turn = 0;; ++turn) {
    FrameWriter::Step step;
    std::shared_ptr<TurnTaker> next;
    bool more = false;
    {
      std::lock_guard lock(mutex);
      if (isClosed || isWriteAwaited || writer.empty() || !mayWriteLocked())
        return;
      if (writer.nextDataBytes() > unorderedBytes && holdsUnsentData(socket)) {
        awaitWritableLocked();
        return;
      }
      step = writer.writeSome(socket);
      if (hasAskedForTurn && step.bytes > 0)
        turns.noteProgress();
      // The reader meets the end of the connection as well, after what the peer
      // said before it.
      if (step.error)
        writer.clear();
      if (step.error)
        next = leaveTurnLocked();
      else if (step.finished && step.finished->bytes > unorderedBytes)
        next = passTurnLocked();
      more = !writer.empty();
      if (more && (step.blocked || turn >= turnsInARow)) {
        awaitWritableLocked();
        more = false;
      }
      if (isDraining && writer.empty()) {
        std::error_code ignored;
        socket.shutdown(Socket::shutdown_send, ignored);
      }
    }
    tell(next);
    if (step.finished)
      owner.sendFinished(*step.finished);
    if (!more)
      return;
  }
}

//===----------------------------------------------------------------------===//
// Endings
//===----------------------------------------------------------------------===//

void Connection::abandonFrames() {
  std::shared_ptr<TurnTaker> next;
  {
    std::lock_guard lock(mutex);
    if (isClosed)
      return;
    writer.abandonData();
    next = leaveTurnLocked();
    // What waited for its turn is gone; what came behind it is not.
    if (!writer.empty())
      awaitWritableLocked();
    reader.discardPayload();
    if (std::exchange(isWaitingForRoom, false))
      awaitReadableLocked();
  }
  tell(next);
}

void Connection::refuse(const Status &reason,
                        std::chrono::milliseconds patience) {
  abandonFrames();
  std::string text = reason.message().substr(0, maxControlBytes);
  sendControl(
      {FrameKind::Refuse, 0, 0, 0, static_cast<uint32_t>(reason.code())},
      std::as_bytes(std::span(text)));
  {
    std::lock_guard lock(mutex);
    if (isClosed || isDraining)
      return;
    isDraining = true;
    if (writer.empty()) {
      std::error_code ignored;
      socket.shutdown(Socket::shutdown_send, ignored);
    }
    drainLocked();
  }
  timer.expires_after(patience);
  timer.async_wait([self = shared_from_this()](std::error_code error) {
    if (!error)
      self->close();
  });
}

void Connection::expectHello(std::chrono::milliseconds patience) {
  timer.expires_after(patience);
  timer.async_wait(
      [self = shared_from_this(), patience](std::error_code error) {
        if (!error && !self->identified)
          self->owner.readingFailed(
              *self, Status(StatusCode::DeadlineExceeded,
                            fmt::format("must say hello within {} ms, got none",
                                        patience.count())));
      });
}

void Connection::helloReceived(ParticipantIndex peer) {
  identified = peer;
  timer.cancel();
}

void Connection::close() {
  std::shared_ptr<TurnTaker> next;
  {
    std::lock_guard lock(mutex);
    isClosed = true;
    writer.clear();
    next = leaveTurnLocked();
    std::error_code ignored;
    socket.close(ignored);
  }
  tell(next);
  timer.cancel();
}

} // namespace windrow::tcp
