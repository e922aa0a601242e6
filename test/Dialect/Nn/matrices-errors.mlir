// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @rank(%x: tensor<1x1x1x4xf32>, %w: tensor<2x4xf32>) {
  // expected-error@+1 {{'nn.fully_connected' op operand #0 must be static, non-empty rank-2 tensor of f16, bf16 or f32, but got 'tensor<1x1x1x4xf32>'}}
  %r = nn.fully_connected %x, %w : (tensor<1x1x1x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @element_types(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>, %b: tensor<2xbf16>) {
  // expected-error@+1 {{'nn.fully_connected' op operands must have one element type, got 'f32' and 'bf16'}}
  %r = nn.fully_connected %x, %w, %b : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<2xbf16>) -> tensor<1x2xf32>
  return
}

// -----

func.func @columns(%x: tensor<1x4xf32>, %w: tensor<4x2xf32>) {
  // expected-error@+1 {{'nn.fully_connected' op filter must have 4 columns, as many as the input, got 2}}
  %r = nn.fully_connected %x, %w : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @bias(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'nn.fully_connected' op bias must have 2 elements, got 4}}
  %r = nn.fully_connected %x, %w, %b : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<4xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @bias_rank(%x: tensor<1x4xf32>, %w: tensor<2x4xf32>, %b: tensor<1x2xf32>) {
  // expected-error@+1 {{'nn.fully_connected' op operand #2 must be static, non-empty rank-1 tensor of f16, bf16 or f32, but got 'tensor<1x2xf32>'}}
  %r = nn.fully_connected %x, %w, %b : (tensor<1x4xf32>, tensor<2x4xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @result(%x: tensor<3x4xf32>, %w: tensor<2x4xf32>) {
  // expected-error@+1 {{'nn.fully_connected' op result must be 'tensor<3x2xf32>', got 'tensor<1x2xf32>'}}
  %r = nn.fully_connected %x, %w : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  return
}
