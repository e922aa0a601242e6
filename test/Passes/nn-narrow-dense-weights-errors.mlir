// RUN: windrow-opt %s --nn-narrow-dense-weights=storage=f16 --verify-diagnostics
// RUN: windrow-opt %s --nn-narrow-dense-weights=storage=bf16 -o /dev/null

func.func @too_large(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
  %w = nn.constant dense<[[1.0, -65505.0]]> : tensor<1x2xf32> : tensor<1x2xf32>
  // expected-error @+1 {{'nn.fully_connected' op filter must hold no number above 65504 to be stored as f16, got -6.550500e+04}}
  %r = nn.fully_connected %x, %w : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1xf32>
  return %r : tensor<1x1xf32>
}
