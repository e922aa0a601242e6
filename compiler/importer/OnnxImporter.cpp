//===- OnnxImporter.cpp - ONNX file to nn dialect -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OnnxImporter.h"

#include "compiler/importer/GraphImporter.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::importer;

llvm::Expected<OnnxInputShape>
windrow::parseOnnxInputShape(llvm::StringRef text) {
  OnnxInputShape result;
  auto [name, dimensions] = text.rsplit(':');
  if (dimensions.empty() && !text.contains(':'))
    std::swap(name, dimensions);
  result.inputName = name.str();
  SmallVector<StringRef> sizes;
  dimensions.split(sizes, ',');
  for (StringRef size : sizes)
    if (size.trim().getAsInteger(10, result.shape.emplace_back()) ||
        result.shape.back() <= 0)
      return llvm::createStringError(llvm::formatv(
          "an input shape must be '1,3,224,224' or 'NAME:1,3,224,224' with "
          "positive numbers, got '{0}'",
          text));
  return result;
}

/// "node 'conv1' (Conv): ", or nothing.
static std::string describeNode(const onnx::NodeProto *node) {
  if (!node)
    return "";
  return llvm::formatv("node '{0}' ({1}): ", nodeName(*node), node->op_type());
}

OwningOpRef<ModuleOp> windrow::importOnnx(MLIRContext &context, StringRef path,
                                          const OnnxImportOptions &options) {
  context.loadDialect<func::FuncDialect, nn::NnDialect>();
  Location unknown = UnknownLoc::get(&context);
  llvm::Expected<OnnxModelFile> file = OnnxModelFile::open(path);
  if (!file) {
    emitError(unknown) << path << ": " << llvm::toString(file.takeError());
    return {};
  }

  OwningOpRef<ModuleOp> module = ModuleOp::create(unknown);
  GraphImporter importer(*file, options, *module);
  std::string firstError;
  {
    // Also puts file and node to what the dialect itself finds wrong.
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
        return failure();
      if (firstError.empty())
        firstError = llvm::formatv("{0}: {1}{2}", path,
                                   describeNode(importer.currentNode()),
                                   diagnostic.str());
      return success();
    });
    if (succeeded(importer.run()))
      return module;
  }
  emitError(unknown) << firstError;
  return {};
}
