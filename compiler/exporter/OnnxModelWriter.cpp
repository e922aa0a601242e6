//===- OnnxModelWriter.cpp - An ONNX file, weights streamed ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/OnnxModelWriter.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/LEB128.h"
#include <limits>

using namespace windrow::exporter;

// Numbers of fields in onnx.proto.
static constexpr unsigned modelGraphField = 7;
static constexpr unsigned graphInitializerField = 5;
static constexpr unsigned tensorRawDataField = 9;

static constexpr uint64_t largestMessage = std::numeric_limits<int32_t>::max();

/// What stands before the content of a field of `length` bytes.
static std::string fieldStart(unsigned field, uint64_t length) {
  constexpr unsigned lengthDelimited = 2;
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::encodeULEB128(field << 3 | lengthDelimited, stream);
  llvm::encodeULEB128(length, stream);
  return result;
}

namespace {
/// A tensor's message up to its elements, with what stands before it.
struct TensorStart {
  std::string text;
  uint64_t size = 0; ///< with the elements
};
} // namespace

static TensorStart startTensor(const StreamedTensor &tensor) {
  std::string content = tensor.header.SerializeAsString() +
                        fieldStart(tensorRawDataField, tensor.bytes);
  std::string start =
      fieldStart(graphInitializerField, content.size() + tensor.bytes);
  return {start + content, start.size() + content.size() + tensor.bytes};
}

llvm::Error
windrow::exporter::writeOnnxModel(const onnx::ModelProto &model,
                                  const std::vector<StreamedTensor> &tensors,
                                  llvm::raw_ostream &out) {
  std::string graph = model.graph().SerializeAsString();
  uint64_t graphSize = graph.size();
  for (const StreamedTensor &tensor : tensors)
    graphSize += startTensor(tensor).size;
  onnx::ModelProto frame = model;
  frame.clear_graph();
  std::string start =
      frame.SerializeAsString() + fieldStart(modelGraphField, graphSize);
  if (start.size() + graphSize > largestMessage)
    return llvm::createStringError(
        llvm::formatv("an ONNX file must have less than 2 GiB, got {0} bytes",
                      start.size() + graphSize));
  out << start << graph;
  for (const StreamedTensor &tensor : tensors) {
    out << startTensor(tensor).text;
    tensor.write([&](llvm::ArrayRef<char> part) {
      out.write(part.data(), part.size());
    });
  }
  return llvm::Error::success();
}
