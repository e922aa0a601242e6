// RUN: windrow-opt %s --nn-choose-kernels | FileCheck %s

// CHECK-LABEL: func.func @by_size
func.func @by_size(%a: tensor<1x8x18x16xf32>, %b: tensor<1x18x7x16xf32>,
                   %c: tensor<1x7x7x128xf32>, %d: tensor<1x6x6x128xf32>,
                   %f: tensor<32x3x3x16xf32>, %g: tensor<128x3x3x128xf32>) {
  // CHECK: nn.conv_2d {{.*}}winograd4x4
  %0 = nn.conv_2d %a, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x18x16xf32>, tensor<32x3x3x16xf32>) -> tensor<1x8x18x32xf32>
  // CHECK-NEXT: nn.conv_2d %{{.*}} {pads =
  %1 = nn.conv_2d %b, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x18x7x16xf32>, tensor<32x3x3x16xf32>) -> tensor<1x18x7x32xf32>
  // CHECK-NEXT: nn.conv_2d {{.*}}winograd2x2
  %2 = nn.conv_2d %c, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x7x7x128xf32>, tensor<128x3x3x128xf32>) -> tensor<1x7x7x128xf32>
  // CHECK-NEXT: nn.conv_2d %{{.*}} {pads =
  %3 = nn.conv_2d %d, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x6x6x128xf32>, tensor<128x3x3x128xf32>) -> tensor<1x6x6x128xf32>
  return
}

// CHECK-LABEL: func.func @by_filter
func.func @by_filter(%a: tensor<1x15x15x512xf32>, %b: tensor<1x16x16x512xf32>,
                     %c: tensor<1x28x28x15xf32>, %d: tensor<1x28x28x16xf32>,
                     %f: tensor<512x3x3x512xf32>, %g: tensor<32x3x3x15xf32>,
                     %h: tensor<31x3x3x16xf32>) {
  // CHECK: nn.conv_2d {{.*}}winograd2x2
  %0 = nn.conv_2d %a, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x15x15x512xf32>, tensor<512x3x3x512xf32>) -> tensor<1x15x15x512xf32>
  // CHECK-NEXT: nn.conv_2d {{.*}}winograd4x4
  %1 = nn.conv_2d %b, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x16x16x512xf32>, tensor<512x3x3x512xf32>) -> tensor<1x16x16x512xf32>
  // CHECK-NEXT: nn.conv_2d %{{.*}} {pads =
  %2 = nn.conv_2d %c, %g {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x28x28x15xf32>, tensor<32x3x3x15xf32>) -> tensor<1x28x28x32xf32>
  // CHECK-NEXT: nn.conv_2d %{{.*}} {pads =
  %3 = nn.conv_2d %d, %h {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x28x28x16xf32>, tensor<31x3x3x16xf32>) -> tensor<1x28x28x31xf32>
  return
}

// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<1x32x32x64xf32>, %f: tensor<64x3x3x64xf32>,
                  %g: tensor<64x3x3x32xf32>, %h: tensor<64x5x3x64xf32>,
                  %two: tensor<2x32x32x64xf32>) {
  // CHECK-NOT: winograd
  %0 = nn.conv_2d %x, %f {strides = array<i64: 2, 2>}
     : (tensor<1x32x32x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x15x15x64xf32>
  %1 = nn.conv_2d %x, %f {dilations = array<i64: 1, 2>}
     : (tensor<1x32x32x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x30x28x64xf32>
  %2 = nn.conv_2d %x, %g {groups = 2 : i64}
     : (tensor<1x32x32x64xf32>, tensor<64x3x3x32xf32>) -> tensor<1x30x30x64xf32>
  %3 = nn.conv_2d %x, %h
     : (tensor<1x32x32x64xf32>, tensor<64x5x3x64xf32>) -> tensor<1x28x30x64xf32>
  %4 = nn.conv_2d %two, %f
     : (tensor<2x32x32x64xf32>, tensor<64x3x3x64xf32>) -> tensor<2x30x30x64xf32>
  // CHECK: winograd2x2
  %5 = nn.conv_2d %x, %f {algorithm = #nn.algorithm<winograd2x2>}
     : (tensor<1x32x32x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x30x30x64xf32>
  return
}
