//===- profile_server.h - Measures for others -------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROFILE_SERVER_H
#define WINDROW_RUNTIME_TOOLS_PROFILE_SERVER_H

#include "runtime/transport/transport.h"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace windrow {

struct ProfileServerOptions {
  std::string listenAddress; ///< "host:port", port 0 for any free one
  /// Threads for kernels; 0 for what is asked for.
  uint32_t threads = 0;
  /// As of a node.
  double pace = 1.0;
  /// Told of every client served, turned away or lost; may be empty. Called on
  /// any thread.
  std::function<void(const std::string &)> onEvent;
};

/// Measures operators and links of this machine for one client after the other,
/// whatever operators it names. Knows no plan and needs no bundle.
class ProfileServer {
public:
  /// Listens. Fails where the address cannot be bound.
  static Expected<std::unique_ptr<ProfileServer>>
  create(ProfileServerOptions options);

  virtual ~ProfileServer();

  /// "host:port" as bound, with the real port.
  virtual std::string listeningAddress() const = 0;

  /// Serves until `stop` is requested. A client's failure ends what it asked
  /// for only.
  virtual void serve(const std::stop_token &stop) = 0;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROFILE_SERVER_H
