// RUN: windrow-compile %s --compile-to=graph | FileCheck %s --check-prefix=AUTO
// RUN: windrow-compile %s --compile-to=graph --kernels=auto | FileCheck %s --check-prefix=AUTO
// RUN: windrow-compile %s --compile-to=graph --kernels=direct | FileCheck %s --check-prefix=DIRECT
// RUN: not windrow-compile %s --compile-to=graph --kernels=fast 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: rm -rf %t.plan && windrow-compile %s --strategy=proportional --cluster=%S/Inputs/three.yaml -o %t.plan
// RUN: windrow-inspect %t.plan/press-1.bundle | FileCheck %s --check-prefix=BUNDLE
// Transformed filters take more memory.
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --compile-to=plan 2>/dev/null | FileCheck %s --check-prefix=AUTO
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --compile-to=plan --objective=memory 2>/dev/null | FileCheck %s --check-prefix=DIRECT

// ERROR: Cannot find option named 'fast'

// AUTO: nn.conv_2d {{.*}}algorithm = #nn.algorithm<winograd4x4>
// DIRECT: nn.conv_2d
// DIRECT-NOT: algorithm
// BUNDLE: Winograd4x4
func.func @main(%x: tensor<1x16x16x16xf32>) -> tensor<1x16x16x32xf32> {
  %f = nn.constant dense<0.25> : tensor<32x3x3x16xf32> : tensor<32x3x3x16xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x16x16x16xf32>, tensor<32x3x3x16xf32>) -> tensor<1x16x16x32xf32>
  return %0 : tensor<1x16x16x32xf32>
}
