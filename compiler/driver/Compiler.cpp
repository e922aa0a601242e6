//===- Compiler.cpp - From a model file to a plan -------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/driver/Compiler.h"

#include "compiler/driver/ClusterFile.h"
#include "compiler/driver/CostFile.h"
#include "compiler/driver/PhaseReport.h"
#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "passes/Analysis/PlanReport.h"
#include "passes/Partition/DevicePrograms.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/NetworkPlan.h"
#include "passes/Pipelines.h"
#include "passes/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace windrow;

/// Bytecode holds weights that must lie at multiples of this.
static const llvm::Align bytecodeAlignment(64);

namespace {
/// A plan as the planner sees it.
struct PlannedNetwork {
  PlannedNetwork(Network extracted, ClusterDescription description,
                 const CostTable *costs)
      : network(std::move(extracted)), cluster(std::move(description)),
        model(network, cluster, costs) {}

  const Network network;
  const ClusterDescription cluster;
  const CostModel model;
  PlanReport report;
};

class Compilation {
public:
  Compilation(MLIRContext &context, const CompileOptions &options)
      : context(context), options(options), report(options.timing),
        inputLocation(FileLineColLoc::get(&context, options.input, 0, 0)) {}

  LogicalResult run();

private:
  LogicalResult readInput();
  LogicalResult readIr();
  LogicalResult readLabels();
  LogicalResult checkLabels();
  LogicalResult runPhase(CompilePhase phase);
  LogicalResult addDevices();
  LogicalResult addCompactPasses(OpPassManager &manager);
  LogicalResult
  runPasses(llvm::function_ref<LogicalResult(OpPassManager &)> add);
  LogicalResult readCosts();
  LogicalResult predict();
  void explain() const;
  LogicalResult writeIr();
  PlanFacts collectFacts() const;

  MLIRContext &context;
  const CompileOptions &options;
  PhaseReport report;
  Location inputLocation;
  OwningOpRef<ModuleOp> module;
  CompilePhase reached = CompilePhase::Import;
  std::vector<std::string> labels;
  std::shared_ptr<const CostTable> costs;
  /// Where something is to be printed of the plan.
  std::unique_ptr<PlannedNetwork> planned;
};
} // namespace

static bool isIr(StringRef path) {
  return path.ends_with(".mlir") || path.ends_with(".mlirbc");
}

/// The last phase that `module` has been through.
static CompilePhase findReachedPhase(ModuleOp module) {
  if (!module.getOps<ModuleOp>().empty())
    return CompilePhase::Device;
  WalkResult result = module.walk([](Operation *op) {
    return isa<cluster::FragmentOp>(op) || op->hasAttr(cluster::layoutAttrName)
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted() ? CompilePhase::Plan : CompilePhase::Import;
}

LogicalResult Compilation::readIr() {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      openInputFile(options.input, bytecodeAlignment, &message);
  if (!buffer)
    return emitError(inputLocation) << message;
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!module)
    return failure();
  reached = findReachedPhase(*module);
  return success();
}

LogicalResult Compilation::readInput() {
  report.begin("import");
  if (isIr(options.input)) {
    if (failed(readIr()))
      return failure();
  } else {
    module = importOnnx(context, options.input, {options.inputShapes});
    if (!module)
      return failure();
  }
  if (options.image && reached != CompilePhase::Import)
    return emitError(inputLocation)
           << "an image's mean and deviation must be given with a model, got a "
              "plan";
  if (!options.compactSteps.empty() && reached != CompilePhase::Import)
    return emitError(inputLocation)
           << "what is compacted must be a model, got a plan";
  if (options.denseWeights != nn::WeightStorage::F32 &&
      reached != CompilePhase::Import)
    return emitError(inputLocation)
           << "dense weights must be narrowed in a model, got a plan";
  return success();
}

LogicalResult Compilation::readLabels() {
  if (options.labels.empty())
    return success();
  auto buffer = llvm::MemoryBuffer::getFile(options.labels);
  Location location = FileLineColLoc::get(&context, options.labels, 0, 0);
  if (!buffer)
    return emitError(location) << buffer.getError().message();
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().trim().split(lines, '\n');
  for (StringRef line : lines)
    labels.push_back(line.trim().str());
  return success();
}

LogicalResult Compilation::checkLabels() {
  if (options.labels.empty())
    return success();
  auto functions = module->getOps<func::FuncOp>();
  if (functions.empty())
    return success();
  Type type = (*functions.begin()).getResultTypes().front();
  int64_t classes = cast<RankedTensorType>(type).getShape().back();
  if (static_cast<int64_t>(labels.size()) == classes)
    return success();
  return emitError(FileLineColLoc::get(&context, options.labels, 0, 0))
         << "file of labels must hold " << classes
         << " lines, one for each class of the model, got " << labels.size();
}

LogicalResult Compilation::addCompactPasses(OpPassManager &manager) {
  for (const std::string &step : options.compactSteps) {
    llvm::Expected<std::unique_ptr<Pass>> pass =
        parseCompactStep(step, options.calibration);
    if (!pass)
      return emitError(UnknownLoc::get(&context))
             << "--compact: " << toString(pass.takeError());
    manager.addNestedPass<func::FuncOp>(std::move(*pass));
  }
  return success();
}

LogicalResult
Compilation::runPasses(llvm::function_ref<LogicalResult(OpPassManager &)> add) {
  PassManager manager(&context);
  if (failed(applyPassManagerCLOptions(manager)))
    return failure();
  applyDefaultTimingPassManagerCLOptions(manager);
  if (failed(add(manager)))
    return failure();
  return manager.run(*module);
}

LogicalResult Compilation::addDevices() {
  if (options.cluster.empty()) {
    if ((*module)->hasAttr(DLTIDialect::kTargetSystemDescAttrName))
      return success();
    return emitError(inputLocation)
           << "a cluster file must be given (--cluster=FILE) to go beyond the "
              "phase 'graph'";
  }
  tl::expected<ClusterDescription, FileError> description =
      readClusterFile(options.cluster);
  if (!description)
    return emitError(FileLineColLoc::get(&context, options.cluster,
                                         description.error().line, 1))
           << description.error().message;
  cluster::attachDevices(*module, *description);
  return success();
}

LogicalResult Compilation::readCosts() {
  if (options.costs.empty() || costs)
    return success();
  tl::expected<CostTable, FileError> table = readCostFile(options.costs);
  if (!table)
    return emitError(FileLineColLoc::get(&context, options.costs,
                                         table.error().line, 1))
           << table.error().message;
  FailureOr<ClusterDescription> cluster = cluster::readDevices(*module);
  if (failed(cluster))
    return failure();
  std::vector<std::string> dropped = dropUnknown(*table, *cluster);
  if (!dropped.empty())
    emitWarning(FileLineColLoc::get(&context, options.costs, 0, 0))
        << "the cluster does not have: " << llvm::join(dropped, ", ");
  costs = std::make_shared<const CostTable>(std::move(*table));
  return success();
}

/// Where asked for, or where the plan was searched for.
LogicalResult Compilation::predict() {
  if (options.explanation == Explanation::None &&
      options.strategy != cluster::Strategy::Dp)
    return success();
  if (failed(readCosts()))
    return failure();
  FailureOr<ClusterDescription> cluster = cluster::readDevices(*module);
  if (failed(cluster))
    return failure();
  FailureOr<func::FuncOp> function = cluster::getOnlyFunction(*module);
  if (failed(function))
    return failure();
  cluster::ExtractedNetwork extracted = cluster::extractNetwork(*function);
  FailureOr<Plan> plan = cluster::readLayouts(extracted, *cluster);
  if (failed(plan))
    return failure();
  planned = std::make_unique<PlannedNetwork>(std::move(extracted.network),
                                             std::move(*cluster), costs.get());
  planned->report = reportPlan(planned->model, *plan);
  const std::vector<DeviceDescription> &devices = planned->cluster.devices;
  if (!planned->model.unmeasuredDevices().empty()) {
    std::vector<std::string> names;
    for (size_t device : planned->model.unmeasuredDevices())
      names.push_back(devices[device].name);
    emitWarning(inputLocation)
        << "costs were not measured on " << llvm::join(names, ", ")
        << ": estimated from the cluster file's gflops, gbps and speed";
  }
  if (std::optional<size_t> device = findOnlyDevice(planned->model, *plan))
    emitRemark(inputLocation) << "one device alone, " << devices[*device].name
                              << ", computes everything"
                              << (options.strategy == cluster::Strategy::Dp
                                      ? ": no plan for several is faster"
                                      : "");
  return success();
}

void Compilation::explain() const {
  if (!planned)
    return;
  const bool isIrOnStdout =
      options.lastPhase != CompilePhase::Bundle && options.output == "-";
  raw_ostream &stream = isIrOnStdout ? llvm::errs() : llvm::outs();
  switch (options.explanation) {
  case Explanation::None:
    stream << summarize(planned->report) << '\n';
    break;
  case Explanation::Table:
    stream << formatTable(planned->model, planned->report);
    break;
  case Explanation::Json:
    stream << formatJson(planned->model, planned->report);
    break;
  }
}

LogicalResult Compilation::runPhase(CompilePhase phase) {
  switch (phase) {
  case CompilePhase::Import:
    return success();
  case CompilePhase::Graph:
    report.begin("graph");
    return runPasses([&](OpPassManager &manager) {
      buildCleanupPipeline(manager);
      if (options.image) {
        nn::NormalizeImageInputOptions image;
        image.mean = llvm::to_vector<12>(options.image->mean);
        image.deviation = llvm::to_vector<12>(options.image->deviation);
        image.grey = options.isImageGrey;
        manager.addNestedPass<func::FuncOp>(
            nn::createNormalizeImageInput(image));
      }
      if (failed(addCompactPasses(manager)))
        return failure();
      if (options.kernels == KernelChoice::Auto)
        manager.addNestedPass<func::FuncOp>(nn::createChooseKernels());
      if (options.denseWeights != nn::WeightStorage::F32)
        manager.addNestedPass<func::FuncOp>(
            nn::createNarrowDenseWeights({options.denseWeights}));
      return success();
    });
  case CompilePhase::Plan:
    report.begin("plan");
    if (failed(addDevices()) || failed(readCosts()))
      return failure();
    return runPasses([&](OpPassManager &manager) {
      PlanPipelineOptions planOptions;
      planOptions.strategy = options.strategy;
      planOptions.objective = options.objective;
      buildPlanPipeline(manager, planOptions, costs);
      return success();
    });
  case CompilePhase::Device:
    report.begin("device");
    return runPasses([](OpPassManager &manager) {
      buildDevicePipeline(manager);
      return success();
    });
  case CompilePhase::Bundle:
    report.begin("bundle");
    return writePlan(*module, collectFacts(), options.output);
  }
  llvm_unreachable("all phases are listed");
}

PlanFacts Compilation::collectFacts() const {
  PlanFacts description;
  description.producer = "windrow-compile " WINDROW_VERSION;
  description.model = llvm::sys::path::stem(options.input).str();
  description.labels = labels;
  description.image = options.image;
  return description;
}

LogicalResult Compilation::writeIr() {
  report.begin("write");
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file =
      openOutputFile(options.output, &message);
  if (!file)
    return emitError(inputLocation) << message;
  if (StringRef(options.output).ends_with(".mlirbc")) {
    if (failed(writeBytecodeToFile(*module, file->os())))
      return failure();
  } else {
    OpPrintingFlags flags;
    if (!options.printWeights)
      flags.elideLargeElementsAttrs().elideLargeResourceString();
    module->print(file->os(), flags);
  }
  file->keep();
  return success();
}

LogicalResult Compilation::run() {
  if (failed(readLabels()) || failed(readInput()) || failed(checkLabels()))
    return failure();
  for (CompilePhase phase : {CompilePhase::Graph, CompilePhase::Plan,
                             CompilePhase::Device, CompilePhase::Bundle}) {
    if (phase > options.lastPhase)
      break;
    if (phase > reached && failed(runPhase(phase)))
      return failure();
    if (phase == CompilePhase::Plan && reached <= phase && failed(predict()))
      return failure();
    if (phase == CompilePhase::Device && planned)
      planned->report.simulatedLatency =
          simulatePrograms(planned->model,
                           cluster::extractPrograms(*module, planned->model))
              .latency;
  }
  if (options.lastPhase != CompilePhase::Bundle && failed(writeIr()))
    return failure();
  explain();
  return success();
}

LogicalResult windrow::compile(MLIRContext &context,
                               const CompileOptions &options) {
  DialectRegistry registry;
  registry.insert<nn::NnDialect, cluster::ClusterDialect, func::FuncDialect,
                  DLTIDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  return Compilation(context, options).run();
}
