// A grey image becomes an input of as many channels as the network reads.

// RUN: windrow-translate --export-onnx %s -o %t.onnx
// RUN: windrow-translate --import-onnx %t.onnx | FileCheck %s

// CHECK: func.func @main(%arg0: tensor<1x2x3x4xf32> {nn.name = "pixels"})
// CHECK-NEXT: %[[Y:.*]] = nn.sigmoid %arg0
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<1x3x4x1xui8> {nn.name = "pixels", nn.model_layout = "NCHW"})
    -> (tensor<1x3x4x2xf32> {nn.model_layout = "NCHW"}) {
  %0 = nn.normalize_image %x {mean = array<f32: 0.5, 0.5>, deviation = array<f32: 0.5, 0.25>}
     : (tensor<1x3x4x1xui8>) -> tensor<1x3x4x2xf32>
  %1 = nn.sigmoid %0 : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  return %1 : tensor<1x3x4x2xf32>
}
