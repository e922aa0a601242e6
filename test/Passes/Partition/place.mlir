// RUN: windrow-opt %s --split-input-file --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s

// Halos between neighbours; the client sends every device the rows it needs, in
// one piece.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>, "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @halos
  // CHECK-SAME: (%[[X:.*]]: tensor<1x8x4x2xf32>)
  func.func @halos(%x: tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32> {
    // CHECK: %[[F:.*]] = nn.constant
    %f = nn.constant dense<0.5> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>

    // CHECK: %[[XA:.*]] = cluster.fragment on "client"
    // CHECK-NEXT: nn.slice %[[X]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 6, 4, 2>}
    // CHECK: %[[A:.*]] = cluster.transfer %[[XA]] from "client" to "a" : tensor<1x6x4x2xf32>
    // CHECK: nn.slice %[[X]] {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 4, 2>}
    // CHECK: %[[B:.*]] = cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x4x2xf32>

    // CHECK: %[[CA:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 5 of 8> -> tensor<1x5x4x2xf32> {
    // CHECK-NEXT: %[[R:.*]] = nn.conv_2d %[[A]], %[[F]] {pads = array<i64: 1, 1, 0, 1>}
    // CHECK-NEXT: cluster.yield %[[R]]
    // CHECK: %[[CB:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 5 to 8 of 8> -> tensor<1x3x4x2xf32> {
    // CHECK-NEXT: nn.conv_2d %[[B]], %[[F]] {pads = array<i64: 0, 1, 1, 1>}
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8]>}
       : (tensor<1x8x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x4x2xf32>

    // CHECK: %[[CUT:.*]] = cluster.fragment on "b"
    // CHECK-NEXT: nn.slice %[[CB]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 4, 2>}
    // CHECK: %[[HALO:.*]] = cluster.transfer %[[CUT]] from "b" to "a" : tensor<1x1x4x2xf32>
    // CHECK: cluster.fragment on "a" -> tensor<1x6x4x2xf32> {
    // CHECK-NEXT: nn.concat %[[CA]], %[[HALO]] {axis = 1 : i64}
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8]>}
       : (tensor<1x8x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x4x2xf32>

    // CHECK: %[[YA:.*]] = cluster.transfer %{{.*}} from "a" to "client" : tensor<1x5x4x2xf32>
    // CHECK: %[[YB:.*]] = cluster.transfer %{{.*}} from "b" to "client" : tensor<1x3x4x2xf32>
    // CHECK: %[[Y:.*]] = cluster.fragment on "client"
    // CHECK-NEXT: nn.concat %[[YA]], %[[YB]] {axis = 1 : i64}
    // CHECK: return %[[Y]]
    return %1 : tensor<1x8x4x2xf32>
  }
}
