// The first layers of a plan in pieces of rows, as the image arrives: each
// device computes a piece of all of them before it waits for the next, whose
// place is behind the rows so far, so that nothing is copied.

// RUN: rm -rf %t.plan && windrow-compile %s -o %t.plan
// RUN: windrow-inspect %t.plan/press-1.bundle | FileCheck %s --check-prefixes=CHECK,FIRST
// RUN: windrow-inspect %t.plan/press-2.bundle | FileCheck %s --check-prefixes=CHECK,SECOND
// RUN: windrow-inspect %t.plan/client.bundle | FileCheck %s --check-prefix=CLIENT

// CHECK-LABEL: operators:
// CHECK-NOT: Copy
// CHECK-LABEL: channels:
// CHECK: from client: 1x5x24x3
// CHECK-NEXT: from client: 1x5x24x3
// FIRST-NEXT: from client: 1x4x24x3
// SECOND-NEXT: from client: 1x5x24x3
// CHECK-LABEL: instructions:
// CHECK: wait receive, channel [[#PIECE:]]
// CHECK-NEXT: nn.sigmoid
// CHECK-NEXT: nn.conv_2d
// CHECK-NEXT: nn.conv_2d
// CHECK: nn.add
// CHECK-NEXT: wait receive, channel [[#PIECE+2]]
// CHECK-NEXT: nn.sigmoid
// CHECK-NEXT: nn.conv_2d
// CHECK-NEXT: nn.conv_2d
// CHECK: nn.add
// CHECK-NEXT: wait receive, channel [[#PIECE+4]]
// CHECK-NEXT: nn.sigmoid
// CHECK-NEXT: nn.conv_2d
// CHECK-NEXT: nn.conv_2d
// CHECK-NEXT: nn.add
// FIRST-NEXT: post send, channel 6
// FIRST-NEXT: nn.add
// SECOND-NEXT: wait receive, channel 6
// CHECK-NEXT: nn.max_pool_2d
// CLIENT: to press-1: 1x5x24x3
// CLIENT-NEXT: to press-2: 1x5x24x3
// CLIENT-NEXT: to press-1: 1x5x24x3
// CLIENT-NEXT: to press-2: 1x5x24x3
// CLIENT-NEXT: to press-1: 1x4x24x3
// CLIENT-NEXT: to press-2: 1x5x24x3
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "press-1" = #dlti.target_device_spec<"cluster.address" = "localhost:7801", "cluster.threads" = 1 : i64>,
    "press-2" = #dlti.target_device_spec<"cluster.address" = "localhost:7802", "cluster.threads" = 1 : i64>>
} {
  func.func @main(%x: tensor<1x24x24x3xf32>) -> tensor<1x6x6x4xf32> {
    %f = nn.constant dense<0.25> : tensor<4x3x3x3xf32> : tensor<4x3x3x3xf32>
    %g = nn.constant dense<0.25> : tensor<4x3x3x4xf32> : tensor<4x3x3x4xf32>
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 12, 24], computed = [0, 14, 9, 24] in 3 pieces>}
       : (tensor<1x24x24x3xf32>) -> tensor<1x24x24x3xf32>
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>,
                            cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 6, 12], computed = [0, 7, 5, 12] in 3 pieces>}
       : (tensor<1x24x24x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x12x12x4xf32>
    %2 = nn.conv_2d %1, %g {pads = array<i64: 1, 1, 1, 1>,
                            cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 6, 12] in 3 pieces>}
       : (tensor<1x12x12x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x12x12x4xf32>
    %3 = nn.add %1, %2 {cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 6, 12] in 3 pieces>}
       : (tensor<1x12x12x4xf32>, tensor<1x12x12x4xf32>) -> tensor<1x12x12x4xf32>
    %4 = nn.max_pool_2d %3 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>,
                            cluster.layout = #cluster.layout<rows, ["press-1", "press-2"], [0, 3, 6]>}
       : (tensor<1x12x12x4xf32>) -> tensor<1x6x6x4xf32>
    return %4 : tensor<1x6x6x4xf32>
  }
}
