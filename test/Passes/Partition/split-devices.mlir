// RUN: windrow-opt %s --split-input-file --cluster-split-devices --cluster-verify-channels --mlir-print-local-scope --mlir-print-debuginfo --allow-unregistered-dialect --remarks-filter=cluster --remark-format=emitRemark 2>&1 | FileCheck %s

// The receives of one peer keep their order: channel 2 is used first, so that
// channel 1 cannot wait for its own first use. Channel 3, from another peer,
// can. An unused transfer and a device without work vanish.

// CHECK: remark: [Missed] IdleDevice
// CHECK-SAME: device "idle" has no part in the plan
// CHECK: module attributes
// CHECK-NOT: "idle"
// CHECK-SAME: {
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "idle" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @main(%x: tensor<1x4xf32> {note.name = "tensor"}) -> (tensor<1x4xf32> {note.name = "tensor"}) attributes {note.this = "kept"} {
    %c = nn.constant dense<0.5> : tensor<1x4xf32> : tensor<1x4xf32>
    %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
    %0 = cluster.fragment on "a" -> tensor<1x4xf32> {
      %t = nn.add %a, %c : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> loc("first")
      cluster.yield %t : tensor<1x4xf32>
    }
    %1 = cluster.transfer %0 from "a" to "b" : tensor<1x4xf32>
    %2 = cluster.transfer %a from "a" to "b" : tensor<1x4xf32>
    %unused = cluster.transfer %0 from "a" to "idle" : tensor<1x4xf32>
    %3 = cluster.transfer %x from "client" to "b" : tensor<1x4xf32>
    %4 = cluster.fragment on "b" -> tensor<1x4xf32> {
      %t = nn.multiply %2, %c : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
      cluster.yield %t : tensor<1x4xf32>
    }
    %5 = cluster.fragment on "b" -> tensor<1x4xf32> {
      %t = nn.add %4, %1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
      %s = nn.add %t, %3 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
      cluster.yield %s : tensor<1x4xf32>
    }
    %6 = cluster.transfer %5 from "b" to "client" : tensor<1x4xf32>
    return %6 : tensor<1x4xf32>
  }
}

// CHECK: module @a {
// CHECK-NEXT: func.func @main() {
// CHECK-NEXT: %[[C:.*]] = nn.constant
// CHECK-NEXT: %[[X:.*]] = cluster.recv from @client channel 0
// CHECK-NEXT: %[[T:.*]] = nn.add %[[X]], %[[C]] {{.*}} loc("first")
// CHECK-NEXT: cluster.send %[[T]] to @b channel 1
// CHECK-NEXT: cluster.send %[[X]] to @b channel 2
// CHECK-NEXT: return

// CHECK: module @b {
// CHECK-NEXT: func.func @main() {
// CHECK-NEXT: nn.constant
// CHECK-NEXT: %[[R1:.*]] = cluster.recv from @a channel 1
// CHECK-NEXT: %[[R2:.*]] = cluster.recv from @a channel 2
// CHECK-NEXT: nn.multiply %[[R2]]
// CHECK-NEXT: nn.add %{{.*}}, %[[R1]]
// CHECK-NEXT: %[[R3:.*]] = cluster.recv from @client channel 3
// CHECK-NEXT: nn.add %{{.*}}, %[[R3]]
// CHECK-NEXT: cluster.send %{{.*}} to @client channel 4
// CHECK-NEXT: return

// CHECK: module @client {
// CHECK-NEXT: func.func @main(%[[X:.*]]: tensor<1x4xf32> {note.name = "tensor"} loc({{.*}})) -> (tensor<1x4xf32> {note.name = "tensor"}) attributes {note.this = "kept"} {
// CHECK-NEXT: cluster.send %[[X]] to @a channel 0
// CHECK-NEXT: cluster.send %[[X]] to @b channel 3
// CHECK-NEXT: %[[Y:.*]] = cluster.recv from @b channel 4
// CHECK-NEXT: return %[[Y]]
