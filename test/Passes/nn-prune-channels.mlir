// RUN: windrow-opt %s --nn-prune-channels="ratio=0.5 min-channels=1" 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARKS < %t.remarks
// RUN: windrow-opt %s --nn-prune-channels="layers=first$ min-channels=3" -o /dev/null 2>&1 | FileCheck %s --check-prefix=FEWEST
// RUN: windrow-opt %s --nn-prune-channels="layers=first$,second layer-ratios=first=0.25 ratio=0.5 norm=l2 min-channels=1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=RATIOS

// The smaller filters go, with the columns that read them: of the second layer
// those at index 1 and 2 of four.
// CHECK-LABEL: func.func @chain
// CHECK: nn.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{.*}}4.000000e+00{{.*}}> : tensor<4x1x1x1xf32>
// CHECK: nn.constant dense<{{\[\[\[\[}}5.000000e+00, 6.000000e+00, 7.000000e+00, 8.000000e+00]]], {{\[\[\[}}4.000000e+00, 3.000000e+00, 2.000000e+00, 1.000000e+01]]]]> : tensor<2x1x1x4xf32>
// CHECK: nn.constant dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>
// CHECK: nn.conv_2d {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: nn.reshape {{.*}} -> tensor<1x8xf32>
// CHECK: nn.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00, 4.000000e+00, 6.000000e+00, 7.000000e+00, 9.000000e+00, 1.000000e+01, 1.200000e+01]]> : tensor<1x8xf32>
// CHECK: nn.fully_connected {{.*}} (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x1xf32>
// REMARKS: loc("second"): 2 of 3 channels: 15 -> 10 parameters, 48 -> 32 MACs
// REMARKS: remark: {{.*}}pruned: 31 -> 22 parameters
// FEWEST: loc("first"): 3 of 4 channels
// RATIOS: loc("first"): 3 of 4 channels
// RATIOS: loc("second"): 2 of 3 channels
func.func @chain(%x: tensor<1x2x2x1xf32>) -> tensor<1x1xf32> {
  %f = nn.constant dense<[[[[1.0]]], [[[2.0]]], [[[-3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32> : tensor<4x1x1x1xf32>
  %g = nn.constant dense<[[[[5.0, 6.0, 7.0, 8.0]]], [[[1.0, -2.0, 3.0, -4.0]]], [[[4.0, 3.0, 2.0, 10.0]]]]> : tensor<3x1x1x4xf32> : tensor<3x1x1x4xf32>
  %b = nn.constant dense<[2.0, 9.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
  %w = nn.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]]> : tensor<1x12xf32> : tensor<1x12xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x2x2x1xf32>, tensor<4x1x1x1xf32>) -> tensor<1x2x2x4xf32> loc("first")
  %1 = nn.conv_2d %0, %g, %b : (tensor<1x2x2x4xf32>, tensor<3x1x1x4xf32>, tensor<3xf32>) -> tensor<1x2x2x3xf32> loc("second")
  %2 = nn.reshape %1 : (tensor<1x2x2x3xf32>) -> tensor<1x12xf32>
  %3 = nn.fully_connected %2, %w : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x1xf32> loc("head")
  return %3 : tensor<1x1xf32>
}
