//===- windrow-interpret.cpp - Runs a model in IR on files ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reference interpreter as a tool for tests.
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "runtime/tools/npy_file.h"
#include "test/interpreter/Interpreter.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace windrow;

namespace cl = llvm::cl;

static constexpr char overview[] =
    "Runs a model in IR on tensors, in plain loops\n\n"
    "  MODEL.mlir holds one function of nn operations, with or without the "
    "placed level of\n"
    "  cluster, or a plan at the device level. Tensors are .npy files of f32 "
    "in "
    "the order of\n"
    "  dimensions of the model's own file (nn.model_layout); one for each "
    "argument and\n"
    "  result, in their order.\n\n"
    "  windrow-interpret model.mlir --input=image.npy --output=logits.npy\n";

static cl::OptionCategory category("windrow-interpret options");
static cl::opt<std::string> modelPath(cl::Positional, cl::Required,
                                      cl::desc("MODEL.mlir"),
                                      cl::cat(category));
static cl::list<std::string> inputPaths("input", cl::value_desc("file.npy"),
                                        cl::desc("value of the next argument"),
                                        cl::cat(category));
static cl::list<std::string> outputPaths("output", cl::value_desc("file.npy"),
                                         cl::desc("where the next result goes"),
                                         cl::cat(category));

static LogicalResult reportError(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "windrow-interpret") << message << "\n";
  return failure();
}

/// Reads text or bytecode.
static OwningOpRef<ModuleOp> readModel(MLIRContext &context) {
  // Blobs of constants lie in the buffer as they are aligned in the file.
  auto buffer = llvm::MemoryBuffer::getFile(
      modelPath, /*IsText=*/false, /*RequiresNullTerminator=*/true,
      /*IsVolatile=*/false, llvm::Align(64));
  if (!buffer) {
    (void)reportError(modelPath + ": " + buffer.getError().message());
    return nullptr;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}

static LogicalResult run() {
  DialectRegistry registry;
  registry.insert<DLTIDialect, func::FuncDialect, cluster::ClusterDialect,
                  nn::NnDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> model = readModel(context);
  if (!model)
    return failure();
  reference::Tensors inputs;
  for (const std::string &path : inputPaths) {
    Expected<Tensor> input = readNpy(path);
    if (!input)
      return reportError(input.error().message());
    inputs.push_back({std::move(input->shape), std::move(input->values)});
  }
  FailureOr<reference::Tensors> results =
      reference::interpretModel(*model, inputs);
  if (failed(results))
    return failure();
  if (outputPaths.size() != results->size())
    return reportError("--output must be given " + Twine(results->size()) +
                       " times, once for each result, got " +
                       Twine(outputPaths.size()));
  for (auto [path, result] : llvm::zip_equal(outputPaths, *results))
    if (Status status =
            writeNpy(path, {std::move(result.shape), std::move(result.values)});
        !status.ok())
      return reportError(status.message());
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, overview);
  return failed(run());
}
