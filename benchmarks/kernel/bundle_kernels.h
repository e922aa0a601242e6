//===- bundle_kernels.h - A bundle's kernels by themselves ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_BENCHMARKS_KERNEL_BUNDLE_KERNELS_H
#define WINDROW_BENCHMARKS_KERNEL_BUNDLE_KERNELS_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/base/large_memory.h"
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/packed_weights.h"
#include "windrow/status.h"

#include <chrono>
#include <memory>
#include <pthreadpool.h>
#include <vector>

namespace windrow::benchmark {

/// The kernels that the runtime makes of a bundle, without the runtime: bound
/// to memory of their own, to be called one by one.
class BundleKernels {
public:
  /// `reader` and `threadpool` (null for the calling thread alone) must outlive
  /// the result.
  static Expected<std::unique_ptr<BundleKernels>>
  create(const BundleReader &reader, pthreadpool_t threadpool);

  /// By the bundle's operators.
  const std::vector<std::unique_ptr<Kernel>> &all() const { return kernels; }

  /// Runs all in the order of the bundle's instructions, and returns the sum of
  /// the times that each took by itself.
  Expected<std::chrono::nanoseconds> run();

private:
  explicit BundleKernels(const BundleReader &reader) : reader(reader) {}

  const BundleReader &reader;
  PackedWeights packedWeights;
  LargeMemory arena, workspace;
  std::vector<std::unique_ptr<Kernel>> kernels;
};

/// A pool of `threads` threads, or null for a single one.
std::unique_ptr<pthreadpool, decltype(&pthreadpool_destroy)>
makeThreadpool(uint32_t threads);

} // namespace windrow::benchmark

#endif // WINDROW_BENCHMARKS_KERNEL_BUNDLE_KERNELS_H
