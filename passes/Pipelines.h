//===- Pipelines.h - The order of all passes --------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only place that orders passes. A model goes through the phases
//
//   import  what an importer wrote, in the model's own order of dimensions;
//   graph   the same network, cleaned up, in NHWC;
//   plan    where each part of it is computed;
//   device  one module for each device.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PIPELINES_H
#define WINDROW_PASSES_PIPELINES_H

#include "passes/Partition/Passes.h"

#include "mlir/Pass/PassOptions.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace windrow {

/// From phase import to phase graph: images in NHWC without transposes around
/// spatial operations, batch norms, clamps and pads taken in by the operations
/// next to them, nothing superfluous. `modulePasses` works on a module; the
/// passes run on its functions. Named `nn-cleanup` in textual pipelines.
void buildCleanupPipeline(mlir::OpPassManager &modulePasses);

struct PlanPipelineOptions : mlir::PassPipelineOptions<PlanPipelineOptions> {
  Option<cluster::Strategy> strategy{
      *this, "strategy", llvm::cl::desc("How the work is divided"),
      llvm::cl::init(cluster::Strategy::Proportional),
      cluster::strategyValues()};
  Option<Objective> objective{
      *this, "objective", llvm::cl::desc("What the strategy dp makes small"),
      llvm::cl::init(Objective::Latency), cluster::objectiveValues()};
};

/// From phase graph to phase plan: every operation gets a `cluster.layout`. The
/// module names its devices; `costs`, if any, were measured on them. Named
/// `cluster-plan` in textual pipelines.
void buildPlanPipeline(mlir::OpPassManager &modulePasses,
                       const PlanPipelineOptions &options,
                       std::shared_ptr<const CostTable> costs = nullptr);

/// From phase plan, made by `buildPlanPipeline` or by hand, to phase device:
/// one module for each device and one for the client, all exchanges explicit
/// and verified. Named `cluster-device` in textual pipelines.
void buildDevicePipeline(mlir::OpPassManager &modulePasses);

/// Makes all of Windrow's passes and named pipelines, and those of MLIR that
/// they use, known to textual pipelines. Call once, before options are parsed.
void registerPassesAndPipelines();

} // namespace windrow

#endif // WINDROW_PASSES_PIPELINES_H
