// RUN: windrow-opt %s --cluster-place=boundary-first=always --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,ALWAYS
// RUN: windrow-opt %s --cluster-place --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,AUTO

// The channel that changes its owner is computed and sent first; a dense
// convolution would read its whole input once more for it.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>,
  cluster.links = [#cluster.link<[], bandwidth_mbit = 1000.0, latency_us = 100.0>]
} {
  // CHECK-LABEL: @main
  func.func @main(%x: tensor<1x16x16x1024xf32>) -> tensor<1x16x16x4xf32> {
    %f = nn.constant dense<0.5> : tensor<4x1x1x1024xf32> : tensor<4x1x1x1024xf32>
    %g = nn.constant dense<0.5> : tensor<4x3x3x1xf32> : tensor<4x3x3x1xf32>

    // 1 MB of input costs 0.3 ms once more, a channel of 1 KB takes 0.1 ms.
    // AUTO: cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 3 of 4>
    // ALWAYS: %[[A1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 3, 2 to 3 of 4>
    // ALWAYS: %[[MOVED:.*]] = cluster.transfer %[[A1]] from "a" to "b" : tensor<1x16x16x1xf32>
    // ALWAYS: cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 2 of 4>
    // ALWAYS: %[[B:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 3, 3 to 4 of 4>
    %0 = nn.conv_2d %x, %f {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 3, 4]>}
       : (tensor<1x16x16x1024xf32>, tensor<4x1x1x1024xf32>) -> tensor<1x16x16x4xf32>

    // The same of a depthwise convolution repeats nothing.
    // ALWAYS: cluster.fragment on "b" -> tensor<1x16x16x2xf32>
    // ALWAYS-NEXT: nn.concat %[[MOVED]], %[[B]] {axis = 3 : i64}
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 3, 2 to 3 of 4>
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 3, 3 to 4 of 4>
    %1 = nn.conv_2d %0, %g {groups = 4 : i64, pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 4]>}
       : (tensor<1x16x16x4xf32>, tensor<4x3x3x1xf32>) -> tensor<1x16x16x4xf32>
    %2 = nn.sigmoid %1 {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 3, 4]>}
       : (tensor<1x16x16x4xf32>) -> tensor<1x16x16x4xf32>
    return %2 : tensor<1x16x16x4xf32>
  }
}
