// RUN: windrow-opt %s --nn-recognize-hard-swish --canonicalize --split-input-file | FileCheck %s

// x * min(max(x + 3, 0), 6) / 6 with scales.
// CHECK-LABEL: func.func @division_last
// CHECK-NEXT: %[[H:.*]] = nn.hard_swish %arg0
// CHECK-NEXT: return %[[H]]
func.func @division_last(%x: tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32> {
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %one, %three : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  %2 = nn.multiply %x, %1 : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  %3 = nn.scale_shift %2, %sixth, %zero : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  return %3 : tensor<1x7x7x2xf32>
}

// The same with sums and products with constants, divided first, operands in
// the other order.
// CHECK-LABEL: func.func @division_first
// CHECK-NEXT: %[[H:.*]] = nn.hard_swish %arg0
// CHECK-NEXT: return %[[H]]
func.func @division_first(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %three = nn.constant dense<3.0> : tensor<1x8xf32> : tensor<1x8xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<1x8xf32> : tensor<1x8xf32>
  %0 = nn.add %three, %x {clamp = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.multiply %0, %sixth : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = nn.multiply %1, %x : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}

// A hard sigmoid, and a clamp of the product, which stays.
// CHECK-LABEL: func.func @hard_sigmoid
// CHECK-NEXT: %[[H:.*]] = nn.hard_swish %arg0
// CHECK-NEXT: %[[C:.*]] = nn.clamp %[[H]] {bounds = #nn.clamp<max = 4.000000e+00>}
// CHECK-NEXT: return %[[C]]
func.func @hard_sigmoid(%x: tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32> {
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %sixth, %half {clamp = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.multiply %x, %0 {clamp = #nn.clamp<max = 4.0>} : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %1 : tensor<1x7x7x2xf32>
}

// The sum is used elsewhere too: it stays for that.
// CHECK-LABEL: func.func @shared_gate
// CHECK: %[[G:.*]] = nn.scale_shift
// CHECK: %[[H:.*]] = nn.hard_swish %arg0
// CHECK: return %[[G]], %[[H]]
func.func @shared_gate(%x: tensor<1x7x7x2xf32>) -> (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) {
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %sixth, %half {clamp = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.multiply %x, %0 : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %0, %1 : tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>
}

// -----

// Near misses: a slope of 0.2 (ONNX's own hard sigmoid), a gate of something
// else, channels that differ, a product that is clamped before the division, a
// division that adds.
// CHECK-NOT: nn.hard_swish
func.func @other_slope(%x: tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32> {
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %fifth = nn.constant dense<0.2> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %fifth, %half {clamp = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.multiply %x, %0 : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %1 : tensor<1x7x7x2xf32>
}
func.func @other_source(%x: tensor<1x7x7x2xf32>, %y: tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32> {
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %y, %sixth, %half {clamp = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.multiply %x, %0 : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %1 : tensor<1x7x7x2xf32>
}
func.func @other_channel(%x: tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32> {
  %half = nn.constant dense<[0.5, 0.6]> : tensor<2xf32> : tensor<2xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %sixth, %half {clamp = #nn.clamp<min = 0.0, max = 1.0>} : (tensor<1x7x7x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x7x7x2xf32>
  %1 = nn.multiply %x, %0 : (tensor<1x7x7x2xf32>, tensor<1x7x7x2xf32>) -> tensor<1x7x7x2xf32>
  return %1 : tensor<1x7x7x2xf32>
}
func.func @clamped_product(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %three = nn.constant dense<3.0> : tensor<1x8xf32> : tensor<1x8xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<1x8xf32> : tensor<1x8xf32>
  %0 = nn.add %three, %x {clamp = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.multiply %0, %x {clamp = #nn.clamp<max = 4.0>} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = nn.multiply %1, %sixth : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}
func.func @shifted_product(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %three = nn.constant dense<3.0> : tensor<1x8xf32> : tensor<1x8xf32>
  %shift = nn.constant dense<1.0> : tensor<8xf32> : tensor<8xf32>
  %sixth = nn.constant dense<0.166666672> : tensor<8xf32> : tensor<8xf32>
  %0 = nn.add %three, %x {clamp = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.multiply %0, %x : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = nn.scale_shift %1, %sixth, %shift : (tensor<1x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}
