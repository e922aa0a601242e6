//===- Passes.h - Passes that divide a network ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Factories and registration of the passes that Passes.td describes. Each works
// on a module that names its devices and holds one function.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_PASSES_H
#define WINDROW_PASSES_PARTITION_PASSES_H

#include "passes/Analysis/CostTable.h"
#include "passes/Analysis/PlanSearch.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace windrow::cluster {

/// How `cluster-assign-layout` divides a network.
enum class Strategy { Dp, Greedy, Even, Proportional, Single };

/// The names of the strategies on command lines.
inline llvm::cl::ValuesClass strategyValues() {
  return llvm::cl::values(
      clEnumValN(Strategy::Dp, "dp", "the fastest plan that a search finds"),
      clEnumValN(Strategy::Greedy, "greedy",
                 "single rows from the slowest device to the fastest"),
      clEnumValN(Strategy::Even, "even", "equal parts for all devices"),
      clEnumValN(Strategy::Proportional, "proportional",
                 "parts in proportion to the devices' speeds"),
      clEnumValN(Strategy::Single, "single", "all on the fastest device"));
}

/// The names of the planner's objectives on command lines.
inline llvm::cl::ValuesClass objectiveValues() {
  return llvm::cl::values(
      clEnumValN(Objective::Latency, "latency", "the time of one answer"),
      clEnumValN(Objective::Memory, "memory",
                 "the memory of the device that needs most"));
}

/// When `cluster-place` computes what others wait for as pieces of their own.
enum class BoundaryFirst { Never, Auto, Always };

#define GEN_PASS_DECL
#include "passes/Partition/Passes.h.inc"

/// `cluster-assign-layout` that plans with measured costs; `costs` may be null.
std::unique_ptr<mlir::Pass>
createAssignLayout(const AssignLayoutOptions &options,
                   std::shared_ptr<const CostTable> costs);

#define GEN_PASS_REGISTRATION
#include "passes/Partition/Passes.h.inc"

} // namespace windrow::cluster

#endif // WINDROW_PASSES_PARTITION_PASSES_H
