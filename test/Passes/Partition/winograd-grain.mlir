// RUN: windrow-opt %s --cluster-assign-layout=strategy=even | FileCheck %s --check-prefix=LAYOUT
// RUN: windrow-opt %s "--cluster-assign-layout=strategy=even grain=6" | FileCheck %s --check-prefix=GRAIN
// RUN: windrow-opt %s --cluster-assign-layout=strategy=even --cluster-place=boundary-first=always --cluster-verify-placement | FileCheck %s --check-prefix=PLACE

// Rows are divided at tiles, so that strips have the bits of the whole.

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @main(%x: tensor<1x18x8x4xf32>) -> tensor<1x18x8x4xf32> {
    %f = nn.constant dense<0.5> : tensor<4x3x3x4xf32> : tensor<4x3x3x4xf32>
    // LAYOUT: nn.conv_2d {{.*}}[0, 8, 18]
    // GRAIN: nn.conv_2d {{.*}}[0, 12, 18]
    // The piece that the other device waits for is a row of tiles, and the rows
    // that it reads are cut out.
    // PLACE: cluster.fragment on "b" part <tensor = 0, dimension = 1, 8 to 12 of 18>
    // PLACE-NEXT: nn.slice %{{.*}} -> tensor<1x6x8x4xf32>
    // PLACE-NEXT: nn.conv_2d {{.*}}winograd4x4{{.*}} -> tensor<1x4x8x4xf32>
    // PLACE: nn.slice {{.*}} -> tensor<1x3x8x4xf32>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd4x4>}
       : (tensor<1x18x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x18x8x4xf32>
    // LAYOUT: nn.conv_2d {{.*}}[0, 10, 18]
    // GRAIN: nn.conv_2d {{.*}}[0, 12, 18]
    %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>, algorithm = #nn.algorithm<winograd2x2>}
       : (tensor<1x18x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x18x8x4xf32>
    return %1 : tensor<1x18x8x4xf32>
  }
}
