//===- send_turns.cpp - One large frame after the other -------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/transport/tcp/send_turns.h"

#include <algorithm>
#include <cassert>

namespace windrow::tcp {

SendTurns::SendTurns(asio::io_context &context, size_t takers,
                     std::chrono::milliseconds patience)
    : patience(patience), timer(context) {
  this->takers.reserve(takers);
}

size_t SendTurns::find(const TurnTaker &taker) const {
  auto isTaker = [&](const Place &place) {
    return place.taker.get() == &taker;
  };
  return std::ranges::find_if(takers, isTaker) - takers.begin();
}

void SendTurns::insertLocked(Place place) {
  const auto waiting = takers.begin() + static_cast<std::ptrdiff_t>(holders);
  const auto behind = std::ranges::upper_bound(
      waiting, takers.end(), place.ticket, {}, &Place::ticket);
  takers.insert(behind, std::move(place));
}

bool SendTurns::ask(const std::shared_ptr<TurnTaker> &taker, uint64_t ticket) {
  std::lock_guard lock(mutex);
  assert(find(*taker) == takers.size() && "asked already");
  insertLocked({taker, ticket});
  if (holders == 0) {
    holders = 1;
    return true;
  }
  watchLocked();
  return false;
}

bool SendTurns::holds(const TurnTaker &taker) const {
  std::lock_guard lock(mutex);
  return find(taker) < holders;
}

std::shared_ptr<TurnTaker> SendTurns::leave(const TurnTaker &taker) {
  std::lock_guard lock(mutex);
  const size_t index = find(taker);
  if (index == takers.size())
    return nullptr;
  takers.erase(takers.begin() + static_cast<std::ptrdiff_t>(index));
  if (index < holders)
    --holders;
  if (holders > 0 || takers.empty())
    return nullptr;
  holders = 1;
  hasProgress = true;
  return takers.front().taker;
}

std::shared_ptr<TurnTaker> SendTurns::pass(const TurnTaker &taker,
                                           uint64_t ticket) {
  std::lock_guard lock(mutex);
  const size_t index = find(taker);
  assert(index < holders && "gives back what it does not have");
  Place place{std::move(takers[index].taker), ticket};
  takers.erase(takers.begin() + static_cast<std::ptrdiff_t>(index));
  --holders;
  insertLocked(std::move(place));
  if (holders > 0) {
    watchLocked();
    return nullptr;
  }
  holders = 1;
  hasProgress = true;
  if (takers.front().taker.get() == &taker)
    return nullptr;
  watchLocked();
  return takers.front().taker;
}

void SendTurns::watchLocked() {
  if (std::exchange(isWatching, true))
    return;
  hasProgress = false;
  timer.expires_after(patience);
  timer.async_wait(
      asio::bind_allocator(OperationMemory::Allocator<void>(timerMemory),
                           [this](std::error_code error) {
                             if (!error)
                               watchEnded();
                           }));
}

void SendTurns::watchEnded() {
  std::shared_ptr<TurnTaker> next;
  {
    std::lock_guard lock(mutex);
    isWatching = false;
    if (!hasProgress && holders < takers.size())
      next = takers[holders++].taker;
    if (holders < takers.size())
      watchLocked();
  }
  if (next)
    next->turnCame();
}

} // namespace windrow::tcp
