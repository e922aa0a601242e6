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
    const ExtractedNetwork extracted = extractNetwork(*function);
    writeLayouts(extracted, choosePlan(extracted.network, *cluster), *cluster);
  }

  Plan choosePlan(const Network &network, const ClusterDescription &cluster) {
    if (network.layers.empty())
      return {};
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
      SearchOptions options;
      options.objective = objective;
      return searchPlan(CostModel(network, cluster, costs.get()), options).plan;
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
