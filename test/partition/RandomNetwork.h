//===- RandomNetwork.h - Small networks of all operations -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_PARTITION_RANDOMNETWORK_H
#define WINDROW_TEST_PARTITION_RANDOMNETWORK_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <random>
#include <vector>

namespace windrow::test {

/// A finite list of numbers that stands for decisions; decisions beyond its end
/// are 0, the plainest choice, so that a shorter list is a simpler case.
class Choices {
public:
  explicit Choices(const std::vector<uint8_t> &numbers) : numbers(numbers) {}

  /// The next decision, from 0 to `count` - 1.
  int64_t below(int64_t count) {
    int64_t number = next < numbers.size() ? numbers[next++] : 0;
    return number % count;
  }

private:
  const std::vector<uint8_t> &numbers;
  size_t next = 0;
};

/// Decisions from which a network is built: about the image, about each layer,
/// about what is returned. Every list of numbers stands for a valid network.
struct NetworkChoices {
  std::vector<uint8_t> image;
  std::vector<std::vector<uint8_t>> layers;
  std::vector<uint8_t> head;
};

/// A module with one function of nn operations: images of a few rows, as
/// numbers or as pixels, colour or grey; branches, residual additions,
/// concatenations, channel attention, strides, dilations, uneven padding.
/// Weights are random, but the same for the same choices.
mlir::OwningOpRef<mlir::ModuleOp>
buildRandomNetwork(mlir::MLIRContext &context, const NetworkChoices &choices);

/// Elements of an input of `type`: from -1 to 1, or pixels from 0 to 255.
std::vector<float> pickInput(mlir::RankedTensorType type, std::mt19937 &random);

} // namespace windrow::test

#endif // WINDROW_TEST_PARTITION_RANDOMNETWORK_H
