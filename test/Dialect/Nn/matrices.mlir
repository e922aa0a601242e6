// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @fully_connected
func.func @fully_connected(%x: tensor<1x512xf32>, %w: tensor<10x512xf32>,
                           %b: tensor<10xf32>) -> tensor<1x10xf32> {
  // CHECK: nn.fully_connected %{{.*}}, %{{.*}}, %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : (tensor<1x512xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<1x10xf32>
  %r = nn.fully_connected %x, %w, %b {clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x512xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<1x10xf32>
  return %r : tensor<1x10xf32>
}

// CHECK-LABEL: func.func @fully_connected_without_bias
func.func @fully_connected_without_bias(%x: tensor<3x4xf16>, %w: tensor<2x4xf16>)
    -> tensor<3x2xf16> {
  // CHECK: nn.fully_connected %{{.*}}, %{{.*}} : (tensor<3x4xf16>, tensor<2x4xf16>) -> tensor<3x2xf16>
  %r = nn.fully_connected %x, %w : (tensor<3x4xf16>, tensor<2x4xf16>) -> tensor<3x2xf16>
  return %r : tensor<3x2xf16>
}
