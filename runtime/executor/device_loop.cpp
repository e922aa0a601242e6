//===- device_loop.cpp - Requests of one device ---------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/device_loop.h"

#include <fmt/format.h>

using namespace windrow;

/// Answers requests until the epoch ends, and says how it did.
static Status serveEpoch(Executor &executor, Transport &transport) {
  if (executor.reader().bundle().instructions()->size() == 0)
    return transport.waitEpochEnd();
  for (uint32_t request = 0;; ++request)
    WINDROW_RETURN_IF_ERROR(
        executor.runRequest(transport, request, /*waitForever=*/true));
}

void windrow::serveClients(
    Executor &executor, Transport &transport,
    const std::function<void(const std::string &)> &onEvent) {
  auto tell = [&](const std::string &event) {
    if (onEvent)
      onEvent(event);
  };
  while (true) {
    Status accepted = transport.accept();
    if (accepted.code() == StatusCode::Cancelled)
      return;
    if (!accepted.ok()) {
      tell(accepted.message());
      continue;
    }
    tell("serving a client");
    Status outcome = serveEpoch(executor, transport);
    bool isOrderly = outcome.ok() || outcome.code() == StatusCode::Cancelled;
    transport.close(isOrderly ? Status() : outcome);
    tell(isOrderly ? "the client left" : outcome.message());
  }
}

Expected<std::vector<std::string>>
windrow::orderAddresses(const TransportConfig &config,
                        const std::map<std::string, std::string> &byName) {
  std::vector<std::string> ordered(config.participants.size());
  for (const auto &[name, address] : byName) {
    size_t index = 0;
    // The client, which is the last, has no address.
    while (index + 1 < ordered.size() &&
           config.participants[index].name != name)
      ++index;
    if (index + 1 >= ordered.size())
      return failure(Status(
          StatusCode::NotFound,
          fmt::format("address must be of a device of the plan, got '{}'",
                      name)));
    ordered[index] = address;
  }
  return ordered;
}
