// RUN: rm -rf %t && split-file %s %t

// RUN: not windrow-translate --export-onnx %t/two.mlir 2>&1 | FileCheck %s --check-prefix=TWO
// TWO: windrow-translate: error: {{.*}}two.mlir: must have one function unless --function=NAME is given, got 2
// RUN: not windrow-translate --export-onnx %t/two.mlir --function=c 2>&1 | FileCheck %s --check-prefix=ABSENT
// ABSENT: windrow-translate: error: {{.*}}two.mlir: has no function 'c'
// RUN: windrow-translate --export-onnx %t/two.mlir --function=b -o %t/b.onnx
// RUN: windrow-translate --import-onnx %t/b.onnx | FileCheck %s --check-prefix=B
// B: nn.hard_swish

//--- two.mlir
func.func @a(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = nn.sigmoid %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
func.func @b(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = nn.hard_swish %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

//--- half.mlir
func.func @main(%x: tensor<1x2xf16>) -> tensor<1x2xf16> {
  %0 = nn.sigmoid %x : (tensor<1x2xf16>) -> tensor<1x2xf16>
  return %0 : tensor<1x2xf16>
}

// RUN: not windrow-translate --export-onnx %t/half.mlir 2>&1 | FileCheck %s --check-prefix=HALF
// HALF: windrow-translate: error: {{.*}}half.mlir:1:1: argument 0 must be a tensor of f32 to be exported, or be read by one nn.normalize_image only, got 'tensor<1x2xf16>'
// HALF-NOT: error

// A file that was there stays as it was.

//--- pixels.mlir
func.func @main(%x: tensor<1x2x2x1xui8>) -> tensor<1x2x2x1xf32> {
  %0 = nn.normalize_image %x {mean = array<f32: 0.5>, deviation = array<f32: 0.5>} : (tensor<1x2x2x1xui8>) -> tensor<1x2x2x1xf32>
  %1 = nn.normalize_image %x {mean = array<f32: 0.25>, deviation = array<f32: 0.5>} : (tensor<1x2x2x1xui8>) -> tensor<1x2x2x1xf32>
  %2 = nn.add %0, %1 : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %2 : tensor<1x2x2x1xf32>
}

// RUN: echo old > %t/old.onnx
// RUN: not windrow-translate --export-onnx %t/pixels.mlir -o %t/old.onnx 2>&1 | FileCheck %s --check-prefix=PIXELS
// PIXELS: windrow-translate: error: {{.*}}pixels.mlir:1:1: argument 0 must be a tensor of f32 to be exported, or be read by one nn.normalize_image only, got 'tensor<1x2x2x1xui8>'
// PIXELS-NOT: error
// RUN: FileCheck %s --check-prefix=OLD --input-file=%t/old.onnx
// OLD: old

//--- result.mlir
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = nn.constant dense<1.0> : tensor<2xf16> : tensor<2xf16>
  return %x : tensor<1x2xf32>
}

// RUN: not windrow-translate --export-onnx %t/result.mlir 2>&1 | FileCheck %s --check-prefix=RESULT
// RESULT: windrow-translate: error: {{.*}}result.mlir:2:8: result must be a tensor of f32 to be exported, got 'tensor<2xf16>'

//--- call.mlir
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = func.call @other(%x) : (tensor<1x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
func.func private @other(tensor<1x2xf32>) -> tensor<1x2xf32>

// RUN: not windrow-translate --export-onnx %t/call.mlir --function=main 2>&1 | FileCheck %s --check-prefix=CALL
// CALL: windrow-translate: error: {{.*}}call.mlir:2:8: operation 'func.call' cannot be exported to ONNX
// RUN: not windrow-translate --export-onnx %t/call.mlir --function=other 2>&1 | FileCheck %s --check-prefix=BODY
// BODY: windrow-translate: error: {{.*}}call.mlir:5:1: must have a body of one block

//--- large.mlir
func.func @main(%x: tensor<1x60000xf32>) -> tensor<1x10000xf32> {
  %w = nn.constant dense<1.0> : tensor<10000x60000xf32> : tensor<10000x60000xf32>
  %0 = nn.fully_connected %x, %w : (tensor<1x60000xf32>, tensor<10000x60000xf32>) -> tensor<1x10000xf32>
  return %0 : tensor<1x10000xf32>
}

// RUN: not windrow-translate --export-onnx %t/large.mlir -o %t/large.onnx 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: windrow-translate: error: {{.*}}large.mlir:1:1: an ONNX file must have less than 2 GiB, got 2400000{{[0-9]+}} bytes
// RUN: not ls %t/large.onnx

//--- elided.mlir
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense_resource<__elided__> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = nn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// RUN: not windrow-translate --export-onnx %t/elided.mlir 2>&1 | FileCheck %s --check-prefix=ELIDED
// ELIDED: windrow-translate: error: {{.*}}elided.mlir:2:8: the elements of the constant must be in the file to be exported, but were left out of it

// RUN: not windrow-translate --export-onnx %t/absent.mlir 2>&1 | FileCheck %s --check-prefix=NO-FILE
// NO-FILE: windrow-translate: error: {{.*}}absent.mlir

//--- part.mlir
func.func @main(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> from [1, 0] of [2, 2] : tensor<1x2xf32>
  %0 = nn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}

// RUN: not windrow-translate --export-onnx %t/part.mlir 2>&1 | FileCheck %s --check-prefix=PART
// PART: windrow-translate: error: {{.*}}part.mlir:2:8: a part of a constant cannot be exported to ONNX
