// RUN: windrow-opt %s --nn-compact-bottleneck="ratio=4 min-channels=2" | FileCheck %s --check-prefixes=CHECK,FC
// RUN: windrow-opt %s --nn-compact-bottleneck="ratio=4 min-channels=2 attention=eca" | FileCheck %s --check-prefixes=CHECK,ECA
// RUN: windrow-opt %s --nn-compact-bottleneck="ratio=4 min-channels=2 attention=none" | FileCheck %s --check-prefixes=CHECK,NONE

// All but the first layer; stride, padding, bias and clamp go where they belong.
// CHECK-LABEL: func.func @block
// CHECK: %[[FIRST:.*]] = nn.conv_2d %arg0
// CHECK: %[[REDUCE:.*]] = nn.constant {{.*}} : tensor<4x1x1x16xf32>
// CHECK: %[[FEW:.*]] = nn.conv_2d %[[FIRST]], %[[REDUCE]] : (tensor<1x8x8x16xf32>, tensor<4x1x1x16xf32>) -> tensor<1x8x8x4xf32>
// CHECK: %[[FILTER:.*]] = nn.constant {{.*}} : tensor<8x3x3x4xf32>
// CHECK: %[[FILTERED:.*]] = nn.conv_2d %[[FEW]], %[[FILTER]] {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : {{.*}} -> tensor<1x4x4x8xf32>
// FC: %[[POOLED:.*]] = nn.global_avg_pool %[[FILTERED]]
// FC: %[[ROW:.*]] = nn.reshape %[[POOLED]] : (tensor<1x1x1x8xf32>) -> tensor<1x8xf32>
// FC-DAG: %[[WEIGHTS:.*]] = nn.constant dense<0.000000e+00> : tensor<8x8xf32>
// FC-DAG: %[[BIAS:.*]] = nn.constant dense<0.000000e+00> : tensor<8xf32>
// FC: %[[WEIGHED:.*]] = nn.fully_connected %[[ROW]], %[[WEIGHTS]], %[[BIAS]]
// FC: %[[GATE:.*]] = nn.sigmoid %[[WEIGHED]]
// FC: %[[GATES:.*]] = nn.reshape %[[GATE]] : (tensor<1x8xf32>) -> tensor<1x1x1x8xf32>
// FC: %[[GATED:.*]] = nn.multiply %[[FILTERED]], %[[GATES]]
// ECA: %[[POOLED:.*]] = nn.global_avg_pool %[[FILTERED]]
// ECA: %[[ROW:.*]] = nn.reshape %[[POOLED]] : (tensor<1x1x1x8xf32>) -> tensor<1x1x8x1xf32>
// ECA: %[[WEIGHTS:.*]] = nn.constant dense<0.000000e+00> : tensor<1x1x3x1xf32>
// ECA: %[[WEIGHED:.*]] = nn.conv_2d %[[ROW]], %[[WEIGHTS]] {pads = array<i64: 0, 1, 0, 1>} : {{.*}} -> tensor<1x1x8x1xf32>
// ECA: %[[GATE:.*]] = nn.sigmoid %[[WEIGHED]]
// ECA: %[[GATES:.*]] = nn.reshape %[[GATE]] : (tensor<1x1x8x1xf32>) -> tensor<1x1x1x8xf32>
// ECA: %[[GATED:.*]] = nn.multiply %[[FILTERED]], %[[GATES]]
// NONE-NOT: nn.multiply
// CHECK: %[[EXPAND:.*]] = nn.constant {{.*}} : tensor<32x1x1x8xf32>
// FC: nn.conv_2d %[[GATED]], %[[EXPAND]], %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : {{.*}} -> tensor<1x4x4x32xf32>
// ECA: nn.conv_2d %[[GATED]], %[[EXPAND]], %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : {{.*}} -> tensor<1x4x4x32xf32>
// NONE: nn.conv_2d %[[FILTERED]], %[[EXPAND]], %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : {{.*}} -> tensor<1x4x4x32xf32>
// CHECK-NEXT: return
func.func @block(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x32xf32> {
  %f = nn.constant dense<0.5> : tensor<16x3x3x3xf32> : tensor<16x3x3x3xf32>
  %g = nn.constant dense<0.5> : tensor<32x3x3x16xf32> : tensor<32x3x3x16xf32>
  %b = nn.constant dense<2.0> : tensor<32xf32> : tensor<32xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.conv_2d %0, %g, %b {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x8x8x16xf32>, tensor<32x3x3x16xf32>, tensor<32xf32>) -> tensor<1x4x4x32xf32>
  return %1 : tensor<1x4x4x32xf32>
}

// Neither a kernel of 1x1 nor one of several groups is a candidate.
// CHECK-LABEL: func.func @no_candidates
// CHECK-COUNT-3: nn.conv_2d
// CHECK-NOT: nn.conv_2d
// CHECK: return
func.func @no_candidates(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %f = nn.constant dense<0.5> : tensor<16x1x1x16xf32> : tensor<16x1x1x16xf32>
  %g = nn.constant dense<0.5> : tensor<16x3x3x1xf32> : tensor<16x3x3x1xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>) -> tensor<1x8x8x16xf32>
  %2 = nn.conv_2d %1, %g {pads = array<i64: 1, 1, 1, 1>, groups = 16 : i64}
     : (tensor<1x8x8x16xf32>, tensor<16x3x3x1xf32>) -> tensor<1x8x8x16xf32>
  return %2 : tensor<1x8x8x16xf32>
}
