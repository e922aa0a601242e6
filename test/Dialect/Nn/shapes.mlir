// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @concat
func.func @concat(%a: tensor<1x8x8x4xf32>, %b: tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32> {
  // CHECK: nn.concat %{{.*}}, %{{.*}} {axis = 3 : i64} : (tensor<1x8x8x4xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32>
  %r = nn.concat %a, %b {axis = 3 : i64}
     : (tensor<1x8x8x4xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32>
  return %r : tensor<1x8x8x10xf32>
}

// CHECK-LABEL: func.func @concat_pixels
func.func @concat_pixels(%a: tensor<1x2x8x3xui8>) -> tensor<1x6x8x3xui8> {
  // CHECK: nn.concat %{{.*}}, %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<1x2x8x3xui8>, tensor<1x2x8x3xui8>, tensor<1x2x8x3xui8>) -> tensor<1x6x8x3xui8>
  %r = nn.concat %a, %a, %a {axis = 1 : i64}
     : (tensor<1x2x8x3xui8>, tensor<1x2x8x3xui8>, tensor<1x2x8x3xui8>) -> tensor<1x6x8x3xui8>
  return %r : tensor<1x6x8x3xui8>
}

// CHECK-LABEL: func.func @pad
func.func @pad(%x: tensor<1x8x8x4xf32>) -> tensor<1x10x11x4xf32> {
  // CHECK: nn.pad %{{.*}} {high = array<i64: 0, 1, 3, 0>, low = array<i64: 0, 1, 0, 0>} : (tensor<1x8x8x4xf32>) -> tensor<1x10x11x4xf32>
  %r = nn.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 1, 3, 0>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x10x11x4xf32>
  return %r : tensor<1x10x11x4xf32>
}

// CHECK-LABEL: func.func @slice
func.func @slice(%x: tensor<1x8x8x4xui8>) -> tensor<1x3x8x4xui8> {
  // CHECK: nn.slice %{{.*}} {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 3, 8, 4>} : (tensor<1x8x8x4xui8>) -> tensor<1x3x8x4xui8>
  %r = nn.slice %x {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 3, 8, 4>}
     : (tensor<1x8x8x4xui8>) -> tensor<1x3x8x4xui8>
  return %r : tensor<1x3x8x4xui8>
}

// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<1x1x1x512xf32>) -> tensor<1x512xf32> {
  // CHECK: nn.reshape %{{.*}} : (tensor<1x1x1x512xf32>) -> tensor<1x512xf32>
  %r = nn.reshape %x : (tensor<1x1x1x512xf32>) -> tensor<1x512xf32>
  return %r : tensor<1x512xf32>
}

// CHECK-LABEL: func.func @transpose
func.func @transpose(%x: tensor<1x3x8x9xf32>) -> tensor<1x8x9x3xf32> {
  // CHECK: nn.transpose %{{.*}} {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x9xf32>) -> tensor<1x8x9x3xf32>
  %r = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
     : (tensor<1x3x8x9xf32>) -> tensor<1x8x9x3xf32>
  return %r : tensor<1x8x9x3xf32>
}
