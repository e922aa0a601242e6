// RUN: windrow-opt %s --nn-convert-layout --split-input-file | FileCheck %s

// Convolutions pass NHWC on; the boundary follows; a flattened image's weights
// are viewed in its new order.
// CHECK-LABEL: func.func @network
// CHECK-SAME: (%[[X:.*]]: tensor<1x8x8x3xf32> {nn.model_layout = "NCHW"}) -> tensor<1x10xf32>
// CHECK-DAG: %[[F:.*]] = nn.constant dense_resource<f> : tensor<4x3x3x3xf32> permuted [0, 2, 3, 1] : tensor<4x3x3x3xf32>
// CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<w> : tensor<10x144xf32> viewed [10, 4, 6, 6] permuted [0, 2, 3, 1] : tensor<10x144xf32>
// CHECK: %[[C:.*]] = nn.conv_2d %[[X]], %[[F]]
// CHECK-NEXT: %[[R:.*]] = nn.clamp %[[C]] {{.*}} : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
// CHECK-NEXT: %[[S:.*]] = nn.reshape %[[R]] : (tensor<1x6x6x4xf32>) -> tensor<1x144xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.fully_connected %[[S]], %[[W]]
// CHECK-NEXT: return %[[Y]]
func.func @network(%x: tensor<1x3x8x8xf32>) -> tensor<1x10xf32> {
  %f = nn.constant dense_resource<f> : tensor<4x3x3x3xf32> permuted [0, 2, 3, 1] : tensor<4x3x3x3xf32>
  %w = nn.constant dense_resource<w> : tensor<10x144xf32> : tensor<10x144xf32>
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x6x6x4xf32>) -> tensor<1x4x6x6xf32>
  %3 = nn.clamp %2 {bounds = #nn.clamp<min = 0.0>} : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %4 = nn.reshape %3 : (tensor<1x4x6x6xf32>) -> tensor<1x144xf32>
  %5 = nn.fully_connected %4, %w : (tensor<1x144xf32>, tensor<10x144xf32>) -> tensor<1x10xf32>
  return %5 : tensor<1x10xf32>
}

// -----

// Every operation that renumbers its dimensions; the result too is NHWC.
// CHECK-LABEL: func.func @renumbered
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x5x3xf32> {nn.model_layout = "NCHW"}) -> (tensor<1x4x4x8xf32> {nn.model_layout = "NCHW"})
// CHECK: %[[P:.*]] = nn.max_pool_2d %[[X]]
// CHECK-NEXT: %[[C:.*]] = nn.concat %[[P]], %[[P]] {axis = 3 : i64} : (tensor<1x3x4x3xf32>, tensor<1x3x4x3xf32>) -> tensor<1x3x4x6xf32>
// CHECK-NEXT: %[[E:.*]] = nn.pad %[[C]] {high = array<i64: 0, 0, 2, 0>, low = array<i64: 0, 1, 0, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x4x6x8xf32>
// CHECK-NEXT: %[[S:.*]] = nn.slice %[[E]] {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 1, 4, 4, 8>} : (tensor<1x4x6x8xf32>) -> tensor<1x4x4x8xf32>
// CHECK-NEXT: %[[A:.*]] = nn.add %[[S]], %[[S]] : (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
// CHECK-NEXT: return %[[A]]
func.func @renumbered(%x: tensor<1x3x4x5xf32>) -> tensor<1x8x4x4xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 2, 2>} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x3xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x3xf32>) -> tensor<1x3x3x4xf32>
  %3 = nn.concat %2, %2 {axis = 1 : i64} : (tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>) -> tensor<1x6x3x4xf32>
  %4 = nn.pad %3 {low = array<i64: 0, 2, 1, 0>, high = array<i64: 0, 0, 0, 2>} : (tensor<1x6x3x4xf32>) -> tensor<1x8x4x6xf32>
  %5 = nn.slice %4 {offsets = array<i64: 0, 0, 0, 1>, sizes = array<i64: 1, 8, 4, 4>} : (tensor<1x8x4x6xf32>) -> tensor<1x8x4x4xf32>
  %6 = nn.add %5, %5 : (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %6 : tensor<1x8x4x4xf32>
}

// -----

// The gate of a squeeze-and-excitation block: one pixel is the same in any order.
// CHECK-LABEL: func.func @gate
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x4x8xf32> {nn.model_layout = "NCHW"})
// CHECK-NOT: nn.transpose
// CHECK: %[[G:.*]] = nn.global_avg_pool %[[X]]
// CHECK-NEXT: %[[V:.*]] = nn.reshape %[[G]] : (tensor<1x1x1x8xf32>) -> tensor<1x8xf32>
// CHECK-NEXT: %[[S:.*]] = nn.sigmoid %[[V]]
// CHECK-NEXT: %[[H:.*]] = nn.reshape %[[S]] : (tensor<1x8xf32>) -> tensor<1x1x1x8xf32>
// CHECK-NEXT: nn.multiply %[[X]], %[[H]]
// CHECK-NOT: nn.transpose
func.func @gate(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x8x4x4xf32>) -> tensor<1x4x4x8xf32>
  %1 = nn.global_avg_pool %0 : (tensor<1x4x4x8xf32>) -> tensor<1x1x1x8xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x1x1x8xf32>) -> tensor<1x8x1x1xf32>
  %3 = nn.reshape %2 : (tensor<1x8x1x1xf32>) -> tensor<1x8xf32>
  %4 = nn.sigmoid %3 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %5 = nn.reshape %4 : (tensor<1x8xf32>) -> tensor<1x8x1x1xf32>
  %6 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x8x4x4xf32>) -> tensor<1x4x4x8xf32>
  %7 = nn.transpose %5 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x8x1x1xf32>) -> tensor<1x1x1x8xf32>
  %8 = nn.multiply %6, %7 : (tensor<1x4x4x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x4x4x8xf32>
  %9 = nn.transpose %8 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x4x8xf32>) -> tensor<1x8x4x4xf32>
  return %9 : tensor<1x8x4x4xf32>
}

// -----

// Whatever stands between a flattened image and a matrix takes its weights in
// the new order too; a matrix that is already transposed keeps its value.
// CHECK-LABEL: func.func @flattened
// CHECK-DAG: %[[W:.*]] = nn.constant dense_resource<w> : tensor<24x5xf32> viewed [2, 3, 4, 5] permuted [3, 1, 2, 0] : tensor<5x24xf32>
// CHECK-DAG: %[[S:.*]] = nn.constant dense_resource<s> : tensor<24xf32> viewed [2, 3, 4] permuted [1, 2, 0] : tensor<24xf32>
// CHECK-DAG: %[[T:.*]] = nn.constant dense<1.000000e+00> : tensor<24xf32> viewed [2, 3, 4] permuted [1, 2, 0] : tensor<24xf32>
// CHECK-DAG: %[[D:.*]] = nn.constant dense_resource<d> : tensor<1x24xf32> viewed [2, 3, 4] permuted [1, 2, 0] : tensor<1x24xf32>
// CHECK: %[[P:.*]] = nn.max_pool_2d
// CHECK-NEXT: %[[R:.*]] = nn.reshape %[[P]] : (tensor<1x3x4x2xf32>) -> tensor<1x24xf32>
// CHECK-NEXT: %[[N:.*]] = nn.scale_shift %[[R]], %[[S]], %[[T]]
// CHECK-NEXT: %[[A:.*]] = nn.add %[[D]], %[[N]]
// CHECK-NEXT: %[[M:.*]] = nn.softmax %[[A]]
// CHECK-NEXT: nn.fully_connected %[[M]], %[[W]]
func.func @flattened(%x: tensor<1x2x6x8xf32>) -> tensor<1x5xf32> {
  %w = nn.constant dense_resource<w> : tensor<24x5xf32> permuted [1, 0] : tensor<5x24xf32>
  %s = nn.constant dense_resource<s> : tensor<24xf32> : tensor<24xf32>
  %t = nn.constant dense<1.0> : tensor<24xf32> : tensor<24xf32>
  %d = nn.constant dense_resource<d> : tensor<1x24xf32> : tensor<1x24xf32>
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x6x8xf32>) -> tensor<1x6x8x2xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x6x8x2xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32>
  %3 = nn.reshape %2 : (tensor<1x2x3x4xf32>) -> tensor<1x24xf32>
  %4 = nn.scale_shift %3, %s, %t : (tensor<1x24xf32>, tensor<24xf32>, tensor<24xf32>) -> tensor<1x24xf32>
  %5 = nn.add %d, %4 : (tensor<1x24xf32>, tensor<1x24xf32>) -> tensor<1x24xf32>
  %6 = nn.softmax %5 : (tensor<1x24xf32>) -> tensor<1x24xf32>
  %7 = nn.fully_connected %6, %w : (tensor<1x24xf32>, tensor<5x24xf32>) -> tensor<1x5xf32>
  return %7 : tensor<1x5xf32>
}

// -----

// A flattened image that something else reads in the model's order keeps it.
// CHECK-LABEL: func.func @flattened_and_returned
// CHECK: %[[W:.*]] = nn.constant dense_resource<w> : tensor<5x24xf32> : tensor<5x24xf32>
// CHECK: %[[P:.*]] = nn.max_pool_2d
// CHECK-NEXT: %[[T:.*]] = nn.transpose %[[P]] {permutation = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: %[[R:.*]] = nn.reshape %[[T]] : (tensor<1x2x3x4xf32>) -> tensor<1x24xf32>
// CHECK-NEXT: %[[Y:.*]] = nn.fully_connected %[[R]], %[[W]]
// CHECK-NEXT: return %[[R]], %[[Y]]
func.func @flattened_and_returned(%x: tensor<1x2x6x8xf32>) -> (tensor<1x24xf32>, tensor<1x5xf32>) {
  %w = nn.constant dense_resource<w> : tensor<5x24xf32> : tensor<5x24xf32>
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x6x8xf32>) -> tensor<1x6x8x2xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x6x8x2xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32>
  %3 = nn.reshape %2 : (tensor<1x2x3x4xf32>) -> tensor<1x24xf32>
  %4 = nn.fully_connected %3, %w : (tensor<1x24xf32>, tensor<5x24xf32>) -> tensor<1x5xf32>
  return %3, %4 : tensor<1x24xf32>, tensor<1x5xf32>
}

// -----

// An image that comes from a vector needs its transpose; a constant added to it
// is viewed, and the sum is computed on the side where it is wanted.
// CHECK-LABEL: func.func @from_vector
// CHECK-DAG: %[[C:.*]] = nn.constant dense_resource<c> : tensor<1x2x3x4xf32> viewed [2, 3, 4] permuted [1, 2, 0] : tensor<1x3x4x2xf32>
// CHECK: %[[R:.*]] = nn.reshape %arg0 : (tensor<1x24xf32>) -> tensor<1x2x3x4xf32>
// CHECK-NEXT: %[[T:.*]] = nn.transpose %[[R]] {permutation = array<i64: 0, 2, 3, 1>}
// CHECK: %[[P:.*]] = nn.max_pool_2d %[[T]]
// CHECK-NEXT: %[[A:.*]] = nn.add %[[P]], %[[C]] : (tensor<1x3x4x2xf32>, tensor<1x3x4x2xf32>)
// CHECK-NEXT: %[[B:.*]] = nn.add %[[A]], %[[T]] : (tensor<1x3x4x2xf32>, tensor<1x3x4x2xf32>)
// CHECK-NEXT: nn.max_pool_2d %[[B]]
func.func @from_vector(%arg0: tensor<1x24xf32>) -> tensor<1x2x2x3xf32> {
  %c = nn.constant dense_resource<c> : tensor<1x2x3x4xf32> : tensor<1x2x3x4xf32>
  %0 = nn.reshape %arg0 : (tensor<1x24xf32>) -> tensor<1x2x3x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %3 = nn.transpose %2 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32>
  %4 = nn.add %3, %c : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %5 = nn.add %4, %0 : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %6 = nn.transpose %5 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32>
  %7 = nn.max_pool_2d %6 {kernel = array<i64: 2, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x2xf32>
  %8 = nn.transpose %7 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x2x3x2xf32>) -> tensor<1x2x2x3xf32>
  return %8 : tensor<1x2x2x3xf32>
}

// -----

// An argument that meets an image becomes one, and so does what is computed from
// it on the way.
// CHECK-LABEL: func.func @argument_meets_image
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x4x2xf32> {nn.model_layout = "NCHW"}, %[[Y:.*]]: tensor<1x3x4x2xf32> {nn.model_layout = "NCHW"})
// CHECK-NEXT: %[[S:.*]] = nn.sigmoid %[[Y]] : (tensor<1x3x4x2xf32>)
// CHECK-NEXT: %[[P:.*]] = nn.max_pool_2d %[[X]]
// CHECK-NEXT: %[[C:.*]] = nn.concat %[[P]], %[[S]] {axis = 3 : i64}
// CHECK-NEXT: return %[[C]]
func.func @argument_meets_image(%x: tensor<1x2x3x4xf32>, %y: tensor<1x2x3x4xf32>) -> tensor<1x4x3x4xf32> {
  %0 = nn.sigmoid %y : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %1 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.max_pool_2d %1 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %3 = nn.transpose %2 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32>
  %4 = nn.concat %3, %0 {axis = 1 : i64} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x4x3x4xf32>
  return %4 : tensor<1x4x3x4xf32>
}

// -----

// Tensors of rank 4 that are not images, as far as anyone can tell, stay.
// CHECK-LABEL: func.func @not_images
// CHECK-SAME: (%{{.*}}: tensor<1x2x3x4xf32>, %{{.*}}: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
// CHECK-NEXT: nn.add
func.func @not_images(%a: tensor<1x2x3x4xf32>, %b: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %0 = nn.add %a, %b : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %0 : tensor<1x2x3x4xf32>
}

// -----

// A sum over the channels of a broadcast along the width is not one in NHWC.
// CHECK-LABEL: func.func @broadcast_along_width
// CHECK: %[[T:.*]] = nn.transpose %{{.*}} {permutation = array<i64: 0, 3, 1, 2>}
// CHECK: nn.add %[[T]], %{{.*}} : (tensor<1x2x3x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x2x3x4xf32>
func.func @broadcast_along_width(%x: tensor<1x2x3x4xf32>, %b: tensor<1x1x1x4xf32>) -> tensor<1x2x3x4xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32>
  %1 = nn.max_pool_2d %0 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x4x2xf32>) -> tensor<1x3x4x2xf32>
  %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x3x4x2xf32>) -> tensor<1x2x3x4xf32>
  %3 = nn.add %2, %b : (tensor<1x2x3x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x2x3x4xf32>
  return %3 : tensor<1x2x3x4xf32>
}

// -----

// A second run changes nothing.
// CHECK-LABEL: func.func @converted
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x5x3xf32> {nn.model_layout = "NCHW"}) -> (tensor<1x3x4x3xf32> {nn.model_layout = "NCHW"})
// CHECK-NEXT: %[[P:.*]] = nn.max_pool_2d %[[X]]
// CHECK-NEXT: return %[[P]]
func.func @converted(%x: tensor<1x4x5x3xf32> {nn.model_layout = "NCHW"}) -> (tensor<1x3x4x3xf32> {nn.model_layout = "NCHW"}) {
  %0 = nn.max_pool_2d %x {kernel = array<i64: 2, 2>} : (tensor<1x4x5x3xf32>) -> tensor<1x3x4x3xf32>
  return %0 : tensor<1x3x4x3xf32>
}

// -----

// CHECK-LABEL: func.func private @declared(tensor<1x3x8x8xf32>)
func.func private @declared(tensor<1x3x8x8xf32>) -> tensor<1x10xf32>
