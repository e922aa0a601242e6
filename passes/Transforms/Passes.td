//===- Passes.td - Passes that clean up an nn graph --------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_TRANSFORMS_PASSES_TD
#define WINDROW_PASSES_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

class Nn_Pass<string argument>
    : Pass<argument, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::windrow::nn::NnDialect"];
}

def ConvertLayout : Nn_Pass<"nn-convert-layout"> {
  let summary = "Remove the transposes around spatial operations";
  let description = [{
    An importer of a model whose images are in the order batch, channels,
    height, width (NCHW) wraps spatial operations in `nn.transpose`. This pass
    keeps images in NHWC from operation to operation instead: through
    elementwise operations, `nn.concat`, `nn.pad` and `nn.slice`, whose
    dimensions it renumbers, and through reshapes that do not depend on the
    order.

    Images at the function's boundary become NHWC too, and carry the argument or
    result attribute `nn.model_layout = "NCHW"`; the function must not be called
    from elsewhere in the module.

    Behind a flattened image, the filter of `nn.fully_connected` is viewed in
    the order of NHWC. Elementwise operations, `nn.scale_shift` and `nn.softmax`
    may stand between. Constants are never copied, only viewed.

    A transpose stays where one of its sides has another use, for example a
    reshape that depends on the order.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x3x8x8xf32>) -> tensor<1x10xf32> {
      %f = nn.constant dense_resource<f> : tensor<4x3x3x3xf32>
             permuted [0, 2, 3, 1] : tensor<4x3x3x3xf32>
      %w = nn.constant dense_resource<w> : tensor<10x144xf32> : tensor<10x144xf32>
      %0 = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
         : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
      %1 = nn.conv_2d %0, %f
         : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
      %2 = nn.transpose %1 {permutation = array<i64: 0, 3, 1, 2>}
         : (tensor<1x6x6x4xf32>) -> tensor<1x4x6x6xf32>
      %3 = nn.reshape %2 : (tensor<1x4x6x6xf32>) -> tensor<1x144xf32>
      %4 = nn.fully_connected %3, %w
         : (tensor<1x144xf32>, tensor<10x144xf32>) -> tensor<1x10xf32>
      return %4 : tensor<1x10xf32>
    }
    ```

    After:

    ```mlir
    func.func @main(%x: tensor<1x8x8x3xf32> {nn.model_layout = "NCHW"})
        -> tensor<1x10xf32> {
      %f = nn.constant dense_resource<f> : tensor<4x3x3x3xf32>
             permuted [0, 2, 3, 1] : tensor<4x3x3x3xf32>
      %w = nn.constant dense_resource<w> : tensor<10x144xf32>
             viewed [10, 4, 6, 6] permuted [0, 2, 3, 1] : tensor<10x144xf32>
      %0 = nn.conv_2d %x, %f
         : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
      %1 = nn.reshape %0 : (tensor<1x6x6x4xf32>) -> tensor<1x144xf32>
      %2 = nn.fully_connected %1, %w
         : (tensor<1x144xf32>, tensor<10x144xf32>) -> tensor<1x10xf32>
      return %2 : tensor<1x10xf32>
    }
    ```
  }];
}

def ChooseKernels : Nn_Pass<"nn-choose-kernels"> {
  let summary = "Choose how each convolution is computed";
  let description = [{
    Sets the `algorithm` of 3x3 convolutions of stride 1 by a rule that was
    measured on processors with 2 MiB of second-level cache a core. Where the
    result has at least 8 rows and columns, tiles of 4x4, which make filters 4
    times as large; below 16 rows, filters of 512x512 channels or more get tiles
    of 2x2, which make them 1.8 times as large and take 10 % longer. Where it
    has 7, tiles of 2x2, from 128 channels on. Below 16 input or 32 output
    channels the transforms cost what they save. What has an algorithm other
    than `direct` keeps it.

    Rounding differs: about 1e-6 of the largest result.

    Before:

    ```mlir
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x56x56x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x56x56x64xf32>
    ```

    After:

    ```mlir
    %0 = nn.conv_2d %x, %f {algorithm = #nn.algorithm<winograd4x4>,
                            pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x56x56x64xf32>, tensor<64x3x3x64xf32>) -> tensor<1x56x56x64xf32>
    ```
  }];
}

def NarrowDenseWeights : Nn_Pass<"nn-narrow-dense-weights"> {
  let summary = "Store the filters of fully connected layers in 16 bits";
  let description = [{
    Sets the `storage` of every `nn.fully_connected`. These layers use each
    weight once for an image, and so take as long as memory takes to deliver
    them: half as many bytes take about half the time.

    This rounds the weights, by at most 2^-9 (`bf16`) or 2^-12 (`f16`) of
    each; what becomes of it depends on the network and is to be measured.
    `f16` refuses weights above 65504.

    Before:

    ```mlir
    %0 = nn.fully_connected %x, %w
       : (tensor<1x512xf32>, tensor<10x512xf32>) -> tensor<1x10xf32>
    ```

    After:

    ```mlir
    %0 = nn.fully_connected %x, %w {storage = #nn.storage<bf16>}
       : (tensor<1x512xf32>, tensor<10x512xf32>) -> tensor<1x10xf32>
    ```
  }];
  let options = [
    Option<"storage", "storage", "::windrow::nn::WeightStorage",
           /*default=*/"::windrow::nn::WeightStorage::BF16",
           "how the filters are stored",
           [{::llvm::cl::values(
               clEnumValN(::windrow::nn::WeightStorage::F32, "f32", "as they are"),
               clEnumValN(::windrow::nn::WeightStorage::BF16, "bf16", "8 bits of precision"),
               clEnumValN(::windrow::nn::WeightStorage::F16, "f16", "11 bits of precision"))}]>
  ];
}

def FoldBatchNorm : Nn_Pass<"nn-fold-batch-norm"> {
  let summary = "Fold scales and shifts into neighbouring weights";
  let description = [{
    An `nn.scale_shift` that is the same for all channels, and ascends, moves
    before an `nn.clamp`, whose bounds follow. A chain of `nn.scale_shift` becomes
    one. What is left is folded into the weights of

    - the `nn.conv_2d` or `nn.fully_connected` before it, where that has no
      clamp and no other use; or else
    - all those behind it, where nothing else uses the result and where that is
      exact: a shift cannot pass through a convolution that pads, since padding
      stands for zeros that were never shifted; a scale can.

    New weights are computed in double precision and rounded once, however many
    operations were folded into them, in the order in which the original is
    stored: a filter keeps its view and permutation.

    Before:

    ```mlir
    %scale = nn.constant dense<2.0> : tensor<4xf32> : tensor<4xf32>
    %shift = nn.constant dense<0.5> : tensor<4xf32> : tensor<4xf32>
    %filter = nn.constant dense<0.25> : tensor<4x3x3x3xf32> : tensor<4x3x3x3xf32>
    %0 = nn.conv_2d %x, %filter
       : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
    %1 = nn.scale_shift %0, %scale, %shift
       : (tensor<1x6x6x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x6x6x4xf32>
    ```

    After:

    ```mlir
    %filter = nn.constant dense<0.5> : tensor<4x3x3x3xf32> : tensor<4x3x3x3xf32>
    %bias = nn.constant dense<0.5> : tensor<4xf32> : tensor<4xf32>
    %0 = nn.conv_2d %x, %filter, %bias
       : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>) -> tensor<1x6x6x4xf32>
    ```
  }];
}

def FuseClamps : Nn_Pass<"nn-fuse-clamps"> {
  let summary = "Let kernels clamp their own results";
  let description = [{
    An `nn.clamp` becomes the `clamp` attribute of the operation before it, where
    that has one and no other use. On its way it passes through `nn.concat`,
    `nn.reshape`, `nn.slice` and `nn.transpose`, where every operand can take it.
    A clamp of a clamp becomes one. A clamp that is left and whose only use is an
    `nn.max_pool_2d` becomes that one's: both orders give the same result.

    Before:

    ```mlir
    %0 = nn.add %a, %b
       : (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0>}
       : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    ```

    After:

    ```mlir
    %0 = nn.add %a, %b {clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    ```
  }];
}

def RecognizeHardSwish : Nn_Pass<"nn-recognize-hard-swish"> {
  let summary = "Turn the parts of a hard swish into one operation";
  let description = [{
    Exporters write a hard swish as `x * min(max(x + 3, 0), 6) / 6`, with the
    division before or behind the product, or as the product of `x` and a hard
    sigmoid, `min(max(x / 6 + 0.5, 0), 1)`. Whatever of `nn.scale_shift`,
    `nn.add`, `nn.multiply` with equal constants and `nn.clamp` amounts to that,
    to 1e-6, becomes `nn.hard_swish`.

    Before:

    ```mlir
    %one = nn.constant dense<1.0> : tensor<8xf32> : tensor<8xf32>
    %three = nn.constant dense<3.0> : tensor<8xf32> : tensor<8xf32>
    %zero = nn.constant dense<0.0> : tensor<8xf32> : tensor<8xf32>
    %sixth = nn.constant dense<0.166666672> : tensor<8xf32> : tensor<8xf32>
    %0 = nn.scale_shift %x, %one, %three
       : (tensor<1x7x7x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x7x7x8xf32>
    %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0, max = 6.0>}
       : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    %2 = nn.multiply %x, %1
       : (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    %3 = nn.scale_shift %2, %sixth, %zero
       : (tensor<1x7x7x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x7x7x8xf32>
    ```

    After:

    ```mlir
    %3 = nn.hard_swish %x : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    ```
  }];
}

def FoldConstants : Nn_Pass<"nn-fold-constants"> {
  let summary = "Compute at compile time what depends on constants only";
  let description = [{
    Operations all of whose operands are constants become constants. Reshapes
    and transposes of constants only change how they are viewed, whatever their
    size; of the others, those in f32 are computed whose operands and result have
    at most `max-elements` elements each: elementwise operations, `nn.concat`,
    `nn.pad` and `nn.slice`.

    Before:

    ```mlir
    %a = nn.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
    %b = nn.constant dense<[0.5, 0.5]> : tensor<2xf32> : tensor<2xf32>
    %0 = nn.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    ```

    After:

    ```mlir
    %0 = nn.constant dense<[1.5, 2.5]> : tensor<2xf32> : tensor<2xf32>
    ```
  }];
  let options = [
    Option<"maxElements", "max-elements", "int64_t", /*default=*/"65536",
           "largest number of elements of a tensor that is read or computed">
  ];
}

def DropIdentities : Nn_Pass<"nn-drop-identities"> {
  let summary = "Remove operations that change nothing";
  let description = [{
    Removed are: an `nn.clamp` whose operand is known to lie within the bounds; a
    scale by one with a shift by zero; a product with ones; a sum with zeros; a
    pool of one element with stride one, and a global pool of a single pixel; a
    pad by nothing, a slice of everything, a concatenation of one tensor, a
    reshape or a transpose to the order that is there already. Where such an
    operation has a clamp, the clamp stays. A reshape of a reshape becomes one,
    and so does a transpose that moves no elements.

    Before:

    ```mlir
    %0 = nn.sigmoid %x : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    %1 = nn.clamp %0 {bounds = #nn.clamp<min = 0.0>}
       : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    %2 = nn.max_pool_2d %1 {kernel = array<i64: 1, 1>}
       : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    ```

    After:

    ```mlir
    %0 = nn.sigmoid %x : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
    ```
  }];
}

def MergePads : Nn_Pass<"nn-merge-pads"> {
  let summary = "Let convolutions and pools do the padding before them";
  let description = [{
    An `nn.pad` of rows and columns becomes part of the `pads` of an `nn.conv_2d`
    behind it, and of an `nn.max_pool_2d` whose operand is known to hold nothing
    below zero, so that the zeros never win. It stays in front of
    `nn.avg_pool_2d`, which does not count its padding. A pad of a pad becomes
    one.

    Before:

    ```mlir
    %0 = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>}
       : (tensor<1x8x8x3xf32>) -> tensor<1x10x10x3xf32>
    %1 = nn.conv_2d %0, %f
       : (tensor<1x10x10x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>
    ```

    After:

    ```mlir
    %1 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x8x8x4xf32>
    ```
  }];
}

def NormalizeImageInput : Nn_Pass<"nn-normalize-image-input"> {
  let summary = "Let the function take pixels instead of numbers";
  let description = [{
    The only argument, an image in NHWC, becomes one of bytes, and an
    `nn.normalize_image` with the given mean and standard deviation stands before
    its uses. Rows of an image then travel in a quarter of the bytes, and with
    `grey`, which takes the same pixel for all channels, those of three channels
    in a twelfth.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
      %0 = nn.sigmoid %x : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
      return %0 : tensor<1x8x8x1xf32>
    }
    ```

    After, with `mean=0.5 deviation=0.25`:

    ```mlir
    func.func @main(%x: tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32> {
      %0 = nn.normalize_image %x {deviation = array<f32: 2.500000e-01>,
                                  mean = array<f32: 5.000000e-01>}
         : (tensor<1x8x8x1xui8>) -> tensor<1x8x8x1xf32>
      %1 = nn.sigmoid %0 : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
      return %1 : tensor<1x8x8x1xf32>
    }
    ```
  }];
  let options = [
    ListOption<"mean", "mean", "float",
               "mean of each channel, in units of pixel / 255">,
    ListOption<"deviation", "deviation", "float",
               "standard deviation of each channel, in the same units">,
    Option<"grey", "grey", "bool", /*default=*/"false",
           "images of one channel, which every channel of the input repeats">
  ];
}

#endif // WINDROW_PASSES_TRANSFORMS_PASSES_TD
