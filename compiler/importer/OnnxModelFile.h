//===- OnnxModelFile.h - A memory-mapped ONNX file --------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_ONNXMODELFILE_H
#define WINDROW_COMPILER_IMPORTER_ONNXMODELFILE_H

#include "compiler/importer/ConstantTensor.h"
#include "compiler/importer/TensorPayloads.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace windrow::importer {

/// An ONNX model whose tensors are still in the files that hold them.
class OnnxModelFile {
public:
  /// Maps and parses `path`. Messages of errors read as the continuation of
  /// "FILE: ".
  static llvm::Expected<OnnxModelFile> open(llvm::StringRef path);

  const onnx::ModelProto &model() const { return proto; }

  /// The elements of `tensor`, an initializer or a tensor attribute of a node
  /// of the main graph, called `name` in messages. The result's `owner` keeps
  /// their file mapped; tensors encoded as lists of numbers are copied.
  llvm::Expected<ConstantTensor> readTensor(const onnx::TensorProto &tensor,
                                            llvm::StringRef name);

private:
  using SharedBuffer = std::shared_ptr<const llvm::MemoryBuffer>;

  OnnxModelFile() = default;

  /// The bytes of a tensor that lies in a file of its own.
  llvm::Expected<llvm::ArrayRef<char>>
  readExternalData(const onnx::TensorProto &tensor, size_t expectedSize,
                   SharedBuffer &owner);
  llvm::Expected<SharedBuffer> mapExternalFile(llvm::StringRef location);

  /// The folder that external data must lie in.
  std::string folder;
  SharedBuffer content;
  onnx::ModelProto proto;
  std::vector<TensorPayload> payloads;
  /// By their location.
  llvm::StringMap<SharedBuffer> externalFiles;
};

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_ONNXMODELFILE_H
