// RUN: windrow-opt %s --cluster-assign-layout=strategy=single | FileCheck %s --check-prefix=SINGLE
// RUN: windrow-opt %s --cluster-assign-layout=strategy=even | FileCheck %s --check-prefix=EVEN
// RUN: windrow-opt %s --cluster-assign-layout=strategy=proportional | FileCheck %s --check-prefix=PROP
// RUN: windrow-opt %s --cluster-assign-layout | FileCheck %s --check-prefix=PROP
// RUN: windrow-opt %s "--cluster-assign-layout=strategy=even grain=4" | FileCheck %s --check-prefix=GRAIN

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "slow" = #dlti.target_device_spec<"cluster.speed" = 0.25 : f64>,
    "fast" = #dlti.target_device_spec<"cluster.speed" = 1.0 : f64>>
} {
  func.func @main(%x: tensor<1x12x8x4xf32>) -> tensor<1x4xf32> {
    // SINGLE: nn.constant
    // SINGLE-NOT: cluster.layout
    // SINGLE-SAME: :
    %f = nn.constant dense<0.5> : tensor<4x3x3x4xf32> : tensor<4x3x3x4xf32>

    // SINGLE: nn.conv_2d {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    // EVEN: nn.conv_2d {{.*}}cluster.layout = #cluster.layout<rows, ["slow", "fast"], [0, 6, 12]>
    // PROP: nn.conv_2d {{.*}}cluster.layout = #cluster.layout<rows, ["slow", "fast"], [0, 2, 12]>
    // GRAIN: nn.conv_2d {{.*}}cluster.layout = #cluster.layout<rows, ["slow", "fast"], [0, 8, 12]>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x12x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x12x8x4xf32>

    // A branch that returns into rows is computed by all that hold these.
    // SINGLE: nn.global_avg_pool {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    // EVEN: nn.global_avg_pool {{.*}}cluster.layout = #cluster.layout<replicated, ["slow", "fast"]>
    // PROP: nn.global_avg_pool {{.*}}cluster.layout = #cluster.layout<replicated, ["slow", "fast"]>
    %1 = nn.global_avg_pool %0 : (tensor<1x12x8x4xf32>) -> tensor<1x1x1x4xf32>
    // EVEN: nn.sigmoid {{.*}}cluster.layout = #cluster.layout<replicated, ["slow", "fast"]>
    %2 = nn.sigmoid %1 : (tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32>
    // EVEN: nn.multiply {{.*}}cluster.layout = #cluster.layout<rows, ["slow", "fast"], [0, 6, 12]>
    %3 = nn.multiply %0, %2 : (tensor<1x12x8x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x12x8x4xf32>

    // A tensor of which one device gets all rows is that device's.
    // EVEN: nn.max_pool_2d {{.*}}cluster.layout = #cluster.layout<rows, ["slow", "fast"], [0, 1, 2]>
    // PROP: nn.max_pool_2d {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    %4 = nn.max_pool_2d %3 {kernel = array<i64: 6, 8>, strides = array<i64: 6, 8>}
       : (tensor<1x12x8x4xf32>) -> tensor<1x2x1x4xf32>

    // The head is the fastest device's.
    // EVEN: nn.global_avg_pool {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    %5 = nn.global_avg_pool %4 : (tensor<1x2x1x4xf32>) -> tensor<1x1x1x4xf32>
    // EVEN: nn.reshape {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    %6 = nn.reshape %5 : (tensor<1x1x1x4xf32>) -> tensor<1x4xf32>
    // EVEN: nn.softmax {{.*}}cluster.layout = #cluster.layout<owner, ["fast"]>
    %7 = nn.softmax %6 : (tensor<1x4xf32>) -> tensor<1x4xf32>
    return %7 : tensor<1x4xf32>
  }
}
