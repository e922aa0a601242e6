// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @add
func.func @add(%a: tensor<1x7x7x8xf32>, %b: tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32> {
  // CHECK: nn.add %{{.*}}, %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
  %r = nn.add %a, %b {clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
  return %r : tensor<1x7x7x8xf32>
}

// CHECK-LABEL: func.func @add_any_rank
func.func @add_any_rank(%a: tensor<1x8xf16>, %b: tensor<1x8xf16>) -> tensor<1x8xf16> {
  // CHECK: nn.add %{{.*}}, %{{.*}} : (tensor<1x8xf16>, tensor<1x8xf16>) -> tensor<1x8xf16>
  %r = nn.add %a, %b : (tensor<1x8xf16>, tensor<1x8xf16>) -> tensor<1x8xf16>
  return %r : tensor<1x8xf16>
}

// CHECK-LABEL: func.func @multiply_per_channel
func.func @multiply_per_channel(%x: tensor<2x4x4x6xf32>, %gate: tensor<2x1x1x6xf32>)
    -> tensor<2x4x4x6xf32> {
  // CHECK: nn.multiply %{{.*}}, %{{.*}} : (tensor<2x4x4x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x4x4x6xf32>
  %0 = nn.multiply %x, %gate
     : (tensor<2x4x4x6xf32>, tensor<2x1x1x6xf32>) -> tensor<2x4x4x6xf32>
  // CHECK: nn.multiply %{{.*}}, %{{.*}} : (tensor<2x1x1x6xf32>, tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32>
  %1 = nn.multiply %gate, %0
     : (tensor<2x1x1x6xf32>, tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32>
  return %1 : tensor<2x4x4x6xf32>
}

// CHECK-LABEL: func.func @clamp
func.func @clamp(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK: nn.clamp %{{.*}} {bounds = #nn.clamp<min = 0.000000e+00>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %r = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return %r : tensor<1x8x8x4xf32>
}

// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32> {
  // CHECK: nn.sigmoid %{{.*}} : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  %0 = nn.sigmoid %x : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  // CHECK: nn.hard_swish %{{.*}} : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  %1 = nn.hard_swish %0 : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  // CHECK: nn.softmax %{{.*}} : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  %2 = nn.softmax %1 : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
  return %2 : tensor<1x1x1x64xf32>
}

// CHECK-LABEL: func.func @scale_shift
func.func @scale_shift(%x: tensor<1x8x8x4xf32>, %s: tensor<4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK: nn.scale_shift %{{.*}}, %{{.*}}, %{{.*}} {clamp = #nn.clamp<max = 6.000000e+00>} : (tensor<1x8x8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  %r = nn.scale_shift %x, %s, %s {clamp = #nn.clamp<max = 6.0>}
     : (tensor<1x8x8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  return %r : tensor<1x8x8x4xf32>
}

// CHECK-LABEL: func.func @normalize_grey_image
func.func @normalize_grey_image(%x: tensor<1x200x200x1xui8>) -> tensor<1x200x200x3xf32> {
  // CHECK: nn.normalize_image %{{.*}} : (tensor<1x200x200x1xui8>) -> tensor<1x200x200x3xf32>
  %r = nn.normalize_image %x {mean = array<f32: 0.5, 0.0, -0.5>,
                              deviation = array<f32: 0.5, 0.5, 0.25>}
     : (tensor<1x200x200x1xui8>) -> tensor<1x200x200x3xf32>
  return %r : tensor<1x200x200x3xf32>
}

// CHECK-LABEL: func.func @normalize_image
func.func @normalize_image(%x: tensor<1x200x200x3xui8>) -> tensor<1x200x200x3xf32> {
  // CHECK: nn.normalize_image %{{.*}} {deviation = array<f32: 5.000000e-01, 5.000000e-01, 2.500000e-01>, mean = array<f32: 5.000000e-01, 0.000000e+00, -5.000000e-01>} : (tensor<1x200x200x3xui8>) -> tensor<1x200x200x3xf32>
  %r = nn.normalize_image %x {mean = array<f32: 0.5, 0.0, -0.5>,
                              deviation = array<f32: 0.5, 0.5, 0.25>}
     : (tensor<1x200x200x3xui8>) -> tensor<1x200x200x3xf32>
  return %r : tensor<1x200x200x3xf32>
}
