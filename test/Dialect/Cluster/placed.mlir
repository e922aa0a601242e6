// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --emit-bytecode | windrow-opt | FileCheck %s

// CHECK-LABEL: @main
func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK: cluster.fragment on "client" -> tensor<1x4x8x4xf32> {
  // CHECK: cluster.yield %{{.*}} : tensor<1x4x8x4xf32>
  %low = cluster.fragment on "client" -> tensor<1x4x8x4xf32> {
    %0 = nn.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 8, 4>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x4xf32>
    cluster.yield %0 : tensor<1x4x8x4xf32>
  }
  // CHECK: cluster.transfer %{{.*}} from "client" to "a" : tensor<1x4x8x4xf32>
  %a = cluster.transfer %low from "client" to "a" : tensor<1x4x8x4xf32>
  %b = cluster.transfer %low from "client" to "b" : tensor<1x4x8x4xf32>
  // CHECK: cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 4 of 8> -> tensor<1x4x8x4xf32> {
  %p = cluster.fragment on "a" part #cluster.part<tensor = 0, dimension = 1, 0 to 4 of 8> -> tensor<1x4x8x4xf32> {
    %0 = nn.sigmoid %a : (tensor<1x4x8x4xf32>) -> tensor<1x4x8x4xf32>
    cluster.yield %0 : tensor<1x4x8x4xf32>
  }
  // CHECK: cluster.fragment on "b" part <tensor = 0, dimension = 1, 4 to 8 of 8, owned 5 to 8> -> tensor<1x4x8x4xf32> {
  cluster.fragment on "b" part #cluster.part<tensor = 0, dimension = 1, 4 to 8 of 8, owned 5 to 8> -> tensor<1x4x8x4xf32> {
    cluster.yield %b : tensor<1x4x8x4xf32>
  }
  // CHECK: cluster.fragment on "b" attributes {note = "two"} -> tensor<1x4x8x4xf32>, tensor<1x4x8x4xf32> {
  %q:2 = cluster.fragment on "b" attributes {note = "two"} -> tensor<1x4x8x4xf32>, tensor<1x4x8x4xf32> {
    %0 = nn.sigmoid %b : (tensor<1x4x8x4xf32>) -> tensor<1x4x8x4xf32>
    cluster.yield %0, %0 : tensor<1x4x8x4xf32>, tensor<1x4x8x4xf32>
  }
  // CHECK: cluster.fragment on "b" {
  // CHECK-NEXT: }
  cluster.fragment on "b" {
  }
  // CHECK: cluster.all_gather %{{.*}}, %{{.*}} on ["a", "b"] axis 1 : (tensor<1x4x8x4xf32>, tensor<1x4x8x4xf32>) -> (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>)
  %g:2 = cluster.all_gather %p, %q#0 on ["a", "b"] axis 1 : (tensor<1x4x8x4xf32>, tensor<1x4x8x4xf32>) -> (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>)
  // CHECK: cluster.all_reduce %{{.*}}#0, %{{.*}}#1 on ["a", "b"] {note = 1 : i64} : tensor<1x8x8x4xf32>
  %r:2 = cluster.all_reduce %g#0, %g#1 on ["a", "b"] {note = 1 : i64} : tensor<1x8x8x4xf32>
  %y = cluster.transfer %r#1 from "b" to "client" : tensor<1x8x8x4xf32>
  return %y : tensor<1x8x8x4xf32>
}
