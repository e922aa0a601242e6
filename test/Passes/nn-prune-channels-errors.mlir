// RUN: not windrow-opt %s --nn-prune-channels="ratio=1" 2>&1 | FileCheck %s --check-prefix=RATIO
// RATIO: error: ratio must be at least 0 and below 1, got 1.00

// RUN: not windrow-opt %s --nn-prune-channels="min-channels=0" 2>&1 | FileCheck %s --check-prefix=CHANNELS
// CHANNELS: error: min-channels must be at least 1, got 0

// RUN: not windrow-opt %s --nn-prune-channels="layer-ratios=stem=2" 2>&1 | FileCheck %s --check-prefix=RATIOS
// RATIOS: error: layer-ratios must hold LAYER=RATIO with a ratio of at least 0 and below 1, got 'stem=2'

// RUN: not windrow-opt %s --nn-prune-channels="layers=sum" 2>&1 | FileCheck %s --check-prefix=SUM
// SUM: error: {{.*}}layer 'sum' must be a convolution or fully connected to lose channels, got 'nn.add'

// RUN: not windrow-opt %s --nn-prune-channels="layers=grouped" 2>&1 | FileCheck %s --check-prefix=GROUPED
// GROUPED: error: {{.*}}layer 'grouped' must have one group and constant weights of f32 to lose channels

// RUN: not windrow-opt %s --nn-prune-channels="layers=branch" 2>&1 | FileCheck %s --check-prefix=BOUND
// BOUND: error: {{.*}}layer 'branch' cannot lose channels: its channels are the network's result, bound to those of a layer that is not pruned, or read in a way that needs all

// RUN: windrow-opt %s -o /dev/null --nn-prune-channels 2>&1 | FileCheck %s --check-prefix=LEFT
// LEFT: remark: loc("branch"): left as it is: its channels are the network's result

func.func @main(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x8xf32> {
  %f = nn.constant dense<0.5> : tensor<8x1x1x2xf32> : tensor<8x1x1x2xf32>
  %g = nn.constant dense<0.5> : tensor<8x1x1x8xf32> : tensor<8x1x1x8xf32>
  %h = nn.constant dense<0.5> : tensor<8x1x1x4xf32> : tensor<8x1x1x4xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<8x1x1x2xf32>) -> tensor<1x4x4x8xf32> loc("stem")
  %1 = nn.conv_2d %0, %g : (tensor<1x4x4x8xf32>, tensor<8x1x1x8xf32>) -> tensor<1x4x4x8xf32> loc("branch")
  %2 = nn.add %0, %1 : (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> loc("sum")
  %3 = nn.conv_2d %2, %h {groups = 2 : i64} : (tensor<1x4x4x8xf32>, tensor<8x1x1x4xf32>) -> tensor<1x4x4x8xf32> loc("grouped")
  return %3 : tensor<1x4x4x8xf32>
}
