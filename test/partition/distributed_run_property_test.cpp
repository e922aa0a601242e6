//===- distributed_run_property_test.cpp - Any plan, really run -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks, divided among random clusters by random plans, are compiled
// to bundles and run by the runtime, every device on a thread of its own. The
// answers equal those of one device with the same kernels: bit for bit, or to
// 1e-5 where devices add partial sums; and the interpreter's to 1e-4.
// RC_PARAMS="max_success=5000" runs more cases than the default, and
// RC_PARAMS="seed=..." repeats the cases of a run, whose seed is printed.
//
//===----------------------------------------------------------------------===//

#include "compiler/serializer/PlanWriter.h"
#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/Passes.h"
#include "passes/Pipelines.h"
#include "test/interpreter/Interpreter.h"
#include "test/partition/PartitionCase.h"
#include "test/support/scratch_folder.h"
#include "windrow/session.h"

#include "gtest/gtest.h"

#include "rapidcheck/gtest.h"
#include <cstdlib>
#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::test;

namespace {

/// Unless the caller says otherwise, before RapidCheck reads it.
const int defaultCases = setenv("RC_PARAMS", "max_success=200", 0);

using Outputs = std::vector<Tensor>;

class DistributedRun {
public:
  explicit DistributedRun(const PartitionCase &numbers)
      : plan(numbers.plan), cluster(buildCluster(Choices(numbers.cluster))) {
    context.loadDialect<cluster::ClusterDialect, nn::NnDialect,
                        func::FuncDialect>();
    context.disableMultithreading();
    context.getDiagEngine().registerHandler(
        [&](Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
    network = buildRandomNetwork(context, numbers.network);
    cluster::attachDevices(*network, cluster);
  }

  /// What goes wrong, or nothing.
  std::string check();

private:
  std::string fail(const std::string &stage) {
    std::string text = stage + ": " + messages;
    llvm::raw_string_ostream stream(text);
    network->print(stream, OpPrintingFlags().elideLargeElementsAttrs(8));
    return text;
  }
  /// What a plan of the network says of its input.
  PlanFacts facts();
  /// Asks with the input, as an image where it is one of pixels.
  Expected<Answer> ask(Session &session);
  /// Compiles `module`, whose layouts are chosen, and runs it twice.
  std::optional<Outputs> compileAndRun(ModuleOp module,
                                       const std::string &name);
  std::string compare(const std::string &stage, const Outputs &actual,
                      const Outputs &wanted, float tolerance);
  std::optional<Outputs> interpret();
  void pickInput();

  ScratchFolder scratch;
  MLIRContext context;
  std::string messages;
  Choices plan;
  ClusterDescription cluster;
  OwningOpRef<ModuleOp> network;
  Tensor input;
};

void DistributedRun::pickInput() {
  std::mt19937 random(7);
  func::FuncOp function = *network->getOps<func::FuncOp>().begin();
  auto type = cast<RankedTensorType>(function.getArgumentTypes().front());
  input = {type.getShape().vec(), test::pickInput(type, random)};
}

PlanFacts DistributedRun::facts() {
  PlanFacts facts;
  network->walk([&](nn::NormalizeImageOp op) {
    facts.image = {op.getMean().vec(), op.getDeviation().vec()};
  });
  return facts;
}

Expected<Answer> DistributedRun::ask(Session &session) {
  if (!facts().image)
    return session.run(std::vector{input});
  Image image{input.shape[1], input.shape[2], input.shape[3], {}};
  for (float value : input.values)
    image.pixels.push_back(static_cast<uint8_t>(value));
  return session.run(image);
}

std::optional<Outputs> DistributedRun::interpret() {
  const reference::Tensor argument(
      reference::Shape(input.shape.begin(), input.shape.end()), input.values);
  FailureOr<reference::Tensors> results = reference::interpret(
      *network->getOps<func::FuncOp>().begin(), {argument});
  if (failed(results))
    return std::nullopt;
  Outputs outputs;
  for (const reference::Tensor &result : *results)
    outputs.push_back({{result.shape.begin(), result.shape.end()},
                       {result.values.begin(), result.values.end()}});
  return outputs;
}

std::optional<Outputs> DistributedRun::compileAndRun(ModuleOp module,
                                                     const std::string &name) {
  PassManager manager(&context);
  buildDevicePipeline(manager);
  std::string folder = (scratch / name).string();
  if (failed(manager.run(module)) || failed(writePlan(module, facts(), folder)))
    return std::nullopt;
  SessionOptions options;
  options.local = true;
  Expected<std::unique_ptr<Session>> session =
      Session::connect(folder, options);
  if (!session) {
    messages += session.error().message();
    return std::nullopt;
  }
  // The second request finds the arena as the first one left it.
  Outputs first;
  for (int request = 0; request < 2; ++request) {
    Expected<Answer> answer = ask(**session);
    if (!answer) {
      messages += answer.error().message();
      return std::nullopt;
    }
    if (request == 0)
      first = answer->outputs;
    else if (!compare("the second request", answer->outputs, first, 0).empty())
      return std::nullopt;
  }
  return first;
}

std::string DistributedRun::compare(const std::string &stage,
                                    const Outputs &actual,
                                    const Outputs &wanted, float tolerance) {
  if (actual.size() != wanted.size())
    return fail(stage);
  for (auto [a, w] : llvm::zip_equal(actual, wanted)) {
    if (a.shape != w.shape)
      return fail(stage);
    float largest = 0;
    for (float value : w.values)
      largest = std::max(largest, std::abs(value));
    for (auto [x, y] : llvm::zip_equal(a.values, w.values))
      if (!(std::abs(x - y) <= tolerance * largest)) {
        messages += "differs: " + std::to_string(x) + " and " +
                    std::to_string(y) + "\n";
        return fail(stage);
      }
  }
  return {};
}

std::string DistributedRun::check() {
  pickInput();
  std::optional<Outputs> expected = interpret();
  if (!expected)
    return fail("the interpreter");

  if (failed(assignLayouts(*network, cluster, plan)))
    return fail("layouts");
  classifyPlan(*network);

  // With the kernels that the plan has chosen.
  OwningOpRef<ModuleOp> single = network->clone();
  PassManager manager(&context);
  PlanPipelineOptions planOptions;
  planOptions.strategy = cluster::Strategy::Single;
  buildPlanPipeline(manager, planOptions);
  if (failed(manager.run(*single)))
    return fail("the plan for one device");
  std::optional<Outputs> alone = compileAndRun(*single, "single");
  if (!alone)
    return fail("one device");
  std::string fault = compare("one device", *alone, *expected, 1e-4f);
  if (!fault.empty())
    return fault;

  float tolerance = addsPartialSums(*network, cluster) ? 1e-5f : 0.0f;
  OwningOpRef<ModuleOp> divided = network->clone();
  std::optional<Outputs> together = compileAndRun(*divided, "divided");
  if (!together)
    return fail("the divided network");
  return compare("the divided network", *together, *alone, tolerance);
}

RC_GTEST_PROP(DistributedRunProperty, AnswersAsOneDeviceDoes, ()) {
  PartitionCase numbers = pickPartitionCase();
  std::string fault = DistributedRun(numbers).check();
  if (!fault.empty())
    RC_FAIL(fault);
}

} // namespace
