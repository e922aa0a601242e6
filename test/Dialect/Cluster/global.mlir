// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --emit-bytecode | windrow-opt | FileCheck %s

// CHECK: cluster.links = [#cluster.link<[], bandwidth_mbit = 1.000000e+03, latency_us = 1.000000e+02>,
// CHECK-SAME: #cluster.link<["press-1", "press-2"], bandwidth_mbit = 1.000000e+02, latency_us = 3.000000e+02>]
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "press-1" = #dlti.target_device_spec<"cluster.address" = "10.0.0.1:7800", "cluster.speed" = 1.0 : f64, "cluster.threads" = 4 : i64>,
    "press-2" = #dlti.target_device_spec<"cluster.address" = "10.0.0.2:7800", "cluster.memory_mb" = 512 : i64, "cluster.speed" = 0.6 : f64, "cluster.threads" = 4 : i64>>,
  cluster.links = [
    #cluster.link<[], bandwidth_mbit = 1000.0, latency_us = 100.0>,
    #cluster.link<["press-1", "press-2"], bandwidth_mbit = 100.0, latency_us = 300.0>]
} {
  func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32> {
    // CHECK: nn.sigmoid
    // CHECK-SAME: {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 5, 8]>}
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 5, 8]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 0, 8]>}
    %1 = nn.sigmoid %0 {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 0, 8]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<rows, ["press-2", "press-1"], [0, 5, 8], computed = [0, 7, 4, 8]>}
    %computed = nn.sigmoid %1 {cluster.layout = #cluster.layout<rows, ["press-2", "press-1"], [0, 5, 8], computed = [0, 7, 4, 8]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // A device without rows of its own may compute some.
    // CHECK: {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 0, 8], computed = [2, 3, 0, 8]>}
    %borrowed = nn.sigmoid %1 {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 0, 8], computed = [2, 3, 0, 8]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<channels, ["press-1", "press-2"], [0, 2, 4]>}
    %2 = nn.sigmoid %1 {cluster.layout = #cluster.layout<channels, ["press-1", "press-2"], [0, 2, 4]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<channels, ["press-1", "press-2"], [0, 2, 4] in 2 pieces>}
    %pieces = nn.sigmoid %1 {cluster.layout = #cluster.layout<channels, ["press-1", "press-2"], [0, 2, 4] in 2 pieces>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 5, 8], computed = [0, 7, 4, 8] in 3 pieces>}
    %stream = nn.sigmoid %1 {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 5, 8], computed = [0, 7, 4, 8] in 3 pieces>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<owner, ["press-1"] in 3 pieces>}
    %alone = nn.sigmoid %1 {cluster.layout = #cluster.layout<owner, ["press-1"] in 3 pieces>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<replicated, ["press-2", "press-1"]>}
    %3 = nn.sigmoid %2 {cluster.layout = #cluster.layout<replicated, ["press-2", "press-1"]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<owner, ["press-1"]>}
    %4 = nn.global_avg_pool %3 {cluster.layout = #cluster.layout<owner, ["press-1"]>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
    %w = nn.constant dense<1.0> : tensor<4x1x1x4xf32> : tensor<4x1x1x4xf32>
    // CHECK: {cluster.layout = #cluster.layout<owner, ["press-1"]>, cluster.partials = #cluster.partials<["press-2", "press-1"], [0, 3, 4]>}
    %5 = nn.conv_2d %4, %w {cluster.partials = #cluster.partials<["press-2", "press-1"], [0, 3, 4]>, cluster.layout = #cluster.layout<owner, ["press-1"]>}
       : (tensor<1x1x1x4xf32>, tensor<4x1x1x4xf32>) -> tensor<1x1x1x4xf32>
    return %5 : tensor<1x1x1x4xf32>
  }
}
