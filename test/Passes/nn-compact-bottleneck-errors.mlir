// RUN: not windrow-opt %s --nn-compact-bottleneck="ratio=0.5" 2>&1 | FileCheck %s --check-prefix=RATIO
// RATIO: error: ratio must be at least 1, got 0.50

// RUN: not windrow-opt %s --nn-compact-bottleneck="energy=1.5" 2>&1 | FileCheck %s --check-prefix=ENERGY
// ENERGY: error: energy must be from 0 to 1, got 1.50

// RUN: not windrow-opt %s --nn-compact-bottleneck="min-channels=0" 2>&1 | FileCheck %s --check-prefix=CHANNELS
// CHANNELS: error: min-channels must be at least 1, got 0

// RUN: not windrow-opt %s --nn-compact-bottleneck="layer-ratios=kernel" 2>&1 | FileCheck %s --check-prefix=RATIOS
// RATIOS: error: layer-ratios must hold LAYER=RATIO with a ratio of at least 1, got 'kernel'

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=absent" 2>&1 | FileCheck %s --check-prefix=ABSENT
// ABSENT: error: layer 'absent' must be the name of a layer or match one, found none

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=ker[nel" 2>&1 | FileCheck %s --check-prefix=REGEX
// REGEX: error: layer 'ker[nel' must be a name or a regular expression: brackets ([ ]) not balanced

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=pointwise" 2>&1 | FileCheck %s --check-prefix=POINTWISE
// POINTWISE: error: {{.*}}layer 'pointwise' must have a kernel larger than 1x1 to become a bottleneck

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=grouped" 2>&1 | FileCheck %s --check-prefix=GROUPED
// GROUPED: error: {{.*}}layer 'grouped' must have one group to become a bottleneck, got 16

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=^sum" 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: {{.*}}layer '^sum' must be a convolution to become a bottleneck, got 'nn.add'

// RUN: not windrow-opt %s --nn-compact-bottleneck="layers=computed" 2>&1 | FileCheck %s --check-prefix=COMPUTED
// COMPUTED: error: {{.*}}layer 'computed' must have a constant filter of f32 to become a bottleneck

func.func @main(%x: tensor<1x8x8x16xf32>, %c: tensor<16x3x3x16xf32>) -> tensor<1x8x8x16xf32> {
  %f = nn.constant dense<0.5> : tensor<16x1x1x16xf32> : tensor<16x1x1x16xf32>
  %g = nn.constant dense<0.5> : tensor<16x3x3x1xf32> : tensor<16x3x3x1xf32>
  %0 = nn.conv_2d %x, %f
     : (tensor<1x8x8x16xf32>, tensor<16x1x1x16xf32>) -> tensor<1x8x8x16xf32> loc("pointwise")
  %1 = nn.conv_2d %0, %g {pads = array<i64: 1, 1, 1, 1>, groups = 16 : i64}
     : (tensor<1x8x8x16xf32>, tensor<16x3x3x1xf32>) -> tensor<1x8x8x16xf32> loc("grouped")
  %2 = nn.conv_2d %1, %c {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x16xf32>, tensor<16x3x3x16xf32>) -> tensor<1x8x8x16xf32> loc("computed")
  %3 = nn.add %2, %1 : (tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> loc("sum")
  return %3 : tensor<1x8x8x16xf32>
}
