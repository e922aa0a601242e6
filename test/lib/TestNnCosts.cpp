//===- TestNnCosts.cpp - Shows what operations cost -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"
#include "test/lib/TestPasses.h"

#include "mlir/Pass/Pass.h"

namespace {

struct TestNnCosts : mlir::PassWrapper<TestNnCosts, mlir::OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestNnCosts)

  llvm::StringRef getArgument() const final { return "test-nn-costs"; }
  llvm::StringRef getDescription() const final {
    return "Emit a remark with the cost of each operation";
  }
  void runOnOperation() final {
    getOperation()->walk([](windrow::nn::CostOpInterface op) {
      windrow::nn::OpCost cost = op.getCost();
      op->emitRemark() << cost.macs << " macs, " << cost.activationBytesRead
                       << " bytes read, " << cost.activationBytesWritten
                       << " bytes written, " << cost.weightBytes
                       << " bytes of weights";
    });
    markAllAnalysesPreserved();
  }
};

} // namespace

void windrow::test::registerTestNnCostsPass() {
  mlir::PassRegistration<TestNnCosts>();
}
