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
#include "passes/Partition/LayoutPlan.h"
#include "passes/Partition/Passes.h"
#include "rapidcheck.h"

#include <set>

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
  result.network.image = *numbers(4);
  result.network.layers = *rc::gen::resize(
      14, rc::gen::container<std::vector<std::vector<uint8_t>>>(numbers(24)));
  result.network.head = *numbers(6);
  result.cluster = *numbers(8);
  result.plan = *numbers(600);
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
    // So slow that small networks are worth dividing.
    device.gflops = 1e-3 * device.speed;
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

/// Ascending bounds of one part of `size` elements for each of `count` devices,
/// some of them empty.
static SmallVector<int64_t> pickBounds(int64_t size, size_t count,
                                       Choices &choices) {
  SmallVector<int64_t> bounds{0, size};
  for (size_t i = 1; i < count; ++i)
    bounds.push_back(choices.below(size + 1));
  llvm::sort(bounds);
  return bounds;
}

/// For each device a begin and an end, up to three rows beyond its own.
static SmallVector<int64_t> pickComputed(ArrayRef<int64_t> bounds,
                                         Choices &choices) {
  SmallVector<int64_t> computed;
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    int64_t before = bounds[i], behind = bounds.back() - bounds[i + 1];
    computed.push_back(bounds[i] -
                       choices.below(std::min<int64_t>(before, 3) + 1));
    computed.push_back(bounds[i + 1] +
                       choices.below(std::min<int64_t>(behind, 3) + 1));
  }
  return computed;
}

/// The layout of what `op` reads first, where it can be that of `op` as well.
static LayoutAttr getFirstOperandsLayout(Operation *op) {
  Operation *definition = op->getOperand(0).getDefiningOp();
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  if (!definition || !windows || !windows.isRowSplittable())
    return {};
  auto layout = definition->getAttrOfType<LayoutAttr>(layoutAttrName);
  const bool hasEqualRows = nn::wholeRegion(definition->getResult(0)).rows ==
                            nn::wholeRegion(op->getResult(0)).rows;
  return layout && layout.getKind() == LayoutKind::Rows && hasEqualRows
             ? LayoutAttr::get(op->getContext(), LayoutKind::Rows,
                               layout.getDevices(), layout.getBounds(),
                               layout.getComputed(), /*pieces=*/1)
             : LayoutAttr();
}

static LayoutAttr pickLayout(Operation *op, const ClusterDescription &cluster,
                             Choices &choices) {
  // Devices go on with the same rows without a word between them.
  if (LayoutAttr layout = getFirstOperandsLayout(op);
      layout && choices.below(2) == 1)
    return layout;
  enum Mode { Owner, Replicated, Rows, ComputedRows, Channels };
  MLIRContext &context = *op->getContext();
  SmallVector<StringAttr> devices = pickDevices(context, cluster, choices);
  SmallVector<Mode> modes{Owner, Replicated};
  if (auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
      windows && windows.isRowSplittable())
    modes.append({Rows, Rows, ComputedRows});
  if (auto windows = dyn_cast<nn::ChannelWindowOpInterface>(op);
      windows && windows.isChannelSplittable())
    modes.append({Channels, Channels});

  TensorRegion whole = nn::wholeRegion(op->getResult(0));
  SmallVector<int64_t> rows =
      pickBounds(whole.rows.end, devices.size(), choices);
  switch (modes[choices.below(modes.size())]) {
  case Owner:
    return LayoutAttr::get(&context, LayoutKind::Owner, devices.front());
  case Replicated:
    return LayoutAttr::get(&context, LayoutKind::Replicated, devices);
  case Rows:
    return LayoutAttr::get(&context, LayoutKind::Rows, devices, rows);
  case ComputedRows:
    return LayoutAttr::get(&context, LayoutKind::Rows, devices, rows,
                           pickComputed(rows, choices), /*pieces=*/1);
  case Channels:
    return LayoutAttr::get(
        &context, LayoutKind::Channels, devices,
        pickBounds(whole.channels.end, devices.size(), choices),
        /*computed=*/{}, /*pieces=*/1 + choices.below(3));
  }
  llvm_unreachable("all modes are listed");
}

/// Who contracts which input channels of `op`, where it can be and is picked.
static PartialsAttr pickPartials(Operation *op,
                                 const ClusterDescription &cluster,
                                 Choices &choices) {
  auto reduction = dyn_cast<nn::ChannelReductionOpInterface>(op);
  if (!reduction || !reduction.isChannelReducible() || choices.below(3) != 1)
    return {};
  MLIRContext &context = *op->getContext();
  SmallVector<StringAttr> devices = pickDevices(context, cluster, choices);
  int64_t channels = nn::wholeRegion(op->getOperand(0)).channels.end;
  return PartialsAttr::get(&context, devices,
                           pickBounds(channels, devices.size(), choices));
}

static func::FuncOp getFunction(ModuleOp module) {
  return *module.getOps<func::FuncOp>().begin();
}

static SmallVector<Operation *> listPlaced(ModuleOp module) {
  SmallVector<Operation *> operations;
  for (Operation &op : getFunction(module).front().without_terminator())
    if (!isAvailableEverywhere(&op))
      operations.push_back(&op);
  return operations;
}

/// Whether `op` reads of all that others compute some rows for each of its own.
static bool readsRowsAlone(Operation *op) {
  auto windows = dyn_cast<nn::RowWindowOpInterface>(op);
  return windows && windows.isRowSplittable() &&
         llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
           Operation *definition = operand.get().getDefiningOp();
           return (definition && isAvailableEverywhere(definition)) ||
                  windows.carriesRows(operand.getOperandNumber());
         });
}

/// First operations that can be computed in pieces of rows, maybe none: nobody
/// else may read the arguments that they read.
static SmallVector<Operation *> pickStream(ArrayRef<Operation *> operations,
                                           Choices &choices) {
  SmallVector<Operation *> stream(operations.take_while(readsRowsAlone));
  if (stream.empty())
    return {};
  size_t length = 1 + choices.below(stream.size());
  for (size_t i = 0; i < length; ++i)
    for (Value operand : stream[i]->getOperands()) {
      if (!isa<BlockArgument>(operand))
        continue;
      for (Operation *user : operand.getUsers()) {
        size_t position = llvm::find(stream, user) - stream.begin();
        if (position == stream.size())
          return {};
        length = std::max(length, position + 1);
      }
    }
  stream.truncate(length);
  return stream;
}

/// The rows of the result of `op` that the device at `position` reads for those
/// that it computes of the results of `stream`.
static RowInterval getRowsRead(Operation *op, ArrayRef<Operation *> stream,
                               unsigned position) {
  RowInterval rows;
  for (OpOperand &use : op->getUses()) {
    if (!llvm::is_contained(stream, use.getOwner()))
      continue;
    TensorRegion region = nn::wholeRegion(use.getOwner()->getResult(0));
    region.rows = use.getOwner()
                      ->getAttrOfType<LayoutAttr>(layoutAttrName)
                      .getComputedInterval(position);
    if (!region.rows.empty())
      rows = rows.hull(getNeededRegion(use, region).rows);
  }
  return rows;
}

/// Lets some devices compute the operations of `stream` in pieces of rows:
/// sometimes each what it reads of their results, else any rows, so that they
/// exchange pieces.
static void assignStream(ArrayRef<Operation *> stream,
                         const ClusterDescription &cluster, Choices &choices) {
  if (stream.empty())
    return;
  MLIRContext &context = *stream.front()->getContext();
  SmallVector<StringAttr> devices = pickDevices(context, cluster, choices);
  int64_t pieces = 2 + choices.below(4);
  const bool hasOwner = choices.below(4) == 1;
  const bool exchanges = !hasOwner && choices.below(3) != 1;
  for (Operation *op : llvm::reverse(stream)) {
    if (exchanges && choices.below(3) == 1)
      devices = pickDevices(context, cluster, choices);
    if (hasOwner || (exchanges && choices.below(8) == 1)) {
      op->setAttr(layoutAttrName,
                  LayoutAttr::get(&context, LayoutKind::Owner, devices.front(),
                                  /*bounds=*/{}, /*computed=*/{}, pieces));
      continue;
    }
    SmallVector<int64_t> bounds = pickBounds(
        nn::wholeRegion(op->getResult(0)).rows.end, devices.size(), choices);
    SmallVector<int64_t> computed;
    if (!exchanges || choices.below(2) == 1)
      computed = pickComputed(bounds, choices);
    for (unsigned i = 0; !exchanges && i < devices.size(); ++i) {
      RowInterval rows = getRowsRead(op, stream, i)
                             .hull({computed[2 * i], computed[2 * i + 1]});
      computed[2 * i] = rows.begin;
      computed[2 * i + 1] = rows.end;
    }
    op->setAttr(layoutAttrName,
                LayoutAttr::get(&context, LayoutKind::Rows, devices, bounds,
                                computed, pieces));
  }
}

/// Changes the kernels of some convolutions that have several.
static void pickKernels(func::FuncOp function, Choices &choices) {
  function.walk([&](nn::Conv2DOp conv) {
    if (!conv.isWinogradComputable())
      return;
    if (int64_t kernel = choices.below(4))
      conv.setAlgorithm(static_cast<nn::ConvolutionAlgorithm>(kernel - 1));
  });
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
  switch (choices.below(8)) {
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
  case 3:
    options.strategy = Strategy::Dp;
    options.objective =
        choices.below(2) ? Objective::Memory : Objective::Latency;
    return run(createAssignLayout(options));
  default:
    pickKernels(getFunction(module), choices);
    const SmallVector<Operation *> placed = listPlaced(module);
    ArrayRef<Operation *> operations = placed;
    SmallVector<Operation *> stream;
    if (choices.below(2))
      stream = pickStream(operations, choices);
    assignStream(stream, cluster, choices);
    for (Operation *op : operations.drop_front(stream.size())) {
      op->setAttr(layoutAttrName, pickLayout(op, cluster, choices));
      if (PartialsAttr partials = pickPartials(op, cluster, choices))
        op->setAttr(partialsAttrName, partials);
    }
    return verify(module);
  }
}

void windrow::test::classifyPlan(ModuleOp module) {
  bool hasChannels = false, hasComputedRows = false, hasPartials = false,
       hasStream = false, hasPixels = false;
  std::set<nn::ConvolutionAlgorithm> kernels;
  for (Operation &op : getFunction(module).front()) {
    if (auto layout = op.getAttrOfType<LayoutAttr>(layoutAttrName)) {
      hasChannels |= layout.getKind() == LayoutKind::Channels;
      hasComputedRows |= !layout.getComputed().empty();
      hasStream |=
          layout.getKind() != LayoutKind::Channels && layout.getPieces() > 1;
    }
    hasPartials |= op.hasAttr(partialsAttrName);
    hasPixels |= isa<nn::NormalizeImageOp>(op);
    if (auto conv = dyn_cast<nn::Conv2DOp>(op))
      kernels.insert(conv.getAlgorithm());
  }
  RC_CLASSIFY(hasChannels, "by channels");
  RC_CLASSIFY(hasComputedRows, "rows computed once more");
  RC_CLASSIFY(hasPartials, "from partial results");
  RC_CLASSIFY(hasStream, "in pieces of rows");
  RC_CLASSIFY(hasPixels, "of pixels");
  RC_CLASSIFY(kernels.size() > 1, "of several kernels");
}

bool windrow::test::addsPartialSums(ModuleOp module,
                                    const ClusterDescription &cluster) {
  MLIRContext &context = *module.getContext();
  func::FuncOp function = getFunction(module);
  SmallVector<StringAttr> participants;
  for (const DeviceDescription &device : cluster.devices)
    participants.push_back(StringAttr::get(&context, device.name));
  participants.push_back(StringAttr::get(&context, clientName));
  FailureOr<LayoutPlan> plan = LayoutPlan::create(function, participants);
  return succeeded(plan) &&
         llvm::any_of(function.front().without_terminator(),
                      [&](Operation &op) {
                        return plan->isDistributedReduction(&op) ||
                               !plan->getContractions(&op).empty();
                      });
}
