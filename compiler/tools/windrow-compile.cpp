//===- windrow-compile.cpp - Compiles a model for a cluster ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Compiler.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace windrow;
namespace cl = llvm::cl;

static cl::OptionCategory category("windrow-compile options");

static cl::opt<std::string> input(cl::Positional, cl::Required,
                                  cl::desc("MODEL"), cl::cat(category));
static cl::opt<std::string>
    clusterFile("cluster", cl::value_desc("file"),
                cl::desc("YAML file of the devices and links"),
                cl::cat(category));
static cl::opt<cluster::Strategy>
    strategy("strategy", cl::desc("How the devices share the work:"),
             cl::init(cluster::Strategy::Dp), cluster::strategyValues(),
             cl::cat(category));
static cl::opt<KernelChoice> kernels(
    "kernels", cl::desc("How convolutions are computed:"),
    cl::init(KernelChoice::Auto),
    cl::values(clEnumValN(KernelChoice::Auto, "auto",
                          "with fewer products where that is faster (default)"),
               clEnumValN(KernelChoice::Direct, "direct",
                          "by sums of products of the elements")),
    cl::cat(category));
static cl::opt<nn::WeightStorage> denseWeights(
    "dense-weights",
    cl::desc("How the weights of fully connected layers are stored:"),
    cl::init(nn::WeightStorage::F32),
    cl::values(clEnumValN(nn::WeightStorage::F32, "f32",
                          "as the model has them (default)"),
               clEnumValN(nn::WeightStorage::BF16, "bf16",
                          "in half the bytes, to 3 digits"),
               clEnumValN(nn::WeightStorage::F16, "f16",
                          "in half the bytes, to 4 digits, at most 65504")),
    cl::cat(category));
static cl::opt<std::string>
    costs("costs", cl::value_desc("file"),
          cl::desc("Costs that were measured on the devices (JSON)"),
          cl::cat(category));
static cl::opt<Objective>
    objective("objective", cl::desc("What the strategy dp makes small:"),
              cl::init(Objective::Latency), cluster::objectiveValues(),
              cl::cat(category));
static cl::opt<Explanation> explanation(
    "explain", cl::desc("Print who computes what, and what it takes:"),
    cl::init(Explanation::None), cl::ValueOptional,
    cl::values(clEnumValN(Explanation::Table, "table", "for people (default)"),
               clEnumValN(Explanation::Json, "json", "for programs"),
               clEnumValN(Explanation::Table, "", "")),
    cl::cat(category));
static cl::list<std::string> inputShapes(
    "input-shape", cl::value_desc("[name:]N,C,H,W"),
    cl::desc("Shape of an input that the model leaves open; may be repeated"),
    cl::cat(category));
static cl::list<float> imageMean(
    "image-mean", cl::CommaSeparated, cl::value_desc("m,..."),
    cl::desc("The input is an image: mean of each channel, in pixel / 255"),
    cl::cat(category));
static cl::list<float>
    imageStd("image-std", cl::CommaSeparated, cl::value_desc("s,..."),
             cl::desc("Standard deviation of each channel, in pixel / 255"),
             cl::cat(category));
static cl::opt<bool> imageGrey(
    "image-grey",
    cl::desc("Images are grey: one byte a pixel travels, for all channels"),
    cl::cat(category));
static cl::list<std::string> compactSteps(
    "compact", cl::CommaSeparated, cl::value_desc("step[:key=value]...,..."),
    cl::desc("Make the network smaller: steps and keys are listed below"),
    cl::cat(category));
static cl::opt<std::string> calibrationFolder(
    "calibration", cl::value_desc("folder"),
    cl::desc("JPEG and PNG images on which --compact fits the new layers"),
    cl::cat(category));
static cl::opt<int64_t> calibrationImages(
    "calibration-images", cl::value_desc("n"), cl::init(16),
    cl::desc("How many of them, evenly spread over their names (default: 16)"),
    cl::cat(category));
static cl::opt<std::string> labels("labels", cl::value_desc("file"),
                                   cl::desc("Names of the classes, one a line"),
                                   cl::cat(category));
static cl::opt<CompilePhase> lastPhase(
    "compile-to", cl::desc("Stop after a phase:"),
    cl::init(CompilePhase::Bundle),
    cl::values(clEnumValN(CompilePhase::Import, "import", "the model as nn IR"),
               clEnumValN(CompilePhase::Graph, "graph", "cleaned up"),
               clEnumValN(CompilePhase::Plan, "plan", "layouts chosen"),
               clEnumValN(CompilePhase::Device, "device",
                          "one module a device"),
               clEnumValN(CompilePhase::Bundle, "bundle", "bundles (default)")),
    cl::cat(category));
static cl::opt<std::string>
    output("o", cl::value_desc("path"),
           cl::desc("Folder of the plan, or file of the IR ('-', the default, "
                    "is the standard output; '.mlirbc' is bytecode)"),
           cl::cat(category));
static cl::opt<bool> printWeights("print-weights",
                                  cl::desc("Print weights in textual IR"),
                                  cl::cat(category));
static cl::opt<bool> timing("timing",
                            cl::desc("Print the time of each phase on stderr"),
                            cl::cat(category));

static const std::string stepsText =
    "\nSTEPS OF --compact AND THEIR KEYS:\n" + listCompactSteps();
static cl::extrahelp stepsHelp(stepsText);

static cl::extrahelp examples(R"(
EXAMPLES:
  windrow-compile model.onnx --cluster=pis.yaml -o plan
  windrow-compile model.onnx --cluster=pis.yaml --strategy=single -o plan \
      --image-mean=0.485,0.456,0.406 --image-std=0.229,0.224,0.225 \
      --labels=labels.txt
  windrow-compile model.onnx --cluster=pis.yaml --costs=costs.json \
      --explain -o plan
  windrow-compile model.onnx --cluster=pis.yaml -o plan --image-grey \
      --image-mean=0.5,0.5,0.5 --image-std=0.5,0.5,0.5
  windrow-compile vgg16.onnx --cluster=pis.yaml --dense-weights=f16 -o plan
  windrow-compile model.onnx --input-shape=1,3,224,224 --compile-to=graph
  windrow-compile model.onnx --compact=bottleneck:r=8,dense:energy=0.9 \
      --calibration=images --image-mean=0.5,0.5,0.5 --image-std=0.5,0.5,0.5 \
      --cluster=pis.yaml -o plan
  windrow-compile plan.mlir --cluster=pis.yaml -o plan
)");

static int reportError(const Twine &message) {
  llvm::errs() << "windrow-compile: error: " << message << '\n';
  return 1;
}

static FailureOr<CompileOptions> readOptions() {
  CompileOptions options;
  options.input = input;
  options.cluster = clusterFile;
  options.costs = costs;
  options.strategy = strategy;
  options.compactSteps.assign(compactSteps.begin(), compactSteps.end());
  if (!calibrationFolder.empty() && compactSteps.empty())
    return reportError("--calibration must come with --compact"), failure();
  options.calibration = {calibrationFolder, calibrationImages};
  options.kernels = kernels;
  options.denseWeights = denseWeights;
  options.objective = objective;
  options.explanation = explanation;
  options.labels = labels;
  options.lastPhase = lastPhase;
  options.printWeights = printWeights;
  options.timing = timing;
  for (const std::string &text : inputShapes) {
    llvm::Expected<OnnxInputShape> shape = parseOnnxInputShape(text);
    if (!shape)
      return reportError("--input-shape: " + toString(shape.takeError())),
             failure();
    options.inputShapes.push_back(std::move(*shape));
  }
  if (imageMean.empty() != imageStd.empty())
    return reportError("--image-mean and --image-std must be given together"),
           failure();
  if (imageGrey && imageMean.empty())
    return reportError("--image-grey must come with --image-mean and "
                       "--image-std"),
           failure();
  options.isImageGrey = imageGrey;
  if (!imageMean.empty())
    options.image = ImageNormalization{{imageMean.begin(), imageMean.end()},
                                       {imageStd.begin(), imageStd.end()}};
  options.output = output;
  if (output.empty() && lastPhase == CompilePhase::Bundle)
    return reportError("-o must name the folder of the plan"), failure();
  if (output.empty())
    options.output = "-";
  return options;
}

/// Prints where `location` is: a file, with the line where one is known, or a
/// node of the model.
static void printPlace(Location location) {
  if (auto file = location->findInstanceOf<FileLineColLoc>()) {
    llvm::errs() << file.getFilename().getValue() << ':';
    if (file.getLine() > 0)
      llvm::errs() << file.getLine() << ':' << file.getColumn() << ':';
    llvm::errs() << ' ';
  } else if (auto name = location->findInstanceOf<NameLoc>()) {
    llvm::errs() << "node '" << name.getName().getValue() << "': ";
  }
}

static void printDiagnostic(Diagnostic &diagnostic) {
  auto print = [](Diagnostic &part, StringRef severity) {
    llvm::errs() << "windrow-compile: ";
    printPlace(part.getLocation());
    llvm::errs() << severity << ": " << part << '\n';
  };
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    print(diagnostic, "error");
    break;
  case DiagnosticSeverity::Remark:
    print(diagnostic, "remark");
    break;
  case DiagnosticSeverity::Warning:
    print(diagnostic, "warning");
    break;
  default:
    print(diagnostic, "note");
  }
  for (Diagnostic &note : diagnostic.getNotes())
    print(note, "note");
}

int main(int argc, char **argv) {
  llvm::InitLLVM initializer(argc, argv);
  registerAsmPrinterCLOptions();
  registerPassManagerCLOptions();
  registerDefaultTimingManagerCLOptions();
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(
      argc, argv,
      "Compiles a convolutional network into one program for each machine of a "
      "cluster\n");

  FailureOr<CompileOptions> options = readOptions();
  if (failed(options))
    return 1;
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
    printDiagnostic(diagnostic);
    return success();
  });
  return failed(compile(context, *options));
}
