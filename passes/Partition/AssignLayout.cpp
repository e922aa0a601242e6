//===- AssignLayout.cpp - Choose layouts ----------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "passes/Analysis/KernelSearch.h"
#include "passes/Analysis/LayerStream.h"
#include "passes/Analysis/RulePlans.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/NetworkPlan.h"

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_ASSIGNLAYOUT
#include "passes/Partition/Passes.h.inc"

namespace {
struct AssignLayoutPass : impl::AssignLayoutBase<AssignLayoutPass> {
  using AssignLayoutBase::AssignLayoutBase;

  AssignLayoutPass(const AssignLayoutOptions &options,
                   std::shared_ptr<const CostTable> costs)
      : AssignLayoutBase(options), costs(std::move(costs)) {}

  void runOnOperation() override {
    FailureOr<ClusterDescription> cluster = readDevices(getOperation());
    if (failed(cluster))
      return signalPassFailure();
    FailureOr<func::FuncOp> function = getOnlyFunction(getOperation());
    if (failed(function))
      return signalPassFailure();
    if (grain < 1) {
      getOperation().emitError()
          << "grain must be at least 1, got " << grain.getValue();
      return signalPassFailure();
    }
    ExtractedNetwork extracted = extractNetwork(*function);
    const Plan plan = choosePlan(extracted.network, *cluster);
    if (failed(checkMemory(extracted.network, plan, *cluster)))
      return signalPassFailure();
    writeKernels(extracted);
    writeLayouts(extracted, plan, *cluster);
  }

  /// Every device must hold its part of the weights and its activations.
  LogicalResult checkMemory(const Network &network, const Plan &plan,
                            const ClusterDescription &cluster) {
    const std::vector<int64_t> needs =
        estimateMemory(network, plan, cluster.devices.size());
    for (auto [device, bytes] : llvm::zip_equal(cluster.devices, needs)) {
      constexpr int64_t mega = 1'000'000;
      if (!device.memoryMb || bytes <= *device.memoryMb * mega)
        continue;
      return getOperation().emitError()
             << "memory of device \"" << device.name << "\" must be at least "
             << (bytes + mega - 1) / mega << " MB for "
             << (strategy == Strategy::Dp ? "the best plan found" : "this plan")
             << ", got " << *device.memoryMb << " MB";
    }
    return success();
  }

  /// May exchange kernels of the network.
  Plan choosePlan(Network &network, const ClusterDescription &cluster) {
    if (network.layers.empty())
      return {};
    if (strategy == Strategy::Dp) {
      SearchOptions options;
      options.objective = objective;
      return searchKernels(network, cluster, costs.get(), options).plan;
    }
    const CostModel model(network, cluster, costs.get());
    const Plan plan = followRule(network, cluster);
    return objective == Objective::Memory ? plan : chooseStream(model, plan);
  }

  Plan followRule(const Network &network, const ClusterDescription &cluster) {
    const size_t fastest = cluster.fastestDevice();
    std::vector<double> weights;
    switch (strategy) {
    case Strategy::Single:
      return leaveToOne(network, fastest);
    case Strategy::Even:
      weights.assign(cluster.devices.size(), 1.0);
      break;
    case Strategy::Proportional:
      for (const DeviceDescription &device : cluster.devices)
        weights.push_back(device.speed);
      break;
    case Strategy::Greedy:
      return balanceGreedily(CostModel(network, cluster, costs.get()));
    case Strategy::Dp:
      llvm_unreachable("no rule");
    }
    return divideInProportion(network, weights, fastest, grain);
  }

  std::shared_ptr<const CostTable> costs;
};
} // namespace

std::unique_ptr<Pass>
createAssignLayout(const AssignLayoutOptions &options,
                   std::shared_ptr<const CostTable> costs) {
  return std::make_unique<AssignLayoutPass>(options, std::move(costs));
}

} // namespace windrow::cluster
