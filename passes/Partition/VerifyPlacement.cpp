//===- VerifyPlacement.cpp - Each part is produced exactly once -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Passes.h"

#include "dialects/Nn/Nn.h"
#include "passes/Partition/Devices.h"
#include "passes/Partition/TensorParts.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace windrow::cluster {

#define GEN_PASS_DEF_VERIFYPLACEMENT
#include "passes/Partition/Passes.h.inc"

/// The fragments that produce parts of one tensor.
using Producers = SmallVector<FragmentOp>;

/// Fails where owned parts of `producers`, sorted by their begin, overlap.
static LogicalResult verifyDisjoint(ArrayRef<FragmentOp> producers) {
  FragmentOp before;
  for (FragmentOp fragment : producers) {
    PartAttr part = fragment.getPartAttr();
    if (part.getOwnedSize() == 0)
      continue;
    int64_t end = before ? before.getPartAttr().getOwnedEnd() : 0;
    if (part.getOwnedBegin() < end) {
      InFlightDiagnostic diagnostic =
          fragment.emitOpError()
          << "produces " << part.getOwnedBegin() << " to "
          << std::min(end, part.getOwnedEnd()) << " of tensor "
          << part.getTensor() << " once more";
      diagnostic.attachNote(before.getLoc()) << "produced here already";
      return diagnostic;
    }
    before = fragment;
  }
  return success();
}

/// Fails where owned parts of `producers`, sorted and disjoint, leave a gap.
static LogicalResult verifyComplete(ArrayRef<FragmentOp> producers) {
  int64_t end = 0;
  auto fail = [&](FragmentOp near, int64_t begin) -> LogicalResult {
    return near.emitOpError()
           << "belongs to tensor " << near.getPartAttr().getTensor()
           << ", of which nobody owns " << end << " to " << begin;
  };
  for (FragmentOp fragment : producers) {
    PartAttr part = fragment.getPartAttr();
    if (part.getOwnedSize() == 0)
      continue;
    if (part.getOwnedBegin() > end)
      return fail(fragment, part.getOwnedBegin());
    end = part.getOwnedEnd();
  }
  FragmentOp last = producers.back();
  int64_t size = last.getPartAttr().getSize();
  return end < size ? fail(last, size) : success();
}

/// Verifies the producers of one tensor.
static LogicalResult verifyTensor(Producers producers) {
  PartAttr first = producers.front().getPartAttr();
  llvm::MapVector<StringAttr, Producers> byDevice;
  for (FragmentOp fragment : producers) {
    PartAttr part = fragment.getPartAttr();
    if (part.getDimension() != first.getDimension() ||
        part.getSize() != first.getSize())
      return fragment.emitOpError()
             << "must divide tensor " << part.getTensor()
             << " as others do, got " << part << " beside " << first;
    byDevice[fragment.getDeviceAttr()].push_back(fragment);
  }
  auto sort = [](Producers &list) {
    llvm::stable_sort(list, [](FragmentOp a, FragmentOp b) {
      return a.getPartAttr().getOwnedBegin() < b.getPartAttr().getOwnedBegin();
    });
  };
  auto count = [](ArrayRef<FragmentOp> list) {
    int64_t sum = 0;
    for (FragmentOp fragment : list)
      sum += fragment.getPartAttr().getOwnedSize();
    return sum;
  };
  bool isReplicated = true;
  for (auto &[device, list] : byDevice) {
    sort(list);
    if (failed(verifyDisjoint(list)))
      return failure();
    isReplicated &= count(list) == first.getSize();
  }
  if (isReplicated)
    return success();
  sort(producers);
  return success(succeeded(verifyDisjoint(producers)) &&
                 succeeded(verifyComplete(producers)));
}

static LogicalResult verifyReturn(func::FuncOp placed) {
  Operation *terminator = placed.front().getTerminator();
  for (Value value : terminator->getOperands()) {
    FailureOr<StringAttr> holder = getHolder(value);
    if (failed(holder) || (*holder && *holder != clientName))
      return terminator->emitOpError()
             << "must return values that the client holds";
  }
  return success();
}

namespace {
struct VerifyPlacementPass : impl::VerifyPlacementBase<VerifyPlacementPass> {
  LogicalResult verify(func::FuncOp placed) {
    llvm::MapVector<int64_t, Producers> producers;
    for (Operation &op : placed.front().without_terminator()) {
      if (auto fragment = dyn_cast<FragmentOp>(op)) {
        if (PartAttr part = fragment.getPartAttr())
          producers[part.getTensor()].push_back(fragment);
      } else if (!isa<TransferOp, AllGatherOp, AllReduceOp>(op) &&
                 !isAvailableEverywhere(&op)) {
        return op.emitOpError() << "must be in a fragment";
      }
    }
    for (auto &[tensor, fragments] : producers)
      if (failed(verifyTensor(fragments)))
        return failure();
    if (failed(TensorParts::create(placed)))
      return failure();
    return verifyReturn(placed);
  }

  void runOnOperation() override {
    FailureOr<func::FuncOp> placed = getOnlyFunction(getOperation());
    if (failed(placed) || failed(verify(*placed)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace

} // namespace windrow::cluster
