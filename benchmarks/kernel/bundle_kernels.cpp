//===- bundle_kernels.cpp - A bundle's kernels by themselves --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "benchmarks/kernel/bundle_kernels.h"

#include <algorithm>

namespace windrow::benchmark {

std::unique_ptr<pthreadpool, decltype(&pthreadpool_destroy)>
makeThreadpool(uint32_t threads) {
  return {threads > 1 ? pthreadpool_create(threads) : nullptr,
          pthreadpool_destroy};
}

Expected<std::unique_ptr<BundleKernels>>
BundleKernels::create(const BundleReader &reader, pthreadpool_t threadpool) {
  std::unique_ptr<BundleKernels> result(new BundleKernels(reader));
  KernelResources resources{reader, result->packedWeights, threadpool};
  size_t workspaceBytes = 0;
  for (uint32_t i = 0; i < reader.bundle().operators()->size(); ++i) {
    Expected<std::unique_ptr<Kernel>> kernel = createKernel(resources, i);
    if (!kernel)
      return failure(kernel.error());
    workspaceBytes = std::max(workspaceBytes, (*kernel)->workspaceBytes());
    result->kernels.push_back(std::move(*kernel));
  }
  result->arena = LargeMemory(reader.bundle().arena_bytes());
  result->workspace = LargeMemory(workspaceBytes);
  for (const std::unique_ptr<Kernel> &kernel : result->kernels)
    if (Status status =
            kernel->bind(result->arena.get(), result->workspace.get());
        !status.ok())
      return failure(status);
  return result;
}

Expected<std::chrono::nanoseconds> BundleKernels::run() {
  using Clock = std::chrono::steady_clock;
  std::chrono::nanoseconds sum{};
  for (const format::Instruction *instruction :
       *reader.bundle().instructions()) {
    if (instruction->kind() != format::InstructionKind::Run)
      continue;
    Clock::time_point start = Clock::now();
    if (Status status = kernels[instruction->index()]->run(); !status.ok())
      return failure(status);
    sum += Clock::now() - start;
  }
  return sum;
}

} // namespace windrow::benchmark
