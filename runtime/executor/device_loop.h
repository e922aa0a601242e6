//===- device_loop.h - Requests of one device -------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_DEVICE_LOOP_H
#define WINDROW_RUNTIME_EXECUTOR_DEVICE_LOOP_H

#include "runtime/executor/executor.h"
#include "runtime/transport/transport.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace windrow {

/// Serves one client after the other with `executor`, a device's, over
/// `transport` until the latter is stopped. What happens to clients is told to
/// `onEvent`, which may be empty.
void serveClients(Executor &executor, Transport &transport,
                  const std::function<void(const std::string &)> &onEvent);

/// The addresses that replace those of the plan, in the order of its
/// participants. Fails where `byName` names no device.
Expected<std::vector<std::string>>
orderAddresses(const TransportConfig &config,
               const std::map<std::string, std::string> &byName);

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_DEVICE_LOOP_H
