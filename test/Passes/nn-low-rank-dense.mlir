// RUN: windrow-opt %s --nn-low-rank-dense="rank=4" | FileCheck %s
// RUN: windrow-opt %s -o /dev/null --nn-low-rank-dense="energy=0.5" 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not windrow-opt %s --nn-low-rank-dense="energy=0" 2>&1 | FileCheck %s --check-prefix=ENERGY
// RUN: not windrow-opt %s --nn-low-rank-dense="rank=-1" 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not windrow-opt %s --nn-low-rank-dense="layers=pool" 2>&1 | FileCheck %s --check-prefix=POOL
// RUN: not windrow-opt %s --nn-low-rank-dense="layers=computed" 2>&1 | FileCheck %s --check-prefix=COMPUTED
// RUN: not windrow-opt %s --nn-low-rank-dense="layers=zeros" 2>&1 | FileCheck %s --check-prefix=ZEROS

// REMARK-NOT: "zeros"
// REMARK: remark: loc("layer"): a matrix of rank 1: 544 -> 80 parameters, 512 -> 48 MACs, matrix off by 0.0%
// REMARK: remark: loc("small"): left as it is: a matrix of rank 1 would take 32 -> 33 MACs
// ENERGY: error: energy must be above 0 and at most 1, got 0.00
// RANK: error: rank must be at least 1, got -1
// POOL: error: {{.*}}layer 'pool' must be fully connected to become one of low rank, got 'nn.global_avg_pool'
// COMPUTED: error: {{.*}}layer 'computed' must have a constant filter of f32 to become one of low rank
// ZEROS: error: {{.*}}layer 'zeros' must have a filter other than zeros to become one of low rank

// CHECK-LABEL: func.func @main
// CHECK: %[[ROW:.*]] = nn.fully_connected {{.*}} -> tensor<1x16xf32>
// CHECK: %[[REDUCE:.*]] = nn.constant {{.*}} : tensor<4x16xf32>
// CHECK: %[[FEW:.*]] = nn.fully_connected %[[ROW]], %[[REDUCE]] : (tensor<1x16xf32>, tensor<4x16xf32>) -> tensor<1x4xf32>
// CHECK: %[[EXPAND:.*]] = nn.constant {{.*}} : tensor<32x4xf32>
// CHECK: nn.fully_connected %[[FEW]], %[[EXPAND]], %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : {{.*}} -> tensor<1x32xf32>
// CHECK: nn.fully_connected {{.*}} -> tensor<1x1xf32>
func.func @main(%x: tensor<1x8x8x16xf32>, %c: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %f = nn.constant dense<0.5> : tensor<16x1x1x16xf32> : tensor<16x1x1x16xf32>
  %w = nn.constant dense<0.5> : tensor<32x16xf32> : tensor<32x16xf32>
  %b = nn.constant dense<2.0> : tensor<32xf32> : tensor<32xf32>
  %v = nn.constant dense<0.5> : tensor<1x32xf32> : tensor<1x32xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.global_avg_pool %0 : (tensor<1x8x8x16xf32>) -> tensor<1x1x1x16xf32> loc("pool")
  %2 = nn.reshape %1 : (tensor<1x1x1x16xf32>) -> tensor<1x16xf32>
  %z = nn.constant dense<0.0> : tensor<16x16xf32> : tensor<16x16xf32>
  %9 = nn.fully_connected %2, %z : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32> loc("zeros")
  %3 = nn.fully_connected %9, %w, %b {clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x16xf32>, tensor<32x16xf32>, tensor<32xf32>) -> tensor<1x32xf32> loc("layer")
  %4 = nn.fully_connected %3, %v
     : (tensor<1x32xf32>, tensor<1x32xf32>) -> tensor<1x1xf32> loc("small")
  %5 = nn.fully_connected %4, %c
     : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32> loc("computed")
  return %5 : tensor<1x1xf32>
}
