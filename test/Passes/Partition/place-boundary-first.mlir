// RUN: windrow-opt %s --cluster-place=boundary-first=always --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,ALWAYS
// RUN: windrow-opt %s "--cluster-place=boundary-first=always grain=2" --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,GRAIN
// RUN: windrow-opt %s --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,NEVER
// RUN: windrow-opt %s --cluster-place --cluster-verify-placement | FileCheck %s --check-prefixes=CHECK,AUTO

// The rows next to a border are computed and sent before the others. On a slow
// link that pays where the filter is small.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>,
  cluster.links = [#cluster.link<[], bandwidth_mbit = 100.0, latency_us = 100.0>]
} {
  // CHECK-LABEL: @main
  func.func @main(%x: tensor<1x12x64x16xf32>) -> tensor<1x12x64x16xf32> {
    %f = nn.constant dense<0.5> : tensor<16x3x3x16xf32> : tensor<16x3x3x16xf32>
    %w = nn.constant dense<0.5> : tensor<1024x3x3x16xf32> : tensor<1024x3x3x16xf32>
    %v = nn.constant dense<0.5> : tensor<16x7x7x1024xf32> : tensor<16x7x7x1024xf32>

    // ALWAYS: %[[A1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 5 to 6 of 12>
    // ALWAYS: cluster.transfer %[[A1]] from "a" to "b" : tensor<1x1x64x16xf32>
    // ALWAYS: %[[B1:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 6 to 7 of 12>
    // ALWAYS: %[[H:.*]] = cluster.transfer %[[B1]] from "b" to "a" : tensor<1x1x64x16xf32>
    // ALWAYS: %[[A2:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 5 of 12>
    // ALWAYS: cluster.fragment on "b" part <tensor = 0, dimension = 1, 7 to 12 of 12>
    // ALWAYS: cluster.fragment on "a" -> tensor<1x7x64x16xf32>
    // ALWAYS-NEXT: nn.concat %[[A2]], %[[A1]], %[[H]] {axis = 1 : i64}

    // The piece keeps the grain, and only the row needed is sent.
    // GRAIN: %[[A1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 4 to 6 of 12>
    // GRAIN: %[[CUT:.*]] = cluster.fragment on "a"
    // GRAIN-NEXT: nn.slice %[[A1]] {offsets = array<i64: 0, 1, 0, 0>
    // GRAIN: cluster.transfer %[[CUT]] from "a" to "b" : tensor<1x1x64x16xf32>

    // NEVER: cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 6 of 12>
    // AUTO: cluster.fragment on "a" part <tensor = 0, dimension = 1, 5 to 6 of 12>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x12x64x16xf32>

    // Halos of three rows, 786 KB, take 63 ms.
    // AUTO: cluster.fragment on "a" part <tensor = 1, dimension = 1, 3 to 6 of 12>
    %1 = nn.conv_2d %0, %w {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<1024x3x3x16xf32>) -> tensor<1x12x64x1024xf32>

    // 3 MB of weights cost 0.8 ms once more, a row of 4 KB takes 0.4 ms.
    // AUTO: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 6 of 12>
    %2 = nn.conv_2d %1, %v {pads = array<i64: 3, 3, 3, 3>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x1024xf32>, tensor<16x7x7x1024xf32>) -> tensor<1x12x64x16xf32>

    // Nobody waits for rows of the next: one piece; of the last, the client waits
    // for all: one piece.
    // ALWAYS: cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 6 of 12>
    %3 = nn.conv_2d %2, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x12x64x16xf32>
    // ALWAYS: cluster.fragment on "a" part <tensor = 4, dimension = 1, 0 to 6 of 12>
    // ALWAYS: cluster.fragment on "b" part <tensor = 4, dimension = 1, 6 to 12 of 12>
    %4 = nn.sigmoid %3 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 6, 12]>}
       : (tensor<1x12x64x16xf32>) -> tensor<1x12x64x16xf32>
    return %4 : tensor<1x12x64x16xf32>
  }
}
