// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @dynamic(%x: tensor<1x?x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<1x?x8x4xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<1x?x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @unranked(%x: tensor<*xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<*xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<*xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @rank(%x: tensor<8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<8x8x4xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @empty(%x: tensor<1x0x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<1x0x8x4xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<1x0x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

// 2^31 elements could overflow sizes in bytes.
func.func @too_large(%x: tensor<1x65536x32768x1xf32>, %f: tensor<6x3x3x1xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<1x65536x32768x1xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<1x65536x32768x1xf32>, tensor<6x3x3x1xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @integers(%x: tensor<1x8x8x4xui8>, %f: tensor<6x3x3x4xui8>) {
  // expected-error@+1 {{'nn.conv_2d' op operand #0 must be static, non-empty rank-4 tensor of f16, bf16 or f32, but got 'tensor<1x8x8x4xui8>'}}
  %r = nn.conv_2d %x, %f : (tensor<1x8x8x4xui8>, tensor<6x3x3x4xui8>) -> tensor<1x6x6x6xui8>
  return
}

// -----

func.func @element_types(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf16>) {
  // expected-error@+1 {{'nn.conv_2d' op operands must have one element type, got 'f32' and 'f16'}}
  %r = nn.conv_2d %x, %f : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf16>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @groups(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x1xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op groups must divide 4 input and 6 output channels, got 4}}
  %r = nn.conv_2d %x, %f {groups = 4 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @no_groups(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x1xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op groups must divide 4 input and 6 output channels, got 0}}
  %r = nn.conv_2d %x, %f {groups = 0 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @filter(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op filter must have 2 input channels in its last dimension, got 4}}
  %r = nn.conv_2d %x, %f {groups = 2 : i64} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @bias(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op bias must have 6 elements, got 4}}
  %r = nn.conv_2d %x, %f, %b : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @strides(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op strides must be 2 numbers from 1 to 2147483647, got [2, 0]}}
  %r = nn.conv_2d %x, %f {strides = array<i64: 2, 0>} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @dilations(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op dilations must be 2 numbers from 1 to 2147483647, got [1]}}
  %r = nn.conv_2d %x, %f {dilations = array<i64: 1>} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @pads(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op pads must be 4 numbers from 0 to 2147483647, got [1, 1, 1, -1]}}
  %r = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, -1>} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @huge_pads(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op pads must be 4 numbers from 0 to 2147483647, got [9223372036854775807, 0, 9223372036854775807, 0]}}
  %r = nn.conv_2d %x, %f {pads = array<i64: 9223372036854775807, 0, 9223372036854775807, 0>} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @height(%x: tensor<1x4x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op padded height must be at least 7, the extent of the kernel, got 5}}
  %r = nn.conv_2d %x, %f {dilations = array<i64: 3, 1>, pads = array<i64: 1, 0, 0, 0>} : (tensor<1x4x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @width(%x: tensor<1x8x2x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op padded width must be at least 3, the extent of the kernel, got 2}}
  %r = nn.conv_2d %x, %f : (tensor<1x8x2x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @result(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op result must be 'tensor<1x6x6x6xf32>', got 'tensor<1x8x8x6xf32>'}}
  %r = nn.conv_2d %x, %f : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x8x8x6xf32>
  return
}

// -----

func.func @kernel(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'nn.max_pool_2d' op kernel must be 2 numbers from 1 to 2147483647, got [2]}}
  %r = nn.max_pool_2d %x {kernel = array<i64: 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x7x7x4xf32>
  return
}

// -----

func.func @no_kernel(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'nn.max_pool_2d' op requires attribute 'kernel'}}
  %r = nn.max_pool_2d %x : (tensor<1x8x8x4xf32>) -> tensor<1x7x7x4xf32>
  return
}

// -----

func.func @window_above(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'nn.max_pool_2d' op every window must hold an element of the image, got none in row 0 of the result}}
  %r = nn.max_pool_2d %x {kernel = array<i64: 2, 2>, pads = array<i64: 2, 0, 0, 0>} : (tensor<1x8x8x4xf32>) -> tensor<1x9x7x4xf32>
  return
}

// -----

func.func @window_on_the_right(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'nn.avg_pool_2d' op every window must hold an element of the image, got none in column 4 of the result}}
  %r = nn.avg_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x5x4xf32>
  return
}

// -----

// Taps at -1 and 1 leave out the only row.
func.func @window_around_the_image(%x: tensor<1x1x8x4xf32>) {
  // expected-error@+1 {{'nn.max_pool_2d' op every window must hold an element of the image, got none in row 0 of the result}}
  %r = nn.max_pool_2d %x {kernel = array<i64: 2, 2>, dilations = array<i64: 2, 1>, pads = array<i64: 1, 0, 1, 0>} : (tensor<1x1x8x4xf32>) -> tensor<1x1x7x4xf32>
  return
}

// -----

func.func @pool_result(%x: tensor<1x8x8x4xf32>) {
  // expected-error@+1 {{'nn.avg_pool_2d' op result must be 'tensor<1x4x4x4xf32>', got 'tensor<1x4x4x8xf32>'}}
  %r = nn.avg_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x8xf32>
  return
}

// -----

func.func @algorithm(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'nn.conv_2d' op algorithm must be direct unless the filter is 3x3, strides and dilations are 1 and groups is 1, got winograd4x4}}
  %r = nn.conv_2d %x, %f {strides = array<i64: 1, 2>, algorithm = #nn.algorithm<winograd4x4>} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x3x6xf32>
  return
}
