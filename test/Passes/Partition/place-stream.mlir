// RUN: windrow-opt %s --split-input-file --cluster-place=boundary-first=always --cluster-verify-placement | FileCheck %s
// RUN: windrow-opt %s --split-input-file --cluster-device | FileCheck %s --check-prefix=DEVICE

// The image arrives in two pieces: of the first one, both operations compute what
// they can before the other comes. The second device begins with its last rows, so
// that both get to the rows beside each other at the same turn. A row of the
// convolution is computed by both devices.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @main
  // CHECK-SAME: %[[X:.*]]: tensor<1x8x4x2xf32>
  func.func @main(%x: tensor<1x8x4x2xf32>) -> tensor<1x4x2x2xf32> {
    %f = nn.constant dense<1.0> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>

    // CHECK: %[[CA:.*]] = cluster.fragment on "client" -> tensor<1x3x4x2xf32> {
    // CHECK-NEXT: nn.slice %[[X]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 4, 2>}
    // CHECK: %[[XA0:.*]] = cluster.transfer %[[CA]] from "client" to "a" : tensor<1x3x4x2xf32>
    // CHECK: %[[CB:.*]] = cluster.fragment on "client" -> tensor<1x3x4x2xf32> {
    // CHECK-NEXT: nn.slice %[[X]] {offsets = array<i64: 0, 5, 0, 0>, sizes = array<i64: 1, 3, 4, 2>}
    // CHECK: %[[XB0:.*]] = cluster.transfer %[[CB]] from "client" to "b" : tensor<1x3x4x2xf32>

    // CHECK: %[[A0:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 2 of 8>
    // CHECK-NEXT: nn.conv_2d %[[XA0]], %{{.*}} {pads = array<i64: 1, 1, 0, 1>}
    // CHECK: %[[B0:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 6 to 8 of 8>
    // CHECK-NEXT: nn.conv_2d %[[XB0]],
    // CHECK: %[[PA0:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 1 of 4>
    // CHECK-NEXT: nn.max_pool_2d %[[A0]]
    // CHECK-NOT: fragment on "b"

    // CHECK: nn.slice %[[X]] {offsets = array<i64: 0, 3, 0, 0>, sizes = array<i64: 1, 2, 4, 2>}
    // CHECK: %[[XA1:.*]] = cluster.transfer %{{.*}} from "client" to "a" : tensor<1x2x4x2xf32>
    // CHECK: nn.slice %[[X]] {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 3, 4, 2>}
    // CHECK: %[[XB1:.*]] = cluster.transfer %{{.*}} from "client" to "b" : tensor<1x3x4x2xf32>
    // CHECK: %[[STRIP:.*]] = cluster.fragment on "a" -> tensor<1x5x4x2xf32> {
    // CHECK-NEXT: nn.concat %[[XA0]], %[[XA1]] {axis = 1 : i64}
    // CHECK: %[[A1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 2 to 4 of 8>
    // CHECK-NEXT: %[[WINDOW:.*]] = nn.slice %[[STRIP]] {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 4, 4, 2>}
    // CHECK-NEXT: nn.conv_2d %[[WINDOW]], %{{.*}} {pads = array<i64: 0, 1, 0, 1>}
    // CHECK: nn.concat %[[XB1]], %[[XB0]] {axis = 1 : i64}
    // CHECK: %[[B1:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 3 to 6 of 8, owned 4 to 6>
    // CHECK: nn.concat %[[A0]], %[[A1]] {axis = 1 : i64}
    // CHECK: %[[PA1:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 1 to 2 of 4>
    // CHECK: nn.concat %[[B1]], %[[B0]] {axis = 1 : i64}
    // CHECK: %[[PB1:.*]] = cluster.fragment on "b" part <tensor = 1, dimension = 1, 2 to 4 of 4>
    // CHECK: %[[PBA1:.*]] = cluster.transfer %[[PB1]] from "b" to "a" : tensor<1x2x2x2xf32>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8], computed = [0, 4, 3, 8] in 2 pieces>}
       : (tensor<1x8x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x4x2xf32>
    %1 = nn.max_pool_2d %0 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 2, 4] in 2 pieces>}
       : (tensor<1x8x4x2xf32>) -> tensor<1x4x2x2xf32>

    // CHECK: %[[WHOLE:.*]] = cluster.fragment on "a" -> tensor<1x4x2x2xf32> {
    // CHECK-NEXT: nn.concat %[[PA0]], %[[PA1]], %[[PBA1]] {axis = 1 : i64}
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 4 of 4>
    // CHECK-NEXT: nn.sigmoid %[[WHOLE]]
    %2 = nn.sigmoid %1 {cluster.layout = #cluster.layout<owner, ["a"]>} : (tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
    return %2 : tensor<1x4x2x2xf32>
  }

  // DEVICE-LABEL: module @a
  // DEVICE: cluster.recv from @client
  // DEVICE-NOT: cluster.recv
  // DEVICE: nn.conv_2d
  // DEVICE: nn.max_pool_2d
  // DEVICE-NEXT: cluster.recv from @client
  // DEVICE-NOT: cluster.recv
  // DEVICE: nn.conv_2d
  // DEVICE: nn.max_pool_2d
  // DEVICE-NEXT: cluster.recv from @b
  // DEVICE-NEXT: nn.concat
  // DEVICE-NEXT: nn.sigmoid
  // DEVICE-LABEL: module @b
  // DEVICE: cluster.recv from @client
  // DEVICE: nn.conv_2d
  // DEVICE-NOT: nn.max_pool_2d
  // DEVICE: cluster.recv from @client
  // DEVICE: nn.conv_2d
  // DEVICE: nn.max_pool_2d
  // DEVICE-NEXT: cluster.send {{.*}} to @a
  // DEVICE-LABEL: module @client
  // DEVICE: cluster.send {{.*}} to @a
  // DEVICE: cluster.send {{.*}} to @b
  // DEVICE: cluster.send {{.*}} to @a
  // DEVICE: cluster.send {{.*}} to @b
}

// -----

// A residual block of one device, in three pieces: each strip so far is the one
// before and a piece. The image that only the last operation reads comes last.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @residual
  // CHECK-SAME: (%{{.*}}: tensor<1x6x4x2xf32>, %[[Y:.*]]: tensor<1x6x4x2xf32>
  func.func @residual(%x: tensor<1x6x4x2xf32>, %y: tensor<1x6x4x2xf32>) -> tensor<1x6x4x2xf32> {
    %f = nn.constant dense<1.0> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>
    // CHECK: %[[X0:.*]] = cluster.transfer %{{.*}} from "client" to "a" : tensor<1x2x4x2xf32>
    // CHECK: %[[R0:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 1 of 6>
    // CHECK: nn.conv_2d %[[X0]]
    // CHECK: %[[X1:.*]] = cluster.transfer %{{.*}} from "client" to "a" : tensor<1x2x4x2xf32>
    // CHECK: %[[XSOFAR:.*]] = cluster.fragment on "a" -> tensor<1x4x4x2xf32>
    // CHECK-NEXT: nn.concat %[[X0]], %[[X1]]
    // CHECK: %[[R1:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 1 to 3 of 6>
    // CHECK: %[[RSOFAR:.*]] = cluster.fragment on "a" -> tensor<1x3x4x2xf32>
    // CHECK-NEXT: nn.concat %[[R0]], %[[R1]]
    // CHECK: %[[C1:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 2 of 6>
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 2 of 6>
    // CHECK: nn.add %{{.*}}, %[[C1]]
    // CHECK: %[[X2:.*]] = cluster.transfer %{{.*}} from "client" to "a" : tensor<1x2x4x2xf32>
    // CHECK: nn.concat %[[XSOFAR]], %[[X2]]
    // CHECK: %[[R2:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 3 to 6 of 6>
    // CHECK: nn.concat %[[RSOFAR]], %[[R2]]
    // CHECK: %[[C2:.*]] = cluster.fragment on "a" part <tensor = 1, dimension = 1, 2 to 6 of 6>
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 1, 2 to 6 of 6>
    // CHECK: nn.add %{{.*}}, %[[C2]]
    // CHECK: cluster.transfer %[[Y]] from "client" to "a" : tensor<1x6x4x2xf32>
    // CHECK: cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 6 of 6>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<owner, ["a"] in 3 pieces>}
       : (tensor<1x6x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x6x4x2xf32>
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<owner, ["a"] in 3 pieces>}
       : (tensor<1x6x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x6x4x2xf32>
    %2 = nn.add %0, %1 {cluster.layout = #cluster.layout<rows, ["a"], [0, 6] in 3 pieces>}
       : (tensor<1x6x4x2xf32>, tensor<1x6x4x2xf32>) -> tensor<1x6x4x2xf32>
    %3 = nn.add %2, %y {cluster.layout = #cluster.layout<owner, ["a"]>}
       : (tensor<1x6x4x2xf32>, tensor<1x6x4x2xf32>) -> tensor<1x6x4x2xf32>
    return %3 : tensor<1x6x4x2xf32>
  }
}
