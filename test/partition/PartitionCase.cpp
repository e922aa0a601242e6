//===- PartitionCase.cpp - Random networks, clusters and plans ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/partition/PartitionCase.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Partition/Passes.h"
#include "passes/Partition/RowPlan.h"
#include "rapidcheck.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;
using namespace windrow::test;

PartitionCase windrow::test::pickPartitionCase() {
  auto numbers = [](int count) {
    // All decisions are open from the first case on.
    auto number =
        rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<uint8_t>());
    return rc::gen::container<std::vector<uint8_t>>(count, number);
  };
  PartitionCase result;
  result.network.image = *numbers(3);
  result.network.layers = *rc::gen::resize(
      14, rc::gen::container<std::vector<std::vector<uint8_t>>>(numbers(16)));
  result.network.head = *numbers(3);
  result.cluster = *numbers(8);
  result.plan = *numbers(250);
  return result;
}

ClusterDescription windrow::test::buildCluster(Choices choices) {
  ClusterDescription cluster;
  int64_t count = 1 + choices.below(6);
  for (int64_t i = 0; i < count; ++i) {
    DeviceDescription &device = cluster.devices.emplace_back();
    device.name = "device-" + std::to_string(i);
    device.address = "localhost:" + std::to_string(7801 + i);
    device.speed = 1.0 / double(1 + choices.below(4));
  }
  return cluster;
}

/// Some of the cluster's devices, at least one, in any order.
static SmallVector<StringAttr> pickDevices(MLIRContext &context,
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

static LayoutAttr pickLayout(Operation *op, const ClusterDescription &cluster,
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
  if (kind < 4)
    return LayoutAttr::get(&context, LayoutKind::Rows, devices, bounds);
  SmallVector<int64_t> computed;
  for (size_t i = 0; i < devices.size(); ++i) {
    computed.push_back(bounds[i] - choices.below(std::min(bounds[i] + 1, 4l)));
    computed.push_back(bounds[i + 1] +
                       choices.below(std::min(rows - bounds[i + 1] + 1, 4l)));
  }
  return LayoutAttr::get(&context, LayoutKind::Rows, devices, bounds, computed);
}

static func::FuncOp getFunction(ModuleOp module) {
  return *module.getOps<func::FuncOp>().begin();
}

LogicalResult windrow::test::assignLayouts(ModuleOp module,
                                           const ClusterDescription &cluster,
                                           Choices &choices) {
  auto run = [&](std::unique_ptr<Pass> pass) {
    PassManager manager(module.getContext());
    manager.addPass(std::move(pass));
    return manager.run(module);
  };
  AssignLayoutOptions options;
  switch (choices.below(6)) {
  case 0:
    options.strategy = Strategy::Single;
    return run(createAssignLayout(options));
  case 1:
    options.strategy = Strategy::Even;
    options.grain = 1 + choices.below(3);
    return run(createAssignLayout(options));
  case 2:
    options.strategy = Strategy::Proportional;
    return run(createAssignLayout(options));
  default:
    for (Operation &op : getFunction(module).front().without_terminator())
      if (!isAvailableEverywhere(&op))
        op.setAttr(layoutAttrName, pickLayout(&op, cluster, choices));
    return verify(module);
  }
}

bool windrow::test::addsPartialSums(ModuleOp module,
                                    const ClusterDescription &cluster) {
  MLIRContext &context = *module.getContext();
  func::FuncOp function = getFunction(module);
  SmallVector<StringAttr> participants;
  for (const DeviceDescription &device : cluster.devices)
    participants.push_back(StringAttr::get(&context, device.name));
  participants.push_back(StringAttr::get(&context, clientName));
  FailureOr<RowPlan> rows = RowPlan::create(function, participants);
  return succeeded(rows) &&
         llvm::any_of(
             function.front().without_terminator(),
             [&](Operation &op) { return rows->isDistributedReduction(&op); });
}
