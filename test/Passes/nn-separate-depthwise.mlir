// RUN: windrow-opt %s --nn-separate-depthwise="terms=2" | FileCheck %s
// RUN: windrow-opt %s -o /dev/null --nn-separate-depthwise="terms=2" 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: windrow-opt %s -o /dev/null --nn-separate-depthwise="terms=9" 2>&1 | FileCheck %s --check-prefix=LEFT
// RUN: not windrow-opt %s --nn-separate-depthwise="terms=0" 2>&1 | FileCheck %s --check-prefix=TERMS
// RUN: not windrow-opt %s --nn-separate-depthwise="layers=pointwise" 2>&1 | FileCheck %s --check-prefix=ONE-BY-ONE

// REMARK: remark: loc("layer"): depthwise and pointwise with 2 terms: 4640 -> 1344 parameters, 73728 -> 20992 MACs, filter off by 0.0%
// REMARK: remark: {{.*}}separable layers: 6096 -> 2800 parameters
// LEFT: remark: loc("layer"): left as it is: depthwise and pointwise with 9 terms would take 73728 -> 94464 MACs
// TERMS: error: terms must be at least 1, got 0
// ONE-BY-ONE: error: {{.*}}layer 'pointwise' must have a kernel larger than 1x1 to become depthwise and pointwise

// CHECK-LABEL: func.func @main
// CHECK: %[[FIRST:.*]] = nn.conv_2d %arg0
// CHECK: %[[DEPTHWISE:.*]] = nn.constant {{.*}} : tensor<32x3x3x1xf32>
// CHECK: %[[FILTERED:.*]] = nn.conv_2d %[[FIRST]], %[[DEPTHWISE]] {groups = 16 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : {{.*}} -> tensor<1x4x4x32xf32>
// CHECK: %[[POINTWISE:.*]] = nn.constant {{.*}} : tensor<32x1x1x32xf32>
// CHECK: nn.conv_2d %[[FILTERED]], %[[POINTWISE]], %{{.*}} {clamp = #nn.clamp<min = 0.000000e+00>} : {{.*}} -> tensor<1x4x4x32xf32>
// CHECK-NEXT: nn.constant
// CHECK-NEXT: nn.conv_2d
// CHECK-NEXT: return
func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x32xf32> {
  %f = nn.constant dense<0.5> : tensor<16x3x3x3xf32> : tensor<16x3x3x3xf32>
  %g = nn.constant dense<0.5> : tensor<32x3x3x16xf32> : tensor<32x3x3x16xf32>
  %b = nn.constant dense<2.0> : tensor<32xf32> : tensor<32xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<1x8x8x16xf32>
  %1 = nn.conv_2d %0, %g, %b {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, clamp = #nn.clamp<min = 0.0>}
     : (tensor<1x8x8x16xf32>, tensor<32x3x3x16xf32>, tensor<32xf32>) -> tensor<1x4x4x32xf32> loc("layer")
  %p = nn.constant dense<0.5> : tensor<32x1x1x32xf32> : tensor<32x1x1x32xf32>
  %2 = nn.conv_2d %1, %p
     : (tensor<1x4x4x32xf32>, tensor<32x1x1x32xf32>) -> tensor<1x4x4x32xf32> loc("pointwise")
  return %2 : tensor<1x4x4x32xf32>
}
