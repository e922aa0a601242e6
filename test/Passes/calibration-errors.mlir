// What a folder of calibration images must hold, and what a network must take.

// RUN: rm -rf %t && mkdir -p %t/empty %t/broken %t/small/below
// RUN: echo text > %t/empty/notes.txt
// RUN: echo text > %t/broken/image.png
// RUN: %python -c "from PIL import Image; Image.new('L', (5, 4)).save('%t/small/below/image.png')"
// RUN: split-file %s %t/ir

// RUN: not windrow-opt %t/ir/pixels.mlir --nn-compact-bottleneck="calibration=%t/absent" 2>&1 | FileCheck %s --check-prefix=ABSENT
// ABSENT: error: calibration folder '{{.*}}absent': No such file or directory

// RUN: not windrow-opt %t/ir/pixels.mlir --nn-separate-depthwise="calibration=%t/empty" 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: calibration folder '{{.*}}empty' must hold JPEG or PNG images, found none

// RUN: not windrow-opt %t/ir/pixels.mlir --nn-low-rank-dense="calibration=%t/broken" 2>&1 | FileCheck %s --check-prefix=BROKEN
// BROKEN: error: '{{.*}}image.png' must be a JPEG or PNG image

// RUN: not windrow-opt %t/ir/pixels.mlir --nn-compact-bottleneck="calibration=%t/small" 2>&1 | FileCheck %s --check-prefix=SMALL
// SMALL: error: '{{.*}}image.png' must have 8 rows of 8 pixels, got 4 of 5

// RUN: not windrow-opt %t/ir/pixels.mlir --nn-compact-bottleneck="calibration=%t/small calibration-images=0" 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: number of calibration images must be at least 1, got 0

// RUN: not windrow-opt %t/ir/numbers.mlir --nn-compact-bottleneck="calibration=%t/small" 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS: error: a network that is calibrated must take one image of pixels: its mean and deviation must be known

// RUN: not windrow-compile %t/ir/numbers.mlir --calibration=%t/small --compile-to=graph 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: error: --calibration must come with --compact

// RUN: not windrow-compile %t/ir/numbers.mlir --compact=bottleneck --calibration=%t/empty --image-mean=0.5 --image-std=0.5 --compile-to=graph 2>&1 | FileCheck %s --check-prefix=EMPTY

//--- pixels.mlir
func.func @main(%x: tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32> {
  %0 = nn.normalize_image %x {mean = array<f32: 0.5>, deviation = array<f32: 0.5>}
     : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32>
  return %0 : tensor<1x8x8x1xf32>
}

//--- numbers.mlir
func.func @main(%x: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %0 = nn.sigmoid %x : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %0 : tensor<1x8x8x1xf32>
}
