// The image of a slow client is worth a stream of all layers, which is in memory
// at once: 54 MB. With less there is one of two layers, where there is no room for
// the third, and none where memory is what counts.

// RUN: windrow-opt %s --cluster-assign-layout=strategy=single | FileCheck %s --check-prefix=LONG
// RUN: windrow-opt %s --cluster-assign-layout='strategy=single objective=memory' | FileCheck %s --check-prefix=WHOLE
// RUN: sed 's/= 60 : i64/= 40 : i64/' %s | windrow-opt --cluster-assign-layout=strategy=single | FileCheck %s --check-prefix=SHORT
// RUN: sed 's/= 60 : i64/= 40 : i64/' %s | windrow-opt --cluster-assign-layout=strategy=dp | FileCheck %s --check-prefix=SHORT

// LONG-COUNT-3: nn.conv_2d {{.*}}#cluster.layout<owner, ["a"] in {{[2-8]}} pieces>
// SHORT-COUNT-2: nn.conv_2d {{.*}}#cluster.layout<owner, ["a"] in {{[2-8]}} pieces>
// SHORT: nn.conv_2d {{.*}}#cluster.layout<owner, ["a"]>
// WHOLE-COUNT-3: nn.conv_2d {{.*}}#cluster.layout<owner, ["a"]>
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.memory_mb" = 60 : i64>>
} {
  func.func @main(%x: tensor<1x512x512x3xf32>) -> tensor<1x512x512x16xf32> {
    %f = nn.constant dense<0.5> : tensor<16x3x3x3xf32> : tensor<16x3x3x3xf32>
    %g = nn.constant dense<0.5> : tensor<16x3x3x16xf32> : tensor<16x3x3x16xf32>
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x512x512x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x512x512x16xf32>
    %1 = nn.conv_2d %0, %g {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x512x512x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x512x512x16xf32>
    %2 = nn.conv_2d %1, %g {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x512x512x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x512x512x16xf32>
    return %2 : tensor<1x512x512x16xf32>
  }
}
