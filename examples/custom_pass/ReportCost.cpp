//===- ReportCost.cpp - Where a network spends its arithmetic -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace windrow;

namespace custom_pass {

#define GEN_PASS_DECL
#define GEN_PASS_DEF_REPORTCOST
#define GEN_PASS_REGISTRATION
#include "Passes.h.inc"

namespace {

struct ReportCost : impl::ReportCostBase<ReportCost> {
  using ReportCostBase::ReportCostBase;

  void runOnOperation() override {
    nn::OpCost total;
    getOperation().walk([&](nn::CostOpInterface op) { total += op.getCost(); });
    getOperation().emitRemark()
        << "needs " << total.macs << " multiply-accumulates and "
        << total.weightBytes << " bytes of weights";

    getOperation().walk([&](nn::CostOpInterface op) {
      int64_t macs = op.getCost().macs;
      double percent = 100.0 * macs / total.macs;
      if (macs > 0 && percent >= minPercent)
        op.emitRemark() << llvm::formatv(
            "needs {0:F1}% of the multiply-accumulates, {1}", percent, macs);
    });
    markAllAnalysesPreserved();
  }
};

} // namespace

} // namespace custom_pass

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "WindrowCustomPass", "1",
          [] { custom_pass::registerReportCost(); }};
}
