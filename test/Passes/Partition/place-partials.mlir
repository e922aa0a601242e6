// RUN: windrow-opt %s --split-input-file --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s

// Behind an image whose rows are distributed, each device flattens its rows and
// contracts them with its columns of the weights. Both need the sum.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @flattened
  func.func @flattened(%x: tensor<1x4x2x3xf32>) -> tensor<1x3xf32> {
    %w = nn.constant dense_resource<w> : tensor<3x24xf32> viewed [3, 3, 4, 2] permuted [0, 2, 3, 1] : tensor<3x24xf32>
    // CHECK: %[[SHIFT:.*]] = nn.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>
    %b = nn.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
    // CHECK: %[[XA:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 1 of 4>
    // CHECK: %[[XB:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 1 to 4 of 4>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 1, 4]>}
       : (tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32>
    // CHECK: %[[FA:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 6 of 24>
    // CHECK-NEXT: nn.reshape %[[XA]] : (tensor<1x1x2x3xf32>) -> tensor<1x6xf32>
    // CHECK: %[[FB:.*]] = cluster.fragment on "b" part <tensor = 1, dimension = 1, 6 to 24 of 24>
    // CHECK-NEXT: nn.reshape %[[XB]] : (tensor<1x3x2x3xf32>) -> tensor<1x18xf32>
    %1 = nn.reshape %0 {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 6, 24]>}
       : (tensor<1x4x2x3xf32>) -> tensor<1x24xf32>
    // CHECK: %[[PA:.*]] = cluster.fragment on "a" -> tensor<1x3xf32> {
    // CHECK-NEXT: %[[WA:.*]] = nn.constant dense_resource<w> : tensor<3x24xf32> viewed [3, 3, 4, 2] permuted [0, 2, 3, 1] from [0, 0] of [3, 24] : tensor<3x6xf32>
    // CHECK-NEXT: nn.fully_connected %[[FA]], %[[WA]] : (
    // CHECK: %[[PB:.*]] = cluster.fragment on "b" -> tensor<1x3xf32> {
    // CHECK-NEXT: nn.constant {{.*}} from [0, 6] of [3, 24] : tensor<3x18xf32>
    // CHECK-NEXT: nn.fully_connected %[[FB]]
    // CHECK: %[[S:.*]]:2 = cluster.all_reduce %[[PA]], %[[PB]] on ["a", "b"] : tensor<1x3xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 0, 0 to 1 of 1> -> tensor<1x3xf32> {
    // CHECK-NEXT: %[[ONES:.*]] = nn.constant dense<1.000000e+00> : tensor<3xf32>
    // CHECK-NEXT: nn.scale_shift %[[S]]#0, %[[ONES]], %[[SHIFT]] {clamp = #nn.clamp<min = 0.000000e+00>}
    // CHECK: cluster.fragment on "b" part <tensor = 2
    // CHECK: nn.scale_shift %[[S]]#1
    %2 = nn.fully_connected %1, %w, %b {clamp = #nn.clamp<min = 0.0>,
             cluster.partials = #cluster.partials<["a", "b"], [0, 6, 24]>,
             cluster.layout = #cluster.layout<replicated, ["b", "a"]>}
       : (tensor<1x24xf32>, tensor<3x24xf32>, tensor<3xf32>) -> tensor<1x3xf32>
    return %2 : tensor<1x3xf32>
  }
}

{-#
  dialect_resources: { builtin: { w: "0x040000000000803F" } }
#-}

// -----

// A sum that lives by rows: each device receives its rows of all partial
// results, in the order of the list, with the rows that it computes once more.
// Who has no channels adds nothing.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "c" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @rows
  func.func @rows(%x: tensor<1x4x2x4xf32>) -> tensor<1x4x2x2xf32> {
    %f = nn.constant dense<0.5> : tensor<2x1x1x4xf32> : tensor<2x1x1x4xf32>
    // CHECK: cluster.transfer %{{.*}} from "client" to "a" : tensor<1x4x2x1xf32>
    // CHECK: cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x2x3xf32>
    // CHECK: %[[PB:.*]] = cluster.fragment on "b" -> tensor<1x4x2x2xf32> {
    // CHECK-NEXT: nn.constant {{.*}} from [0, 0, 0, 0] of [2, 1, 1, 4] : tensor<2x1x1x3xf32>
    // CHECK-NEXT: nn.conv_2d {{.*}} : (tensor<1x4x2x3xf32>, tensor<2x1x1x3xf32>)
    // CHECK: %[[PA:.*]] = cluster.fragment on "a" -> tensor<1x4x2x2xf32> {
    // CHECK-NEXT: nn.constant {{.*}} from [0, 0, 0, 3] of [2, 1, 1, 4] : tensor<2x1x1x1xf32>
    // CHECK: %[[BC:.*]] = cluster.transfer %{{.*}} from "b" to "c" : tensor<1x3x2x2xf32>
    // CHECK: nn.slice %[[PB]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 2>}
    // CHECK: %[[BA:.*]] = cluster.transfer %{{.*}} from "b" to "a" : tensor<1x2x2x2xf32>
    // CHECK: nn.slice %[[PA]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 2>}
    // CHECK: %[[AC:.*]] = cluster.transfer %{{.*}} from "a" to "c" : tensor<1x3x2x2xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 2 of 4, owned 0 to 1> -> tensor<1x2x2x2xf32> {
    // CHECK-NEXT: %[[SUM:.*]] = nn.add %[[BA]], %{{.*}} : (
    // CHECK-NEXT: nn.clamp %[[SUM]] {bounds = #nn.clamp<max = 6.000000e+00>}
    // CHECK: cluster.fragment on "c" part <tensor = 0, dimension = 1, 1 to 4 of 4>
    // CHECK-NEXT: nn.add %[[BC]], %[[AC]]
    %0 = nn.conv_2d %x, %f {clamp = #nn.clamp<max = 6.0>,
             cluster.partials = #cluster.partials<["b", "c", "a"], [0, 3, 3, 4]>,
             cluster.layout = #cluster.layout<rows, ["a", "c"], [0, 1, 4], computed = [0, 2, 1, 4]>}
       : (tensor<1x4x2x4xf32>, tensor<2x1x1x4xf32>) -> tensor<1x4x2x2xf32>
    return %0 : tensor<1x4x2x2xf32>
  }
}
