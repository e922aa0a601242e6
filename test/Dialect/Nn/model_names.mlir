// RUN: windrow-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK: func.func @named(%{{.*}}: tensor<4xf32> {nn.name = "input"}) -> (tensor<4xf32> {nn.name = "logits"})
func.func @named(%x: tensor<4xf32> {nn.name = "input"})
    -> (tensor<4xf32> {nn.name = "logits"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{"nn.name" must be a string, got 1 : i64}}
func.func @name_is_number(%x: tensor<4xf32> {nn.name = 1}) {
  return
}

// -----

// expected-error@+1 {{"nn.name" must be on an argument or a result of a function, got an operation}}
func.func @named_function() attributes {nn.name = "main"} {
  return
}
