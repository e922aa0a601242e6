//===- bare_operators.h - XNNPACK operators without a runtime ---*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_BENCHMARKS_KERNEL_BARE_OPERATORS_H
#define WINDROW_BENCHMARKS_KERNEL_BARE_OPERATORS_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/artifact/shape.h"
#include "windrow/status.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <pthreadpool.h>
#include <span>
#include <string>
#include <vector>
#include <xnnpack.h>

namespace windrow::benchmark {

/// The operators of a bundle as a program would run them that knows nothing but
/// XNNPACK: made and set up once, one after the other, with no code of the
/// runtime in between. Each packs weights of its own.
class BareOperators {
public:
  /// `reader` and `threadpool` (null for the calling thread alone) must outlive
  /// the result.
  static Expected<BareOperators> create(const BundleReader &reader,
                                        pthreadpool_t threadpool);

  /// Runs all operators in the bundle's order and returns the sum of the times
  /// that each took by itself.
  std::chrono::nanoseconds run();

  /// Number of operators run.
  size_t size() const { return operators.size(); }

  /// The bundle's operators that XNNPACK does not have, which are left out.
  const std::vector<std::string> &leftOut() const { return missing; }

  /// The bytes of a tensor, to be filled before the runs.
  std::span<std::byte> tensorData(uint32_t tensor);

private:
  struct OperatorDelete {
    void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
  };
  struct MemoryDelete {
    void operator()(std::byte *memory) const;
  };
  using Memory = std::unique_ptr<std::byte, MemoryDelete>;

  BareOperators(const BundleReader &reader, pthreadpool_t threadpool);

  static Memory allocate(size_t bytes);

  // Each makes, reshapes and sets up what stands for one operator of the
  // bundle.
  void add(const format::Conv2D &conv);
  bool add(const format::FullyConnected &dense);
  void add(const format::MaxPool2D &pool);
  void add(const format::AveragePool2D &pool);
  void add(const format::GlobalPool &pool);
  void add(const format::Binary &binary);
  void add(const format::Unary &unary);
  void add(const format::Softmax &softmax);
  bool addKnown(const format::Operator &op);
  void addClamp(uint32_t tensor, const format::Clamp &clamp);

  /// Keeps `op`, which the call that returned `status` has made. False where it
  /// has failed.
  bool keep(xnn_status status, xnn_operator_t op);
  /// Remembers the first failure.
  void require(xnn_status status);

  Dims dims(uint32_t tensor) const;
  float *data(uint32_t tensor);
  const float *weight(int32_t index) const;

  const BundleReader *reader;
  pthreadpool_t threadpool;
  Memory arena;
  std::vector<Memory> workspaces;
  std::vector<
      std::unique_ptr<std::remove_pointer_t<xnn_operator_t>, OperatorDelete>>
      operators;
  std::vector<std::string> missing;
  xnn_status firstFailure = xnn_status_success;
};

} // namespace windrow::benchmark

#endif // WINDROW_BENCHMARKS_KERNEL_BARE_OPERATORS_H
