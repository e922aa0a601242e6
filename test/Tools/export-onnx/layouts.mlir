// Transposes are written only where the order of elements matters.

// RUN: %python %S/Inputs/export_each.py %s %t | FileCheck %s

// What an importer wraps around spatial operations leaves nothing.

// CHECK-LABEL: imported
// CHECK-NEXT: input x [1, 2, 4, 4]
// CHECK-NEXT: MaxPool_output_0 = MaxPool 'MaxPool' (x)
// CHECK-NEXT: Flatten_output_0 = Flatten 'Flatten' (MaxPool_output_0) axis=1
// CHECK-NEXT: output = Gemm 'Gemm' (Flatten_output_0, weights[1, 8]) transB=1
// CHECK-NEXT: output output [1, 1]
// CHECK-NEXT: same values
func.func @imported(%x: tensor<1x2x4x4xf32> {nn.name = "x"}) -> tensor<1x1xf32> {
  %w = nn.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<1x8xf32> : tensor<1x8xf32>
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %3 = nn.reshape %2 : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %4 = nn.fully_connected %3, %w : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x1xf32>
  return %4 : tensor<1x1xf32>
}

// -----

// The weights behind a flattened image are written in its order, also behind
// operations on single elements.

// CHECK-LABEL: flattened
// CHECK-NEXT: input x [1, 2, 2, 2]
// CHECK-NEXT: Sigmoid_output_0 = Sigmoid 'Sigmoid' (x)
// CHECK-NEXT: Flatten_output_0 = Flatten 'Flatten' (Sigmoid_output_0) axis=1
// CHECK-NEXT: HardSwish_output_0 = HardSwish 'HardSwish' (Flatten_output_0)
// CHECK-NEXT: output = Gemm 'Gemm' (HardSwish_output_0, weights[1, 8]) transB=1
// CHECK-NEXT: output output [1, 1]
// CHECK-NEXT: same values
func.func @flattened(%x: tensor<1x2x2x2xf32> {nn.name = "x", nn.model_layout = "NCHW"}) -> tensor<1x1xf32> {
  %w = nn.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<1x8xf32> : tensor<1x8xf32>
  %0 = nn.sigmoid %x : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %1 = nn.reshape %0 : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %2 = nn.hard_swish %1 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = nn.fully_connected %2, %w : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x1xf32>
  return %3 : tensor<1x1xf32>
}

// -----

// A result of a flattened image in the order of NHWC needs a transpose.

// CHECK-LABEL: needed
// CHECK-NEXT: input x [1, 2, 2, 2]
// CHECK-NEXT: Transpose_output_0 = Transpose 'Transpose' (x) perm=[0, 2, 3, 1]
// CHECK-NEXT: output = Flatten 'Flatten' (Transpose_output_0) axis=1
// CHECK-NEXT: output output [1, 8]
// CHECK-NEXT: same values
func.func @needed(%x: tensor<1x2x2x2xf32> {nn.name = "x", nn.model_layout = "NCHW"}) -> tensor<1x8xf32> {
  %0 = nn.reshape %x : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

// -----

// Channel attention: a matrix and an image of one pixel hold their elements in
// the same order.

// CHECK-LABEL: attention
// CHECK-NEXT: input x [1, 2, 3, 3]
// CHECK-NEXT: GlobalAveragePool_output_0 = GlobalAveragePool
// CHECK-NEXT: Flatten_output_0 = Flatten
// CHECK-NEXT: Gemm_output_0 = Gemm
// CHECK-NEXT: Sigmoid_output_0 = Sigmoid
// CHECK-NEXT: Reshape_output_0 = Reshape 'Reshape' (Sigmoid_output_0, [1, 2, 1, 1])
// CHECK-NEXT: y = Mul 'Mul' (x, Reshape_output_0)
// CHECK-NEXT: output y [1, 2, 3, 3]
// CHECK-NEXT: same values
func.func @attention(%x: tensor<1x3x3x2xf32> {nn.name = "x", nn.model_layout = "NCHW"})
    -> (tensor<1x3x3x2xf32> {nn.name = "y", nn.model_layout = "NCHW"}) {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = nn.global_avg_pool %x : (tensor<1x3x3x2xf32>) -> tensor<1x1x1x2xf32>
  %1 = nn.reshape %0 : (tensor<1x1x1x2xf32>) -> tensor<1x2xf32>
  %2 = nn.fully_connected %1, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %3 = nn.sigmoid %2 : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %4 = nn.reshape %3 : (tensor<1x2xf32>) -> tensor<1x1x1x2xf32>
  %5 = nn.multiply %x, %4 : (tensor<1x3x3x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x3x3x2xf32>
  return %5 : tensor<1x3x3x2xf32>
}

// -----

// Outputs that are an input, a constant, or the same value twice.

// CHECK-LABEL: outputs
// CHECK-NEXT: input x [1, 2]
// CHECK-NEXT: a = Sigmoid 'Sigmoid' (x)
// CHECK-NEXT: b = Identity 'b' (a)
// CHECK-NEXT: c = Identity 'c' (x)
// CHECK-NEXT: d = Identity 'd' ([3.0, 3.0])
// CHECK-NEXT: output a [1, 2]
// CHECK-NEXT: output b [1, 2]
// CHECK-NEXT: output c [1, 2]
// CHECK-NEXT: output d [2]
// CHECK-COUNT-4: same values
func.func @outputs(%x: tensor<1x2xf32> {nn.name = "x"})
    -> (tensor<1x2xf32> {nn.name = "a"}, tensor<1x2xf32> {nn.name = "b"},
        tensor<1x2xf32> {nn.name = "c"}, tensor<2xf32> {nn.name = "d"}) {
  %0 = nn.sigmoid %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %c = nn.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  return %0, %0, %x, %c : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<2xf32>
}
