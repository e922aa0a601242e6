// Weights that are worth more than messages are divided by channels, the second
// layer's by those that it reads.

// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --compile-to=plan 2>/dev/null | FileCheck %s
// RUN: windrow-compile %s --cluster=%S/Inputs/three.yaml --compile-to=device --explain -o %t.mlir 2>/dev/null | FileCheck %s --check-prefix=TABLE

// CHECK: nn.fully_connected {{.*}}cluster.layout = #cluster.layout<channels, ["press-1", "press-2", "press-3"], [0, {{[0-9]+}}, {{[0-9]+}}, 4096]>
// CHECK: nn.fully_connected {{.*}}cluster.partials = #cluster.partials<["press-1", "press-2", "press-3"]
// TABLE: channels
// TABLE: partial sums
// TABLE: predicted {{.*}}, simulated
func.func @main(%x: tensor<1x4096xf32>) -> tensor<1x64xf32> {
  %w = nn.constant dense<0.5> : tensor<4096x4096xf32> : tensor<4096x4096xf32>
  %v = nn.constant dense<0.5> : tensor<64x4096xf32> : tensor<64x4096xf32>
  %0 = nn.fully_connected %x, %w
     : (tensor<1x4096xf32>, tensor<4096x4096xf32>) -> tensor<1x4096xf32>
  %1 = nn.fully_connected %0, %v
     : (tensor<1x4096xf32>, tensor<64x4096xf32>) -> tensor<1x64xf32>
  return %1 : tensor<1x64xf32>
}
