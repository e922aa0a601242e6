// Every operation as ONNX, and back.

// RUN: %python %S/Inputs/export_each.py %s %t | FileCheck %s

// Clamps are nodes of their own; ReLU is a Relu, others are a Clip.

// CHECK-LABEL: convolutions
// CHECK-NEXT: input x [1, 2, 6, 7]
// CHECK-NEXT: Conv_output_0 = Conv 'Conv' (x, weights[4, 1, 3, 2], [0.5, 0.5, 0.5, 0.5]) dilations=[2, 1] group=2 kernel_shape=[3, 2] pads=[1, 0, 2, 1] strides=[1, 2]
// CHECK-NEXT: Relu_output_0 = Relu 'Relu' (Conv_output_0)
// CHECK-NEXT: Conv_1_output_0 = Conv 'Conv_1' (Relu_output_0, weights_2[3, 4, 1, 1]) dilations=[1, 1] group=1 kernel_shape=[1, 1] pads=[0, 0, 0, 0] strides=[1, 1]
// CHECK-NEXT: y = Clip 'Clip' (Conv_1_output_0, -0.5, 0.75)
// CHECK-NEXT: output y [1, 3, 5, 4]
// CHECK-NEXT: read again: same values
func.func @convolutions(%x: tensor<1x6x7x2xf32> {nn.name = "x", nn.model_layout = "NCHW"})
    -> (tensor<1x5x4x3xf32> {nn.name = "y", nn.model_layout = "NCHW"}) {
  %f = nn.constant dense_resource<f> : tensor<4x1x3x2xf32> permuted [0, 2, 3, 1] : tensor<4x3x2x1xf32>
  %b = nn.constant dense<0.5> : tensor<4xf32> : tensor<4xf32>
  %0 = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 0, 2, 1>, strides = array<i64: 1, 2>, dilations = array<i64: 2, 1>, groups = 2 : i64, clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x6x7x2xf32>, tensor<4x3x2x1xf32>, tensor<4xf32>) -> tensor<1x5x4x4xf32>
  %g = nn.constant dense<[[[[0.1, 0.2, 0.3, 0.4]]], [[[0.5, 0.6, 0.7, 0.8]]], [[[-0.1, 0.2, -0.3, 0.4]]]]> : tensor<3x1x1x4xf32> : tensor<3x1x1x4xf32>
  %1 = nn.conv_2d %0, %g {clamp = #nn.clamp<min = -0.5, max = 0.75>}
     : (tensor<1x5x4x4xf32>, tensor<3x1x1x4xf32>) -> tensor<1x5x4x3xf32>
  return %1 : tensor<1x5x4x3xf32>
}

{-# dialect_resources: { builtin: { f: "0x040000000000803F00000040000040400000804000A0A04000C0C0400000003F0000C03F0000204000006040000090400000B0C00000803E0000403F0000A03F0000E03F000010C0000030400000803F000080BF00000000000080BF0000003E000080BF" } } #-}

// -----

// CHECK-LABEL: pools
// CHECK: = MaxPool 'MaxPool' (input) dilations=[1, 2] kernel_shape=[3, 2] pads=[1, 0, 0, 1] strides=[2, 1]
// CHECK-NEXT: = Relu
// CHECK-NEXT: = AveragePool 'AveragePool' ({{.*}}) kernel_shape=[3, 3] pads=[1, 1, 1, 1] strides=[1, 1]
// CHECK-NEXT: Clip_output_0 = Clip 'Clip' ({{.*}}, none, 6.0)
// CHECK-NEXT: output0 = GlobalAveragePool 'GlobalAveragePool' (Clip_output_0)
// CHECK-NEXT: output1 = ReduceSum 'ReduceSum' (Clip_output_0, [2, 3]) keepdims=1
// CHECK-NEXT: output output0 [1, 3, 1, 1]
// CHECK-NEXT: output output1 [1, 3, 1, 1]
// CHECK-COUNT-2: read again: same values
func.func @pools(%x: tensor<1x8x8x3xf32> {nn.model_layout = "NCHW"})
    -> (tensor<1x1x1x3xf32> {nn.model_layout = "NCHW"}, tensor<1x1x1x3xf32> {nn.model_layout = "NCHW"}) {
  %0 = nn.max_pool_2d %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, pads = array<i64: 1, 0, 0, 1>, dilations = array<i64: 1, 2>, clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x8x8x3xf32>) -> tensor<1x4x7x3xf32>
  %1 = nn.avg_pool_2d %0 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, clamp = #nn.clamp<max = 6.0>}
     : (tensor<1x4x7x3xf32>) -> tensor<1x4x7x3xf32>
  %2 = nn.global_avg_pool %1 : (tensor<1x4x7x3xf32>) -> tensor<1x1x1x3xf32>
  %3 = nn.global_sum_pool %1 : (tensor<1x4x7x3xf32>) -> tensor<1x1x1x3xf32>
  return %2, %3 : tensor<1x1x1x3xf32>, tensor<1x1x1x3xf32>
}

// -----

// CHECK-LABEL: elements
// CHECK: = Sigmoid 'Sigmoid' (x)
// CHECK-NEXT: = HardSwish 'HardSwish' (x)
// CHECK-NEXT: = Add 'Add' (Sigmoid_output_0, HardSwish_output_0)
// CHECK-NEXT: = Relu
// CHECK-NEXT: = GlobalAveragePool
// CHECK-NEXT: = Mul 'Mul' (Relu_output_0, GlobalAveragePool_output_0)
// CHECK-NEXT: = BatchNormalization 'BatchNormalization' (Mul_output_0, [2.0, 0.5], [1.0, -1.0], [0.0, 0.0], [1.0, 1.0]) epsilon=0.0
// CHECK-NEXT: = Clip 'Clip' (BatchNormalization_output_0, 0.25)
// CHECK-NEXT: output = Softmax 'Softmax' (Clip_output_0) axis=1
// CHECK: read again: same values
func.func @elements(%x: tensor<1x3x4x2xf32> {nn.name = "x", nn.model_layout = "NCHW"})
    -> (tensor<1x3x4x2xf32> {nn.model_layout = "NCHW"}) {
  %0 = nn.sigmoid %x : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %1 = nn.hard_swish %x : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.add %0, %1 {clamp = #nn.clamp<min = 0.0>} : (tensor<1x3x4x2xf32>, tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %3 = nn.global_avg_pool %2 : (tensor<1x3x4x2xf32>) -> tensor<1x1x1x2xf32>
  %4 = nn.multiply %2, %3 : (tensor<1x3x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x3x4x2xf32>
  %s = nn.constant dense<[2.0, 0.5]> : tensor<2xf32> : tensor<2xf32>
  %t = nn.constant dense<[1.0, -1.0]> : tensor<2xf32> : tensor<2xf32>
  %5 = nn.scale_shift %4, %s, %t : (tensor<1x3x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x3x4x2xf32>
  %6 = nn.clamp %5 {bounds = #nn.clamp<min = 0.25>} : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %7 = nn.softmax %6 : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  return %7 : tensor<1x3x4x2xf32>
}

// -----

// CHECK-LABEL: shapes
// CHECK: = Pad 'Pad' (x, numbers[8])
// CHECK-NEXT: = Slice 'Slice' (Pad_output_0, [1, 2], [2, 5], [1, 3])
// CHECK-NEXT: = Concat 'Concat' (Slice_output_0, weights[1, 1, 4, 3], Slice_output_0) axis=1
// CHECK: read again: same values
func.func @shapes(%x: tensor<1x3x4x2xf32> {nn.name = "x", nn.model_layout = "NCHW"})
    -> (tensor<1x4x3x3xf32> {nn.model_layout = "NCHW"}) {
  %0 = nn.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 2, 0>} : (tensor<1x3x4x2xf32>) -> tensor<1x4x6x2xf32>
  %1 = nn.slice %0 {offsets = array<i64: 0, 0, 2, 1>, sizes = array<i64: 1, 4, 3, 1>} : (tensor<1x4x6x2xf32>) -> tensor<1x4x3x1xf32>
  %c = nn.constant dense<3.0> : tensor<1x4x3x1xf32> : tensor<1x4x3x1xf32>
  %2 = nn.concat %1, %c, %1 {axis = 3 : i64} : (tensor<1x4x3x1xf32>, tensor<1x4x3x1xf32>, tensor<1x4x3x1xf32>) -> tensor<1x4x3x3xf32>
  return %2 : tensor<1x4x3x3xf32>
}

// -----

// CHECK-LABEL: vectors
// CHECK: = Gemm 'Gemm' (x, weights[2, 3], [1.0, 2.0]) transB=1
// CHECK-NEXT: = Relu 'Relu' (Gemm_output_0)
// CHECK-NEXT: = Reshape 'Reshape' (Relu_output_0, [4])
// CHECK-NEXT: = Sigmoid
// CHECK-NEXT: = Reshape 'Reshape_1' (Sigmoid_output_0, [1, 4])
// CHECK-NEXT: = BatchNormalization
// CHECK-NEXT: = Reshape
// CHECK: read again: same values
func.func @vectors(%x: tensor<2x3xf32> {nn.name = "x"}) -> tensor<4xf32> {
  %w = nn.constant dense<[[1.0, 2.0, 3.0], [-4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %b = nn.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.fully_connected %x, %w, %b {clamp = #nn.clamp<min = 0.0>} : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = nn.reshape %0 : (tensor<2x2xf32>) -> tensor<4xf32>
  %2 = nn.sigmoid %1 : (tensor<4xf32>) -> tensor<4xf32>
  %s = nn.constant dense<[2.0, 0.5, 1.0, 3.0]> : tensor<4xf32> : tensor<4xf32>
  %3 = nn.scale_shift %2, %s, %s : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}
