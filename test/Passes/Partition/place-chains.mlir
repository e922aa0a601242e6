// RUN: windrow-opt %s --cluster-place=boundary-first=always --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,ALWAYS
// RUN: windrow-opt %s --cluster-place --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: windrow-opt %s --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,NEVER

// Rows of a sum follow from the same rows of a convolution: the rows next to a
// border go through both, and leave, before the others are computed.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>,
  cluster.links = [#cluster.link<[], bandwidth_mbit = 100.0, latency_us = 100.0>]
} {
  // CHECK-LABEL: @main
  func.func @main(%x: tensor<1x12x64x16xf32>) -> tensor<1x12x64x16xf32> {
    %f = nn.constant dense<0.5> : tensor<16x3x3x16xf32> : tensor<16x3x3x16xf32>

    // NEVER: cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 6 of 12>
    // NEVER: cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 6 of 12>
    // NEVER: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 6 of 12>

    // The first one is read by two: it is nobody's predecessor.
    // ALWAYS: cluster.fragment on "a" part <tensor = 0, dimension = 1, 5 to 6 of 12>
    // ALWAYS: cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 5 of 12>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x12x64x16xf32>

    // ALWAYS: %[[C1:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 5 to 6 of 12>
    // ALWAYS: %[[S1:.*]] = cluster.fragment on "a" part <tensor = 2, dimension = 1, 5 to 6 of 12>
    // ALWAYS: nn.add %{{.*}}, %[[C1]]
    // ALWAYS: cluster.transfer %[[S1]] from "a" to "b"
    // ALWAYS: %[[C2:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 5 of 12>
    // ALWAYS: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 5 of 12>
    // ALWAYS: nn.add %{{.*}}, %[[C2]]

    // AUTO: cluster.fragment on "a" part <tensor = 1, dimension = 1, 5 to 6 of 12>
    // AUTO: cluster.fragment on "a" part <tensor = 2, dimension = 1, 5 to 6 of 12>
    // AUTO: cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 5 of 12>
    // AUTO: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 5 of 12>
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x12x64x16xf32>
    %2 = nn.add %0, %1 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<1x12x64x16xf32>) -> tensor<1x12x64x16xf32>

    // Other rows: the pool does not go on with what the convolution computes.
    // CHECK: cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 6 of 12>
    // CHECK: cluster.fragment on "a" part <tensor = 4, dimension = 1, 0 to 7 of 12>
    %3 = nn.conv_2d %2, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x12x64x16xf32>
    %4 = nn.sigmoid %3 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 7, 12]>}
       : (tensor<1x12x64x16xf32>) -> tensor<1x12x64x16xf32>
    return %4 : tensor<1x12x64x16xf32>
  }
}
