//===- NnOps.td - Operations of the nn dialect -------------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_NNOPS_TD
#define WINDROW_DIALECTS_NN_NNOPS_TD

include "dialects/Nn/NnDialect.td"
include "dialects/Nn/NnInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Types and bases
//===----------------------------------------------------------------------===//

class Nn_TensorOf<list<Type> elements, Pred rank, string tensorSummary>
    : Type<
          And<[StaticShapeTensorOf<elements>.predicate,
               CPred<"::windrow::nn::isSupportedShape("
                     "::llvm::cast<::mlir::ShapedType>($_self).getShape())">,
               rank]>,
          tensorSummary, "::mlir::RankedTensorType">;

defvar Nn_FloatElements = [F16, BF16, F32];
def Nn_Tensor : Nn_TensorOf<Nn_FloatElements, CPred<"true">,
    "static, non-empty tensor of f16, bf16 or f32">;
def Nn_AnyTensor : Nn_TensorOf<!listconcat(Nn_FloatElements, [UI8]), CPred<"true">,
    "static, non-empty tensor of f16, bf16, f32 or ui8">;
def Nn_Vector : Nn_TensorOf<Nn_FloatElements, HasAnyRankOfPred<[1]>,
    "static, non-empty rank-1 tensor of f16, bf16 or f32">;
def Nn_Matrix : Nn_TensorOf<Nn_FloatElements, HasAnyRankOfPred<[2]>,
    "static, non-empty rank-2 tensor of f16, bf16 or f32">;
def Nn_Image : Nn_TensorOf<Nn_FloatElements, HasAnyRankOfPred<[4]>,
    "static, non-empty rank-4 tensor of f16, bf16 or f32">;
def Nn_PixelImage : Nn_TensorOf<[UI8], HasAnyRankOfPred<[4]>,
    "static, non-empty rank-4 tensor of ui8">;

class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic,
         !listconcat([Pure, DeclareOpInterfaceMethods<CostOpInterface>],
                     traits)>;

class Nn_InferredOp<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, !listconcat([InferTypeOpAdaptor], traits)> {
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

// An operation whose result row r is computed from row r of its operands.
defvar RowByRow = DeclareOpInterfaceMethods<RowWindowOpInterface>;
// An operation whose result channel c is computed from channel c of its
// operands.
defvar ChannelByChannel = DeclareOpInterfaceMethods<ChannelWindowOpInterface>;
// The same, but its weights are cut to the channels.
defvar ChannelByChannelWithWeights =
    DeclareOpInterfaceMethods<ChannelWindowOpInterface,
                              ["carriesChannels", "buildChannels"]>;
// An operation whose channels are computed from other channels of operands.
defvar ChannelWindowMethods =
    DeclareOpInterfaceMethods<ChannelWindowOpInterface,
        ["carriesChannels", "getChannelRegion", "buildChannels"]>;
// The same, where the operands decide whether that can be.
defvar CheckedChannelMethods =
    DeclareOpInterfaceMethods<ChannelWindowOpInterface,
        ["isChannelSplittable", "getChannelRegion", "buildChannels"]>;
// An operation whose result rows are computed from other rows of its operand 0.
defvar RowWindowMethods = DeclareOpInterfaceMethods<RowWindowOpInterface,
    ["isRowSplittable", "carriesRows", "getRowWindow", "buildRows"]>;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

def Nn_ConstantOp : Op<Nn_Dialect, "constant", [Pure]> {
  let summary = "weights, kept in the order of the file they came from";
  let description = [{
    The elements of `value`, taken as a tensor of the shape `view` (that of
    `value` unless given), transposed by `permutation` (result dimension i is
    dimension `permutation[i]` of the view; the identity unless given), and
    given the result's shape, which must have as many elements. With `offsets`,
    the result is only a part of that: the tensor has the shape `whole`, and the
    result is the box in it that begins at `offsets`. The elements are moved
    when a bundle is written, never in the IR, so that a mapped file of weights
    is not copied, and a device's bundle holds only its part of them.

    ```mlir
    // A filter that a file holds as output, input, height, width.
    %f = nn.constant dense_resource<w> : tensor<64x3x7x7xf32>
           permuted [0, 2, 3, 1] : tensor<64x7x7x3xf32>
    // A matrix behind the flattening of a 512x6x6 image.
    %m = nn.constant dense_resource<m> : tensor<10x18432xf32>
           viewed [10, 512, 6, 6] permuted [0, 2, 3, 1] : tensor<10x18432xf32>
    // Its last six rows.
    %p = nn.constant dense_resource<m> : tensor<10x18432xf32>
           viewed [10, 512, 6, 6] permuted [0, 2, 3, 1]
           from [4, 0] of [10, 18432] : tensor<6x18432xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value,
                       OptionalAttr<DenseI64ArrayAttr>:$view,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation,
                       OptionalAttr<DenseI64ArrayAttr>:$offsets,
                       OptionalAttr<DenseI64ArrayAttr>:$whole);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    $value (`viewed` $view^)? (`permuted` $permutation^)?
    (`from` $offsets^ `of` $whole)? attr-dict `:` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::ElementsAttr":$value)>,
    // All of the elements.
    OpBuilder<(ins "::mlir::Type":$type, "::mlir::ElementsAttr":$value,
                   "::mlir::DenseI64ArrayAttr":$view,
                   "::mlir::DenseI64ArrayAttr":$permutation)>
  ];
  let extraClassDeclaration = [{
    /// Whether the result is a part of what the elements are.
    bool isPart() { return getOffsetsAttr() != nullptr; }

    /// The shape of what the elements are, the result's unless it is a part.
    ::llvm::ArrayRef<int64_t> getWholeShape() {
      return getWhole().value_or(getResult().getType().getShape());
    }
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

def Nn_Conv2DOp : Nn_InferredOp<"conv_2d", [
    DeclareOpInterfaceMethods<RowWindowOpInterface,
        ["isRowSplittable", "carriesRows", "getRowWindow", "getRowGrain",
         "buildRows"]>,
    ChannelWindowMethods,
    DeclareOpInterfaceMethods<ChannelReductionOpInterface,
                              ["isChannelReducible"]>]> {
  let summary = "2-D convolution with bias and clamp";
  let description = [{
    Cross-correlates an NHWC image with an OHWI filter, adds a bias per output
    channel and clamps. `pads` are top, left, bottom, right and stand for zeros;
    `strides` and `dilations` are height, width. Input and output channels are
    divided into `groups` equal groups; the filter's last dimension is the
    number of input channels of one group, so that a depthwise convolution has
    as many groups as input channels and a filter with a last dimension of 1.
    `algorithm` says how the kernel computes it.

    ```mlir
    %r = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 1, 1, 1>,
                                clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x56x56x64xf32>, tensor<128x3x3x64xf32>, tensor<128xf32>)
       -> tensor<1x56x56x128xf32>
    ```
  }];
  let arguments = (ins Nn_Image:$input, Nn_Image:$filter,
    Optional<Nn_Vector>:$bias,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
    DefaultValuedAttr<I64Attr, "1">:$groups,
    OptionalAttr<Nn_ClampAttr>:$clamp,
    DefaultValuedAttr<Nn_ConvolutionAlgorithmAttr,
                      "::windrow::nn::ConvolutionAlgorithm::Direct">:$algorithm);
  let results = (outs Nn_Image:$result);
  let extraClassDeclaration = [{
    /// Whether the Winograd algorithms can compute this convolution.
    bool isWinogradComputable();
  }];
}

class Nn_Pool2DOp<string mnemonic, dag moreArguments = (ins)>
    : Nn_InferredOp<mnemonic, [RowWindowMethods, ChannelByChannel]> {
  let arguments = !con((ins Nn_Image:$input,
    DenseI64ArrayAttr:$kernel,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
    DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads),
    moreArguments,
    (ins OptionalAttr<Nn_ClampAttr>:$clamp));
  let results = (outs Nn_Image:$result);
}

def Nn_MaxPool2DOp : Nn_Pool2DOp<"max_pool_2d",
    (ins DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations)> {
  let summary = "largest element of each window";
  let description = [{
    The largest element of each window of the size `kernel`, per channel, then
    clamped. Positions in `pads` (top, left, bottom, right) never win. Every
    window holds at least one element of the image. There is no ceil mode: an
    importer enlarges the pads at the end instead.

    ```mlir
    %r = nn.max_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
       : (tensor<1x56x56x64xf32>) -> tensor<1x28x28x64xf32>
    ```
  }];
}

def Nn_AvgPool2DOp : Nn_Pool2DOp<"avg_pool_2d"> {
  let summary = "mean of each window, without padding";
  let description = [{
    The mean over those elements of each window that lie in the image, per
    channel, then clamped. Positions in `pads` count neither in the sum nor in
    the number of elements; where padding is to count, an `nn.pad` goes before.

    ```mlir
    %r = nn.avg_pool_2d %x {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x14x14x512xf32>) -> tensor<1x14x14x512xf32>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Reductions over the whole image
//===----------------------------------------------------------------------===//

class Nn_GlobalPoolOp<string mnemonic>
    : Nn_InferredOp<mnemonic,
                    [DeclareOpInterfaceMethods<RowReductionOpInterface>,
                     ChannelByChannel]> {
  let arguments = (ins Nn_Image:$input);
  let results = (outs Nn_Image:$result);
}

def Nn_GlobalAvgPoolOp : Nn_GlobalPoolOp<"global_avg_pool"> {
  let summary = "mean of each channel over the whole image";
  let description = [{
    ```mlir
    %r = nn.global_avg_pool %x : (tensor<1x7x7x512xf32>) -> tensor<1x1x1x512xf32>
    ```
  }];
}

def Nn_GlobalSumPoolOp : Nn_GlobalPoolOp<"global_sum_pool"> {
  let summary = "sum of each channel over the whole image";
  let description = [{
    The partial result of an average over rows that several devices hold.

    ```mlir
    %r = nn.global_sum_pool %x : (tensor<1x3x7x512xf32>) -> tensor<1x1x1x512xf32>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

def Nn_FullyConnectedOp : Nn_InferredOp<"fully_connected", [
    ChannelWindowMethods,
    DeclareOpInterfaceMethods<ChannelReductionOpInterface>]> {
  let summary = "matrix product with bias and clamp";
  let description = [{
    `result[m, n] = clamp(sum over k of input[m, k] * filter[n, k] + bias[n])`,
    the filter rounded as `storage` says. Bundles hold it so.

    ```mlir
    %r = nn.fully_connected %x, %w, %b
       : (tensor<1x512xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = (ins Nn_Matrix:$input, Nn_Matrix:$filter,
                       Optional<Nn_Vector>:$bias,
                       OptionalAttr<Nn_ClampAttr>:$clamp,
    DefaultValuedAttr<Nn_WeightStorageAttr,
                      "::windrow::nn::WeightStorage::F32">:$storage);
  let results = (outs Nn_Matrix:$result);
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

class Nn_BinaryOp<string mnemonic>
    : Nn_InferredOp<mnemonic, [RowByRow, ChannelByChannel, Commutative]> {
  let arguments = (ins Nn_Tensor:$lhs, Nn_Tensor:$rhs,
                       OptionalAttr<Nn_ClampAttr>:$clamp);
  let results = (outs Nn_Tensor:$result);
}

def Nn_AddOp : Nn_BinaryOp<"add"> {
  let summary = "sum, element by element, then clamped";
  let description = [{
    The operands have the same shape, or both have rank 4 and one of them is
    `[N, 1, 1, C]` and is repeated over rows and columns.

    ```mlir
    %r = nn.add %a, %b {clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x7x7x512xf32>, tensor<1x7x7x512xf32>) -> tensor<1x7x7x512xf32>
    ```
  }];
}

def Nn_MultiplyOp : Nn_BinaryOp<"multiply"> {
  let summary = "product, element by element, then clamped";
  let description = [{
    Shapes as in `nn.add`; the repeated form applies channel attention.

    ```mlir
    %r = nn.multiply %x, %gate
       : (tensor<1x14x14x64xf32>, tensor<1x1x1x64xf32>) -> tensor<1x14x14x64xf32>
    ```
  }];
}

class Nn_UnaryOp<string mnemonic, list<Trait> traits = [ChannelByChannel]>
    : Nn_Op<mnemonic,
            !listconcat([RowByRow, SameOperandsAndResultType], traits)> {
  let arguments = (ins Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$result);
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
}

def Nn_ClampOp : Nn_UnaryOp<"clamp"> {
  let summary = "limits every element to an interval";
  let description = [{
    ```mlir
    %r = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_ClampAttr:$bounds);
  let hasFolder = 1;
}

def Nn_SigmoidOp : Nn_UnaryOp<"sigmoid"> {
  let summary = "1 / (1 + exp(-x)) of every element";
  let description = [{
    ```mlir
    %r = nn.sigmoid %x : (tensor<1x1x1x64xf32>) -> tensor<1x1x1x64xf32>
    ```
  }];
}

def Nn_HardSwishOp : Nn_UnaryOp<"hard_swish"> {
  let summary = "x * min(max(x + 3, 0), 6) / 6 of every element";
  let description = [{
    ```mlir
    %r = nn.hard_swish %x : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    ```
  }];
}

def Nn_SoftmaxOp : Nn_UnaryOp<"softmax", /*traits=*/[]> {
  let summary = "softmax over the last dimension";
  let description = [{
    `exp(x[..., c]) / sum over k of exp(x[..., k])`, computed without overflow.

    ```mlir
    %r = nn.softmax %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let hasVerifier = 1;
}

def Nn_ScaleShiftOp : Nn_InferredOp<"scale_shift", [
    RowByRow, ChannelByChannelWithWeights]> {
  let summary = "a scale and a shift per channel";
  let description = [{
    `result[..., c] = clamp(input[..., c] * scale[c] + shift[c])`: a batch
    normalisation that no convolution can take in, such as one between a ReLU
    and a padded convolution.

    ```mlir
    %r = nn.scale_shift %x, %scale, %shift
       : (tensor<1x8x8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, Nn_Vector:$scale, Nn_Vector:$shift,
                       OptionalAttr<Nn_ClampAttr>:$clamp);
  let results = (outs Nn_Tensor:$result);
}

def Nn_NormalizeImageOp : Nn_InferredOp<"normalize_image", [
    RowByRow, DeclareOpInterfaceMethods<ChannelWindowOpInterface,
                              ["getChannelRegion", "buildChannels"]>]> {
  let summary = "pixels to numbers";
  let description = [{
    `result[..., c] = (input[..., c] / 255 - mean[c]) / deviation[c]`, in f32.
    An input of one channel, a grey image, is read for every channel of the
    result.

    ```mlir
    %r = nn.normalize_image %x {mean = array<f32: 0.5, 0.5, 0.5>,
                                deviation = array<f32: 0.5, 0.5, 0.5>}
       : (tensor<1x200x200x3xui8>) -> tensor<1x200x200x3xf32>
    %s = nn.normalize_image %grey {mean = array<f32: 0.5, 0.5, 0.5>,
                                   deviation = array<f32: 0.5, 0.5, 0.5>}
       : (tensor<1x200x200x1xui8>) -> tensor<1x200x200x3xf32>
    ```
  }];
  let arguments = (ins Nn_PixelImage:$input, DenseF32ArrayAttr:$mean,
                       DenseF32ArrayAttr:$deviation);
  let results = (outs Nn_Image:$result);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

def Nn_ConcatOp : Nn_InferredOp<"concat", [
    DeclareOpInterfaceMethods<RowWindowOpInterface, ["isRowSplittable"]>,
    DeclareOpInterfaceMethods<ChannelWindowOpInterface,
                              ["getChannelRegion", "buildChannels"]>]> {
  let summary = "tensors one behind the other along one dimension";
  let description = [{
    Splittable by rows where `axis` is not the rows themselves.

    ```mlir
    %r = nn.concat %a, %b {axis = 3 : i64}
       : (tensor<1x8x8x4xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x10xf32>
    ```
  }];
  let arguments = (ins Variadic<Nn_AnyTensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_AnyTensor:$result);
  let hasFolder = 1;
}

def Nn_PadOp : Nn_InferredOp<"pad", [
    RowWindowMethods, CheckedChannelMethods]> {
  let summary = "zeros around a tensor";
  let description = [{
    `low` and `high` count the zeros before and behind, one number a dimension.

    ```mlir
    %r = nn.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x10x10x4xf32>
    ```
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high);
  let results = (outs Nn_Tensor:$result);
  let hasFolder = 1;
}

def Nn_SliceOp : Nn_InferredOp<"slice", [
    RowWindowMethods, CheckedChannelMethods]> {
  let summary = "a box cut out of a tensor";
  let description = [{
    The elements from `offsets` on, `sizes` of them, one number a dimension.
    Cut along rows only, it is a view.

    ```mlir
    %r = nn.slice %x {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 3, 8, 4>}
       : (tensor<1x8x8x4xf32>) -> tensor<1x3x8x4xf32>
    ```
  }];
  let arguments = (ins Nn_AnyTensor:$input, DenseI64ArrayAttr:$offsets,
                       DenseI64ArrayAttr:$sizes);
  let results = (outs Nn_AnyTensor:$result);
  let hasFolder = 1;
}

def Nn_ReshapeOp : Nn_Op<"reshape", [CheckedChannelMethods]> {
  let summary = "the same elements in another shape";
  let description = [{
    Splittable by channels where the last dimension stays, or where one image
    is flattened: a range of the flat elements is then read from the rows that
    hold it.

    ```mlir
    %r = nn.reshape %x : (tensor<1x1x1x512xf32>) -> tensor<1x512xf32>
    ```
  }];
  let arguments = (ins Nn_AnyTensor:$input);
  let results = (outs Nn_AnyTensor:$result);
  let assemblyFormat = [{
    $input attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Nn_TransposeOp : Nn_InferredOp<"transpose"> {
  let summary = "dimensions in another order";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the input.

    ```mlir
    %r = nn.transpose %x {permutation = array<i64: 0, 2, 3, 1>}
       : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
    ```
  }];
  let arguments = (ins Nn_AnyTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nn_AnyTensor:$result);
  let hasFolder = 1;
}

#endif // WINDROW_DIALECTS_NN_NNOPS_TD
