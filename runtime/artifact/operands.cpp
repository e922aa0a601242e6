//===- operands.cpp - What an operator of a bundle touches ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/operands.h"

#include <fmt/format.h>

namespace windrow {

Operands Operands::of(const format::Operator &op) {
  Operands operands;
  auto addUnary = [&operands](const auto &table) {
    operands.addInput(table.input());
    operands.outputIndex = table.output();
  };
  auto addFiltered = [&operands, &addUnary](const auto &table) {
    addUnary(table);
    operands.addWeight(table.filter());
    if (table.bias() >= 0)
      operands.addWeight(static_cast<uint32_t>(table.bias()));
  };
  switch (op.operation_type()) {
  case format::Operation::NONE:
    break;
  case format::Operation::Conv2D:
    addFiltered(*op.operation_as_Conv2D());
    break;
  case format::Operation::FullyConnected:
    addFiltered(*op.operation_as_FullyConnected());
    break;
  case format::Operation::MaxPool2D:
    addUnary(*op.operation_as_MaxPool2D());
    break;
  case format::Operation::AveragePool2D:
    addUnary(*op.operation_as_AveragePool2D());
    break;
  case format::Operation::GlobalPool:
    addUnary(*op.operation_as_GlobalPool());
    break;
  case format::Operation::Binary: {
    const format::Binary &binary = *op.operation_as_Binary();
    operands.addInput(binary.lhs());
    operands.addInput(binary.rhs());
    operands.outputIndex = binary.output();
    break;
  }
  case format::Operation::Unary:
    addUnary(*op.operation_as_Unary());
    break;
  case format::Operation::Softmax:
    addUnary(*op.operation_as_Softmax());
    break;
  case format::Operation::ScaleShift: {
    const format::ScaleShift &scaleShift = *op.operation_as_ScaleShift();
    addUnary(scaleShift);
    operands.addWeight(scaleShift.scale());
    operands.addWeight(scaleShift.shift());
    break;
  }
  case format::Operation::NormalizeImage:
    addUnary(*op.operation_as_NormalizeImage());
    break;
  case format::Operation::CopyChannels:
    addUnary(*op.operation_as_CopyChannels());
    break;
  case format::Operation::Pad:
    addUnary(*op.operation_as_Pad());
    break;
  case format::Operation::Slice:
    addUnary(*op.operation_as_Slice());
    break;
  case format::Operation::Transpose:
    addUnary(*op.operation_as_Transpose());
    break;
  }
  return operands;
}

bool isElementwise(format::Operation operation) {
  return operation == format::Operation::Binary ||
         operation == format::Operation::Unary ||
         operation == format::Operation::ScaleShift;
}

std::string_view operationName(format::Operation operation) {
  if (operation > format::Operation::MAX)
    return "unknown";
  return format::EnumNameOperation(operation);
}

std::string describeOperator(const format::Operator &op, size_t index) {
  return fmt::format("operator {} '{}' ({})", index,
                     printable(textOf(op.name())),
                     operationName(op.operation_type()));
}

std::string printable(std::string_view text) {
  std::string result(text);
  for (char &character : result) {
    auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f)
      character = '?';
  }
  return result;
}

std::string_view textOf(const flatbuffers::String *text) {
  return text ? std::string_view(text->c_str(), text->size())
              : std::string_view();
}

} // namespace windrow
