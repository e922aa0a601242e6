// RUN: windrow-opt %s -split-input-file --cluster-place | FileCheck %s
// RUN: windrow-opt %s -split-input-file --cluster-place --cluster-lower-collectives --cluster-split-devices | FileCheck %s --check-prefix=DEVICE

// The mean of a convolution's result is that of sums of rows of its input: the
// partial sums are on their way while the convolution is computed.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @linear
  // CHECK: %[[A:.*]] = cluster.fragment on "a" -> tensor<1x1x1x3xf32> {
  // Rows -1 to 2, of which the first is padding; 0 to 3; and 1 to 4.
  // CHECK: nn.slice {{.*}} {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 6, 2>}
  // CHECK: nn.reshape {{.*}} -> tensor<1x3x1x12xf32>
  // CHECK: nn.global_sum_pool
  // CHECK: nn.slice {{.*}} {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 6, 2>}
  // CHECK: nn.slice {{.*}} {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 4, 6, 2>}
  // CHECK: nn.concat {{.*}} {axis = 1 : i64}
  // CHECK: nn.conv_2d {{.*}}{pads = array<i64: 0, 1, 0, 1>}{{.*}} -> tensor<1x1x6x3xf32>
  // CHECK: nn.global_sum_pool
  // CHECK: %[[B:.*]] = cluster.fragment on "b" -> tensor<1x1x1x3xf32> {
  // CHECK: cluster.all_reduce %[[A]], %[[B]] on ["a", "b"]
  // CHECK: cluster.fragment on "a" part <tensor = 1,
  // CHECK-NEXT: nn.conv_2d
  // CHECK-NOT: global_sum_pool
  //
  // DEVICE-LABEL: module @a
  // DEVICE: nn.global_sum_pool
  // DEVICE: cluster.send
  // DEVICE: nn.conv_2d {{.*}} -> tensor<1x4x6x3xf32>
  // DEVICE: cluster.recv
  // DEVICE: nn.add
  func.func @linear(%x: tensor<1x8x6x2xf32>) -> tensor<1x8x6x3xf32> {
    %f0 = nn.constant dense<0.5> : tensor<3x3x3x2xf32> : tensor<3x3x3x2xf32>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>}
       : (tensor<1x8x6x2xf32>) -> tensor<1x8x6x2xf32>
    %1 = nn.conv_2d %0, %f0 {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>}
       : (tensor<1x8x6x2xf32>, tensor<3x3x3x2xf32>) -> tensor<1x8x6x3xf32>
    %2 = nn.global_avg_pool %1 {cluster.layout = #cluster.layout<replicated, ["a", "b"]>}
       : (tensor<1x8x6x3xf32>) -> tensor<1x1x1x3xf32>
    %3 = nn.multiply %1, %2 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>}
       : (tensor<1x8x6x3xf32>, tensor<1x1x1x3xf32>) -> tensor<1x8x6x3xf32>
    return %3 : tensor<1x8x6x3xf32>
  }
}

// -----

// A clamp is not linear.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @clamped
  // CHECK: nn.conv_2d
  // CHECK: nn.conv_2d
  // CHECK: cluster.fragment
  // CHECK-NEXT: nn.global_sum_pool
  // CHECK: cluster.all_reduce
  func.func @clamped(%x: tensor<1x8x6x2xf32>) -> tensor<1x1x1x3xf32> {
    %f = nn.constant dense<0.5> : tensor<3x1x1x2xf32> : tensor<3x1x1x2xf32>
    %0 = nn.conv_2d %x, %f {clamp = #nn.clamp<min = 0.0>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>}
       : (tensor<1x8x6x2xf32>, tensor<3x1x1x2xf32>) -> tensor<1x8x6x3xf32>
    %1 = nn.global_avg_pool %0 {cluster.layout = #cluster.layout<replicated, ["a", "b"]>}
       : (tensor<1x8x6x3xf32>) -> tensor<1x1x1x3xf32>
    return %1 : tensor<1x1x1x3xf32>
  }
}
