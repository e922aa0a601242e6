// RUN: windrow-opt %s -split-input-file -verify-diagnostics

func.func @element_type() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op value must have elements of the result's type 'f32', got 'f16'}}
  %0 = nn.constant dense<1.0> : tensor<2xf16> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @integers() -> tensor<2xi32> {
  // expected-error@+1 {{'nn.constant' op result #0 must be static, non-empty tensor of f16, bf16 or f32, but got 'tensor<2xi32>'}}
  %0 = nn.constant dense<1> : tensor<2xi32> : tensor<2xi32>
  return %0 : tensor<2xi32>
}

// -----

func.func @vector() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op value must be a tensor, got 'vector<2xf32>'}}
  %0 = nn.constant dense<1.0> : vector<2xf32> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @element_count() -> tensor<3xf32> {
  // expected-error@+1 {{'nn.constant' op value must have 3 elements, as many as the result, got the shape [2]}}
  %0 = nn.constant dense<1.0> : tensor<2xf32> viewed [3] : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @view() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op view must have 6 elements, as many as the result, got the shape [2, 2]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> viewed [2, 2] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// The element count of the view overflows 64 bits, back to 6.
func.func @huge_view() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op view must have 6 elements, as many as the result, got the shape [4611686018427387904, 4, 6]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> viewed [4611686018427387904, 4, 6] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @negative_view() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op view must have 6 elements, as many as the result, got the shape [-2, -3]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> viewed [-2, -3] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @permutation_size() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op permutation must hold every number below 2 once, got [0]}}
  %0 = nn.constant dense<1.0> : tensor<2x3xf32> permuted [0] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @permutation_twice() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op permutation must hold every number below 2 once, got [1, 1]}}
  %0 = nn.constant dense<1.0> : tensor<2x3xf32> permuted [1, 1] : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @permutation_of_view() -> tensor<2x3xf32> {
  // expected-error@+1 {{'nn.constant' op permutation must hold every number below 3 once, got [1, 0, 3]}}
  %0 = nn.constant dense<1.0> : tensor<2x3xf32> viewed [3, 1, 2] permuted [1, 0, 3]
     : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @part_beyond() -> tensor<2x2xf32> {
  // expected-error@+1 {{'nn.constant' op must be a part of a tensor of the shape [3, 2], got [2, 2] from [2, 0]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> from [2, 0] of [3, 2] : tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @part_before() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op must be a part of a tensor of the shape [6], got [2] from [-1]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> from [-1] of [6] : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @part_of_another_rank() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op must be a part of a tensor of the shape [3, 2], got [2] from [0, 0]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> from [0, 0] of [3, 2] : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// The element count of the whole overflows 64 bits.
func.func @part_of_too_much() -> tensor<2x2x2xf32> {
  // expected-error@+1 {{'nn.constant' op must be a part of a tensor of the shape [4611686018427387904, 4, 6], got [2, 2, 2] from [0, 0, 0]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> from [0, 0, 0] of [4611686018427387904, 4, 6] : tensor<2x2x2xf32>
  return %0 : tensor<2x2x2xf32>
}

// -----

func.func @part_of_other_elements() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op value must have 4 elements, as many as the whole, got the shape [6]}}
  %0 = nn.constant dense<1.0> : tensor<6xf32> from [0] of [4] : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @offsets_alone() -> tensor<2xf32> {
  // expected-error@+1 {{'nn.constant' op must have offsets and the shape of the whole, or neither}}
  %0 = "nn.constant"() <{value = dense<1.0> : tensor<2xf32>, offsets = array<i64: 0>}> : () -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
