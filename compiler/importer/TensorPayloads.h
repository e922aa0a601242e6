//===- TensorPayloads.h - Cut tensor bytes out of a model -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Protobuf copies every `bytes` field that it parses. To leave weights where
// the file is mapped, a serialized onnx.ModelProto is rewritten without them
// before protobuf sees it. Knows the wire format
// (https://protobuf.dev/programming-guides/encoding) and ONNX's field numbers
// (onnx.proto), but neither protobuf nor MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_TENSORPAYLOADS_H
#define WINDROW_COMPILER_IMPORTER_TENSORPAYLOADS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace windrow::importer {

/// The elements of one tensor: little-endian, row-major, at any alignment.
struct TensorPayload {
  llvm::ArrayRef<char> bytes;
  /// They are the content of `float_data`, so that the tensor must be of type
  /// FLOAT, else of `raw_data`.
  bool isFloatData = false;
};

/// A serialized onnx.ModelProto in which `raw_data` of initializers and of
/// tensor attributes of the graph's own nodes (not those of subgraphs) holds a
/// payload reference instead of elements. A `float_data` field that is one
/// packed run has become a reference in `raw_data` as well.
struct CutModel {
  std::string message;
  /// Point into the bytes that were cut.
  std::vector<TensorPayload> payloads;
};

/// Rewrites `model`. Fails where the bytes are not a model or end early; the
/// message reads as the continuation of "FILE: ".
llvm::Expected<CutModel> cutTensorPayloads(llvm::ArrayRef<char> model);

/// The index into `CutModel::payloads` that a rewritten `raw_data` refers to.
std::optional<size_t> decodePayloadReference(llvm::StringRef rawData);

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_TENSORPAYLOADS_H
