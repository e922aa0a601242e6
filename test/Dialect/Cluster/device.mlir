// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --emit-bytecode | windrow-opt | FileCheck %s

module {
  // CHECK: module @"press-1"
  module @"press-1" {
    func.func @main() {
      // CHECK: %[[X:.*]] = cluster.recv from @client channel 0 : tensor<1x4xf32>
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      // CHECK: cluster.send %[[X]] to @client channel 1 : tensor<1x4xf32>
      cluster.send %0 to @client channel 1 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      // CHECK: cluster.send %{{.*}} to @"press-1" channel 0 : tensor<1x4xf32>
      cluster.send %x to @"press-1" channel 0 : tensor<1x4xf32>
      // CHECK: cluster.recv from @"press-1" channel 1 : tensor<1x4xf32>
      %0 = cluster.recv from @"press-1" channel 1 : tensor<1x4xf32>
      return %0 : tensor<1x4xf32>
    }
  }
}
