// RUN: windrow-opt %s --nn-merge-pads | FileCheck %s

// Two pads, and the convolution's own: order top, left, bottom, right.
// CHECK-LABEL: func.func @into_conv
// CHECK-NEXT: nn.conv_2d %arg0, %arg1 {pads = array<i64: 2, 2, 4, 6>, strides = array<i64: 2, 2>}
// CHECK-NEXT: return
func.func @into_conv(%x: tensor<1x8x8x3xf32>, %f: tensor<4x3x3x3xf32>) -> tensor<1x6x7x4xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 2, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x9x10x3xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 3, 3, 0>} : (tensor<1x9x10x3xf32>) -> tensor<1x12x14x3xf32>
  %2 = nn.conv_2d %1, %f {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x12x14x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x7x4xf32>
  return %2 : tensor<1x6x7x4xf32>
}

// The pad stays for its other use.
// CHECK-LABEL: func.func @shared
// CHECK-NEXT: %[[P:.*]] = nn.pad
// CHECK-NEXT: %[[C:.*]] = nn.conv_2d %arg0, %arg1 {pads = array<i64: 1, 1, 1, 1>}
// CHECK-NEXT: return %[[P]], %[[C]]
func.func @shared(%x: tensor<1x8x8x3xf32>, %f: tensor<4x3x3x3xf32>) -> (tensor<1x10x10x3xf32>, tensor<1x8x8x4xf32>) {
  %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x10x10x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>
  return %0, %1 : tensor<1x10x10x3xf32>, tensor<1x8x8x4xf32>
}

// Channels are not padding.
// CHECK-LABEL: func.func @channels
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.conv_2d %{{.*}}, %arg1 :
func.func @channels(%x: tensor<1x8x8x2xf32>, %f: tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 1>} : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x3xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
  return %1 : tensor<1x6x6x4xf32>
}

// Behind a ReLU zeros never beat the image ...
// CHECK-LABEL: func.func @into_max_pool
// CHECK-NEXT: nn.clamp
// CHECK-NEXT: nn.max_pool_2d %{{.*}} {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
func.func @into_max_pool(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32> {
  %0 = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>} : (tensor<1x10x10x3xf32>) -> tensor<1x4x4x3xf32>
  return %2 : tensor<1x4x4x3xf32>
}

// ... elsewhere they may.
// CHECK-LABEL: func.func @not_into_max_pool
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.max_pool_2d
func.func @not_into_max_pool(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>} : (tensor<1x10x10x3xf32>) -> tensor<1x4x4x3xf32>
  return %1 : tensor<1x4x4x3xf32>
}

// A window of padding alone has no largest element.
// CHECK-LABEL: func.func @window_of_padding
// CHECK-NEXT: nn.sigmoid
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.max_pool_2d
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.max_pool_2d
func.func @window_of_padding(%x: tensor<1x8x8x3xf32>) -> (tensor<1x5x4x3xf32>, tensor<1x4x5x3xf32>) {
  %0 = nn.sigmoid %x : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  %1 = nn.pad %0 {low = array<i64: 0, 2, 0, 0>, high = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x8x3xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x10x8x3xf32>) -> tensor<1x5x4x3xf32>
  %3 = nn.pad %0 {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 2, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x8x10x3xf32>
  %4 = nn.max_pool_2d %3 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x8x10x3xf32>) -> tensor<1x4x5x3xf32>
  return %2, %4 : tensor<1x5x4x3xf32>, tensor<1x4x5x3xf32>
}

// An average that counts the padding is a pad before one that does not.
// CHECK-LABEL: func.func @not_into_avg_pool
// CHECK-NEXT: nn.pad
// CHECK-NEXT: nn.avg_pool_2d
func.func @not_into_avg_pool(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
  %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
  %1 = nn.avg_pool_2d %0 {kernel = array<i64: 3, 3>} : (tensor<1x10x10x3xf32>) -> tensor<1x8x8x3xf32>
  return %1 : tensor<1x8x8x3xf32>
}
