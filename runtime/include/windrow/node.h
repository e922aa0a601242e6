//===- node.h - Serve one device of a plan ----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_NODE_H
#define WINDROW_NODE_H

#include "windrow/status.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace windrow {

/// The least time that each kernel took so far, at full speed, by what it does
/// (its layer, shapes and threads), whether the kernel before it read the same
/// weights, and how much memory all kernels of its device use. Of one model on
/// one machine, whatever the pace.
using KernelTimes = std::map<std::string, std::chrono::nanoseconds>;

struct NodeOptions {
  /// Where to listen ("host:port", port 0 for any free one); the plan's address
  /// of this device where empty.
  std::string listenAddress;
  /// Addresses by device name that replace the plan's.
  std::map<std::string, std::string> addresses;
  /// Threads for kernels; 0 for what the plan says.
  uint32_t threads = 0;
  /// Transform the filters of Winograd convolutions while they are used where
  /// they are large, instead of once at load: takes less memory and more time,
  /// and gives the same answers.
  bool saveMemory = false;
  /// The share of this machine's speed that kernels appear to have, above 0 and
  /// at most 1: stretches each by sleeping, to stand in for a slower machine.
  /// A kernel counts as the least time that it took so far.
  double pace = 1.0;
  /// With a pace, how long kernels are timed before the node listens, at least
  /// three times each. On a machine with other work, the longer the better.
  std::chrono::milliseconds rehearsal{200};
  /// With a pace, what kernels are known to take at least, which no kernel then
  /// counts for more than; `Node::create` adds what it finds. The caller's; may
  /// be null.
  KernelTimes *kernelTimes = nullptr;
  /// Ends `Node::create` with `Cancelled` while it times kernels.
  std::stop_token stop;
  /// How long a request may take from its first receive on.
  std::chrono::milliseconds requestTimeout{30000};
  /// Told of every client served, turned away or lost; may be empty. Called on
  /// any thread, one call at a time.
  std::function<void(const std::string &)> onEvent;
};

/// One device of a plan, answering clients one after the other.
class Node {
public:
  /// Loads `bundle`, packs its weights and listens. Fails where the file is
  /// missing, damaged or the client's, and where the address cannot be bound.
  static Expected<std::unique_ptr<Node>>
  create(const std::filesystem::path &bundle, const NodeOptions &options);

  virtual ~Node();

  /// Name of the device.
  virtual const std::string &name() const = 0;

  /// "host:port" as bound, with the real port.
  virtual std::string listeningAddress() const = 0;

  /// Serves clients until `stop` is called. A client's or a peer's failure ends
  /// that client's session only.
  virtual void serve() = 0;

  /// Thread-safe, though not for signal handlers: makes `serve` return.
  virtual void stop() = 0;
};

} // namespace windrow

#endif // WINDROW_NODE_H
