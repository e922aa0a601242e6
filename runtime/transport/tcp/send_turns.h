//===- send_turns.h - One large frame after the other -----------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TRANSPORT_TCP_SEND_TURNS_H
#define WINDROW_RUNTIME_TRANSPORT_TCP_SEND_TURNS_H

#include "runtime/transport/tcp/operation_memory.h"
#include "runtime/transport/tcp/socket.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace windrow::tcp {

/// Somebody who takes turns with others.
class TurnTaker {
public:
  /// It may be this one's turn by now: `SendTurns::holds` knows. Called without
  /// locks, from any thread.
  virtual void turnCame() = 0;

protected:
  ~TurnTaker() = default;
};

/// The order in which the connections of an endpoint write their larger frames.
/// Side by side they would share the network card, and all would arrive at the
/// end; one after the other, as they were posted, the first arrives when it can
/// and its receiver begins to work. Who makes no progress for a while, since
/// its receiver takes nothing, holds up nobody else. Thread-safe.
class SendTurns {
public:
  /// Room for `takers` without allocation.
  SendTurns(asio::io_context &context, size_t takers,
            std::chrono::milliseconds patience);

  /// The place of a frame that is posted now.
  uint64_t drawTicket() { return nextTicket++; }
  /// Asks for a turn for the frame of `ticket`, once until `leave`. True when
  /// it came at once, else `turnCame` is called when it does: not before that
  /// of frames that wait with lower tickets.
  bool ask(const std::shared_ptr<TurnTaker> &taker, uint64_t ticket);
  bool holds(const TurnTaker &taker) const;
  /// Gives the turn back, or no longer wants it. Whoever is returned must be
  /// told that its turn came, once no lock is held.
  [[nodiscard]] std::shared_ptr<TurnTaker> leave(const TurnTaker &taker);
  /// The same by somebody who asks again at once, for the frame of `ticket`.
  /// Returns nobody also where the turn stays.
  [[nodiscard]] std::shared_ptr<TurnTaker> pass(const TurnTaker &taker,
                                                uint64_t ticket);
  /// Somebody whose turn it is has written something.
  void noteProgress() { hasProgress = true; }

private:
  struct Place {
    std::shared_ptr<TurnTaker> taker;
    uint64_t ticket;
  };

  size_t find(const TurnTaker &taker) const;
  void insertLocked(Place place);
  void watchLocked();
  void watchEnded();

  const std::chrono::milliseconds patience;
  std::atomic<bool> hasProgress = false;
  std::atomic<uint64_t> nextTicket = 0;
  mutable std::mutex mutex; ///< guards all below
  /// Those whose turn it is, then those who wait, in the order of tickets.
  std::vector<Place> takers;
  size_t holders = 0;
  Timer timer;
  OperationMemory timerMemory;
  bool isWatching = false;
};

} // namespace windrow::tcp

#endif // WINDROW_RUNTIME_TRANSPORT_TCP_SEND_TURNS_H
