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
#include "passes/Partition/RowPlan.h"
#include "test/interpreter/Interpreter.h"
#include "test/partition/RandomNetwork.h"

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

/// The numbers behind one case; see `NetworkChoices`.
struct Case {
  NetworkChoices network;
  std::vector<uint8_t> cluster;
  std::vector<uint8_t> plan;
};

Case pickCase() {
  auto numbers = [](int count) {
    // All decisions are open from the first case on.
    auto number =
        rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<uint8_t>());
    return rc::gen::container<std::vector<uint8_t>>(count, number);
  };
  Case result;
  result.network.image = *numbers(3);
  result.network.layers = *rc::gen::resize(
      14, rc::gen::container<std::vector<std::vector<uint8_t>>>(numbers(16)));
  result.network.head = *numbers(3);
  result.cluster = *numbers(8);
  result.plan = *numbers(250);
  return result;
}

ClusterDescription buildCluster(Choices choices) {
  ClusterDescription cluster;
  int64_t count = 1 + choices.below(6);
  for (int64_t i = 0; i < count; ++i) {
    DeviceDescription &device = cluster.devices.emplace_back();
    device.name = "device-" + std::to_string(i);
    device.speed = 1.0 / double(1 + choices.below(4));
  }
  return cluster;
}

/// Some of the cluster's devices, at least one, in any order.
SmallVector<StringAttr> pickDevices(MLIRContext &context,
                                    const ClusterDescription &cluster,
                                    Choices &choices) {
  int64_t count = cluster.devices.size();
  int64_t used = choices.below(2) ? count : 1 + choices.below(count);
  int64_t first = choices.below(count);
  SmallVector<StringAttr> names;
  for (int64_t i = 0; i < used; ++i)
    names.push_back(
        StringAttr::get(&context, cluster.devices[(first + i) % count].name));
  if (choices.below(3) == 1)
    std::reverse(names.begin(), names.end());
  return names;
}

LayoutAttr pickLayout(Operation *op, const ClusterDescription &cluster,
                      Choices &choices) {
  MLIRContext &context = *op->getContext();
  SmallVector<StringAttr> devices = pickDevices(context, cluster, choices);
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  int64_t kind = choices.below(windows && windows.isRowSplittable() ? 5 : 2);
  if (kind == 0)
    return LayoutAttr::get(&context, LayoutKind::Owner, devices.front(), {});
  if (kind == 1)
    return LayoutAttr::get(&context, LayoutKind::Replicated, devices, {});
  int64_t rows = countRows(op->getResult(0));
  SmallVector<int64_t> bounds{0, rows};
  for (size_t i = 1; i < devices.size(); ++i)
    bounds.push_back(choices.below(rows + 1));
  llvm::sort(bounds);
  return LayoutAttr::get(&context, LayoutKind::Rows, devices, bounds);
}

class Partition {
public:
  explicit Partition(const Case &numbers)
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
  LogicalResult assignLayouts();
  bool addsPartialSums();
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

LogicalResult Partition::assignLayouts() {
  AssignLayoutOptions options;
  switch (plan.below(6)) {
  case 0:
    options.strategy = Strategy::Single;
    return run(createAssignLayout(options));
  case 1:
    options.strategy = Strategy::Even;
    options.grain = 1 + plan.below(3);
    return run(createAssignLayout(options));
  case 2:
    options.strategy = Strategy::Proportional;
    return run(createAssignLayout(options));
  default:
    for (Operation &op : function().front().without_terminator())
      if (!isAvailableEverywhere(&op))
        op.setAttr(layoutAttrName, pickLayout(&op, cluster, plan));
    return verify(*module);
  }
}

bool Partition::addsPartialSums() {
  SmallVector<StringAttr> participants;
  for (const DeviceDescription &device : cluster.devices)
    participants.push_back(StringAttr::get(&context, device.name));
  participants.push_back(StringAttr::get(&context, clientName));
  FailureOr<RowPlan> rows = RowPlan::create(function(), participants);
  return succeeded(rows) &&
         llvm::any_of(
             function().front().without_terminator(),
             [&](Operation &op) { return rows->isDistributedReduction(&op); });
}

std::string Partition::check() {
  if (failed(verify(*module)))
    return fail("the network");
  std::mt19937 random(7);
  std::uniform_real_distribution<float> distribution(-1, 1);
  for (BlockArgument argument : function().getArguments()) {
    auto shape = cast<RankedTensorType>(argument.getType()).getShape();
    Tensor input(reference::Shape(shape.begin(), shape.end()));
    for (float &value : input.values)
      value = distribution(random);
    inputs.push_back(input);
  }
  FailureOr<Tensors> whole = reference::interpret(function(), inputs);
  if (failed(whole))
    return fail("the undivided network");
  expected = *whole;

  if (failed(assignLayouts()))
    return fail("layouts");
  tolerance = addsPartialSums() ? 1e-5f : 0.0f;
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
  Case numbers = pickCase();
  std::string fault = Partition(numbers).check();
  if (!fault.empty())
    RC_FAIL(fault);
}

} // namespace
