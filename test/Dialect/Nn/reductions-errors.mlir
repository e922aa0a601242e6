// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @rank(%x: tensor<7x7x4xf32>) {
  // expected-error@+1 {{'nn.global_avg_pool' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<7x7x4xf32>'}}
  %r = nn.global_avg_pool %x : (tensor<7x7x4xf32>) -> tensor<1x1x1x4xf32>
  return
}

// -----

func.func @average(%x: tensor<1x7x7x4xf32>) {
  // expected-error@+1 {{'nn.global_avg_pool' op result must be 'tensor<1x1x1x4xf32>', got 'tensor<1x1x7x4xf32>'}}
  %r = nn.global_avg_pool %x : (tensor<1x7x7x4xf32>) -> tensor<1x1x7x4xf32>
  return
}

// -----

func.func @sum(%x: tensor<1x7x7x4xf32>) {
  // expected-error@+1 {{'nn.global_sum_pool' op result must be 'tensor<1x1x1x4xf32>', got 'tensor<1x1x1x4xf16>'}}
  %r = nn.global_sum_pool %x : (tensor<1x7x7x4xf32>) -> tensor<1x1x1x4xf16>
  return
}
