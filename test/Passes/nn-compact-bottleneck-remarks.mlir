// RUN: windrow-opt %s -o /dev/null --nn-compact-bottleneck="ratio=8 min-channels=2 layer-ratios=third=4,^sec=1 min-parameters=1000" 2>&1 | FileCheck %s
// RUN: windrow-opt %s -o /dev/null --nn-compact-bottleneck="ratio=8 layers=second,third attention=none" 2>&1 | FileCheck %s --check-prefix=NAMED
// RUN: windrow-opt %s -o /dev/null --nn-compact-bottleneck="energy=0.999 layers=(second|third)" 2>&1 | FileCheck %s --check-prefix=ENERGY
// RUN: windrow-opt %s --mlir-print-debuginfo --mlir-print-local-scope --nn-compact-bottleneck="layers=third" 2>/dev/null | FileCheck %s --check-prefix=NAMES

// CHECK-NOT: "first"
// CHECK: remark: loc("fourth"): left as it is: has 144 parameters, fewer than 1000
// CHECK: remark: loc("second"): left as it is: a bottleneck of 16 and 32 channels would take 294912 -> 381984 MACs
// CHECK: remark: loc("third"): a bottleneck of 8 and 4 channels: 4624 -> 644 parameters, 294912 -> 39444 MACs, filter off by 0.0%
// CHECK: remark: {{.*}}bottlenecks: 9440 -> 5460 parameters, 603136 -> 347668 MACs

// NAMED: loc("second"): a bottleneck of 4 and 4 channels: 4608 -> 336 parameters
// NAMED: loc("third"): a bottleneck of 4 and 4 channels

// One channel on either side holds all of a filter of rank one.
// ENERGY: loc("second"): a bottleneck of 4 and 4 channels
// ENERGY: loc("third"): a bottleneck of 4 and 4 channels

// NAMES: nn.conv_2d {{.*}} loc("third/reduce")
// NAMES: nn.conv_2d {{.*}} loc("third/filter")
// NAMES: nn.global_avg_pool {{.*}} loc("third/attention")
// NAMES: nn.multiply {{.*}} loc("third/attention")
// NAMES: nn.conv_2d {{.*}} loc("third/expand")

func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x16xf32> {
  %f = nn.constant dense<0.5> : tensor<16x1x1x4xf32> : tensor<16x1x1x4xf32>
  %g = nn.constant dense<0.5> : tensor<32x3x3x16xf32> : tensor<32x3x3x16xf32>
  %h = nn.constant dense<0.5> : tensor<16x3x3x32xf32> : tensor<16x3x3x32xf32>
  %i = nn.constant dense<0.5> : tensor<1x3x3x16xf32> : tensor<1x3x3x16xf32>
  %b = nn.constant dense<2.0> : tensor<16xf32> : tensor<16xf32>
  %0 = nn.conv_2d %x, %f
     : (tensor<1x8x8x4xf32>, tensor<16x1x1x4xf32>) -> tensor<1x8x8x16xf32> loc("first")
  %1 = nn.conv_2d %0, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x16xf32>, tensor<32x3x3x16xf32>) -> tensor<1x8x8x32xf32> loc("second")
  %2 = nn.conv_2d %1, %h, %b {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x32xf32>, tensor<16x3x3x32xf32>, tensor<16xf32>) -> tensor<1x8x8x16xf32> loc("third")
  %3 = nn.conv_2d %2, %i {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x16xf32>, tensor<1x3x3x16xf32>) -> tensor<1x8x8x1xf32> loc("fourth")
  return %2 : tensor<1x8x8x16xf32>
}
