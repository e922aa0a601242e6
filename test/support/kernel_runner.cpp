//===- kernel_runner.cpp - Runs the kernels of a hand-made bundle ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/kernel_runner.h"

#include "runtime/artifact/bundle_layout.h"

#include <algorithm>
#include <cmath>
#include <pthreadpool.h>
#include <stdexcept>

namespace windrow::test {

static void require(const Status &status) {
  if (!status.ok())
    throw std::runtime_error(status.message());
}

KernelRunner::KernelRunner(TestBundle &bundle, size_t threads, bool saveMemory)
    : threadpool(threads > 1 ? pthreadpool_create(threads) : nullptr) {
  require(bundle.write(folder / "test.bundle"));
  Expected<BundleReader> opened = BundleReader::open(folder / "test.bundle");
  if (!opened)
    require(opened.error());
  reader.emplace(std::move(*opened));
  KernelResources resources{*reader, packedWeights, threadpool, saveMemory};
  size_t workspaceBytes = 0;
  for (uint32_t i = 0; i < reader->bundle().operators()->size(); ++i) {
    auto kernel = createKernel(resources, i);
    if (!kernel)
      require(kernel.error());
    workspaceBytes = std::max(workspaceBytes, (*kernel)->workspaceBytes());
    kernels.push_back(std::move(*kernel));
  }
  auto allocate = [](size_t bytes) {
    return static_cast<std::byte *>(
        std::aligned_alloc(bundleAlignment, alignSection(bytes)));
  };
  arena = allocate(reader->bundle().arena_bytes());
  workspace = workspaceBytes ? allocate(workspaceBytes) : nullptr;
  // Not a number, so that a kernel that uses what it must not shows it.
  std::fill_n(arena, reader->bundle().arena_bytes(), std::byte{0xff});
  for (const auto &kernel : kernels)
    require(kernel->bind(arena, workspace));
}

KernelRunner::~KernelRunner() {
  std::free(arena);
  std::free(workspace);
  kernels.clear();
  if (threadpool)
    pthreadpool_destroy(threadpool);
}

void KernelRunner::run() {
  for (const format::Instruction *instruction :
       *reader->bundle().instructions())
    require(kernels[instruction->index()]->run());
}

uint32_t pick(std::mt19937 &random, uint32_t low, uint32_t high) {
  return std::uniform_int_distribution<uint32_t>(low, high)(random);
}

std::vector<float> randomValues(size_t count, std::mt19937 &random) {
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(random);
  return values;
}

double largestDifference(const std::vector<float> &actual,
                         const std::vector<float> &expected) {
  if (actual.size() != expected.size())
    return INFINITY;
  double difference = 0;
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i]))
      return INFINITY;
    difference =
        std::max<double>(difference, std::fabs(actual[i] - expected[i]));
  }
  return difference;
}

bool sameBits(std::span<const float> lhs, std::span<const float> rhs) {
  return lhs.size() == rhs.size() &&
         std::memcmp(lhs.data(), rhs.data(), lhs.size_bytes()) == 0;
}

WindowStrip windowStrip(uint32_t first, uint32_t rows, uint32_t input,
                        uint32_t window, uint32_t stride, uint32_t dilation,
                        uint32_t before) {
  int64_t begin = int64_t{first} * stride - before;
  int64_t end = int64_t{first + rows - 1} * stride - before +
                int64_t{window - 1} * dilation + 1;
  int64_t firstInput = std::max<int64_t>(begin, 0);
  int64_t endInput = std::min<int64_t>(end, input);
  return {static_cast<uint32_t>(firstInput),
          static_cast<uint32_t>(endInput - firstInput),
          static_cast<uint32_t>(firstInput - begin),
          static_cast<uint32_t>(end - endInput)};
}

} // namespace windrow::test
