// RUN: windrow-compile %s --compile-to=import | FileCheck %s --check-prefix=IMPORT
// RUN: windrow-compile %s --compile-to=graph | FileCheck %s --check-prefix=GRAPH
// RUN: windrow-compile %s --compile-to=plan --strategy=proportional --cluster=%S/Inputs/three.yaml | FileCheck %s --check-prefix=PLAN
// RUN: windrow-compile %s --compile-to=device --strategy=proportional --cluster=%S/Inputs/three.yaml | FileCheck %s --check-prefix=DEVICE
// RUN: rm -rf %t.plan && windrow-compile %s --strategy=proportional --cluster=%S/Inputs/three.yaml -o %t.plan
// RUN: ls %t.plan | FileCheck %s --check-prefix=BUNDLE

// Each phase can be read back and goes on to the same bytes.
// RUN: windrow-compile %s --compile-to=graph -o %t.graph.mlir
// RUN: windrow-compile %t.graph.mlir --compile-to=plan --strategy=proportional --cluster=%S/Inputs/three.yaml -o %t.plan.mlir
// RUN: windrow-compile %t.plan.mlir --compile-to=device -o %t.device.mlirbc
// RUN: rm -rf %t.again && windrow-compile %t.device.mlirbc -o %t.again
// RUN: windrow-inspect %t.plan > %t.plan.txt && windrow-inspect %t.again > %t.again.txt

// IMPORT-LABEL: func.func @main(
// IMPORT: nn.conv_2d
// IMPORT-NEXT: nn.clamp
// GRAPH-LABEL: func.func @main(
// GRAPH: nn.conv_2d {{.*}}clamp = #nn.clamp<min = 0.000000e+00>
// GRAPH-NOT: nn.clamp
// PLAN: dlti.target_system_spec
// PLAN: cluster.layout = #cluster.layout<rows, ["press-1", "press-2", "press-3"], [0, 4, 6, 8]>
// DEVICE-LABEL: module @"press-1"
// DEVICE: cluster.recv from @client channel
// DEVICE: cluster.send {{.*}} to @
// DEVICE-LABEL: module @client
// BUNDLE: client.bundle
// BUNDLE-NEXT: press-1.bundle
// BUNDLE-NEXT: press-2.bundle
// BUNDLE-NEXT: press-3.bundle
func.func @main(%x: tensor<1x8x8x2xf32>) -> tensor<1x3xf32> {
  %f = nn.constant dense<0.25> : tensor<4x3x3x2xf32> : tensor<4x3x3x2xf32>
  %w = nn.constant dense<0.5> : tensor<3x4xf32> : tensor<3x4xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x2xf32>, tensor<4x3x3x2xf32>) -> tensor<1x8x8x4xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %2 = nn.global_avg_pool %1 : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
  %3 = nn.reshape %2 : (tensor<1x1x1x4xf32>) -> tensor<1x4xf32>
  %4 = nn.fully_connected %3, %w
     : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return %4 : tensor<1x3xf32>
}
