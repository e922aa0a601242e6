// RUN: windrow-opt %s --nn-narrow-dense-weights | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: windrow-opt %s --nn-narrow-dense-weights=storage=f16 | FileCheck %s --check-prefixes=CHECK,F16
// RUN: windrow-opt %s --nn-narrow-dense-weights --nn-narrow-dense-weights=storage=f32 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,F32

// CHECK-LABEL: func.func @dense
func.func @dense(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<65504.0> : tensor<2x3xf32> : tensor<2x3xf32>
  // BF16: nn.fully_connected {{.*}} {clamp = #nn.clamp<min = 0.000000e+00>, storage = #nn.storage<bf16>}
  // F16: nn.fully_connected {{.*}} {clamp = #nn.clamp<min = 0.000000e+00>, storage = #nn.storage<f16>}
  // F32: nn.fully_connected {{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} :
  %r = nn.fully_connected %x, %w {clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}

// Others are not narrowed.
// CHECK-LABEL: func.func @convolution
func.func @convolution(%x: tensor<1x4x4x3xf32>, %f: tensor<2x1x1x3xf32>) -> tensor<1x4x4x2xf32> {
  // CHECK-NOT: storage
  %r = nn.conv_2d %x, %f : (tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32>) -> tensor<1x4x4x2xf32>
  return %r : tensor<1x4x4x2xf32>
}
