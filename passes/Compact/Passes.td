//===- Passes.td - Passes that make a network smaller ------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_COMPACT_PASSES_TD
#define WINDROW_PASSES_COMPACT_PASSES_TD

include "mlir/Pass/PassBase.td"

defvar CompactLayerOptions = [
  ListOption<"layers", "layers", "std::string",
             "layers to rewrite: names of the model's nodes, or regular "
             "expressions that match somewhere in them (default: all but the "
             "first)">,
  Option<"minParameters", "min-parameters", "int64_t", /*default=*/"0",
         "leave layers whose filter has fewer elements">,
  Option<"calibration", "calibration", "std::string", /*default=*/"",
         "folder of images on which the new layers are fitted">,
  Option<"calibrationImages", "calibration-images", "int64_t", /*default=*/"16",
         "how many of them, evenly spread over their names">,
  Option<"fit", "fit", "bool", /*default=*/"true",
         "with images: fit the new layers on them; if not, only measure how far "
         "off the network's output is">
];

class NnCompact_Pass<string argument, list<Option> moreOptions>
    : Pass<argument, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::windrow::nn::NnDialect"];
  let options = !listconcat(CompactLayerOptions, moreOptions);
}

def CompactBottleneck : NnCompact_Pass<"nn-compact-bottleneck", [
    Option<"ratio", "ratio", "double", /*default=*/"8",
           "channels before, divided by channels inside of a bottleneck">,
    ListOption<"layerRatios", "layer-ratios", "std::string",
               "LAYER=RATIO: the ratio of some layers, named as in `layers`; "
               "the first that fits a layer holds for it">,
    Option<"energy", "energy", "double", /*default=*/"0",
           "instead of a ratio: part of the sum of squares of a filter that the "
           "channels inside hold on either side, from 0 to 1">,
    Option<"minChannels", "min-channels", "int64_t", /*default=*/"4",
           "fewest channels inside of a bottleneck">,
    Option<"attention", "attention", "Attention",
           /*default=*/"Attention::FullyConnected", "channel attention",
           [{::llvm::cl::values(
               clEnumValN(Attention::FullyConnected, "fc", "a matrix"),
               clEnumValN(Attention::Eca, "eca",
                          "a convolution over neighbouring channels"),
               clEnumValN(Attention::None, "none", "none"))}]>
  ]> {
  let summary = "Let convolutions compute on a few channels";
  let description = [{
    A convolution of a kernel larger than 1x1 and one group becomes three: one of
    1x1 that reduces the channels, one of the original kernel, stride, padding
    and dilation on the few, and one of 1x1 that expands them again, with the
    original's bias and clamp. Behind the second, each channel is weighed by what
    all channels hold in the whole image: the block of EdgeDI (Fang et al.,
    "EdgeDI: A Distributed Inference Framework for Edge Devices").

    The filters are the Tucker-2 decomposition of the original filter, found by
    alternating least squares from the truncated higher-order SVD on. Attention
    is neutral at the start: its weights are 0, the sigmoid of which is 1/2, and
    the filter of the second convolution is doubled. The block then computes what
    the original's Tucker-2 approximation computes, until it is tuned.

    Attention is either `fc`, a matrix of all channels by all channels; or `eca`,
    one small filter over neighbouring channels (Wang et al., "ECA-Net: Efficient
    Channel Attention for Deep Convolutional Neural Networks", CVPR 2020), whose
    width follows from their number as there; or `none`.

    With `calibration`, the convolutions are fitted on images instead: to compute,
    from what the layers that were rewritten before pass on, what the original
    layer computes. Which channels are kept follows from the Tucker-2
    decomposition of the filter as seen by the covariance of its input; the rest
    is a ridge regression towards it, cut to its rank.

    A layer of C channels has C divided by `ratio` inside, rounded up, at least
    `min-channels`; or with `energy` as many as hold that part of its filter's
    sum of squares. Layers are left that would need no fewer MACs. The parts of a
    layer that is called `x` are called `x/reduce`, `x/filter`, `x/attention` and
    `x/expand`.

    Before:

    ```mlir
    %0 = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 1, 1, 1>,
                                clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x28x28x64xf32>, tensor<64x3x3x64xf32>, tensor<64xf32>)
       -> tensor<1x28x28x64xf32>
    ```

    After, with `ratio=8`:

    ```mlir
    %0 = nn.conv_2d %x, %reduce
       : (tensor<1x28x28x64xf32>, tensor<8x1x1x64xf32>) -> tensor<1x28x28x8xf32>
    %1 = nn.conv_2d %0, %filter {pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x28x28x8xf32>, tensor<8x3x3x8xf32>) -> tensor<1x28x28x8xf32>
    %2 = nn.global_avg_pool %1 : (tensor<1x28x28x8xf32>) -> tensor<1x1x1x8xf32>
    %3 = nn.reshape %2 : (tensor<1x1x1x8xf32>) -> tensor<1x8xf32>
    %4 = nn.fully_connected %3, %weights, %zeros
       : (tensor<1x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<1x8xf32>
    %5 = nn.sigmoid %4 : (tensor<1x8xf32>) -> tensor<1x8xf32>
    %6 = nn.reshape %5 : (tensor<1x8xf32>) -> tensor<1x1x1x8xf32>
    %7 = nn.multiply %1, %6
       : (tensor<1x28x28x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x28x28x8xf32>
    %8 = nn.conv_2d %7, %expand, %b {clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x28x28x8xf32>, tensor<64x1x1x8xf32>, tensor<64xf32>)
       -> tensor<1x28x28x64xf32>
    ```
  }];
}

def SeparateDepthwise : NnCompact_Pass<"nn-separate-depthwise", [
    Option<"terms", "terms", "int64_t", /*default=*/"1",
           "depthwise filters for each input channel">
  ]> {
  let summary = "Turn convolutions into depthwise and pointwise ones";
  let description = [{
    A convolution of a kernel larger than 1x1 and one group becomes a depthwise
    one, with the original's kernel, stride, padding and dilation and `terms`
    filters for each input channel, and one of 1x1 with the original's bias and
    clamp. They are the closest to the original filter that there are: for each
    input channel the truncated singular value decomposition of its filters, one
    row for each output (Guo et al., "Network Decoupling: From Regular to
    Depthwise Separable Convolutions", BMVC 2018). With as many terms as a filter
    has elements, nothing is lost. With `calibration`, the second is fitted on
    images by ridge regression: to compute what the original layer computes from
    what the layers that were rewritten before pass on.

    Layers are left that would need no fewer MACs. The parts of a layer that is
    called `x` are called `x/depthwise` and `x/pointwise`.

    Before:

    ```mlir
    %0 = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 1, 1, 1>,
                                clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x28x28x64xf32>, tensor<64x3x3x64xf32>, tensor<64xf32>)
       -> tensor<1x28x28x64xf32>
    ```

    After, with `terms=2`:

    ```mlir
    %0 = nn.conv_2d %x, %depthwise {pads = array<i64: 1, 1, 1, 1>, groups = 64}
       : (tensor<1x28x28x64xf32>, tensor<128x3x3x1xf32>) -> tensor<1x28x28x128xf32>
    %1 = nn.conv_2d %0, %pointwise, %b {clamp = #nn.clamp<min = 0.0>}
       : (tensor<1x28x28x128xf32>, tensor<64x1x1x128xf32>, tensor<64xf32>)
       -> tensor<1x28x28x64xf32>
    ```
  }];
}

def LowRankDense : NnCompact_Pass<"nn-low-rank-dense", [
    Option<"energy", "energy", "double", /*default=*/"0.9",
           "part of the sum of squares of a matrix that its factors hold, above 0 "
           "and at most 1">,
    Option<"rank", "rank", "int64_t", /*default=*/"0",
           "instead of an energy: the number of elements between the factors">
  ]> {
  let summary = "Turn fully connected layers into two of low rank";
  let description = [{
    An `nn.fully_connected` becomes two, with few elements in between: the
    truncated singular value decomposition of its matrix, which is the closest of
    its rank. The second has the bias and the clamp. With `calibration`, the space
    in between is that of the layer's largest outputs on images, and the second is
    fitted by ridge regression: to compute what the original layer computes from
    what the layers that were rewritten before pass on.

    Layers are left that would need no fewer MACs, and those whose matrix is all
    zeros, such as an attention's before it is tuned. The parts of a layer that is
    called `x` are called `x/reduce` and `x/expand`.

    Before:

    ```mlir
    %0 = nn.fully_connected %x, %w, %b
       : (tensor<1x4096xf32>, tensor<1000x4096xf32>, tensor<1000xf32>)
       -> tensor<1x1000xf32>
    ```

    After, with `rank=64`:

    ```mlir
    %0 = nn.fully_connected %x, %reduce
       : (tensor<1x4096xf32>, tensor<64x4096xf32>) -> tensor<1x64xf32>
    %1 = nn.fully_connected %0, %expand, %b
       : (tensor<1x64xf32>, tensor<1000x64xf32>, tensor<1000xf32>)
       -> tensor<1x1000xf32>
    ```
  }];
}

def PruneChannels : NnCompact_Pass<"nn-prune-channels", [
    Option<"ratio", "ratio", "double", /*default=*/"0.5",
           "part of the channels that is removed, from 0 to below 1">,
    ListOption<"layerRatios", "layer-ratios", "std::string",
               "LAYER=RATIO: the ratio of some layers, named as in `layers`, whose "
               "channels are compared among themselves; the first that fits a "
               "layer holds for it">,
    Option<"scope", "scope", "PruneScope", /*default=*/"PruneScope::Layer",
           "which channels are compared with each other",
           [{::llvm::cl::values(
               clEnumValN(PruneScope::Network, "network", "all of the network"),
               clEnumValN(PruneScope::Layer, "layer",
                          "those that the same layers compute"))}]>,
    Option<"norm", "norm", "Norm", /*default=*/"Norm::L1",
           "how weights are measured",
           [{::llvm::cl::values(
               clEnumValN(Norm::L1, "l1", "sum of their absolute values"),
               clEnumValN(Norm::L2, "l2", "root of the sum of their squares"))}]>,
    Option<"minChannels", "min-channels", "int64_t", /*default=*/"4",
           "fewest channels that a layer keeps">
  ]> {
  let summary = "Remove the channels that matter least";
  let description = [{
    Channels of convolutions of one group and of fully connected layers are
    removed: rows of the filter and of the bias that compute them, and, wherever
    they are read, the columns of filters and the elements of biases, scales and
    shifts that belong to them: behind residual additions, attention and
    concatenations, depthwise convolutions, pools and flattening. Channels that
    are added to each other stay or go together. The network's inputs and results
    keep theirs.

    A channel matters as much as the l1 or the l2 norm of the weights that
    compute it (Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017),
    divided by the mean of its layer; several that go together, as much as their
    mean. With `calibration`, the layers that read what is left are fitted on
    images by ridge regression: to compute what they computed in the original.

    Before:

    ```mlir
    %0 = nn.conv_2d %x, %f, %b
       : (tensor<1x8x8x3xf32>, tensor<64x1x1x3xf32>, tensor<64xf32>) -> tensor<1x8x8x64xf32>
    %1 = nn.conv_2d %0, %g
       : (tensor<1x8x8x64xf32>, tensor<4x1x1x64xf32>) -> tensor<1x8x8x4xf32>
    ```

    After, with `ratio=0.5 layers=` the first:

    ```mlir
    %0 = nn.conv_2d %x, %f, %b
       : (tensor<1x8x8x3xf32>, tensor<32x1x1x3xf32>, tensor<32xf32>) -> tensor<1x8x8x32xf32>
    %1 = nn.conv_2d %0, %g
       : (tensor<1x8x8x32xf32>, tensor<4x1x1x32xf32>) -> tensor<1x8x8x4xf32>
    ```
  }];
}

#endif // WINDROW_PASSES_COMPACT_PASSES_TD
