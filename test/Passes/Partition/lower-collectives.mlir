// RUN: windrow-opt %s --cluster-lower-collectives | FileCheck %s

// CHECK-LABEL: @gather
func.func @gather(%x: tensor<1x2x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x2x4x2xf32>
  %b = cluster.transfer %x from "client" to "b" : tensor<1x2x4x2xf32>
  // CHECK: %[[A:.*]] = cluster.transfer {{.*}} to "a"
  // CHECK: %[[B:.*]] = cluster.transfer {{.*}} to "b"
  // CHECK: %[[AB:.*]] = cluster.transfer %[[A]] from "a" to "b"
  // CHECK: %[[BA:.*]] = cluster.transfer %[[B]] from "b" to "a"
  // CHECK: %[[GA:.*]] = cluster.fragment on "a"
  // CHECK-NEXT: nn.concat %[[A]], %[[BA]] {axis = 1 : i64}
  // CHECK: %[[GB:.*]] = cluster.fragment on "b"
  // CHECK-NEXT: nn.concat %[[AB]], %[[B]] {axis = 1 : i64}
  // CHECK-NOT: all_gather
  %g:2 = cluster.all_gather %a, %b on ["a", "b"] axis 1 : (tensor<1x2x4x2xf32>, tensor<1x2x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>)
  // CHECK: cluster.transfer %[[GA]] from "a" to "client"
  // CHECK: cluster.transfer %[[GB]] from "b" to "client"
  %0 = cluster.transfer %g#0 from "a" to "client" : tensor<1x4x4x2xf32>
  %1 = cluster.transfer %g#1 from "b" to "client" : tensor<1x4x4x2xf32>
  return %0, %1 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// All devices add in the same order, so that all sums are equal, and where the sum
// is read first.
// CHECK-LABEL: @reduce
func.func @reduce(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // CHECK: %[[A:.*]] = cluster.transfer {{.*}} to "a"
  // CHECK: %[[B:.*]] = cluster.transfer {{.*}} to "b"
  // CHECK: %[[C:.*]] = cluster.transfer {{.*}} to "c"
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  %b = cluster.transfer %x from "client" to "b" : tensor<1x4xf32>
  %c = cluster.transfer %x from "client" to "c" : tensor<1x4xf32>
  // CHECK: %[[AB:.*]] = cluster.transfer %[[A]] from "a" to "b"
  // CHECK: %[[AC:.*]] = cluster.transfer %[[A]] from "a" to "c"
  // CHECK: %[[BC:.*]] = cluster.transfer %[[B]] from "b" to "c"
  // CHECK: %[[BA:.*]] = cluster.transfer %[[B]] from "b" to "a"
  // CHECK: %[[CA:.*]] = cluster.transfer %[[C]] from "c" to "a"
  // CHECK: %[[CB:.*]] = cluster.transfer %[[C]] from "c" to "b"
  // CHECK-NOT: cluster.fragment on "a"
  // CHECK: cluster.fragment on "b"
  // CHECK-NEXT: %[[S2:.*]] = nn.add %[[AB]], %[[B]]
  // CHECK-NEXT: nn.add %[[S2]], %[[CB]]
  // CHECK-NOT: cluster.fragment on "c"
  // CHECK-NOT: all_reduce
  %s:3 = cluster.all_reduce %a, %b, %c on ["a", "b", "c"] : tensor<1x4xf32>
  %y = cluster.fragment on "b" -> tensor<1x4xf32> {
    %0 = nn.sigmoid %s#1 : (tensor<1x4xf32>) -> tensor<1x4xf32>
    cluster.yield %0 : tensor<1x4xf32>
  }
  // CHECK: %[[SA:.*]] = cluster.fragment on "a"
  // CHECK-NEXT: %[[S1:.*]] = nn.add %[[A]], %[[BA]]
  // CHECK-NEXT: nn.add %[[S1]], %[[CA]]
  // CHECK: cluster.transfer %[[SA]] from "a" to "client"
  %0 = cluster.transfer %s#0 from "a" to "client" : tensor<1x4xf32>
  %1 = cluster.transfer %y from "b" to "client" : tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
