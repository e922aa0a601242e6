// RUN: windrow-opt %s --nn-fold-batch-norm --split-input-file | FileCheck %s

// Behind a convolution: one scale an output channel, whatever the order of the
// filter; the clamp moves along.
// CHECK-LABEL: func.func @behind_conv
// CHECK-DAG: %[[F:.*]] = nn.constant dense<{{\[\[}}{{\[\[}}2.000000e+00]], {{\[\[}}4.000000e+00]]], {{\[\[}}[3.000000e+01]], {{\[\[}}4.000000e+01]]]]> : tensor<2x2x1x1xf32> permuted [0, 2, 3, 1] : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[2.500000e+00, 9.000000e+00]> : tensor<2xf32> : tensor<2xf32>
// CHECK: %[[C:.*]] = nn.conv_2d %arg0, %[[F]], %[[B]] {clamp = #nn.clamp<min = 0.000000e+00>}
// CHECK-NEXT: return %[[C]]
func.func @behind_conv(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32> permuted [0, 2, 3, 1] : tensor<2x1x1x2xf32>
  %b = nn.constant dense<[1.0, 1.0]> : tensor<2xf32> : tensor<2xf32>
  %scale = nn.constant dense<[2.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[0.5, -1.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f, %b : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift {clamp = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// -----

// Behind a matrix that is stored with inputs first.
// CHECK-LABEL: func.func @behind_fully_connected
// CHECK-DAG: %[[F:.*]] = nn.constant dense<{{\[\[}}2.000000e+00, 2.000000e+01], [6.000000e+00, 4.000000e+01], [1.000000e+01, 6.000000e+01]]> : tensor<3x2xf32> permuted [1, 0] : tensor<2x3xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[5.000000e-01, -1.000000e+00]>
// CHECK: nn.fully_connected %arg0, %[[F]], %[[B]]
// CHECK-NEXT: return
func.func @behind_fully_connected(%x: tensor<1x3xf32>) -> tensor<1x2xf32> {
  %f = nn.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> permuted [1, 0] : tensor<2x3xf32>
  %scale = nn.constant dense<[2.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[0.5, -1.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.fully_connected %x, %f : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<1x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// Before a convolution without padding: one scale an input channel, and the shift
// becomes bias. In groups, output channel 1 sees input channels 2 and 3.
// CHECK-LABEL: func.func @before_grouped_conv
// CHECK-DAG: %[[F:.*]] = nn.constant dense<{{.*}}1.000000e+00{{.*}}4.000000e+00{{.*}}9.000000e+00{{.*}}1.600000e+01{{.*}}> : tensor<2x2x1x1xf32> permuted [0, 2, 3, 1]
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[2.100000e+01, 4.030000e+02]>
// CHECK: nn.conv_2d %arg0, %[[F]], %[[B]] {groups = 2 : i64}
// CHECK-NEXT: return
func.func @before_grouped_conv(%x: tensor<1x4x4x4xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32> permuted [0, 2, 3, 1] : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
  %shift = nn.constant dense<[1.0, 10.0, 1.0, 100.0]> : tensor<4xf32> : tensor<4xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %1 = nn.conv_2d %0, %f {groups = 2 : i64} : (tensor<1x4x4x4xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// -----

// A depthwise filter has one input channel a group.
// CHECK-LABEL: func.func @before_depthwise_conv
// CHECK-DAG: %[[F:.*]] = nn.constant dense<{{.*}}1.000000e+01, 2.000000e+01{{.*}}3.000000e+02, 4.000000e+02{{.*}}> : tensor<2x1x1x2xf32> permuted [0, 2, 3, 1]
// CHECK-DAG: %[[B:.*]] = nn.constant dense<[3.000000e+00, 1.400000e+01]>
// CHECK: nn.conv_2d %arg0, %[[F]], %[[B]]
func.func @before_depthwise_conv(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x3x2xf32> {
  %f = nn.constant dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32> permuted [0, 2, 3, 1] : tensor<2x1x2x1xf32>
  %scale = nn.constant dense<[10.0, 100.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f {groups = 2 : i64} : (tensor<1x4x4x2xf32>, tensor<2x1x2x1xf32>) -> tensor<1x4x3x2xf32>
  return %1 : tensor<1x4x3x2xf32>
}

// -----

// A shift cannot pass through padding.
// CHECK-LABEL: func.func @shift_before_padding
// CHECK: nn.scale_shift %arg0
// CHECK: nn.conv_2d
func.func @shift_before_padding(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x1xf32> {
  %f = nn.constant dense<1.0> : tensor<1x3x3x2xf32> : tensor<1x3x3x2xf32>
  %scale = nn.constant dense<[2.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[0.5, 0.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x4x4x1xf32>
  return %1 : tensor<1x4x4x1xf32>
}

// -----

// A scale can, and needs no bias.
// CHECK-LABEL: func.func @scale_before_padding
// CHECK-NOT: nn.scale_shift
// CHECK: nn.conv_2d %arg0, %{{[^,]*}} {pads = array<i64: 1, 1, 1, 1>}
func.func @scale_before_padding(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x1xf32> {
  %f = nn.constant dense<1.0> : tensor<1x3x3x2xf32> : tensor<1x3x3x2xf32>
  %scale = nn.constant dense<[2.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x4x4x1xf32>
  return %1 : tensor<1x4x4x1xf32>
}

// -----

// VGG in the form convolution, ReLU, batch norm: nothing to fold into.
// CHECK-LABEL: func.func @behind_clamp
// CHECK: nn.conv_2d
// CHECK-NEXT: nn.scale_shift
// CHECK-NEXT: nn.conv_2d
func.func @behind_clamp(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<1.0> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>
  %scale = nn.constant dense<[2.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<[0.5, -1.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>, clamp = #nn.clamp<min = 0.0>} : (tensor<1x4x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.conv_2d %1, %f {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// A chain becomes one, with a clamp in between it does not.
// CHECK-LABEL: func.func @chain
// CHECK-DAG: %[[S:.*]] = nn.constant dense<6.000000e+00>
// CHECK-DAG: %[[T:.*]] = nn.constant dense<4.000000e+00>
// CHECK: %[[A:.*]] = nn.scale_shift %arg0, %[[S]], %[[T]] {clamp = #nn.clamp<max = 6.000000e+00>}
// CHECK-NEXT: %[[B:.*]] = nn.scale_shift %[[A]]
// CHECK-NEXT: return %[[B]]
func.func @chain(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %two = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %two, %one : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %three, %one {clamp = #nn.clamp<max = 6.0>} : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.scale_shift %1, %three, %one : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// A hard sigmoid as sum, clamp, division: a scale of all channels alike moves
// before the clamp and joins the sum in the weights.
// CHECK-LABEL: func.func @before_clamp
// CHECK-DAG: %[[F:.*]] = nn.constant dense<5.000000e-01> : tensor<2x4xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<1.500000e+00> : tensor<2xf32>
// CHECK: %[[A:.*]] = nn.fully_connected %arg0, %[[F]], %[[B]] :
// CHECK-NEXT: %[[C:.*]] = nn.clamp %[[A]] {bounds = #nn.clamp<min = 0.000000e+00, max = 2.000000e+00>}
// CHECK-NEXT: return %[[C]]
func.func @before_clamp(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %f = nn.constant dense<1.0> : tensor<2x4xf32> : tensor<2x4xf32>
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.fully_connected %x, %f : (tensor<1x4xf32>, tensor<2x4xf32>) -> tensor<1x2xf32>
  %1 = nn.scale_shift %0, %one, %three : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %2 = nn.clamp %1 {bounds = #nn.clamp<min = 0.0, max = 6.0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = nn.scale_shift %2, %half, %zero {clamp = #nn.clamp<max = 2.0>} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// It stays where channels differ, where it descends, and where bounds would meet.
// CHECK-LABEL: func.func @not_before_clamp
// CHECK-COUNT-3: nn.scale_shift %{{[0-9]+}}
// CHECK: return
func.func @not_before_clamp(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %scales = nn.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %minus = nn.constant dense<-1.0> : tensor<2xf32> : tensor<2xf32>
  %half = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.clamp %x {bounds = #nn.clamp<min = -1.0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %1 = nn.scale_shift %0, %scales, %zero : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %2 = nn.clamp %1 {bounds = #nn.clamp<max = 1.0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = nn.scale_shift %2, %minus, %zero : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %4 = nn.clamp %3 {bounds = #nn.clamp<max = 1.0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %5 = nn.scale_shift %4, %half, %zero {clamp = #nn.clamp<min = 2.0>} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %5 : tensor<1x2xf32>
}

// -----

// Between two layers: into the first, which is exact in every case.
// CHECK-LABEL: func.func @between
// CHECK-DAG: %[[F:.*]] = nn.constant dense<2.000000e+00> : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[G:.*]] = nn.constant dense<1.000000e+00> : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<5.000000e-01> : tensor<2xf32>
// CHECK: %[[C:.*]] = nn.conv_2d %arg0, %[[F]], %[[B]]
// CHECK-NEXT: nn.conv_2d %[[C]], %[[G]] :
func.func @between(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.conv_2d %1, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// From both sides at once: 3 * (f * (2 * x + 1)).
// CHECK-LABEL: func.func @both_sides
// CHECK-DAG: %[[F:.*]] = nn.constant dense<6.000000e+00> : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<6.000000e+00> : tensor<2xf32>
// CHECK: %[[C:.*]] = nn.conv_2d %arg0, %[[F]], %[[B]]
// CHECK-NEXT: return %[[C]]
func.func @both_sides(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %one = nn.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %two = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  %zero = nn.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %two, %one : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.scale_shift %1, %three, %zero : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// Before two layers: into both, or, where one of them cannot, into neither.
// CHECK-LABEL: func.func @before_two
// CHECK-NOT: nn.scale_shift
// CHECK: return
func.func @before_two(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>) {
  %f = nn.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %g = nn.constant dense<1.0> : tensor<2x3x3x2xf32> : tensor<2x3x3x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.conv_2d %0, %g : (tensor<1x4x4x2xf32>, tensor<2x3x3x2xf32>) -> tensor<1x2x2x2xf32>
  return %1, %2 : tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>
}

// CHECK-LABEL: func.func @before_one_and_other
// CHECK: nn.scale_shift
// CHECK: nn.conv_2d
func.func @before_one_and_other(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %f = nn.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.scale_shift %x, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.conv_2d %0, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

// A layer whose result has another use keeps its weights.
// CHECK-LABEL: func.func @behind_shared
// CHECK: nn.scale_shift
func.func @behind_shared(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %f = nn.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

// Weights that are not at hand stay, and so do those that are not constants.
// CHECK-LABEL: func.func @elided
// CHECK: dense_resource<elided>
// CHECK: nn.scale_shift
// CHECK: nn.scale_shift
func.func @elided(%x: tensor<1x4x4x2xf32>, %g: tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense_resource<elided> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %2 = nn.conv_2d %1, %g : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %3 = nn.scale_shift %2, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %3 : tensor<1x4x4x2xf32>
}

// -----

// Parts of constants stay.
// CHECK-LABEL: func.func @part
// CHECK: nn.conv_2d
// CHECK: nn.scale_shift
func.func @part(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %f = nn.constant dense<1.0> : tensor<4x1x1x2xf32> from [2, 0, 0, 0] of [4, 1, 1, 2] : tensor<2x1x1x2xf32>
  %scale = nn.constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %shift = nn.constant dense<0.5> : tensor<2xf32> : tensor<2xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x4x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// -----

// Large filters go into a resource of their own, named after the original.
// CHECK-LABEL: func.func @resource
// CHECK: %[[F:.*]] = nn.constant dense_resource<w_1> : tensor<300x1x1x1xf32>
// CHECK: nn.conv_2d %arg0, %[[F]]
func.func @resource(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x300xf32> {
  %f = nn.constant dense_resource<w> : tensor<300x1x1x1xf32> : tensor<300x1x1x1xf32>
  %scale = nn.constant dense<2.0> : tensor<300xf32> : tensor<300xf32>
  %shift = nn.constant dense<0.5> : tensor<300xf32> : tensor<300xf32>
  %0 = nn.conv_2d %x, %f : (tensor<1x1x1x1xf32>, tensor<300x1x1x1xf32>) -> tensor<1x1x1x300xf32>
  %1 = nn.scale_shift %0, %scale, %shift : (tensor<1x1x1x300xf32>, tensor<300xf32>, tensor<300xf32>) -> tensor<1x1x1x300xf32>
  return %1 : tensor<1x1x1x300xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803f"
    }
  }
#-}
