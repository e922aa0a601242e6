// RUN: windrow-opt %s --nn-fold-constants --canonicalize --split-input-file | FileCheck %s
// RUN: windrow-opt %s --nn-fold-constants=max-elements=3 --canonicalize --split-input-file | FileCheck %s --check-prefix=LIMIT

// One result an operation; those with more elements than the limit stay.
// CHECK-LABEL: func.func @arithmetic
// CHECK-SAME: {
// CHECK-DAG: %[[ADD:.*]] = nn.constant dense<[0.000000e+00, 1.500000e+00, 2.500000e+00, 3.500000e+00]>
// CHECK-DAG: %[[MULTIPLY:.*]] = nn.constant dense<[-5.000000e-01, 5.000000e-01, 1.000000e+00, 1.500000e+00]>
// CHECK-DAG: %[[SCALE:.*]] = nn.constant dense<[-1.500000e+00, 5.000000e-01, 1.500000e+00, 2.000000e+00]>
// CHECK-DAG: %[[CLAMP:.*]] = nn.constant dense<[0.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00]>
// CHECK-DAG: %[[SWISH:.*]] = nn.constant dense<[-0.333333343, 0.666666686, 1.66666663, 3.000000e+00]>
// CHECK-DAG: %[[SIGMOID:.*]] = nn.constant dense<5.000000e-01>
// CHECK: return %[[ADD]], %[[MULTIPLY]], %[[SCALE]], %[[CLAMP]], %[[SWISH]], %[[SIGMOID]]
// LIMIT-LABEL: func.func @arithmetic
// LIMIT-DAG: nn.add
// LIMIT-DAG: nn.multiply
// LIMIT-DAG: nn.scale_shift
// LIMIT-DAG: nn.clamp
// LIMIT-DAG: nn.hard_swish
// LIMIT-DAG: nn.sigmoid
func.func @arithmetic() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = nn.constant dense<[-1.0, 1.0, 2.0, 3.0]> : tensor<4xf32> : tensor<4xf32>
  %b = nn.constant dense<0.5> : tensor<4xf32> : tensor<4xf32>
  %zero = nn.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %shift = nn.constant dense<-0.5> : tensor<4xf32> : tensor<4xf32>
  %one = nn.constant dense<1.0> : tensor<4xf32> : tensor<4xf32>
  %add = nn.add %a, %b {clamp = #nn.clamp<min = 0.0>} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %multiply = nn.multiply %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %scale = nn.scale_shift %a, %one, %shift {clamp = #nn.clamp<max = 2.0>} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %clamp = nn.clamp %a {bounds = #nn.clamp<min = 0.0, max = 2.0>} : (tensor<4xf32>) -> tensor<4xf32>
  %swish = nn.hard_swish %a : (tensor<4xf32>) -> tensor<4xf32>
  %sigmoid = nn.sigmoid %zero : (tensor<4xf32>) -> tensor<4xf32>
  return %add, %multiply, %scale, %clamp, %swish, %sigmoid : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// An operand of one pixel is repeated over rows and columns of its own image.
// CHECK-LABEL: func.func @broadcast
// CHECK: nn.constant dense<{{.*}}1.100000e+01, 2.200000e+01], [1.300000e+01, 2.400000e+01{{.*}}3.500000e+01, 4.600000e+01], [3.700000e+01, 4.800000e+01{{.*}}> : tensor<2x1x2x2xf32>
func.func @broadcast() -> tensor<2x1x2x2xf32> {
  %a = nn.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]], [[[5.0, 6.0], [7.0, 8.0]]]]> : tensor<2x1x2x2xf32> : tensor<2x1x2x2xf32>
  %b = nn.constant dense<[[[[10.0, 20.0]]], [[[30.0, 40.0]]]]> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %0 = nn.add %b, %a : (tensor<2x1x1x2xf32>, tensor<2x1x2x2xf32>) -> tensor<2x1x2x2xf32>
  return %0 : tensor<2x1x2x2xf32>
}

// -----

// CHECK-LABEL: func.func @shapes
// CHECK-DAG: %[[CONCAT:.*]] = nn.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 5.000000e+00], [3.000000e+00, 4.000000e+00, 6.000000e+00]]>
// CHECK-DAG: %[[PAD:.*]] = nn.constant dense<{{\[\[}}0.000000e+00, 1.000000e+00, 2.000000e+00], [0.000000e+00, 3.000000e+00, 4.000000e+00], [0.000000e+00, 0.000000e+00, 0.000000e+00]]>
// CHECK-DAG: %[[SLICE:.*]] = nn.constant dense<{{\[\[}}2.000000e+00], [4.000000e+00]]>
// CHECK: return %[[CONCAT]], %[[PAD]], %[[SLICE]]
func.func @shapes() -> (tensor<2x3xf32>, tensor<3x3xf32>, tensor<2x1xf32>) {
  %a = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %b = nn.constant dense<[[5.0], [6.0]]> : tensor<2x1xf32> : tensor<2x1xf32>
  %concat = nn.concat %a, %b {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %pad = nn.pad %a {low = array<i64: 0, 1>, high = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<3x3xf32>
  %slice = nn.slice %a {offsets = array<i64: 0, 1>, sizes = array<i64: 2, 1>} : (tensor<2x2xf32>) -> tensor<2x1xf32>
  return %concat, %pad, %slice : tensor<2x3xf32>, tensor<3x3xf32>, tensor<2x1xf32>
}

// -----

// Reshapes and transposes are views, of any size, and of elements not at hand;
// a view of a view is one. The stored elements are read through it.
// CHECK-LABEL: func.func @views
// CHECK-DAG: %[[A:.*]] = nn.constant dense_resource<w> : tensor<4x6xf32> permuted [1, 0] : tensor<2x3x4xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense_resource<w> : tensor<4x6xf32> : tensor<4x6xf32>
// CHECK-DAG: %[[C:.*]] = nn.constant dense<{{\[\[}}1.000000e+01, 3.000000e+01], [2.000000e+01, 4.000000e+01]]> : tensor<2x2xf32> : tensor<2x2xf32>
// CHECK: return %[[A]], %[[B]], %[[C]]
// LIMIT-LABEL: func.func @views
// LIMIT-COUNT-2: dense_resource<w>
// LIMIT: nn.multiply
func.func @views() -> (tensor<2x3x4xf32>, tensor<4x6xf32>, tensor<2x2xf32>) {
  %w = nn.constant dense_resource<w> : tensor<4x6xf32> : tensor<4x6xf32>
  %a = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %ten = nn.constant dense<10.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = nn.transpose %w {permutation = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %1 = nn.reshape %0 : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %3 = nn.reshape %2 : (tensor<4x2x3xf32>) -> tensor<4x6xf32>
  %4 = nn.transpose %a {permutation = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = nn.multiply %4, %ten : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %1, %3, %5 : tensor<2x3x4xf32>, tensor<4x6xf32>, tensor<2x2xf32>
}

// -----

// Dimensions that straddle those of a transposed constant cannot change places.
// CHECK-LABEL: func.func @straddling
// CHECK-NEXT: %[[R:.*]] = nn.constant dense_resource<w> : tensor<4x6xf32> permuted [1, 0] : tensor<4x6xf32>
// CHECK-NEXT: %[[T:.*]] = nn.transpose %[[R]]
// CHECK-NEXT: return %[[T]]
func.func @straddling() -> tensor<6x4xf32> {
  %w = nn.constant dense_resource<w> : tensor<4x6xf32> : tensor<4x6xf32>
  %0 = nn.transpose %w {permutation = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %1 = nn.reshape %0 : (tensor<6x4xf32>) -> tensor<4x6xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}
