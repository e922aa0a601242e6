// RUN: windrow-opt %s --nn-fuse-clamps | FileCheck %s

// Every operation that clamps its own result.
// CHECK-LABEL: func.func @into_producers
// CHECK-NOT: nn.clamp %
// CHECK: nn.conv_2d {{.*}}clamp = #nn.clamp<min = 0.000000e+00>
// CHECK-NEXT: nn.max_pool_2d {{.*}}clamp = #nn.clamp<max = 5.000000e+00>
// CHECK-NEXT: nn.avg_pool_2d {{.*}}clamp = #nn.clamp<max = 4.000000e+00>
// CHECK-NEXT: nn.add {{.*}}clamp = #nn.clamp<max = 3.000000e+00>
// CHECK-NEXT: nn.multiply {{.*}}clamp = #nn.clamp<max = 2.000000e+00>
// CHECK-NEXT: nn.scale_shift {{.*}}clamp = #nn.clamp<max = 1.000000e+00>
// CHECK-NEXT: nn.reshape
// CHECK-NEXT: nn.fully_connected {{.*}}clamp = #nn.clamp<min = 0.000000e+00, max = 6.000000e+00>
// CHECK-NEXT: return
func.func @into_producers(%x: tensor<1x4x4x2xf32>, %f: tensor<2x1x1x2xf32>, %v: tensor<2xf32>, %w: tensor<5x8xf32>) -> tensor<1x5xf32> {
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32>
  %3 = nn.clamp %2 {bounds = #nn.clamp<max = 5.0>} : (tensor<1x3x3x2xf32>) -> tensor<1x3x3x2xf32>
  %4 = nn.avg_pool_2d %3 {kernel = array<i64: 2, 2>} : (tensor<1x3x3x2xf32>) -> tensor<1x2x2x2xf32>
  %5 = nn.clamp %4 {bounds = #nn.clamp<max = 4.0>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %6 = nn.add %5, %5 : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %7 = nn.clamp %6 {bounds = #nn.clamp<max = 3.0>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %8 = nn.multiply %7, %7 : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %9 = nn.clamp %8 {bounds = #nn.clamp<max = 2.0>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %10 = nn.scale_shift %9, %v, %v : (tensor<1x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
  %11 = nn.clamp %10 {bounds = #nn.clamp<max = 1.0>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %12 = nn.reshape %11 : (tensor<1x2x2x2xf32>) -> tensor<1x8xf32>
  %13 = nn.fully_connected %12, %w : (tensor<1x8xf32>, tensor<5x8xf32>) -> tensor<1x5xf32>
  %14 = nn.clamp %13 {bounds = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x5xf32>) -> tensor<1x5xf32>
  return %14 : tensor<1x5xf32>
}

// A clamp of a clamp is one.
// CHECK-LABEL: func.func @chain
// CHECK-NEXT: %[[C:.*]] = nn.clamp %arg0 {bounds = #nn.clamp<min = 0.000000e+00, max = 4.000000e+00>}
// CHECK-NEXT: return %[[C]]
func.func @chain(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = nn.clamp %x {bounds = #nn.clamp<min = -1.0>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = nn.clamp %1 {bounds = #nn.clamp<max = 4.0>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}

// Bounds that leave one value cannot be written as one clamp.
// CHECK-LABEL: func.func @disjoint
// CHECK-NEXT: nn.add {{.*}}#nn.clamp<max = 1.000000e+00>
// CHECK-NEXT: nn.clamp {{.*}}#nn.clamp<min = 2.000000e+00>
// CHECK-NEXT: return
func.func @disjoint(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = nn.add %x, %x {clamp = #nn.clamp<max = 1.0>} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 2.0>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}

// What else is read must not be clamped.
// CHECK-LABEL: func.func @shared
// CHECK-NEXT: nn.add %arg0, %arg0 :
// CHECK-NEXT: nn.clamp
func.func @shared(%x: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %0 = nn.add %x, %x : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %0, %1 : tensor<1x8xf32>, tensor<1x8xf32>
}

// Through a concatenation and a reshape, where all operands can take it ...
// CHECK-LABEL: func.func @through_concat
// CHECK-NEXT: nn.add {{.*}}clamp = #nn.clamp<min = 0.000000e+00>
// CHECK-NEXT: nn.reshape
// CHECK-NEXT: nn.multiply {{.*}}clamp = #nn.clamp<min = 0.000000e+00, max = 6.000000e+00>
// CHECK-NEXT: nn.concat
// CHECK-NEXT: return
func.func @through_concat(%x: tensor<1x8xf32>, %y: tensor<1x1x1x8xf32>) -> tensor<1x1x1x16xf32> {
  %0 = nn.add %x, %x : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.reshape %0 : (tensor<1x8xf32>) -> tensor<1x1x1x8xf32>
  %2 = nn.multiply %y, %y {clamp = #nn.clamp<max = 6.0>} : (tensor<1x1x1x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x1x1x8xf32>
  %3 = nn.concat %1, %2 {axis = 3 : i64} : (tensor<1x1x1x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x1x1x16xf32>
  %4 = nn.clamp %3 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x1x1x16xf32>) -> tensor<1x1x1x16xf32>
  return %4 : tensor<1x1x1x16xf32>
}

// ... and only there.
// CHECK-LABEL: func.func @through_concat_of_argument
// CHECK-NEXT: nn.add %arg0, %arg0 :
// CHECK-NEXT: nn.concat
// CHECK-NEXT: nn.clamp
func.func @through_concat_of_argument(%x: tensor<1x8xf32>) -> tensor<1x16xf32> {
  %0 = nn.add %x, %x : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %1 = nn.concat %0, %x {axis = 1 : i64} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x16xf32>
  %2 = nn.clamp %1 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x16xf32>) -> tensor<1x16xf32>
  return %2 : tensor<1x16xf32>
}

// A clamp that nothing before it can take is the max pool's behind it.
// CHECK-LABEL: func.func @into_max_pool
// CHECK-NEXT: nn.max_pool_2d %arg0 {clamp = #nn.clamp<min = 0.000000e+00, max = 6.000000e+00>
// CHECK-NEXT: return
func.func @into_max_pool(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32> {
  %0 = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 2, 2>, clamp = #nn.clamp<max = 6.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32>
  return %1 : tensor<1x3x3x2xf32>
}

// A mean of clamped elements is not a clamped mean.
// CHECK-LABEL: func.func @not_into_avg_pool
// CHECK-NEXT: nn.clamp
// CHECK-NEXT: nn.avg_pool_2d
func.func @not_into_avg_pool(%x: tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32> {
  %0 = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.avg_pool_2d %0 {kernel = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x3x3x2xf32>
  return %1 : tensor<1x3x3x2xf32>
}
