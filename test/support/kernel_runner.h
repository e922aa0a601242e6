//===- kernel_runner.h - Runs the kernels of a hand-made bundle -*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_KERNEL_RUNNER_H
#define WINDROW_TEST_SUPPORT_KERNEL_RUNNER_H

#include "runtime/artifact/bundle_reader.h"
#include "runtime/artifact/shape.h"
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/packed_weights.h"
#include "test/support/scratch_folder.h"
#include "test/support/test_bundle.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace windrow::test {

/// Writes a bundle without channels to a file, reads it back and makes its
/// kernels. Failures abort the test through exceptions.
class KernelRunner {
public:
  explicit KernelRunner(TestBundle &bundle, size_t threads = 1,
                        bool saveMemory = false);
  ~KernelRunner();

  template <typename Element>
  void set(uint32_t tensor, const std::vector<Element> &values) {
    std::memcpy(address(tensor), values.data(),
                values.size() * sizeof(Element));
  }

  template <typename Element = float>
  std::vector<Element> get(uint32_t tensor) const {
    const format::Tensor &entry = *reader->bundle().tensors()->Get(tensor);
    std::vector<Element> values(*elementCount(dimsOf(entry.dims())));
    std::memcpy(values.data(), address(tensor),
                values.size() * sizeof(Element));
    return values;
  }

  /// Runs the operators in the order of the instructions.
  void run();

  const PackedWeights &weights() const { return packedWeights; }

private:
  std::byte *address(uint32_t tensor) const {
    return arena + reader->bundle().tensors()->Get(tensor)->offset();
  }

  ScratchFolder folder;
  std::optional<BundleReader> reader;
  PackedWeights packedWeights;
  pthreadpool_t threadpool;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::byte *arena = nullptr;
  std::byte *workspace = nullptr;
};

/// A number from `low` to `high`, inclusive.
uint32_t pick(std::mt19937 &random, uint32_t low, uint32_t high);

/// `count` numbers from -1 to 1.
std::vector<float> randomValues(size_t count, std::mt19937 &random);

/// Largest absolute difference between two vectors of equal size; infinity when
/// `actual` holds a NaN.
double largestDifference(const std::vector<float> &actual,
                         const std::vector<float> &expected);

/// True when the two are equal bit for bit.
bool sameBits(std::span<const float> lhs, std::span<const float> rhs);

/// The rows of the input that some rows of a window operator's output need, and
/// the padding that is left to them. Rows are along one axis.
struct WindowStrip {
  uint32_t firstInput, inputRows;
  uint32_t before, after;
};

/// The strip for output rows [first, first + rows) of a window operator with
/// the given input extent.
WindowStrip windowStrip(uint32_t first, uint32_t rows, uint32_t input,
                        uint32_t window, uint32_t stride, uint32_t dilation,
                        uint32_t before);

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_KERNEL_RUNNER_H
