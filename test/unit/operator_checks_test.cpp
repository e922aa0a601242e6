//===- operator_checks_test.cpp - Tests of operators' consistency ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/complete_bundle.h"

#include <cmath>

namespace windrow::test {
namespace {

using format::Clamp;
using format::Extent;
using format::Padding;

const BundleChange operatorCases[] = {
    {"Input",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).input = 99; },
     "operator 1 'conv' (Conv2D): input must be less than 15, got 99"},
    {"Output",
     [](TestBundle &b) {
       tableAt<format::Conv2DT>(b, Convolution).output = 15;
     },
     "operator 1 'conv' (Conv2D): output must be less than 15, got 15"},
    {"Weight",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).filter = 3; },
     "operator 1 'conv' (Conv2D): weight must be less than 3, got 3"},
    {"WeightType",
     [](TestBundle &b) { b.header.weights[0]->type = format::ElementType::U8; },
     "operator 1 'conv' (Conv2D): weight 0 must be F32"},
    {"NarrowFilter",
     [](TestBundle &b) {
       b.header.weights[0]->type = format::ElementType::BF16;
     },
     "operator 1 'conv' (Conv2D): weight 0 must be F32"},
    {"Overlap",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).output = 1; },
     "operator 1 'conv' (Conv2D): output, tensor 1, must not overlap input, "
     "tensor 1"},
    {"Bias",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).bias = -2; },
     "operator 1 'conv' (Conv2D): bias must be a weight or -1, got -2"},
    {"BiasDims",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).bias = 0; },
     "operator 1 'conv' (Conv2D): bias dims must be [4], got [4, 3, 3, 3]"},
    {"ConvolutionType",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).input = 0; },
     "operator 1 'conv' (Conv2D): inputs and output must be F32"},
    {"ConvolutionRank",
     [](TestBundle &b) {
       tableAt<format::Conv2DT>(b, Convolution).output = b.tensor({8, 8, 4});
     },
     "operator 1 'conv' (Conv2D): input and output dims must be [1, height, "
     "width, channels], got [8, 8, 4]"},
    {"ConvolutionKernel",
     [](TestBundle &b) {
       tableAt<format::Conv2DT>(b, Convolution).kernel =
           format::ConvolutionKernel(4);
     },
     "operator 1 'conv' (Conv2D): kernel must be at most 2, got 4"},
    {"WinogradShape",
     [](TestBundle &b) {
       auto &conv = tableAt<format::Conv2DT>(b, Convolution);
       conv.kernel = format::ConvolutionKernel::Winograd4x4;
       *conv.dilation = Extent(2, 1);
     },
     "operator 1 'conv' (Conv2D): a Winograd kernel must have a 3x3 filter, "
     "stride 1, dilation 1 and one group"},
    {"Groups",
     [](TestBundle &b) { tableAt<format::Conv2DT>(b, Convolution).groups = 3; },
     "operator 1 'conv' (Conv2D): groups must divide 3 input and 4 output "
     "channels, got 3"},
    {"Filter",
     [](TestBundle &b) {
       b.header.weights[0]->dims = {4, 3, 9, 1};
     },
     "operator 1 'conv' (Conv2D): filter dims must be [4, 3, 9, 3], got [4, 3, "
     "9, "
     "1]"},
    {"Stride",
     [](TestBundle &b) {
       *tableAt<format::Conv2DT>(b, Convolution).stride = Extent(0, 1);
     },
     "operator 1 'conv' (Conv2D): height: window, stride and dilation must be "
     "at "
     "least 1, got 3, 0 and 1"},
    {"Window",
     [](TestBundle &b) {
       *tableAt<format::Conv2DT>(b, Convolution).dilation = Extent(9, 1);
     },
     "operator 1 'conv' (Conv2D): height: padded input must be at least 19, "
     "got "
     "10"},
    {"OutputExtent",
     [](TestBundle &b) {
       *tableAt<format::Conv2DT>(b, Convolution).padding = Padding(1, 1, 1, 0);
     },
     "operator 1 'conv' (Conv2D): width: output must be 7, got 8"},
    {"Clamp",
     [](TestBundle &b) {
       *tableAt<format::Conv2DT>(b, Convolution).clamp = Clamp(2, 2);
     },
     "operator 1 'conv' (Conv2D): clamp must have min less than max, got 2 and "
     "2"},
    {"ClampNaN",
     [](TestBundle &b) {
       *tableAt<format::FullyConnectedT>(b, Dense).clamp = Clamp(NAN, 2);
     },
     "operator 12 'dense' (FullyConnected): clamp must have min less than max, "
     "got nan and 2"},
    {"PoolOfPadding",
     [](TestBundle &b) {
       auto &table = tableAt<format::MaxPool2DT>(b, MaxPool);
       *table.padding = Padding(4, 1, 0, 1);
       tensorAt(b, table.output).dims[1] = 5;
     },
     "operator 2 'max' (MaxPool2D): height: every window must hold an element "
     "that is not padding"},
    {"PoolBehindTheImage",
     [](TestBundle &b) {
       auto &table = tableAt<format::AveragePool2DT>(b, AveragePool);
       *table.padding = Padding(1, 1, 1, 6);
       tensorAt(b, table.output).dims[2] = 7;
     },
     "operator 3 'mean' (AveragePool2D): width: every window must hold an "
     "element "
     "that is not padding"},
    {"PoolWindow",
     [](TestBundle &b) {
       *tableAt<format::MaxPool2DT>(b, MaxPool).window = Extent(257, 256);
     },
     "operator 2 'max' (MaxPool2D): window must have at most 65536 elements, "
     "got "
     "65792"},
    {"PoolChannels",
     [](TestBundle &b) {
       tensorAt(b, tableAt<format::MaxPool2DT>(b, MaxPool).output).dims[3] = 3;
     },
     "operator 2 'max' (MaxPool2D): output dims must be [1, 4, 4, 4], got [1, "
     "4, "
     "4, 3]"},
    {"BinaryDims",
     [](TestBundle &b) { tableAt<format::BinaryT>(b, Sum).rhs = 3; },
     "operator 4 'sum' (Binary): operand dims must be equal, or one [1, 1, 1, "
     "channels], got [1, 8, 8, 4] and [1, 4, 4, 4]"},
    {"BinaryKind",
     [](TestBundle &b) {
       tableAt<format::BinaryT>(b, Sum).kind = format::BinaryKind(2);
     },
     "operator 4 'sum' (Binary): kind must be at most 1, got 2"},
    {"UnaryKind",
     [](TestBundle &b) {
       tableAt<format::UnaryT>(b, Activation).kind = format::UnaryKind(4);
     },
     "operator 5 'relu6' (Unary): kind must be at most 3, got 4"},
    {"UnaryShifted",
     [](TestBundle &b) {
       tableAt<format::UnaryT>(b, Activation).output =
           b.view(2, 4, {1, 8, 8, 4});
     },
     "operator 5 'relu6' (Unary): output, tensor 15, must not overlap input, "
     "tensor 2"},
    {"Scale",
     [](TestBundle &b) { tableAt<format::ScaleShiftT>(b, Shift).scale = 2; },
     "operator 6 'shift' (ScaleShift): scale dims must be [4], got [10, 4]"},
    {"NormalizeTypes",
     [](TestBundle &b) {
       tableAt<format::NormalizeImageT>(b, Normalize).input = 2;
     },
     "operator 0 'normalize' (NormalizeImage): input must be U8 and output "
     "F32"},
    {"NormalizeMean",
     [](TestBundle &b) {
       tableAt<format::NormalizeImageT>(b, Normalize).mean.resize(1);
     },
     "operator 0 'normalize' (NormalizeImage): mean and deviation must have 3 "
     "entries each, got 1 and 3"},
    {"NormalizeGrey",
     [](TestBundle &b) {
       b.header.tensors[0]->dims.back() = 1;
       tableAt<format::NormalizeImageT>(b, Normalize).mean.resize(2);
       tableAt<format::NormalizeImageT>(b, Normalize).deviation.resize(2);
     },
     "operator 0 'normalize' (NormalizeImage): output dims must be [1, 8, 8, "
     "2], got [1, 8, 8, 3]"},
    {"NormalizeDeviation",
     [](TestBundle &b) {
       tableAt<format::NormalizeImageT>(b, Normalize).deviation[1] = 0;
     },
     "operator 0 'normalize' (NormalizeImage): means must be finite, "
     "deviations "
     "finite and positive, got 0.5 and 0 for channel 1"},
    {"CopyRange",
     [](TestBundle &b) {
       tableAt<format::CopyChannelsT>(b, Copy).output_channel = 3;
     },
     "operator 7 'copy' (CopyChannels): channels [3, 7) must be a range of the "
     "output's 6 channels"},
    {"PadEntries",
     [](TestBundle &b) { tableAt<format::PadT>(b, Padded).after.resize(3); },
     "operator 8 'pad' (Pad): before, after and output dims must have 4 "
     "entries, "
     "got 4, 3 and 4"},
    {"PadDims",
     [](TestBundle &b) { tableAt<format::PadT>(b, Padded).after[2] = 1; },
     "operator 8 'pad' (Pad): output dim 2 must be 9, got 8"},
    {"SliceRange",
     [](TestBundle &b) { tableAt<format::SliceT>(b, Sliced).offsets[1] = 4; },
     "operator 9 'slice' (Slice): dim 1: offset plus output must be at most 8, "
     "got 9"},
    {"Permutation",
     [](TestBundle &b) {
       tableAt<format::TransposeT>(b, Turned).permutation = {0, 1, 1, 2};
     },
     "operator 10 'transpose' (Transpose): permutation must be one of 4 "
     "dimensions, got [0, 1, 1, 2]"},
    {"GlobalPoolDims",
     [](TestBundle &b) {
       tableAt<format::GlobalPoolT>(b, GlobalMean).output = 3;
     },
     "operator 11 'gap' (GlobalPool): output dims must be [1, 1, 1, 4], got "
     "[1, "
     "4, 4, 4]"},
    {"DenseRank",
     [](TestBundle &b) {
       tableAt<format::FullyConnectedT>(b, Dense).input =
           tableAt<format::GlobalPoolT>(b, GlobalMean).output;
     },
     "operator 12 'dense' (FullyConnected): input and output rank must be 2, "
     "got "
     "4 and 2"},
    {"DenseFilterType",
     [](TestBundle &b) {
       uint32_t filter = tableAt<format::FullyConnectedT>(b, Dense).filter;
       b.header.weights[filter]->type = format::ElementType::U8;
     },
     "operator 12 'dense' (FullyConnected): weight 2 must be F32, F16 or BF16"},
    {"SoftmaxDims",
     [](TestBundle &b) {
       tableAt<format::SoftmaxT>(b, Probabilities).input = 2;
     },
     "operator 13 'softmax' (Softmax): output dims must be [1, 8, 8, 4], got "
     "[1, "
     "10]"},
};

INSTANTIATE_TEST_SUITE_P(Operators, BundleChecksTest,
                         testing::ValuesIn(operatorCases), changeName);

} // namespace
} // namespace windrow::test
