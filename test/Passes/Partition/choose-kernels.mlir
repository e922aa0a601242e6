// RUN: windrow-opt %s --cluster-assign-layout=strategy=dp | FileCheck %s --check-prefix=SEARCH
// RUN: windrow-opt %s --cluster-assign-layout=strategy=even | FileCheck %s --check-prefix=EVEN
// RUN: sed 's/, algorithm = #nn.algorithm<winograd4x4>//' %s | windrow-opt --cluster-assign-layout=strategy=dp | FileCheck %s --check-prefix=DIRECT

// Two rows of tiles for six devices: what the tiles save, idle devices cost.
// SEARCH-NOT: winograd
// SEARCH-COUNT-4: nn.conv_2d {{.*}}#cluster.layout<rows, ["a", "b", "c", "d", "e", "f"], [{{.*}}]>
// SEARCH-NOT: winograd
// The rules leave kernels alone.
// EVEN: nn.conv_2d {{.*}}winograd4x4
// What is direct stays direct.
// DIRECT-NOT: winograd
module attributes {
  cluster.links = [#cluster.link<[], bandwidth_mbit = 4000.0, latency_us = 100.0>],
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "c" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "d" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "e" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "f" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @main(%x: tensor<1x6x224x32xf32>) -> tensor<1x6x224x32xf32> {
    %f = nn.constant dense<0.5> : tensor<32x3x3x32xf32> : tensor<32x3x3x32xf32>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>}
       : (tensor<1x6x224x32xf32>, tensor<32x3x3x32xf32>) -> tensor<1x6x224x32xf32>
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>}
       : (tensor<1x6x224x32xf32>, tensor<32x3x3x32xf32>) -> tensor<1x6x224x32xf32>
    %2 = nn.conv_2d %1, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>}
       : (tensor<1x6x224x32xf32>, tensor<32x3x3x32xf32>) -> tensor<1x6x224x32xf32>
    %3 = nn.conv_2d %2, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>}
       : (tensor<1x6x224x32xf32>, tensor<32x3x3x32xf32>) -> tensor<1x6x224x32xf32>
    return %3 : tensor<1x6x224x32xf32>
  }
}
