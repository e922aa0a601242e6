// RUN: not windrow-opt %s --cluster-assign-layout=grain=0 2>&1 | FileCheck %s
// RUN: not windrow-opt %s --cluster-place=grain=-1 2>&1 | FileCheck %s --check-prefix=PLACE

// CHECK: error: grain must be at least 1, got 0
// PLACE: error: grain must be at least 1, got -1
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @main() {
    return
  }
}
