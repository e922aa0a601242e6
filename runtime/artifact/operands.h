//===- operands.h - What an operator of a bundle touches --------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_ARTIFACT_OPERANDS_H
#define WINDROW_RUNTIME_ARTIFACT_OPERANDS_H

#include "runtime/artifact/bundle_generated.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace windrow {

/// The tensors and weights that one operator names, as indices into the
/// bundle's lists; the indices are unchecked.
class Operands {
public:
  std::span<const uint32_t> inputs() const {
    return std::span(inputIndices).first(inputCount);
  }
  std::span<const uint32_t> weights() const {
    return std::span(weightIndices).first(weightCount);
  }
  uint32_t output() const { return outputIndex; }

  static Operands of(const format::Operator &op);

private:
  uint32_t inputIndices[2];
  uint32_t weightIndices[2];
  uint32_t outputIndex = 0;
  unsigned inputCount = 0, weightCount = 0;

  void addInput(uint32_t index) { inputIndices[inputCount++] = index; }
  void addWeight(uint32_t index) { weightIndices[weightCount++] = index; }
};

/// True when element i of the output depends on element i of each input alone,
/// so that the output may take the place of an input.
bool isElementwise(format::Operation operation);

/// Name of the kind of `op`, such as "Conv2D"; "unknown" for a kind that this
/// version does not know.
std::string_view operationName(format::Operation operation);

/// "operator 3 'conv1' (Conv2D)", with unprintable bytes of the name replaced.
std::string describeOperator(const format::Operator &op, size_t index);

/// `text` with every ASCII control character replaced by '?', so that names
/// from a file cannot steer a terminal.
std::string printable(std::string_view text);

/// The content of a FlatBuffers string; null gives "".
std::string_view textOf(const flatbuffers::String *text);

} // namespace windrow

#endif // WINDROW_RUNTIME_ARTIFACT_OPERANDS_H
