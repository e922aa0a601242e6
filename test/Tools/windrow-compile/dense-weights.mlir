// RUN: windrow-compile %s --compile-to=graph --dense-weights=f32 | FileCheck %s --check-prefix=F32
// RUN: windrow-compile %s --compile-to=graph --dense-weights=bf16 | FileCheck %s --check-prefix=BF16
// RUN: not windrow-compile %s --compile-to=graph --dense-weights=f8 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: rm -rf %t.plan && windrow-compile %s --strategy=proportional --dense-weights=f16 --cluster=%S/Inputs/three.yaml -o %t.plan
// RUN: windrow-inspect %t.plan/press-1.bundle | FileCheck %s --check-prefix=BUNDLE
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --compile-to=plan -o %t.mlir
// RUN: not windrow-compile %t.mlir --dense-weights=bf16 -o %t.plan 2>&1 | FileCheck %s --check-prefix=PLAN

// F32-NOT: storage
// BF16: nn.fully_connected {{.*}}storage = #nn.storage<bf16>
// ERROR: Cannot find option named 'f8'
// BUNDLE: FullyConnected {{.*}} f16,
// PLAN: error: dense weights must be narrowed in a model, got a plan
func.func @main(%x: tensor<1x8xf32>) -> tensor<1x32xf32> {
  %w = nn.constant dense<0.3> : tensor<32x8xf32> : tensor<32x8xf32>
  %b = nn.constant dense<0.1> : tensor<32xf32> : tensor<32xf32>
  %0 = nn.fully_connected %x, %w, %b
     : (tensor<1x8xf32>, tensor<32x8xf32>, tensor<32xf32>) -> tensor<1x32xf32>
  return %0 : tensor<1x32xf32>
}
