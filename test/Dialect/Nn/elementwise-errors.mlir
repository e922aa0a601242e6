// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @shapes(%a: tensor<1x7x7x8xf32>, %b: tensor<1x7x1x8xf32>) {
  // expected-error@+1 {{'nn.add' op operands must have one shape, or one of them [N, 1, 1, C] of the other's [N, H, W, C], got [1, 7, 7, 8] and [1, 7, 1, 8]}}
  %r = nn.add %a, %b : (tensor<1x7x7x8xf32>, tensor<1x7x1x8xf32>) -> tensor<1x7x7x8xf32>
  return
}

// -----

func.func @batches(%a: tensor<2x7x7x8xf32>, %b: tensor<1x1x1x8xf32>) {
  // expected-error@+1 {{'nn.multiply' op operands must have one shape, or one of them [N, 1, 1, C] of the other's [N, H, W, C], got [2, 7, 7, 8] and [1, 1, 1, 8]}}
  %r = nn.multiply %a, %b : (tensor<2x7x7x8xf32>, tensor<1x1x1x8xf32>) -> tensor<2x7x7x8xf32>
  return
}

// -----

func.func @ranks(%a: tensor<1x7x7x8xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{'nn.multiply' op operands must have one shape, or one of them [N, 1, 1, C] of the other's [N, H, W, C], got [1, 7, 7, 8] and [8]}}
  %r = nn.multiply %a, %b : (tensor<1x7x7x8xf32>, tensor<8xf32>) -> tensor<1x7x7x8xf32>
  return
}

// -----

func.func @element_types(%a: tensor<8xf32>, %b: tensor<8xf16>) {
  // expected-error@+1 {{'nn.add' op operands must have one element type, got 'f32' and 'f16'}}
  %r = nn.add %a, %b : (tensor<8xf32>, tensor<8xf16>) -> tensor<8xf32>
  return
}

// -----

func.func @result(%a: tensor<1x7x7x8xf32>, %b: tensor<1x1x1x8xf32>) {
  // expected-error@+1 {{'nn.add' op result must be 'tensor<1x7x7x8xf32>', got 'tensor<1x1x1x8xf32>'}}
  %r = nn.add %a, %b : (tensor<1x7x7x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x1x1x8xf32>
  return
}

// -----

func.func @no_bounds(%x: tensor<8xf32>) {
  // expected-error@+1 {{'nn.clamp' op requires attribute 'bounds'}}
  %r = nn.clamp %x : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @unary_result(%x: tensor<8xf32>) {
  // expected-error@+1 {{'nn.clamp' op requires the same type for all operands and results}}
  %r = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<8xf32>) -> tensor<9xf32>
  return
}

// -----

func.func @softmax_of_a_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{'nn.softmax' op input must have a last dimension, got rank 0}}
  %r = nn.softmax %x : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @scale(%x: tensor<1x8x8x4xf32>, %s: tensor<3xf32>, %t: tensor<4xf32>) {
  // expected-error@+1 {{'nn.scale_shift' op scale and shift must have 4 elements, got 3}}
  %r = nn.scale_shift %x, %s, %t : (tensor<1x8x8x4xf32>, tensor<3xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @shift(%x: tensor<1x8x8x4xf32>, %s: tensor<4xf32>, %t: tensor<1xf32>) {
  // expected-error@+1 {{'nn.scale_shift' op scale and shift must have 4 elements, got 1}}
  %r = nn.scale_shift %x, %s, %t : (tensor<1x8x8x4xf32>, tensor<4xf32>, tensor<1xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @scale_shift_of_a_scalar(%x: tensor<f32>, %s: tensor<1xf32>) {
  // expected-error@+1 {{'nn.scale_shift' op input must have channels, got rank 0}}
  %r = nn.scale_shift %x, %s, %s : (tensor<f32>, tensor<1xf32>, tensor<1xf32>) -> tensor<f32>
  return
}

// -----

func.func @pixels(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{'nn.normalize_image' op operand #0 must be static, non-empty rank-4 tensor of ui8, but got 'tensor<1x8x8x3xf32>'}}
  %r = nn.normalize_image %x {mean = array<f32: 0.0, 0.0, 0.0>, deviation = array<f32: 1.0, 1.0, 1.0>} : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @grey_deviation_size(%x: tensor<1x8x8x1xui8>) {
  // expected-error@+1 {{'nn.normalize_image' op mean and deviation must have 3 elements, got 1}}
  %r = nn.normalize_image %x {mean = array<f32: 0.0, 0.0, 0.0>, deviation = array<f32: 1.0>} : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @mean_size(%x: tensor<1x8x8x3xui8>) {
  // expected-error@+1 {{'nn.normalize_image' op mean and deviation must have 3 elements, got 1}}
  %r = nn.normalize_image %x {mean = array<f32: 0.0>, deviation = array<f32: 1.0, 1.0, 1.0>} : (tensor<1x8x8x3xui8>) -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @mean(%x: tensor<1x8x8x1xui8>) {
  // expected-error@+1 {{'nn.normalize_image' op mean must be finite, got [INF]}}
  %r = nn.normalize_image %x {mean = array<f32: 0x7F800000>, deviation = array<f32: 1.0>} : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32>
  return
}

// -----

func.func @deviation(%x: tensor<1x8x8x1xui8>) {
  // expected-error@+1 {{'nn.normalize_image' op deviation must be finite and positive, got [0.000000e+00]}}
  %r = nn.normalize_image %x {mean = array<f32: 0.0>, deviation = array<f32: 0.0>} : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32>
  return
}

// -----

func.func @normalized_result(%x: tensor<1x8x8x1xui8>) {
  // expected-error@+1 {{'nn.normalize_image' op result must be 'tensor<1x8x8x1xf32>', got 'tensor<1x8x8x1xf16>'}}
  %r = nn.normalize_image %x {mean = array<f32: 0.0>, deviation = array<f32: 1.0>} : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf16>
  return
}
