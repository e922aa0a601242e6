// RUN: windrow-opt %s --pass-pipeline='builtin.module(func.func(nn-normalize-image-input{mean=0.5,0.25 deviation=0.5,1.0}))' | FileCheck %s

// RUN: windrow-opt %s --pass-pipeline='builtin.module(func.func(nn-normalize-image-input{mean=0.5,0.25 deviation=0.5,1.0 grey=true}))' | FileCheck %s --check-prefix=GREY

// GREY-LABEL: func.func @main
// GREY-SAME: (%[[X:.*]]: tensor<1x8x8x1xui8> {nn.model_layout = "NCHW"}) -> tensor<1x8x8x2xf32>
// GREY-NEXT: nn.normalize_image %[[X]]
// GREY-SAME: (tensor<1x8x8x1xui8>) -> tensor<1x8x8x2xf32>

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<1x8x8x2xui8> {nn.model_layout = "NCHW"}) -> tensor<1x8x8x2xf32>
// CHECK-NEXT: %[[N:.*]] = nn.normalize_image %[[X]]
// CHECK-SAME: deviation = array<f32: 5.000000e-01, 1.000000e+00>
// CHECK-SAME: mean = array<f32: 5.000000e-01, 2.500000e-01>
// CHECK-NEXT: %[[S:.*]] = nn.sigmoid %[[N]]
// CHECK-NEXT: nn.add %[[S]], %[[N]]
func.func @main(%x: tensor<1x8x8x2xf32> {nn.model_layout = "NCHW"}) -> tensor<1x8x8x2xf32> {
  %0 = nn.sigmoid %x : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %1 = nn.add %0, %x : (tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  return %1 : tensor<1x8x8x2xf32>
}
