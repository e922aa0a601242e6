// RUN: windrow-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{clamp must have a finite bound}}
func.func @no_bound() attributes {test.clamp = #nn.clamp<>} { return }

// -----

// expected-error@+1 {{clamp must have a finite bound}}
func.func @infinite() attributes {test.clamp = #nn.clamp<min = 0xFF800000>} { return }

// -----

// expected-error@+1 {{clamp minimum must be less than its maximum, got 6.000000e+00 and 6.000000e+00}}
func.func @equal() attributes {test.clamp = #nn.clamp<min = 6.0, max = 6.0>} { return }

// -----

// expected-error@+1 {{clamp bounds must be numbers, got NaN}}
func.func @nan() attributes {test.clamp = #nn.clamp<min = 0x7FC00000>} { return }

// -----

// expected-error@+1 {{expected 'min' or 'max'}}
func.func @name() attributes {test.clamp = #nn.clamp<lower = 0.0>} { return }

// -----

// expected-error@+1 {{'min' is given twice}}
func.func @twice() attributes {test.clamp = #nn.clamp<min = 0.0, min = 1.0>} { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.model_layout' must be "NCHW" or "NHWC", got "CHWN"}}
func.func @layout(%x: tensor<1x8x8x3xf32> {nn.model_layout = "CHWN"}) { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.model_layout' must be "NCHW" or "NHWC", got 1 : i64}}
func.func @layout_kind(%x: tensor<1x8x8x3xf32> {nn.model_layout = 1}) { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.model_layout' must be on a tensor of rank 4, got 'tensor<8x3xf32>'}}
func.func @layout_rank(%x: tensor<8x3xf32> {nn.model_layout = "NCHW"}) { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.model_layout' must be on a tensor of rank 4, got 'tensor<3xf32>'}}
func.func @layout_of_result(%x: tensor<3xf32>) -> (tensor<3xf32> {nn.model_layout = "NCHW"}) {
  return %x : tensor<3xf32>
}

// -----

// expected-error@+1 {{'func.func' op has the unknown attribute 'nn.order'; those on arguments and results are 'nn.model_layout' and 'nn.name'}}
func.func @unknown(%x: tensor<1x8x8x3xf32> {nn.order = "NCHW"}) { return }

// -----

// expected-error@+1 {{'func.func' op has the unknown attribute 'nn.order'}}
func.func @on_function() attributes {nn.order = "NCHW"} { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.model_layout' must be on an argument or a result of a function, got an operation}}
func.func @layout_on_function() attributes {nn.model_layout = "NCHW"} { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.name' must be a string, got 1 : i64}}
func.func @name_kind(%x: tensor<4xf32> {nn.name = 1}) { return }

// -----

// expected-error@+1 {{'func.func' op 'nn.name' must be on an argument or a result of a function, got an operation}}
func.func @name_on_function() attributes {nn.name = "main"} { return }
