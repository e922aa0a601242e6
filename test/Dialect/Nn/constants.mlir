// RUN: windrow-opt %s | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --mlir-print-op-generic | windrow-opt | FileCheck %s
// RUN: windrow-opt %s --emit-bytecode | windrow-opt | FileCheck %s

// CHECK-LABEL: func.func @dense
func.func @dense() -> tensor<2xf32> {
  // CHECK: nn.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @splat_in_another_shape
func.func @splat_in_another_shape() -> tensor<2x8xf16> {
  // CHECK: nn.constant dense<0.000000e+00> : tensor<16xf16> : tensor<2x8xf16>
  %0 = nn.constant dense<0.0> : tensor<16xf16> : tensor<2x8xf16>
  return %0 : tensor<2x8xf16>
}

// CHECK-LABEL: func.func @permuted
func.func @permuted() -> tensor<2x1x1x1xf32> {
  // CHECK: nn.constant dense_resource<filter> : tensor<2x1x1x1xf32> permuted [0, 2, 3, 1] : tensor<2x1x1x1xf32>
  %0 = nn.constant dense_resource<filter> : tensor<2x1x1x1xf32>
       permuted [0, 2, 3, 1] : tensor<2x1x1x1xf32>
  return %0 : tensor<2x1x1x1xf32>
}

// CHECK-LABEL: func.func @viewed
func.func @viewed() -> tensor<3x2xf32> {
  // CHECK: nn.constant dense<{{.*}}> : tensor<6xf32> viewed [2, 3] permuted [1, 0] {note = "kept"} : tensor<3x2xf32>
  %0 = nn.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<6xf32>
       viewed [2, 3] permuted [1, 0] {note = "kept"} : tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @part
func.func @part() -> tensor<1x2xf32> {
  // CHECK: nn.constant dense<{{.*}}> : tensor<6xf32> viewed [2, 3] permuted [1, 0] from [2, 0] of [3, 2] {note = "kept"} : tensor<1x2xf32>
  %0 = nn.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<6xf32>
       viewed [2, 3] permuted [1, 0] from [2, 0] of [3, 2] {note = "kept"} : tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// CHECK-LABEL: func.func @part_without_view
func.func @part_without_view() -> tensor<2xf32> {
  // CHECK: nn.constant dense<{{.*}}> : tensor<3xf32> from [1] of [3] : tensor<2xf32>
  %0 = nn.constant dense<[0.0, 1.0, 2.0]> : tensor<3xf32> from [1] of [3] : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK: filter: "0x040000000000803F00000040"
{-#
  dialect_resources: { builtin: { filter: "0x040000000000803F00000040" } }
#-}
