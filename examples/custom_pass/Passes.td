//===- Passes.td - The example's pass ----------------------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

include "mlir/Pass/PassBase.td"

def ReportCost : Pass<"nn-report-cost", "::mlir::func::FuncOp"> {
  let summary = "Report where a network spends its arithmetic";
  let description = [{
    Emits a remark at each operation that needs at least `min-percent` of the
    function's multiply-accumulates, and one at the function with the sums. The
    function does not change.

    ```mlir
    // remark: needs 2048 multiply-accumulates and 512 bytes of weights
    func.func @main(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x16xf32> {
      %f = nn.constant dense<1.0> : tensor<16x1x1x8xf32> : tensor<16x1x1x8xf32>
      // remark: needs 100.0% of the multiply-accumulates, 2048
      %0 = nn.conv_2d %x, %f
         : (tensor<1x4x4x8xf32>, tensor<16x1x1x8xf32>) -> tensor<1x4x4x16xf32>
      return %0 : tensor<1x4x4x16xf32>
    }
    ```
  }];
  let options = [
    Option<"minPercent", "min-percent", "double", /*default=*/"10.0",
           "smallest share of the multiply-accumulates that is reported">
  ];
}
