// RUN: windrow-opt %s --nn-cleanup | FileCheck %s
// RUN: windrow-opt %s --pass-pipeline="builtin.module(nn-cleanup)" | FileCheck %s

// A residual block as an importer writes it, and what is left of it.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<1x8x8x2xf32> {nn.model_layout = "NCHW"}) -> tensor<1x3xf32>
// CHECK-NOT: nn.transpose
// CHECK: %[[C:.*]] = nn.conv_2d %[[X]], %{{.*}}, %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>, pads = array<i64: 1, 1, 1, 1>}
// CHECK-NEXT: %[[A:.*]] = nn.add %[[C]], %[[X]] {clamp = #nn.clamp<min = 0.000000e+00>}
// CHECK-NEXT: %[[G:.*]] = nn.global_avg_pool %[[A]]
// CHECK-NEXT: %[[R:.*]] = nn.reshape %[[G]] : (tensor<1x1x1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.fully_connected %[[R]]
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<1x2x8x8xf32>) -> tensor<1x3xf32> {
  %f = nn.constant dense<1.0> : tensor<2x2x3x3xf32> permuted [0, 2, 3, 1] : tensor<2x3x3x2xf32>
  %scale = nn.constant dense<[2.0, 3.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[0.5, 1.0]> : tensor<2xf32> : tensor<2xf32>
  %w = nn.constant dense<0.5> : tensor<3x2xf32> : tensor<3x2xf32>
  %0 = nn.pad %x {low = array<i64: 0, 0, 1, 1>, high = array<i64: 0, 0, 1, 1>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x10x10xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x10x10xf32>) -> tensor<1x10x10x2xf32>
  %2 = nn.conv_2d %1, %f : (tensor<1x10x10x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x8x2xf32>
  %3 = nn.transpose %2 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %4 = nn.transpose %3 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %5 = nn.scale_shift %4, %scale, %shift : (tensor<1x8x8x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x8x8x2xf32>
  %6 = nn.transpose %5 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %7 = nn.clamp %6 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %8 = nn.add %7, %x : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %9 = nn.clamp %8 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %10 = nn.transpose %9 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %11 = nn.global_avg_pool %10 : (tensor<1x8x8x2xf32>) -> tensor<1x1x1x2xf32>
  %12 = nn.transpose %11 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x1x1x2xf32>) -> tensor<1x2x1x1xf32>
  %13 = nn.reshape %12 : (tensor<1x2x1x1xf32>) -> tensor<1x2xf32>
  %14 = nn.clamp %13 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %15 = nn.fully_connected %14, %w : (tensor<1x2xf32>, tensor<3x2xf32>) -> tensor<1x3xf32>
  return %15 : tensor<1x3xf32>
}
