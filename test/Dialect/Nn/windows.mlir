// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @conv_2d
func.func @conv_2d(%x: tensor<1x56x56x64xf32>, %f: tensor<128x3x3x64xf32>,
                   %b: tensor<128xf32>) -> tensor<1x56x56x128xf32> {
  // CHECK: nn.conv_2d %{{.*}}, %{{.*}}, %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x64xf32>, tensor<128x3x3x64xf32>, tensor<128xf32>) -> tensor<1x56x56x128xf32>
  %r = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 1, 1, 1>,
                              clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x56x56x64xf32>, tensor<128x3x3x64xf32>, tensor<128xf32>)
     -> tensor<1x56x56x128xf32>
  return %r : tensor<1x56x56x128xf32>
}

// Without a bias; every attribute that has a default differs from it.
// CHECK-LABEL: func.func @conv_2d_all_attributes
func.func @conv_2d_all_attributes(%x: tensor<2x9x8x4xf32>,
                                  %f: tensor<6x3x2x2xf32>) -> tensor<2x3x5x6xf32> {
  // CHECK: nn.conv_2d %{{.*}}, %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00, max = 6.000000e+00>, dilations = array<i64: 2, 3>, groups = 2 : i64, pads = array<i64: 0, 1, 1, 3>, strides = array<i64: 2, 2>} : (tensor<2x9x8x4xf32>, tensor<6x3x2x2xf32>) -> tensor<2x3x5x6xf32>
  %r = nn.conv_2d %x, %f {strides = array<i64: 2, 2>, pads = array<i64: 0, 1, 1, 3>,
                          dilations = array<i64: 2, 3>, groups = 2 : i64,
                          clamp = #nn.clamp<min = 0.0, max = 6.0>}
     : (tensor<2x9x8x4xf32>, tensor<6x3x2x2xf32>) -> tensor<2x3x5x6xf32>
  return %r : tensor<2x3x5x6xf32>
}

// CHECK-LABEL: func.func @conv_2d_winograd
func.func @conv_2d_winograd(%x: tensor<1x9x8x4xf32>, %f: tensor<6x3x3x4xf32>) -> tensor<1x7x6x6xf32> {
  // CHECK: nn.conv_2d %{{.*}}, %{{.*}} {algorithm = #nn.algorithm<winograd2x2>} : (tensor<1x9x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x7x6x6xf32>
  %r = nn.conv_2d %x, %f {algorithm = #nn.algorithm<winograd2x2>}
     : (tensor<1x9x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x7x6x6xf32>
  return %r : tensor<1x7x6x6xf32>
}

// CHECK-LABEL: func.func @max_pool_2d
func.func @max_pool_2d(%x: tensor<1x56x56x64xf32>) -> tensor<1x28x28x64xf32> {
  // CHECK: nn.max_pool_2d %{{.*}} {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x56x56x64xf32>) -> tensor<1x28x28x64xf32>
  %r = nn.max_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
     : (tensor<1x56x56x64xf32>) -> tensor<1x28x28x64xf32>
  return %r : tensor<1x28x28x64xf32>
}

// CHECK-LABEL: func.func @max_pool_2d_dilated
func.func @max_pool_2d_dilated(%x: tensor<1x9x9x4xf16>) -> tensor<1x5x5x4xf16> {
  // CHECK: nn.max_pool_2d %{{.*}} {clamp = #nn.clamp<max = 1.000000e+00>, dilations = array<i64: 2, 2>, kernel = array<i64: 3, 3>} : (tensor<1x9x9x4xf16>) -> tensor<1x5x5x4xf16>
  %r = nn.max_pool_2d %x {kernel = array<i64: 3, 3>, dilations = array<i64: 2, 2>,
                          clamp = #nn.clamp<max = 1.0>}
     : (tensor<1x9x9x4xf16>) -> tensor<1x5x5x4xf16>
  return %r : tensor<1x5x5x4xf16>
}

// CHECK-LABEL: func.func @avg_pool_2d
func.func @avg_pool_2d(%x: tensor<1x14x14x512xf32>) -> tensor<1x14x14x512xf32> {
  // CHECK: nn.avg_pool_2d %{{.*}} {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x14x14x512xf32>) -> tensor<1x14x14x512xf32>
  %r = nn.avg_pool_2d %x {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x14x14x512xf32>) -> tensor<1x14x14x512xf32>
  return %r : tensor<1x14x14x512xf32>
}
