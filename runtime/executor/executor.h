//===- executor.h - Executes a bundle ----------------------------*- C++ -*-==//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_EXECUTOR_EXECUTOR_H
#define WINDROW_RUNTIME_EXECUTOR_EXECUTOR_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/transport/transport.h"
#include "windrow/status.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace windrow {

struct ExecutorOptions {
  /// Threads for kernels; 0 for what the bundle says.
  uint32_t threads = 0;
  /// The share of this machine's speed that kernels appear to have, above 0 and
  /// at most 1: each is followed by a sleep.
  double pace = 1.0;
  /// As in NodeOptions.
  bool saveMemory = false;
  /// How long a request may take: a device counts from its first receive, the
  /// client from the start.
  std::chrono::milliseconds requestTimeout{30000};
  /// Measure what each operator takes, for `Executor::operatorTimes`.
  bool timeOperators = false;
};

/// What one operator has taken so far, the sleep of a pace included.
struct OperatorTime {
  uint64_t runs = 0;
  std::chrono::nanoseconds total{};
};

/// A bundle ready to run: its weights packed, its arena allocated, its kernels
/// bound. Used by one thread at a time.
class Executor {
public:
  /// Takes over `reader`. Fails where a kernel cannot be made of an operator,
  /// and where memory runs out; the message names the file.
  static Expected<std::unique_ptr<Executor>>
  create(BundleReader reader, const ExecutorOptions &options);

  virtual ~Executor();

  virtual const BundleReader &reader() const = 0;

  /// What a transport must know of the plan.
  virtual TransportConfig transportConfig() const = 0;

  /// Executes the instruction list once, as request `request` of the epoch that
  /// is open on `transport`. With `waitForever`, the first receive is waited
  /// for without a deadline, as a device does between requests. Allocates
  /// nothing. On failure the epoch is to be closed.
  virtual Status runRequest(Transport &transport, uint32_t request,
                            bool waitForever) = 0;

  /// Runs operator `index` of the bundle by itself, on what its tensors hold,
  /// without the sleep of a pace, and returns what it counts for at the pace.
  virtual Expected<std::chrono::nanoseconds> timeOperator(uint32_t index) = 0;

  /// With a pace, operator `index` takes no more than `time` at full speed: it
  /// counts for no more than that from now on.
  virtual void noteOperatorTime(uint32_t index,
                                std::chrono::nanoseconds time) = 0;

  /// What the operators of the bundle have taken, by index; empty unless the
  /// options ask for it.
  virtual std::span<const OperatorTime> operatorTimes() const = 0;

  /// The bytes of `tensor`, an index of the bundle's list, between requests.
  virtual std::span<std::byte> tensorData(uint32_t tensor) = 0;
};

} // namespace windrow

#endif // WINDROW_RUNTIME_EXECUTOR_EXECUTOR_H
