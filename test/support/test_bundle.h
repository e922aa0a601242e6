//===- test_bundle.h - Bundles built by hand --------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_TEST_BUNDLE_H
#define WINDROW_TEST_SUPPORT_TEST_BUNDLE_H

#include "runtime/artifact/bundle_generated.h"
#include "windrow/status.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace windrow::test {

/// A clamp that lets everything through.
inline format::Clamp noClamp() {
  return {-std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::infinity()};
}

/// Builds the header and the weights of one participant's bundle. Every method
/// returns the index of what it added.
class TestBundle {
public:
  /// The bundle of participant `self` of `devices` devices named "press-1",
  /// "press-2" and so on, and the client behind them.
  explicit TestBundle(uint32_t devices = 1, uint32_t self = 0);

  /// A tensor with arena bytes of its own.
  uint32_t tensor(std::vector<uint32_t> dims,
                  format::ElementType type = format::ElementType::F32);

  /// A tensor that names bytes of `base`, from `byteOffset` on.
  uint32_t view(uint32_t base, uint64_t byteOffset, std::vector<uint32_t> dims);

  /// `values` are numbers of `type`.
  uint32_t weight(std::vector<uint32_t> dims, std::vector<float> values,
                  format::ElementType type = format::ElementType::F32);

  /// An operator and an instruction that runs it; `Table` is one of the
  /// operation tables of the object API.
  template <typename Table> uint32_t run(Table table, std::string name = "") {
    auto op = std::make_unique<format::OperatorT>();
    op->operation.Set(std::move(table));
    op->name = std::move(name);
    header.operators.push_back(std::move(op));
    uint32_t index = static_cast<uint32_t>(header.operators.size() - 1);
    instruct(format::InstructionKind::Run, index);
    return index;
  }

  uint32_t channel(uint32_t id, uint32_t peer, format::Direction direction,
                   uint32_t tensor);

  void instruct(format::InstructionKind kind, uint32_t index) {
    header.instructions.emplace_back(kind, index);
  }

  /// Posts and at once waits for `channel`.
  void transfer(uint32_t channel);

  /// Names `tensor` an input or output of the model, as the client's bundle
  /// does.
  void modelInput(uint32_t tensor, std::vector<uint32_t> dims,
                  format::TensorLayout layout);
  void modelOutput(uint32_t tensor, std::vector<uint32_t> dims,
                   format::TensorLayout layout);

  /// Writes the bundle with writeBundle.
  Status write(const std::filesystem::path &path);

  format::BundleT header;
  std::vector<std::vector<float>> weights;
};

/// The number of `type`, F16 or BF16, that is nearest to `value`, the even one
/// of two; infinity where there is none.
float roundTo(format::ElementType type, float value);

/// Table with the fields that the schema requires.
format::Conv2DT conv2D(uint32_t input, uint32_t output, uint32_t filter,
                       int32_t bias = -1);

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_TEST_BUNDLE_H
