//===- partition_property_test.cpp - divided is the same as whole ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks on random clusters, divided by random layouts or by a
// strategy, are interpreted at every level of the cluster dialect and compared
// with the undivided network: bit for bit, or to 1e-5 where devices add partial
// sums. RC_PARAMS="max_success=5000" runs more cases than the default, and
// RC_PARAMS="seed=..." repeats the cases of a run, whose seed is printed.
//
//===----------------------------------------------------------------------===//

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/Passes.h"
#include "test/interpreter/Interpreter.h"
#include "test/partition/PartitionCase.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

#include "rapidcheck/gtest.h"
#include <cstdlib>
#include <random>

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;
using namespace windrow::test;
using reference::Tensor;
using reference::Tensors;

namespace {

/// Unless the caller says otherwise, before RapidCheck reads it.
const int defaultCases = setenv("RC_PARAMS", "max_success=400", 0);

class Partition {
public:
  explicit Partition(const PartitionCase &numbers)
      : plan(numbers.plan), cluster(buildCluster(Choices(numbers.cluster))) {
    context.loadDialect<ClusterDialect, nn::NnDialect, func::FuncDialect>();
    context.disableMultithreading();
    context.getDiagEngine().registerHandler(
        [&](Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
    module = buildRandomNetwork(context, numbers.network);
    attachDevices(*module, cluster);
  }

  /// What goes wrong, or nothing.
  std::string check();

private:
  func::FuncOp function() { return *module->getOps<func::FuncOp>().begin(); }
  template <typename... PassTs> LogicalResult run(PassTs &&...passes) {
    PassManager manager(&context);
    (manager.addPass(std::move(passes)), ...);
    return manager.run(*module);
  }
  std::string fail(const char *stage);
  std::string compare(const char *stage, FailureOr<Tensors> results);

  MLIRContext context;
  std::string messages;
  Choices plan;
  ClusterDescription cluster;
  OwningOpRef<ModuleOp> module;
  Tensors inputs, expected;
  float tolerance = 0;
};

std::string Partition::fail(const char *stage) {
  std::string text = std::string(stage) + ": " + messages;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().elideLargeElementsAttrs(8));
  return text;
}

std::string Partition::compare(const char *stage, FailureOr<Tensors> results) {
  if (failed(results) || results->size() != expected.size())
    return fail(stage);
  for (auto [actual, wanted] : llvm::zip_equal(*results, expected)) {
    if (actual.shape != wanted.shape)
      return fail(stage);
    float largest = 0;
    for (float value : wanted.values)
      largest = std::max(largest, std::abs(value));
    for (auto [a, b] : llvm::zip_equal(actual.values, wanted.values))
      if (!(std::abs(a - b) <= tolerance * largest)) {
        messages += "differs: " + std::to_string(a) + " and " +
                    std::to_string(b) + "\n";
        return fail(stage);
      }
  }
  return {};
}

std::string Partition::check() {
  if (failed(verify(*module)))
    return fail("the network");
  std::mt19937 random(7);
  for (BlockArgument argument : function().getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    Tensor &input = inputs.emplace_back(
        reference::Shape(type.getShape().begin(), type.getShape().end()));
    const std::vector<float> elements = pickInput(type, random);
    input.values.assign(elements.begin(), elements.end());
  }
  FailureOr<Tensors> whole = reference::interpret(function(), inputs);
  if (failed(whole))
    return fail("the undivided network");
  expected = *whole;

  if (failed(assignLayouts(*module, cluster, plan)))
    return fail("layouts");
  classifyPlan(*module);
  tolerance = addsPartialSums(*module, cluster) ? 1e-5f : 0.0f;
  PlaceOptions place;
  place.boundaryFirst = BoundaryFirst(plan.below(3));
  place.grain = 1 + plan.below(3);
  if (failed(run(createPlace(place), createVerifyPlacement())))
    return fail("placing");
  std::string fault =
      compare("placed", reference::interpret(function(), inputs));
  if (!fault.empty())
    return fault;
  if (failed(run(createLowerCollectives(), createCSEPass())))
    return fail("lowering of collectives");
  fault =
      compare("without collectives", reference::interpret(function(), inputs));
  if (!fault.empty())
    return fault;
  if (failed(
          run(createSplitDevices(), createCSEPass(), createVerifyChannels())))
    return fail("splitting");
  return compare("split", reference::interpretDevices(*module, inputs));
}

RC_GTEST_PROP(PartitionProperty, DividedNetworkComputesTheSame, ()) {
  PartitionCase numbers = pickPartitionCase();
  std::string fault = Partition(numbers).check();
  if (!fault.empty())
    RC_FAIL(fault);
}

} // namespace
