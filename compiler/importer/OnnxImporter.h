//===- OnnxImporter.h - ONNX file to nn dialect -----------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_ONNXIMPORTER_H
#define WINDROW_COMPILER_IMPORTER_ONNXIMPORTER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace windrow {

/// The shape that a model's input is to have, for a model that leaves
/// dimensions open.
struct OnnxInputShape {
  /// The input's name; empty for a model that has one input.
  std::string inputName;
  /// In the model's own order (NCHW for images), every dimension positive.
  llvm::SmallVector<int64_t> shape;
};

/// Parses "1,3,224,224" or "NAME:1,3,224,224". A name may hold colons itself:
/// the last one counts.
llvm::Expected<OnnxInputShape> parseOnnxInputShape(llvm::StringRef text);

struct OnnxImportOptions {
  /// At most one for each input. A shape may fill in what the model leaves
  /// open but must agree with what the model states.
  std::vector<OnnxInputShape> inputShapes;
};

/// Reads the ONNX model `path` (opsets 7 to 21, f32) and returns a module whose
/// function `main` computes it in the nn dialect, which is loaded into
/// `context` together with the func dialect.
///
/// Arguments and results keep the model's own shapes and order of dimensions
/// (NCHW for images) and carry their ONNX names as `nn.name`. Spatial
/// operations are NHWC, between an `nn.transpose` each way. Every operation has
/// the name of its ONNX node as a `NameLoc`. Nodes whose results nothing uses
/// are left out, and constants are evaluated as far as shapes depend on them.
///
/// Weights stay where the file, or its external data files, are mapped: each
/// is a `dense_resource` whose blob points into the mapping, at *any* byte
/// offset: its declared alignment is 1, so read elements with memcpy. The blobs
/// keep the mapping alive, and live as long as `context`. A file must not be
/// truncated meanwhile; replace files by renaming. Every weight that the module
/// uses has been checked to be finite.
///
/// On failure the result is null and exactly one error has been emitted to
/// `context`'s diagnostic engine; its text names the file and, where one is
/// concerned, the node. Not thread-safe on one context.
mlir::OwningOpRef<mlir::ModuleOp>
importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
           const OnnxImportOptions &options = {});

} // namespace windrow

#endif // WINDROW_COMPILER_IMPORTER_ONNXIMPORTER_H
