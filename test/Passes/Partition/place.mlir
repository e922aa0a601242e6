// RUN: windrow-opt %s --split-input-file --cluster-place=boundary-first=never --cluster-verify-placement | FileCheck %s

// Halos between neighbours; the client sends every device the rows it needs, in
// one piece.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>, "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @halos
  // CHECK-SAME: (%[[X:.*]]: tensor<1x8x4x2xf32>)
  func.func @halos(%x: tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32> {
    // CHECK: %[[F:.*]] = nn.constant
    %f = nn.constant dense<0.5> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>

    // CHECK: %[[XA:.*]] = cluster.fragment on "client"
    // CHECK-NEXT: nn.slice %[[X]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 6, 4, 2>}
    // CHECK: %[[A:.*]] = cluster.transfer %[[XA]] from "client" to "a" : tensor<1x6x4x2xf32>
    // CHECK: nn.slice %[[X]] {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 4, 2>}
    // CHECK: %[[B:.*]] = cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x4x2xf32>

    // CHECK: %[[CA:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 5 of 8> -> tensor<1x5x4x2xf32> {
    // CHECK-NEXT: %[[R:.*]] = nn.conv_2d %[[A]], %[[F]] {pads = array<i64: 1, 1, 0, 1>}
    // CHECK-NEXT: cluster.yield %[[R]]
    // CHECK: %[[CB:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 5 to 8 of 8> -> tensor<1x3x4x2xf32> {
    // CHECK-NEXT: nn.conv_2d %[[B]], %[[F]] {pads = array<i64: 0, 1, 1, 1>}
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8]>}
       : (tensor<1x8x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x4x2xf32>

    // CHECK: %[[CUT:.*]] = cluster.fragment on "b"
    // CHECK-NEXT: nn.slice %[[CB]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 4, 2>}
    // CHECK: %[[HALO:.*]] = cluster.transfer %[[CUT]] from "b" to "a" : tensor<1x1x4x2xf32>
    // CHECK: cluster.fragment on "a" -> tensor<1x6x4x2xf32> {
    // CHECK-NEXT: nn.concat %[[CA]], %[[HALO]] {axis = 1 : i64}
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8]>}
       : (tensor<1x8x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x8x4x2xf32>

    // CHECK: %[[YA:.*]] = cluster.transfer %{{.*}} from "a" to "client" : tensor<1x5x4x2xf32>
    // CHECK: %[[YB:.*]] = cluster.transfer %{{.*}} from "b" to "client" : tensor<1x3x4x2xf32>
    // CHECK: %[[Y:.*]] = cluster.fragment on "client"
    // CHECK-NEXT: nn.concat %[[YA]], %[[YB]] {axis = 1 : i64}
    // CHECK: return %[[Y]]
    return %1 : tensor<1x8x4x2xf32>
  }
}

// -----

// Sums of rows: one device needs the result; all devices that share the rows
// need it; one that holds none of the rows needs it.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "c" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @reductions
  func.func @reductions(%x: tensor<1x8x4x2xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) {
    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 5 to 8 of 8>
    // CHECK: %[[B:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 0 to 5 of 8>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["b", "a"], [0, 5, 8]>} : (tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32>

    // Partial sums are added in the order of the rows.
    // CHECK: %[[SB:.*]] = cluster.fragment on "b" -> tensor<1x1x1x2xf32> {
    // CHECK-NEXT: nn.global_sum_pool %[[B]]
    // CHECK: %[[SA:.*]] = cluster.fragment on "a" -> tensor<1x1x1x2xf32> {
    // CHECK-NEXT: nn.global_sum_pool %[[A]]
    // CHECK: %[[SBA:.*]] = cluster.transfer %[[SB]] from "b" to "a"
    // CHECK: cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 1 of 1>
    // CHECK-NEXT: nn.add %[[SBA]], %[[SA]]
    // CHECK: nn.scale_shift
    %1 = nn.global_avg_pool %0 {cluster.layout = #cluster.layout<owner, ["a"]>} : (tensor<1x8x4x2xf32>) -> tensor<1x1x1x2xf32>

    // CHECK: %[[S:.*]]:2 = cluster.all_reduce %{{.*}}, %{{.*}} on ["b", "a"] : tensor<1x1x1x2xf32>
    // CHECK: cluster.fragment on "b" part <tensor = 2, dimension = 1, 0 to 1 of 1>
    // CHECK-NEXT: cluster.yield %[[S]]#0
    // CHECK: cluster.fragment on "a" part <tensor = 2, dimension = 1, 0 to 1 of 1>
    // CHECK-NEXT: cluster.yield %[[S]]#1
    %2 = nn.global_sum_pool %0 {cluster.layout = #cluster.layout<replicated, ["a", "b"]>} : (tensor<1x8x4x2xf32>) -> tensor<1x1x1x2xf32>

    // CHECK: cluster.transfer %{{.*}} from "b" to "c" : tensor<1x1x1x2xf32>
    // CHECK: cluster.transfer %{{.*}} from "a" to "c" : tensor<1x1x1x2xf32>
    // CHECK: cluster.fragment on "c" part <tensor = 3, dimension = 1, 0 to 1 of 1>
    %3 = nn.global_sum_pool %0 {cluster.layout = #cluster.layout<owner, ["c"]>} : (tensor<1x8x4x2xf32>) -> tensor<1x1x1x2xf32>
    return %1, %2, %3 : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
  }
}

// -----

// Rows that all of their holders need whole are gathered; a device beside them
// receives the parts; a replica is sent by its first holder.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "c" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @gather
  func.func @gather(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 1 of 4>
    // CHECK: %[[AC:.*]] = cluster.transfer %[[A]] from "a" to "c"
    // CHECK: %[[B:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 1 to 4 of 4>
    // CHECK: %[[BC:.*]] = cluster.transfer %[[B]] from "b" to "c"
    // CHECK: %[[G:.*]]:2 = cluster.all_gather %[[A]], %[[B]] on ["a", "b"] axis 1
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 1, 4]>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    // CHECK: %[[Y:.*]] = cluster.fragment on "a" part <tensor = 1
    // CHECK-NEXT: nn.transpose %[[G]]#0
    // CHECK: cluster.transfer %[[Y]] from "a" to "client"
    // CHECK: cluster.fragment on "b" part <tensor = 1
    // CHECK-NEXT: nn.transpose %[[G]]#1
    // CHECK: %[[STRIP:.*]] = cluster.fragment on "c"
    // CHECK-NEXT: nn.concat %[[AC]], %[[BC]]
    // CHECK: cluster.fragment on "c" part <tensor = 1
    // CHECK-NEXT: nn.transpose %[[STRIP]]
    %1 = nn.transpose %0 {permutation = array<i64: 0, 2, 1, 3>, cluster.layout = #cluster.layout<replicated, ["b", "a", "c"]>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
    return %1 : tensor<1x4x4x2xf32>
  }
}

// -----

// More devices than rows: a window reaches over devices without rows to the one
// after the next.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "c" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "d" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @thin
  func.func @thin(%x: tensor<1x4x2x1xf32>) -> tensor<1x4x2x1xf32> {
    // CHECK-NOT: to "b"
    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 1 of 4>
    // CHECK: %[[C:.*]] = cluster.fragment on "c" part <tensor = 0, dimension = 1, 1 to 2 of 4>
    // CHECK: %[[D:.*]] = cluster.fragment on "d" part <tensor = 0, dimension = 1, 2 to 4 of 4>
    // CHECK: %[[CUT:.*]] = cluster.fragment on "d"
    // CHECK-NEXT: nn.slice %[[D]] {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 1>}
    // CHECK: %[[DA:.*]] = cluster.transfer %[[CUT]] from "d" to "a"
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b", "c", "d"], [0, 1, 1, 2, 4]>} : (tensor<1x4x2x1xf32>) -> tensor<1x4x2x1xf32>
    // CHECK: cluster.fragment on "a" -> tensor<1x3x2x1xf32>
    // CHECK-NEXT: nn.concat %[[A]], %{{.*}}, %[[DA]]
    %1 = nn.max_pool_2d %0 {kernel = array<i64: 5, 1>, pads = array<i64: 2, 0, 2, 0>, cluster.layout = #cluster.layout<rows, ["a", "b", "c", "d"], [0, 1, 1, 2, 4]>} : (tensor<1x4x2x1xf32>) -> tensor<1x4x2x1xf32>
    return %1 : tensor<1x4x2x1xf32>
  }
}

// -----

// A residual addition reads a view of the strip that the convolution reads.
// Constants are nobody's.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @residual
  func.func @residual(%x: tensor<1x7x4x2xf32>) -> tensor<1x7x4x2xf32> {
    %f = nn.constant dense<0.5> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>
    // CHECK: %[[XB:.*]] = cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x4x2xf32>
    // CHECK: %[[CB:.*]] = cluster.fragment on "b" part <tensor = 0
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 7]>}
       : (tensor<1x7x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x7x4x2xf32>
    // CHECK: cluster.fragment on "b" part <tensor = 1
    // CHECK-NEXT: %[[OWN:.*]] = nn.slice %[[XB]] {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 3, 4, 2>}
    // CHECK-NEXT: nn.add %[[CB]], %[[OWN]] {clamp = #nn.clamp<min = 0.000000e+00>}
    %1 = nn.add %0, %x {clamp = #nn.clamp<min = 0.0>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 7]>}
       : (tensor<1x7x4x2xf32>, tensor<1x7x4x2xf32>) -> tensor<1x7x4x2xf32>
    return %1 : tensor<1x7x4x2xf32>
  }
}

// -----

// Rows that a device computes once more are not sent to it, and have one owner.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // CHECK-LABEL: @recomputed
  func.func @recomputed(%x: tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32> {
    // CHECK: %[[XA:.*]] = cluster.transfer %{{.*}} from "client" to "a" : tensor<1x6x4x2xf32>
    // CHECK: %[[XB:.*]] = cluster.transfer %{{.*}} from "client" to "b" : tensor<1x4x4x2xf32>
    // CHECK: %[[A:.*]] = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 6 of 8, owned 0 to 5> -> tensor<1x6x4x2xf32>
    // CHECK-NEXT: nn.sigmoid %[[XA]]
    // CHECK: %[[B:.*]] = cluster.fragment on "b" part <tensor = 0, dimension = 1, 4 to 8 of 8, owned 5 to 8> -> tensor<1x4x4x2xf32>
    // CHECK-NEXT: nn.sigmoid %[[XB]]
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8], computed = [0, 6, 4, 8]>}
       : (tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32>
    // CHECK-NOT: cluster.transfer
    // CHECK: cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 5 of 8>
    // CHECK-NEXT: nn.max_pool_2d %[[A]]
    // CHECK: cluster.fragment on "b" part <tensor = 1, dimension = 1, 5 to 8 of 8>
    // CHECK-NEXT: nn.max_pool_2d %[[B]]
    %1 = nn.max_pool_2d %0 {kernel = array<i64: 3, 1>, pads = array<i64: 1, 0, 1, 0>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8]>}
       : (tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32>
    return %1 : tensor<1x8x4x2xf32>
  }
}
