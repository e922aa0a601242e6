//===- OnnxModelWriter.h - An ONNX file, weights streamed -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_EXPORTER_ONNXMODELWRITER_H
#define WINDROW_COMPILER_EXPORTER_ONNXMODELWRITER_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <vector>

namespace windrow::exporter {

/// A tensor of an ONNX graph whose elements are passed on when the file is
/// written, so that they need not be in memory all at once.
struct StreamedTensor {
  /// Name, shape and element type, without elements.
  onnx::TensorProto header;
  uint64_t bytes = 0;
  /// Passes `bytes` bytes, little-endian and row-major, to its argument, part
  /// by part.
  std::function<void(llvm::function_ref<void(llvm::ArrayRef<char>)>)> write;
};

/// Writes `model`, whose graph gets `initializers` besides those it has. Fails,
/// before anything is written, where the file would exceed the 2 GiB that
/// protobuf can read.
///
/// Composes the fields of the messages by hand
/// (https://protobuf.dev/programming-guides/encoding), since protobuf itself
/// would hold a copy of all elements.
llvm::Error writeOnnxModel(const onnx::ModelProto &model,
                           const std::vector<StreamedTensor> &initializers,
                           llvm::raw_ostream &out);

} // namespace windrow::exporter

#endif // WINDROW_COMPILER_EXPORTER_ONNXMODELWRITER_H
