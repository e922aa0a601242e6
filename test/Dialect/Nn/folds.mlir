// RUN: windrow-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @clamp_of_clamp
// CHECK-SAME:    (%[[X:.*]]: tensor<4xf32>)
func.func @clamp_of_clamp(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[R:.*]] = nn.clamp %[[X]] {bounds = #nn.clamp<min = 0.000000e+00, max = 6.000000e+00>}
  // CHECK-NEXT: return %[[R]]
  %0 = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<max = 6.0>} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// The later clamp changes nothing, and both results are used.
// CHECK-LABEL: func.func @clamp_within_clamp
// CHECK-SAME:    (%[[X:.*]]: tensor<4xf32>)
func.func @clamp_within_clamp(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[R:.*]] = nn.clamp %[[X]] {bounds = #nn.clamp<min = 0.000000e+00, max = 1.000000e+00>}
  // CHECK-NEXT: return %[[R]], %[[R]]
  %0 = nn.clamp %x {bounds = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<max = 6.0>} : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A joined clamp would have one value only, which #nn.clamp does not allow.
// CHECK-LABEL: func.func @clamps_apart
func.func @clamps_apart(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: nn.clamp {{.*}} {bounds = #nn.clamp<max = 1.000000e+00>}
  // CHECK: nn.clamp {{.*}} {bounds = #nn.clamp<min = 2.000000e+00>}
  %0 = nn.clamp %x {bounds = #nn.clamp<max = 1.0>} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 2.0>} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @concat_of_one
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2x4xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @concat_of_one(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %0 = nn.concat %x {axis = 3 : i64} : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
  return %0 : tensor<1x2x2x4xf32>
}

// -----

// CHECK-LABEL: func.func @concat_of_two
// CHECK: nn.concat
func.func @concat_of_two(%x: tensor<2xf32>) -> tensor<4xf32> {
  %0 = nn.concat %x, %x {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @pad_by_zero
// CHECK-SAME:    (%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @pad_by_zero(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 0>}
     : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @pad_by_one
// CHECK: nn.pad
func.func @pad_by_one(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 1>}
     : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: func.func @slice_of_everything
// CHECK-SAME:    (%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @slice_of_everything(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 2, 3>}
     : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @slice_of_slice
// CHECK-SAME:    (%[[X:.*]]: tensor<8x8xf32>)
func.func @slice_of_slice(%x: tensor<8x8xf32>) -> tensor<2x1xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.slice %[[X]] {offsets = array<i64: 3, 4>, sizes = array<i64: 2, 1>} : (tensor<8x8xf32>) -> tensor<2x1xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.slice %x {offsets = array<i64: 2, 1>, sizes = array<i64: 5, 6>}
     : (tensor<8x8xf32>) -> tensor<5x6xf32>
  %1 = nn.slice %0 {offsets = array<i64: 1, 3>, sizes = array<i64: 2, 1>}
     : (tensor<5x6xf32>) -> tensor<2x1xf32>
  return %1 : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: func.func @slice_of_concat
// CHECK-SAME:    (%{{.*}}: tensor<1x4xf32>, %[[Y:.*]]: tensor<1x6xf32>)
func.func @slice_of_concat(%x: tensor<1x4xf32>, %y: tensor<1x6xf32>) -> tensor<1x3xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.slice %[[Y]] {offsets = array<i64: 0, 1>, sizes = array<i64: 1, 3>} : (tensor<1x6xf32>) -> tensor<1x3xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.concat %x, %y {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x6xf32>) -> tensor<1x10xf32>
  %1 = nn.slice %0 {offsets = array<i64: 0, 5>, sizes = array<i64: 1, 3>}
     : (tensor<1x10xf32>) -> tensor<1x3xf32>
  return %1 : tensor<1x3xf32>
}

// -----

// CHECK-LABEL: func.func @slice_of_concat_is_an_operand
// CHECK-SAME:    (%[[X:.*]]: tensor<1x4xf32>, %{{.*}}: tensor<1x6xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @slice_of_concat_is_an_operand(%x: tensor<1x4xf32>, %y: tensor<1x6xf32>)
    -> tensor<1x4xf32> {
  %0 = nn.concat %y, %x {axis = 1 : i64} : (tensor<1x6xf32>, tensor<1x4xf32>) -> tensor<1x10xf32>
  %1 = nn.slice %0 {offsets = array<i64: 0, 6>, sizes = array<i64: 1, 4>}
     : (tensor<1x10xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}

// -----

// CHECK-LABEL: func.func @slice_across_operands
// CHECK: nn.concat
// CHECK: nn.slice {{.*}} {offsets = array<i64: 0, 3>, sizes = array<i64: 1, 2>}
func.func @slice_across_operands(%x: tensor<1x4xf32>, %y: tensor<1x6xf32>) -> tensor<1x2xf32> {
  %0 = nn.concat %x, %y {axis = 1 : i64} : (tensor<1x4xf32>, tensor<1x6xf32>) -> tensor<1x10xf32>
  %1 = nn.slice %0 {offsets = array<i64: 0, 3>, sizes = array<i64: 1, 2>}
     : (tensor<1x10xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: func.func @reshape_chain
// CHECK-SAME:    (%[[X:.*]]: tensor<2x3xf32>)
func.func @reshape_chain(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.reshape %[[X]] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = nn.reshape %0 : (tensor<6xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func.func @reshape_and_back
// CHECK-SAME:    (%[[X:.*]]: tensor<2x3xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @reshape_and_back(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = nn.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = nn.reshape %0 : (tensor<6xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @transpose_identity
// CHECK-SAME:    (%[[X:.*]]: tensor<2x2xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @transpose_identity(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 1>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// The type stays, the elements move.
// CHECK-LABEL: func.func @transpose_of_square
// CHECK: nn.transpose
func.func @transpose_of_square(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func.func @transpose_chain
// CHECK-SAME:    (%[[X:.*]]: tensor<2x3x4xf32>)
func.func @transpose_chain(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.transpose %[[X]] {permutation = array<i64: 2, 1, 0>} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.transpose %x {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}

// -----

// CHECK-LABEL: func.func @transpose_and_back
// CHECK-SAME:    (%[[X:.*]]: tensor<1x8x9x3xf32>)
// CHECK-NEXT:    return %[[X]]
func.func @transpose_and_back(%x: tensor<1x8x9x3xf32>) -> tensor<1x8x9x3xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>}
     : (tensor<1x8x9x3xf32>) -> tensor<1x3x8x9xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 2, 3, 1>}
     : (tensor<1x3x8x9xf32>) -> tensor<1x8x9x3xf32>
  return %1 : tensor<1x8x9x3xf32>
}

// -----

// Constants are not folded into their users, whatever their size.
// CHECK-LABEL: func.func @constants_stay
// CHECK: nn.constant
// CHECK: nn.reshape
func.func @constants_stay() -> tensor<4xf32> {
  %0 = nn.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %1 = nn.reshape %0 : (tensor<2x2xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
