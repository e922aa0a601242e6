//===- Pipelines.cpp - The order of all passes ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Pipelines.h"

#include "passes/Compact/Passes.h"
#include "passes/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace windrow {

//===----------------------------------------------------------------------===//
// Import to graph
//===----------------------------------------------------------------------===//

void buildCleanupPipeline(OpPassManager &modulePasses) {
  OpPassManager &passes = modulePasses.nest<func::FuncOp>();
  passes.addPass(nn::createConvertLayout());
  passes.addPass(nn::createFoldConstants());
  passes.addPass(nn::createDropIdentities());
  // Both operands of a product are one value only once duplicates are gone.
  passes.addPass(createCSEPass());
  passes.addPass(nn::createRecognizeHardSwish());
  passes.addPass(nn::createFoldBatchNorm());
  // A convolution takes in a shift before it only while it does not pad.
  passes.addPass(nn::createMergePads());
  passes.addPass(nn::createFuseClamps());
  passes.addPass(nn::createDropIdentities());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

//===----------------------------------------------------------------------===//
// Graph to plan
//===----------------------------------------------------------------------===//

void buildPlanPipeline(OpPassManager &modulePasses,
                       const PlanPipelineOptions &options,
                       std::shared_ptr<const CostTable> costs) {
  cluster::AssignLayoutOptions layout;
  layout.strategy = options.strategy;
  layout.objective = options.objective;
  modulePasses.addPass(cluster::createAssignLayout(layout, std::move(costs)));
}

//===----------------------------------------------------------------------===//
// Plan to device
//===----------------------------------------------------------------------===//

void buildDevicePipeline(OpPassManager &modulePasses) {
  modulePasses.addPass(cluster::createPlace());
  // Before dead rows are dropped, which are produced but never read.
  modulePasses.addPass(cluster::createVerifyPlacement());
  modulePasses.addPass(cluster::createLowerCollectives());
  // Equal transfers become one.
  modulePasses.addPass(createCSEPass());
  modulePasses.addPass(cluster::createSplitDevices());
  modulePasses.addPass(createCSEPass());
  modulePasses.addPass(cluster::createVerifyChannels());
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

void registerPassesAndPipelines() {
  registerTransformsPasses();
  nn::registerNnTransformPasses();
  nn::registerNnCompactPasses();
  cluster::registerClusterPartitionPasses();

  PassPipelineRegistration<>(
      "nn-cleanup", "Clean up an imported network, from phase import to graph",
      buildCleanupPipeline);
  PassPipelineRegistration<PlanPipelineOptions>(
      "cluster-plan", "Divide a network, from phase graph to plan",
      [](OpPassManager &passes, const PlanPipelineOptions &options) {
        buildPlanPipeline(passes, options);
      });
  PassPipelineRegistration<>(
      "cluster-device",
      "Write each device's part of a plan, from phase plan to device",
      buildDevicePipeline);
}

} // namespace windrow
