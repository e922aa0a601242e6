//===- windrow-translate.cpp - Between ONNX files and Windrow's IR --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OnnxImporter.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
namespace cl = llvm::cl;

namespace {

enum class Translation { ImportOnnx };

struct Options {
  cl::OptionCategory category{"windrow-translate options"};

  cl::opt<Translation> translation{
      cl::Required, cl::desc("Translation:"), cl::cat(category),
      cl::values(clEnumValN(Translation::ImportOnnx, "import-onnx",
                            "Read an ONNX model (opsets 7 to 21, float32) and "
                            "write it in the nn dialect"))};
  cl::opt<std::string> input{cl::Positional, cl::Required,
                             cl::desc("<input file>"), cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::value_desc("file"), cl::init("-"), cl::cat(category),
      cl::desc("Output file, replaced as a whole or not at all (default: "
               "standard output)")};
  cl::list<std::string> inputShapes{
      "input-shape", cl::value_desc("[name:]sizes"), cl::cat(category),
      cl::desc("Shape of an input that the model leaves open, in the model's "
               "order, for example 1,3,224,224 or image:1,3,224,224")};
  cl::opt<bool> emitBytecode{
      "emit-bytecode", cl::cat(category),
      cl::desc("Write bytecode, with the weights; the default for output files "
               "called *.mlirbc")};
  cl::opt<bool> printWeights{
      "print-weights", cl::cat(category),
      cl::desc("Write the weights into text as well, which then is twice as "
               "large as they are; without it, only small constants are "
               "written")};
};

} // namespace

static constexpr const char *overview =
    "Translates between ONNX files and Windrow's IR\n\n"
    "EXAMPLES:\n"
    "  windrow-translate --import-onnx resnet18.onnx\n"
    "  windrow-translate --import-onnx vgg16.onnx -o vgg16.mlirbc\n"
    "  windrow-translate --import-onnx model.onnx --input-shape=1,3,224,224\n";

static llvm::Error writeModule(ModuleOp module, const Options &options,
                               llvm::raw_ostream &out) {
  if (options.emitBytecode || StringRef(options.output).ends_with(".mlirbc")) {
    if (failed(writeBytecodeToFile(module, out)))
      return llvm::createStringError("'" + options.output +
                                     "': cannot write bytecode");
    return llvm::Error::success();
  }
  OpPrintingFlags flags;
  // With a limit above 0, the printer writes a resource before it measures it.
  if (!options.printWeights && !flags.getLargeResourceStringLimit())
    flags.elideLargeResourceString(0);
  if (!options.printWeights && !flags.getLargeElementsAttrLimit())
    flags.elideLargeElementsAttrs();
  module.print(out, flags);
  return llvm::Error::success();
}

static int reportError(const llvm::Twine &message) {
  llvm::errs() << "windrow-translate: error: " << message << "\n";
  return 1;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Options options;
  registerAsmPrinterCLOptions();
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, overview);

  windrow::OnnxImportOptions importOptions;
  for (const std::string &text : options.inputShapes) {
    llvm::Expected<windrow::OnnxInputShape> shape =
        windrow::parseOnnxInputShape(text);
    if (!shape)
      return reportError("--input-shape: " + llvm::toString(shape.takeError()));
    importOptions.inputShapes.push_back(std::move(*shape));
  }

  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
    reportError(diagnostic.str());
    return success();
  });
  OwningOpRef<ModuleOp> module =
      windrow::importOnnx(context, options.input, importOptions);
  if (!module)
    return 1;
  if (llvm::Error error =
          llvm::writeToOutput(options.output, [&](llvm::raw_ostream &out) {
            return writeModule(*module, options, out);
          }))
    return reportError(llvm::toString(std::move(error)));
  return 0;
}
