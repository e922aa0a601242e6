//===- onnx_import_fuzzer.cpp - The importer on arbitrary bytes -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OnnxImporter.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "test/support/scratch_folder.h"
#include "llvm/Support/ErrorHandling.h"
#include <fstream>

using namespace mlir;

/// Whatever the file holds, the importer returns a valid module or emits one
/// error.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static windrow::test::ScratchFolder scratch;
  std::string path = scratch / "model.onnx";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(data), size);

  MLIRContext context(MLIRContext::Threading::DISABLED);
  int errors = 0;
  context.getDiagEngine().registerHandler([&](Diagnostic &) {
    ++errors;
    return success();
  });
  OwningOpRef<ModuleOp> module = windrow::importOnnx(context, path);
  if (errors != (module ? 0 : 1))
    llvm::report_fatal_error("must emit one error exactly on failure");
  if (module && failed(verify(*module)))
    llvm::report_fatal_error("the module must be valid");
  return 0;
}
