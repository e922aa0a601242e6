//===- Pipelines.cpp - The order of all passes ------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Transforms/Passes.h"

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
  // Before batch norms are folded: a pad between the two keeps them apart.
  passes.addPass(nn::createMergePads());
  passes.addPass(nn::createFoldBatchNorm());
  passes.addPass(nn::createFuseClamps());
  passes.addPass(nn::createDropIdentities());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

void registerPassesAndPipelines() {
  registerTransformsPasses();
  nn::registerNnTransformPasses();

  PassPipelineRegistration<>(
      "nn-cleanup", "Clean up an imported network, from phase import to graph",
      buildCleanupPipeline);
}

} // namespace windrow
