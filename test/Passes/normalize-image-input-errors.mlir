// RUN: windrow-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(func.func(nn-normalize-image-input{mean=0.5 deviation=0.5}))'

// expected-error @+1 {{a model of images must have one input, got 2}}
func.func @main(%x: tensor<1x8x8x1xf32>, %y: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  return %x : tensor<1x8x8x1xf32>
}

// -----

// expected-error @+1 {{input of a model of images must be a rank-4 tensor of f32, got 'tensor<1x8xf32>'}}
func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  return %x : tensor<1x8xf32>
}

// -----

// expected-error @+1 {{image mean must have one value for each of 3 channels, got 1}}
func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32> {
  return %x : tensor<1x8x8x3xf32>
}
