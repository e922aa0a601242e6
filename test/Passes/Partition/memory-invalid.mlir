// RUN: not windrow-opt %s --cluster-assign-layout=strategy=single 2>&1 | FileCheck %s --check-prefix=SINGLE
// RUN: not windrow-opt %s --cluster-assign-layout=strategy=dp 2>&1 | FileCheck %s --check-prefix=DP
// RUN: sed 's/= 3 : i64/= 9 : i64/' %s | windrow-opt --cluster-assign-layout=strategy=dp | FileCheck %s --check-prefix=DIVIDED

// 16 MB of weights.
// SINGLE: error: memory of device "a" must be at least 17 MB for this plan, got 3 MB
// DP: error: memory of device "a" must be at least 9 MB for the best plan found, got 3 MB
// DIVIDED: nn.fully_connected {{.*}}#cluster.layout<channels, ["a", "b"], [0, 1024, 2048]>
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.memory_mb" = 3 : i64>,
    "b" = #dlti.target_device_spec<"cluster.memory_mb" = 3 : i64>>
} {
  func.func @main(%x: tensor<1x2048xf32>) -> tensor<1x2048xf32> {
    %w = nn.constant dense<0.5> : tensor<2048x2048xf32> : tensor<2048x2048xf32>
    %0 = nn.fully_connected %x, %w : (tensor<1x2048xf32>, tensor<2048x2048xf32>) -> tensor<1x2048xf32>
    return %0 : tensor<1x2048xf32>
  }
}
