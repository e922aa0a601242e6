// RUN: windrow-opt %s --split-input-file --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s

// From rows to channels: each device gathers all input channels, and computes
// its output channels with its part of the weights. The order of the devices
// changes. From channels to rows: each sends the rows that the other reads.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @dense
  func.func @dense(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x6xf32> {
    %f = nn.constant dense_resource<f> : tensor<6x4x1x1xf32> permuted [0, 2, 3, 1] : tensor<6x1x1x4xf32>
    %b = nn.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32> : tensor<6xf32>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 1, 4]>}
       : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    // CHECK: %[[G:.*]]:2 = cluster.all_gather %{{.*}}, %{{.*}} on ["a", "b"] axis 1

    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 3, 2 to 6 of 6> -> tensor<1x4x4x4xf32> {
    // CHECK-NEXT: %[[F:.*]] = nn.constant dense_resource<f> : tensor<6x4x1x1xf32> permuted [0, 2, 3, 1] from [2, 0, 0, 0] of [6, 1, 1, 4] : tensor<4x1x1x4xf32>
    // CHECK-NEXT: %[[B:.*]] = nn.constant dense<{{.*}}> : tensor<6xf32> from [2] of [6] : tensor<4xf32>
    // CHECK-NEXT: nn.conv_2d %[[G]]#0, %[[F]], %[[B]] {clamp = #nn.clamp<min = 0.000000e+00>}
    // CHECK: %[[OWN:.*]] = cluster.fragment on "a" -> tensor<1x3x4x4xf32> {
    // CHECK-NEXT: nn.slice %[[A]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 4, 4>}
    // CHECK: %[[CUT:.*]] = cluster.fragment on "a" -> tensor<1x3x4x4xf32> {
    // CHECK-NEXT: nn.slice %[[A]] {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 3, 4, 4>}
    // CHECK: cluster.transfer %[[CUT]] from "a" to "b" : tensor<1x3x4x4xf32>
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 3, 0 to 2 of 6> -> tensor<1x4x4x2xf32> {
    // CHECK: nn.conv_2d %[[G]]#1
    // CHECK: %[[BA:.*]] = cluster.transfer %{{.*}} from "b" to "a" : tensor<1x3x4x2xf32>
    %1 = nn.conv_2d %0, %f, %b {clamp = #nn.clamp<min = 0.0>, cluster.layout = #cluster.layout<channels, ["b", "a"], [0, 2, 6]>}
       : (tensor<1x4x4x4xf32>, tensor<6x1x1x4xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32>

    // CHECK: %[[STRIP:.*]] = cluster.fragment on "a" -> tensor<1x3x4x6xf32> {
    // CHECK-NEXT: nn.concat %[[BA]], %[[OWN]] {axis = 3 : i64}
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 2 of 4> -> tensor<1x2x4x6xf32> {
    // CHECK-NEXT: nn.max_pool_2d %[[STRIP]]
    %2 = nn.max_pool_2d %1 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 2, 4]>}
       : (tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32>
    return %2 : tensor<1x4x4x6xf32>
  }
}

{-#
  dialect_resources: { builtin: { f: "0x040000000000803F00000040" } }
#-}

// -----

// A depthwise convolution reads its own channels: nothing but a channel that
// changes its owner is sent, boundary or not.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @depthwise
  func.func @depthwise(%x: tensor<1x4x4x4xf32>) -> tensor<1x1x1x4xf32> {
    %f = nn.constant dense<0.5> : tensor<4x3x3x1xf32> : tensor<4x3x3x1xf32>
    // CHECK: cluster.transfer %{{.*}} from "client" to "a" : tensor<1x4x4x3xf32>
    // CHECK: cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x4x1xf32>
    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 3 of 4> -> tensor<1x4x4x3xf32>
    // CHECK: %[[CUT:.*]] = cluster.fragment on "a" -> tensor<1x4x4x1xf32> {
    // CHECK-NEXT: nn.slice %[[A]] {offsets = array<i64: 0, 0, 0, 2>, sizes = array<i64: 1, 4, 4, 1>}
    // CHECK: %[[MOVED:.*]] = cluster.transfer %[[CUT]] from "a" to "b" : tensor<1x4x4x1xf32>
    // CHECK: %[[B:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 3, 3 to 4 of 4> -> tensor<1x4x4x1xf32>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 3, 4]>}
       : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    // CHECK-NOT: cluster.transfer
    // CHECK: cluster.fragment on "a" part <tensor = 1, dimension = 3, 0 to 2 of 4>
    // CHECK-NEXT: nn.slice %[[A]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 4, 2>}
    // CHECK-NEXT: nn.constant dense<5.000000e-01> : tensor<4x3x3x1xf32> from [0, 0, 0, 0] of [4, 3, 3, 1] : tensor<2x3x3x1xf32>
    // CHECK-NEXT: nn.conv_2d {{.*}}groups = 2 : i64
    // CHECK: %[[STRIP:.*]] = cluster.fragment on "b" -> tensor<1x4x4x2xf32> {
    // CHECK-NEXT: nn.concat %[[MOVED]], %[[B]] {axis = 3 : i64}
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 3, 2 to 4 of 4>
    // CHECK: nn.conv_2d %[[STRIP]]
    %1 = nn.conv_2d %0, %f {groups = 4 : i64, pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 4]>}
       : (tensor<1x4x4x4xf32>, tensor<4x3x3x1xf32>) -> tensor<1x4x4x4xf32>
    // A pool over all rows has them: no sums.
    // CHECK: nn.global_avg_pool
    // CHECK: nn.global_avg_pool
    // CHECK-NOT: cluster.all_reduce
    %2 = nn.global_avg_pool %1 {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 4]>}
       : (tensor<1x4x4x4xf32>) -> tensor<1x1x1x4xf32>
    return %2 : tensor<1x1x1x4xf32>
  }
}

// -----

// Groups that a bound cuts are computed whole, and what was not asked for is cut
// off. Two tensors one behind the other: a device reads what it computes, maybe
// nothing of one of them.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @groups
  func.func @groups(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x8xf32> {
    %f = nn.constant dense<0.5> : tensor<6x1x1x2xf32> : tensor<6x1x1x2xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 4 of 6> -> tensor<1x2x2x4xf32> {
    // CHECK-NEXT: %[[C:.*]] = nn.conv_2d {{.*}} -> tensor<1x2x2x6xf32>
    // CHECK-NEXT: nn.slice %[[C]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 4>}
    // CHECK: cluster.fragment on "b" part <tensor = 0, dimension = 3, 4 to 6 of 6> -> tensor<1x2x2x2xf32> {
    // CHECK-NEXT: nn.constant {{.*}} from [3, 0, 0, 0] of [6, 1, 1, 2] : tensor<3x1x1x2xf32>
    // CHECK-NEXT: %[[D:.*]] = nn.conv_2d {{.*}} : (tensor<1x2x2x2xf32>, tensor<3x1x1x2xf32>) -> tensor<1x2x2x3xf32>
    // CHECK-NEXT: nn.slice %[[D]] {offsets = array<i64: 0, 0, 0, 1>, sizes = array<i64: 1, 2, 2, 2>}
    %0 = nn.conv_2d %x, %f {groups = 2 : i64, cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 4, 6]>}
       : (tensor<1x2x2x4xf32>, tensor<6x1x1x2xf32>) -> tensor<1x2x2x6xf32>
    // CHECK: %[[SLICE:.*]] = cluster.fragment on "b" part <tensor = 1
    %1 = nn.slice %0 {offsets = array<i64: 0, 0, 0, 1>, sizes = array<i64: 1, 2, 2, 2>, cluster.layout = #cluster.layout<owner, ["b"]>}
       : (tensor<1x2x2x6xf32>) -> tensor<1x2x2x2xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 3, 0 to 4 of 8> -> tensor<1x2x2x4xf32> {
    // CHECK-NEXT: cluster.yield
    // CHECK: cluster.fragment on "b" part <tensor = 2, dimension = 3, 4 to 8 of 8> -> tensor<1x2x2x4xf32> {
    // CHECK-NEXT: %[[REST:.*]] = nn.slice {{.*}} {offsets = array<i64: 0, 0, 0, 4>, sizes = array<i64: 1, 2, 2, 2>}
    // CHECK-NEXT: nn.concat %[[REST]], %[[SLICE]] {axis = 3 : i64}
    %2 = nn.concat %0, %1 {axis = 3 : i64, cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 4, 8]>}
       : (tensor<1x2x2x6xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x8xf32>
    return %2 : tensor<1x2x2x8xf32>
  }
}

// -----

// Channels of a mean of rows that are distributed: each device adds up its
// channels of all partial sums.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @mean
  func.func @mean(%x: tensor<1x4x4x4xf32>) -> tensor<1x1x1x4xf32> {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 2, 4]>}
       : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    // CHECK: %[[SA:.*]] = cluster.fragment on "a" -> tensor<1x1x1x4xf32>
    // CHECK: %[[SB:.*]] = cluster.fragment on "b" -> tensor<1x1x1x4xf32>
    // CHECK: cluster.transfer %{{.*}} from "a" to "b" : tensor<1x1x1x3xf32>
    // CHECK: %[[AA:.*]] = cluster.fragment on "a" -> tensor<1x1x1x1xf32> {
    // CHECK-NEXT: nn.slice %[[SA]]
    // CHECK: cluster.fragment on "b" -> tensor<1x1x1x1xf32> {
    // CHECK-NEXT: nn.slice %[[SB]]
    // CHECK: %[[BA:.*]] = cluster.transfer %{{.*}} from "b" to "a" : tensor<1x1x1x1xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 1, dimension = 3, 0 to 1 of 4> -> tensor<1x1x1x1xf32> {
    // CHECK-NEXT: %[[SUM:.*]] = nn.add %[[AA]], %[[BA]]
    // CHECK: nn.scale_shift %[[SUM]]
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 3, 1 to 4 of 4> -> tensor<1x1x1x3xf32>
    %1 = nn.global_avg_pool %0 {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 1, 4]>}
       : (tensor<1x4x4x4xf32>) -> tensor<1x1x1x4xf32>
    return %1 : tensor<1x1x1x4xf32>
  }
}

// -----

// Channels in pieces: nothing is gathered at once, each piece is sent as soon as
// there is one.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @pieces
  func.func @pieces(%x: tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32> {
    // CHECK: %[[A0:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 2 of 6> -> tensor<1x4x4x2xf32>
    // CHECK: %[[AB0:.*]] = cluster.transfer %[[A0]] from "a" to "b" : tensor<1x4x4x2xf32>
    // CHECK: %[[A1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 3, 2 to 4 of 6> -> tensor<1x4x4x2xf32>
    // CHECK: %[[AB1:.*]] = cluster.transfer %[[A1]] from "a" to "b" : tensor<1x4x4x2xf32>
    // CHECK: %[[B0:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 3, 4 to 5 of 6> -> tensor<1x4x4x1xf32>
    // CHECK: %[[BA0:.*]] = cluster.transfer %[[B0]] from "b" to "a" : tensor<1x4x4x1xf32>
    // CHECK: %[[B1:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 3, 5 to 6 of 6> -> tensor<1x4x4x1xf32>
    // CHECK: %[[BA1:.*]] = cluster.transfer %[[B1]] from "b" to "a" : tensor<1x4x4x1xf32>
    // CHECK-NOT: cluster.all_gather
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 4, 6] in 2 pieces>}
       : (tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32>
    %f = nn.constant dense_resource<g> : tensor<6x6x1x1xf32> permuted [0, 2, 3, 1] : tensor<6x1x1x6xf32>
    %b = nn.constant dense<0.0> : tensor<6xf32> : tensor<6xf32>
    // CHECK: cluster.fragment on "a" -> tensor<1x4x4x6xf32> {
    // CHECK-NEXT: nn.concat %[[A0]], %[[A1]], %[[BA0]], %[[BA1]] {axis = 3 : i64}
    // CHECK: cluster.fragment on "b" -> tensor<1x4x4x6xf32> {
    // CHECK-NEXT: nn.concat %[[AB0]], %[[AB1]], %[[B0]], %[[B1]] {axis = 3 : i64}
    %1 = nn.conv_2d %0, %f, %b {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 3, 6]>}
       : (tensor<1x4x4x6xf32>, tensor<6x1x1x6xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32>
    return %1 : tensor<1x4x4x6xf32>
  }
}

{-#
  dialect_resources: { builtin: { g: "0x04000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } }
#-}

// -----

// A reader of some channels takes its part of every piece.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @shifted_pieces
  func.func @shifted_pieces(%x: tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32> {
    // CHECK: cluster.fragment on "a" part <tensor = 0, dimension = 3, 2 to 4 of 6>
    // CHECK: %[[CUT:.*]] = cluster.fragment on "a" -> tensor<1x4x4x1xf32> {
    // CHECK-NEXT: nn.slice %{{.*}} {offsets = array<i64: 0, 0, 0, 1>, sizes = array<i64: 1, 4, 4, 1>}
    // CHECK: %[[LAST:.*]] = cluster.transfer %[[CUT]] from "a" to "b" : tensor<1x4x4x1xf32>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 4, 6] in 2 pieces>}
       : (tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32>
    // CHECK: cluster.fragment on "b" -> tensor<1x4x4x3xf32> {
    // CHECK-NEXT: nn.concat %[[LAST]],
    %1 = nn.sigmoid %0 {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 3, 6]>}
       : (tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32>
    return %1 : tensor<1x4x4x6xf32>
  }
}
