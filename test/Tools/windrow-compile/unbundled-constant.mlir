// A constant that is no weight has no place in a bundle.

// RUN: not windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=single -o %t.plan 2>&1 | FileCheck %s
// RUN: not ls %t.plan

// CHECK: error: 'nn.add' op operand #1 must be a computed value to be part of a bundle, got a constant of type 'tensor<1x2x2x3xf32>'
func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32> {
  %c = nn.constant dense<2.0> : tensor<1x2x2x3xf32> : tensor<1x2x2x3xf32>
  %0 = nn.add %x, %c
     : (tensor<1x2x2x3xf32>, tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32>
  return %0 : tensor<1x2x2x3xf32>
}
