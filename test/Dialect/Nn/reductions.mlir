// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @global_avg_pool
func.func @global_avg_pool(%x: tensor<1x7x7x512xf32>) -> tensor<1x1x1x512xf32> {
  // CHECK: nn.global_avg_pool %{{.*}} : (tensor<1x7x7x512xf32>) -> tensor<1x1x1x512xf32>
  %r = nn.global_avg_pool %x : (tensor<1x7x7x512xf32>) -> tensor<1x1x1x512xf32>
  return %r : tensor<1x1x1x512xf32>
}

// CHECK-LABEL: func.func @global_sum_pool
func.func @global_sum_pool(%x: tensor<2x3x7x8xbf16>) -> tensor<2x1x1x8xbf16> {
  // CHECK: nn.global_sum_pool %{{.*}} : (tensor<2x3x7x8xbf16>) -> tensor<2x1x1x8xbf16>
  %r = nn.global_sum_pool %x : (tensor<2x3x7x8xbf16>) -> tensor<2x1x1x8xbf16>
  return %r : tensor<2x1x1x8xbf16>
}
