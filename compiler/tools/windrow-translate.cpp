//===- windrow-translate.cpp - Between ONNX files and Windrow's IR --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/exporter/OnnxExporter.h"
#include "compiler/importer/OnnxImporter.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
namespace cl = llvm::cl;

namespace {

enum class Translation { ImportOnnx, ExportOnnx };

struct Options {
  cl::OptionCategory category{"windrow-translate options"};

  cl::opt<Translation> translation{
      cl::Required, cl::desc("Translation:"), cl::cat(category),
      cl::values(clEnumValN(Translation::ImportOnnx, "import-onnx",
                            "Read an ONNX model (opsets 7 to 21, float32) and "
                            "write it in the nn dialect"),
                 clEnumValN(Translation::ExportOnnx, "export-onnx",
                            "Read a function in the nn dialect, as text or "
                            "bytecode, and write it as an ONNX model (opset "
                            "14)"))};
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
  cl::opt<std::string> function{
      "function", cl::value_desc("name"), cl::cat(category),
      cl::desc("The function to export (default: the only one)")};
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
    "  windrow-translate --import-onnx model.onnx --input-shape=1,3,224,224\n"
    "  windrow-translate --export-onnx vgg16.mlirbc -o vgg16.onnx\n";

/// Bytecode holds weights that must lie at multiples of this.
static const llvm::Align bytecodeAlignment(64);

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

static OwningOpRef<ModuleOp> importModule(MLIRContext &context,
                                          const Options &options) {
  windrow::OnnxImportOptions importOptions;
  for (const std::string &text : options.inputShapes) {
    llvm::Expected<windrow::OnnxInputShape> shape =
        windrow::parseOnnxInputShape(text);
    if (!shape) {
      reportError("--input-shape: " + llvm::toString(shape.takeError()));
      return {};
    }
    importOptions.inputShapes.push_back(std::move(*shape));
  }
  return windrow::importOnnx(context, options.input, importOptions);
}

static OwningOpRef<ModuleOp> parseModule(MLIRContext &context,
                                         const Options &options) {
  context.loadDialect<func::FuncDialect, windrow::nn::NnDialect>();
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      openInputFile(options.input, bytecodeAlignment, &message);
  if (!buffer) {
    reportError(message);
    return {};
  }
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
}

/// The function that is to be exported; null after an error.
static func::FuncOp findFunction(ModuleOp module, const Options &options) {
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (!options.function.empty()) {
    auto function = module.lookupSymbol<func::FuncOp>(options.function);
    if (!function)
      reportError(options.input + ": has no function '" + options.function +
                  "'");
    return function;
  }
  if (functions.size() == 1)
    return functions.front();
  reportError(options.input +
              ": must have one function unless --function=NAME "
              "is given, got " +
              llvm::Twine(functions.size()));
  return {};
}

namespace {
/// Says that something failed about which all has been said.
class ReportedError : public llvm::ErrorInfo<ReportedError> {
public:
  static char ID;
  void log(llvm::raw_ostream &) const override {}
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }
};
char ReportedError::ID;
} // namespace

/// Calls `write` with a stream to the output file, which stays as it was where
/// that fails.
static int
writeOutput(const Options &options,
            llvm::function_ref<llvm::Error(llvm::raw_ostream &)> write) {
  llvm::Error error = llvm::writeToOutput(options.output, write);
  if (!error)
    return 0;
  llvm::handleAllErrors(
      std::move(error), [](const ReportedError &) {},
      [](const llvm::ErrorInfoBase &other) { reportError(other.message()); });
  return 1;
}

static int exportModel(MLIRContext &context, const Options &options) {
  OwningOpRef<ModuleOp> module = parseModule(context, options);
  if (!module)
    return 1;
  func::FuncOp function = findFunction(*module, options);
  if (!function)
    return 1;
  return writeOutput(options, [&](llvm::raw_ostream &out) -> llvm::Error {
    if (succeeded(windrow::exportOnnx(function, out)))
      return llvm::Error::success();
    return llvm::make_error<ReportedError>();
  });
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Options options;
  registerAsmPrinterCLOptions();
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, overview);

  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
    std::string location;
    llvm::raw_string_ostream stream(location);
    if (auto position =
            diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
      stream << position.getFilename().getValue() << ":" << position.getLine()
             << ":" << position.getColumn() << ": ";
    reportError(location + diagnostic.str());
    return success();
  });
  if (options.translation == Translation::ExportOnnx)
    return exportModel(context, options);
  OwningOpRef<ModuleOp> module = importModule(context, options);
  if (!module)
    return 1;
  return writeOutput(options, [&](llvm::raw_ostream &out) {
    return writeModule(*module, options, out);
  });
}
