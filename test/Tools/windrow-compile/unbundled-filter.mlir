// A kernel packs its weights before it runs.

// RUN: not windrow-compile %s --cluster=%S/Inputs/three.yaml --strategy=single -o %t.plan 2>&1 | FileCheck %s
// RUN: not ls %t.plan

// CHECK: error: 'nn.fully_connected' op filter must be a constant to be part of a bundle, got a computed value
func.func @main(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>) -> tensor<1x2xf32> {
  %0 = nn.fully_connected %x, %w
     : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
