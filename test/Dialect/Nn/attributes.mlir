// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --emit-bytecode | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @clamps
// CHECK-SAME: test.finite = #nn.clamp<min = -1.000000e+00, max = 6.000000e+00>
// CHECK-SAME: test.lower = #nn.clamp<min = 0.000000e+00>
// CHECK-SAME: test.swapped = #nn.clamp<min = 0.000000e+00, max = 1.000000e+00>
// CHECK-SAME: test.upper = #nn.clamp<max = 0.333333343>
func.func @clamps() attributes {
  test.finite = #nn.clamp<min = -1.0, max = 6.0>,
  test.lower = #nn.clamp<min = 0.0>,
  test.swapped = #nn.clamp<max = 1.0, min = 0.0>,
  test.upper = #nn.clamp<max = 0.333333333333>
} {
  return
}

// CHECK-LABEL: func.func @model_layouts
// CHECK-SAME: tensor<1x8x8x3xf32> {nn.model_layout = "NCHW"}
// CHECK-SAME: -> (tensor<1x8x8x3xf32> {nn.model_layout = "NHWC"})
func.func @model_layouts(%x: tensor<1x8x8x3xf32> {nn.model_layout = "NCHW"})
    -> (tensor<1x8x8x3xf32> {nn.model_layout = "NHWC"}) {
  return %x : tensor<1x8x8x3xf32>
}

// CHECK-LABEL: func.func @names
// CHECK-SAME: tensor<4xf32> {nn.name = "input"}
// CHECK-SAME: -> (tensor<4xf32> {nn.name = "logits"})
func.func @names(%x: tensor<4xf32> {nn.name = "input"})
    -> (tensor<4xf32> {nn.name = "logits"}) {
  return %x : tensor<4xf32>
}
