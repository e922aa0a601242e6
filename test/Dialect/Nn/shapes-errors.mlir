// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @concat_of_nothing() {
  // expected-error@+1 {{'nn.concat' op must have at least one operand}}
  %r = nn.concat {axis = 0 : i64} : () -> tensor<1xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.concat' op axis must be from 0 to 1, got 2}}
  %r = nn.concat %x, %x {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_negative_axis(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.concat' op axis must be from 0 to 1, got -1}}
  %r = nn.concat %x, %x {axis = -1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_shapes(%x: tensor<2x3xf32>, %y: tensor<3x3xf32>) {
  // expected-error@+1 {{'nn.concat' op operands must agree in all dimensions but 1, got [2, 3] and [3, 3]}}
  %r = nn.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_ranks(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error@+1 {{'nn.concat' op operands must agree in all dimensions but 1, got [2, 3] and [2]}}
  %r = nn.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_element_types(%x: tensor<2xf32>, %y: tensor<2xui8>) {
  // expected-error@+1 {{'nn.concat' op operands must have one element type, got 'f32' and 'ui8'}}
  %r = nn.concat %x, %y {axis = 0 : i64} : (tensor<2xf32>, tensor<2xui8>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_result(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.concat' op result must be 'tensor<2x6xf32>', got 'tensor<4x3xf32>'}}
  %r = nn.concat %x, %x {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @pad_low(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.pad' op low must be 2 numbers from 0 to 2147483647, got [0]}}
  %r = nn.pad %x {low = array<i64: 0>, high = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_high(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.pad' op high must be 2 numbers from 0 to 2147483647, got [0, -1]}}
  %r = nn.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, -1>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @pad_result(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.pad' op result must be 'tensor<3x5xf32>', got 'tensor<2x3xf32>'}}
  %r = nn.pad %x {low = array<i64: 0, 2>, high = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_offsets(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.slice' op offsets must be 2 numbers from 0 to 2147483647, got [-1, 0]}}
  %r = nn.slice %x {offsets = array<i64: -1, 0>, sizes = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @slice_sizes(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.slice' op sizes must be 2 numbers from 1 to 2147483647, got [1, 0]}}
  %r = nn.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @slice_box(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.slice' op box must lie in the input, got elements 2 to 4 of dimension 1 of size 3}}
  %r = nn.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @slice_result(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.slice' op result must be 'tensor<1x2xf32>', got 'tensor<2x1xf32>'}}
  %r = nn.slice %x {offsets = array<i64: 0, 1>, sizes = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @reshape_elements(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.reshape' op result must have 6 elements, as many as the input, got 8}}
  %r = nn.reshape %x : (tensor<2x3xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @reshape_element_type(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.reshape' op result must have elements of type 'f32', got 'f16'}}
  %r = nn.reshape %x : (tensor<2x3xf32>) -> tensor<6xf16>
  return
}

// -----

func.func @transpose_permutation(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.transpose' op permutation must hold every number below 2 once, got [0, 2]}}
  %r = nn.transpose %x {permutation = array<i64: 0, 2>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @transpose_result(%x: tensor<2x3xf32>) {
  // expected-error@+1 {{'nn.transpose' op result must be 'tensor<3x2xf32>', got 'tensor<2x3xf32>'}}
  %r = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}
