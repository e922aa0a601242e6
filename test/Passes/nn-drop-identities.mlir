// RUN: windrow-opt %s --nn-drop-identities --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @all
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x4x2xf32>)
// CHECK-NEXT: return %[[X]]
func.func @all(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %ones = nn.constant dense<1.0> : tensor<1x4x4x2xf32> : tensor<1x4x4x2xf32>
  %zeros = nn.constant dense<0.0> : tensor<1x1x1x2xf32> : tensor<1x1x1x2xf32>
  %0 = nn.scale_shift %x, %one, %zero : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.multiply %ones, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.add %1, %zeros : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %3 = nn.max_pool_2d %2 {kernel = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %4 = nn.avg_pool_2d %3 {kernel = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %5 = nn.pad %4 {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %6 = nn.slice %5 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 4, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %7 = nn.concat %6 {axis = 3 : i64} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %8 = nn.reshape %7 : (tensor<1x4x4x2xf32>) -> tensor<1x32xf32>
  %9 = nn.reshape %8 : (tensor<1x32xf32>) -> tensor<1x4x4x2xf32>
  %10 = nn.transpose %9 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %11 = nn.transpose %10 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
  return %11 : tensor<1x4x4x2xf32>
}

// -----

// What such an operation clamps is clamped still.
// CHECK-LABEL: func.func @clamps
// CHECK: %[[A:.*]] = nn.clamp %arg0 {bounds = #nn.clamp<min = 0.000000e+00>}
// CHECK-NEXT: %[[B:.*]] = nn.clamp %arg0 {bounds = #nn.clamp<min = 1.000000e+00>}
// CHECK-NEXT: %[[C:.*]] = nn.clamp %arg0 {bounds = #nn.clamp<min = 2.000000e+00>}
// CHECK-NEXT: return %[[A]], %[[B]], %[[C]]
func.func @clamps(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %zeros = nn.constant dense<0.0> : tensor<1x4x4x2xf32> : tensor<1x4x4x2xf32>
  %0 = nn.max_pool_2d %x {kernel = array<i64: 1, 1>, clamp = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %x, %one, %zero {clamp = #nn.clamp<min = 1.0>} : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.add %x, %zeros {clamp = #nn.clamp<min = 2.0>} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1, %2 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

// Clamps of what lies within their bounds, seen through what moves, pads or
// averages it ...
// CHECK-LABEL: func.func @within_bounds
// CHECK-NOT: nn.clamp %
// CHECK: return
func.func @within_bounds(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x5x5x2xf32>, tensor<1x1x1x2xf32>, tensor<1x4x4x2xf32>) {
  %0 = nn.sigmoid %x : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.pad %1 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xf32>) -> tensor<1x5x5x2xf32>
  %3 = nn.clamp %2 {bounds = #nn.clamp<max = 1.0>} : (tensor<1x5x5x2xf32>) -> tensor<1x5x5x2xf32>
  %4 = nn.global_avg_pool %3 : (tensor<1x5x5x2xf32>) -> tensor<1x1x1x2xf32>
  %5 = nn.clamp %4 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %6 = nn.hard_swish %x : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %7 = nn.clamp %6 {bounds = #nn.clamp<min = -0.5>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %1, %3, %5, %7 : tensor<1x4x4x2xf32>, tensor<1x5x5x2xf32>, tensor<1x1x1x2xf32>, tensor<1x4x4x2xf32>
}

// ... and clamps that change something: a zero of a pad, a mean that is rounded
// up, a sum, the lower half of a hard swish.
// CHECK-LABEL: func.func @not_within_bounds
// CHECK-COUNT-4: nn.clamp %
// CHECK: return
func.func @not_within_bounds(%x: tensor<1x4x4x2xf32>, %y: tensor<1x4x4x2xf32>) -> (tensor<1x5x5x2xf32>, tensor<1x1x1x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %0 = nn.add %x, %y {clamp = #nn.clamp<min = 1.0, max = 6.0>} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xf32>) -> tensor<1x5x5x2xf32>
  %2 = nn.clamp %1 {bounds = #nn.clamp<min = 1.0>} : (tensor<1x5x5x2xf32>) -> tensor<1x5x5x2xf32>
  %3 = nn.global_avg_pool %0 : (tensor<1x4x4x2xf32>) -> tensor<1x1x1x2xf32>
  %4 = nn.clamp %3 {bounds = #nn.clamp<max = 6.0>} : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %5 = nn.add %0, %0 : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %6 = nn.clamp %5 {bounds = #nn.clamp<max = 6.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %7 = nn.hard_swish %x : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %8 = nn.clamp %7 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %2, %4, %6, %8 : tensor<1x5x5x2xf32>, tensor<1x1x1x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

// One pixel: global pools change nothing, transposes are reshapes.
// CHECK-LABEL: func.func @one_pixel
// CHECK-NEXT: %[[R:.*]] = nn.reshape %arg0 : (tensor<1x1x1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT: return %[[R]]
func.func @one_pixel(%x: tensor<1x1x1x2xf32>) -> tensor<1x2xf32> {
  %0 = nn.global_avg_pool %x : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %1 = nn.global_sum_pool %0 : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x1x1x2xf32>) -> tensor<1x2x1x1xf32>
  %3 = nn.reshape %2 : (tensor<1x2x1x1xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

// Pools of one element that skip elements or pad, and other near misses.
// CHECK-LABEL: func.func @not_identities
// CHECK: nn.max_pool_2d
// CHECK: nn.avg_pool_2d
// CHECK: nn.add
// CHECK: nn.multiply
// CHECK: nn.transpose
func.func @not_identities(%x: tensor<1x4x4x2xf32>, %y: tensor<1x1x1x2xf32>) -> (tensor<1x2x4x2xf32>, tensor<1x4x2x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %zeros = nn.constant dense<0.0> : tensor<1x4x4x2xf32> : tensor<1x4x4x2xf32>
  %0 = nn.max_pool_2d %x {kernel = array<i64: 1, 1>, strides = array<i64: 2, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x2xf32>
  %1 = nn.avg_pool_2d %x {kernel = array<i64: 1, 1>, strides = array<i64: 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x2x2xf32>
  %2 = nn.add %zeros, %y : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %3 = nn.multiply %x, %y : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %4 = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1, %2, %3, %4 : tensor<1x2x4x2xf32>, tensor<1x4x2x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}
