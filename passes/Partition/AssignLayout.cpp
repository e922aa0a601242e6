//===- AssignLayout.cpp - Choose layouts by a simple rule -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"
#include "passes/Analysis/RowShares.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/RowPlan.h"
#include "llvm/ADT/BitVector.h"

#include <numeric>

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_ASSIGNLAYOUT
#include "passes/Partition/Passes.h.inc"

namespace {

class LayoutAssigner {
public:
  LayoutAssigner(MLIRContext *context, const ClusterDescription &cluster,
                 Strategy strategy, int64_t grain);

  void run(func::FuncOp function);

private:
  LayoutAttr divide(Operation *op);
  LayoutAttr leaveWhole(Operation *op);

  SmallVector<StringAttr> names;
  std::vector<double> weights;
  unsigned fastest;
  int64_t grain;
  /// The devices that hold rows which depend on an operation, itself included.
  DenseMap<Operation *, llvm::BitVector> dependents;
};

} // namespace

LayoutAssigner::LayoutAssigner(MLIRContext *context,
                               const ClusterDescription &cluster,
                               Strategy strategy, int64_t grain)
    : fastest(cluster.fastestDevice()), grain(grain) {
  for (auto [position, device] : llvm::enumerate(cluster.devices)) {
    names.push_back(StringAttr::get(context, device.name));
    weights.push_back(strategy == Strategy::Proportional ? device.speed : 1.0);
    if (strategy == Strategy::Single && position != fastest)
      weights.back() = 0.0;
  }
}

static bool isDividable(Operation *op) {
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  return windows && windows.isRowSplittable() &&
         countRows(op->getResult(0)) > 1;
}

/// The layout of an operation whose rows are divided.
LayoutAttr LayoutAssigner::divide(Operation *op) {
  int64_t opGrain = cast<nn::RowWindowOpInterface>(op).getRowGrain();
  std::vector<int64_t> bounds = divideRows(countRows(op->getResult(0)), weights,
                                           std::lcm(grain, opGrain));
  llvm::BitVector &holders = dependents[op];
  holders.resize(names.size());
  for (unsigned device = 0; device < names.size(); ++device)
    if (bounds[device] < bounds[device + 1])
      holders.set(device);
  if (holders.count() == 1)
    return LayoutAttr::get(op->getContext(), LayoutKind::Owner,
                           names[holders.find_first()], {});
  return LayoutAttr::get(op->getContext(), LayoutKind::Rows, names, bounds);
}

/// The layout of another operation, whose users have theirs.
LayoutAttr LayoutAssigner::leaveWhole(Operation *op) {
  llvm::BitVector holders(names.size());
  for (Operation *user : op->getUsers())
    if (auto it = dependents.find(user); it != dependents.end())
      holders |= it->second;
  dependents[op] = holders;
  if (holders.none())
    return LayoutAttr::get(op->getContext(), LayoutKind::Owner, names[fastest],
                           {});
  SmallVector<StringAttr> devices;
  for (unsigned device : holders.set_bits())
    devices.push_back(names[device]);
  LayoutKind kind =
      devices.size() == 1 ? LayoutKind::Owner : LayoutKind::Replicated;
  return LayoutAttr::get(op->getContext(), kind, devices, {});
}

void LayoutAssigner::run(func::FuncOp function) {
  for (Operation &op : llvm::reverse(function.front().without_terminator())) {
    if (isAvailableEverywhere(&op) || op.getNumResults() != 1)
      continue;
    op.setAttr(layoutAttrName,
               isDividable(&op) ? divide(&op) : leaveWhole(&op));
  }
}

namespace {
struct AssignLayoutPass : impl::AssignLayoutBase<AssignLayoutPass> {
  using AssignLayoutBase::AssignLayoutBase;

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
    LayoutAssigner(&getContext(), *cluster, strategy, grain).run(*function);
  }
};
} // namespace

} // namespace windrow::cluster
