//===- client_checks_test.cpp - Tests of a client's header ----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checks of the model's inputs, outputs, image and labels, and those of the
// fields that the writer sets, which only a file of another program can have
// wrong.
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/bundle_layout.h"
#include "test/support/test_bundle.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace windrow::test {
namespace {

/// Sends an image of 2x2 RGB pixels and receives two scores; has one weight.
TestBundle makeClient() {
  TestBundle b(1, 1);
  uint32_t pixels = b.tensor({1, 2, 2, 3}, format::ElementType::U8);
  uint32_t scores = b.tensor({1, 2});
  b.transfer(b.channel(0, 0, format::Direction::Send, pixels));
  b.transfer(b.channel(1, 0, format::Direction::Receive, scores));
  b.modelInput(pixels, {1, 3, 2, 2}, format::TensorLayout::NCHW);
  b.modelOutput(scores, {2}, format::TensorLayout::Any);
  b.header.image = std::make_unique<format::ImageT>();
  b.header.image->mean = {0.5f, 0.5f, 0.5f};
  b.header.image->deviation = {0.2f, 0.2f, 0.2f};
  b.header.labels = {"inclusion", "scratches"};
  b.weight({3}, {1, 2, 3});
  b.header.format_version = bundleFormatVersion;
  b.header.weights_bytes = 64;
  return b;
}

Status check(const TestBundle &bundle, uint64_t weightsBytes) {
  flatbuffers::FlatBufferBuilder builder;
  format::FinishBundleBuffer(builder,
                             format::Bundle::Pack(builder, &bundle.header));
  return checkBundle(*format::GetBundle(builder.GetBufferPointer()),
                     weightsBytes);
}

struct Case {
  const char *name;
  std::function<void(TestBundle &)> change;
  const char *message;
};

void PrintTo(const Case &testCase, std::ostream *stream) {
  *stream << testCase.name;
}

class ClientChecksTest : public testing::TestWithParam<Case> {};

TEST(ClientChecks, AcceptsAClient) {
  EXPECT_EQ(check(makeClient(), 64).message(), "");
}

TEST_P(ClientChecksTest, NamesTheViolation) {
  TestBundle bundle = makeClient();
  GetParam().change(bundle);
  EXPECT_EQ(check(bundle, 64).message(), GetParam().message);
}

const Case cases[] = {
    {"FormatVersion", [](TestBundle &b) { b.header.format_version = 2; },
     "format_version must be 1, got 2"},
    {"WeightsBytes", [](TestBundle &b) { b.header.weights_bytes = 128; },
     "weights_bytes must be 64, got 128"},
    {"WeightAlignment", [](TestBundle &b) { b.header.weights[0]->offset = 4; },
     "weight 0 'w0': offset must be a multiple of 64, got 4"},
    {"WeightBounds", [](TestBundle &b) { b.header.weights[0]->dims = {17}; },
     "weight 0 'w0': 68 bytes at offset 0 must lie in the weights section, "
     "which "
     "has 64"},
    {"WeightOffsetOverflow",
     [](TestBundle &b) { b.header.weights[0]->offset = UINT64_MAX - 63; },
     "weight 0 'w0': 12 bytes at offset 18446744073709551552 must lie in the "
     "weights section, which has 64"},
    {"NoInputs", [](TestBundle &b) { b.header.inputs.clear(); },
     "the client must have inputs and outputs, got 0 and 1"},
    {"ModelTensor", [](TestBundle &b) { b.header.outputs[0]->tensor = 2; },
     "output 'scores': tensor must be less than 2, got 2"},
    {"ModelLayout",
     [](TestBundle &b) {
       b.header.outputs[0]->layout = format::TensorLayout(3);
     },
     "output 'scores': layout must be at most 2, got 3"},
    {"ModelDims",
     [](TestBundle &b) {
       b.header.inputs[0]->dims = {1, 2, 2, 3};
     },
     "input 'image': dims [1, 2, 2, 3] in layout NCHW must be those of tensor "
     "0, "
     "got [1, 2, 2, 3]"},
    {"ModelElements", [](TestBundle &b) { b.header.outputs[0]->dims = {3}; },
     "output 'scores': dims [3] in layout Any must be those of tensor 1, got "
     "[1, "
     "2]"},
    {"ImageInputs",
     [](TestBundle &b) {
       b.modelInput(0, {1, 3, 2, 2}, format::TensorLayout::NCHW);
     },
     "image: the model must have one input, got 2"},
    {"InputType",
     [](TestBundle &b) {
       b.header.inputs[0]->tensor = b.tensor({1, 2, 2, 3});
     },
     "input 'image': element type must be U8, got F32"},
    {"InputTypeWithoutImage", [](TestBundle &b) { b.header.image.reset(); },
     "input 'image': element type must be F32, got U8"},
    {"OutputType",
     [](TestBundle &b) { b.header.tensors[1]->type = format::ElementType::U8; },
     "output 'scores': element type must be F32, got U8"},
    {"ImageDims",
     [](TestBundle &b) {
       b.header.inputs[0]->layout = format::TensorLayout::Any;
       b.header.tensors[0]->dims = {12};
     },
     "image: the input's dims must be [1, height, width, channels], got [12]"},
    {"ImageMean", [](TestBundle &b) { b.header.image->mean.resize(1); },
     "image: mean and deviation must have 3 entries each, got 1 and 3"},
    {"GreyImageDeviation",
     [](TestBundle &b) {
       b.header.inputs[0]->dims = {1, 1, 2, 2};
       b.header.tensors[0]->dims = {1, 2, 2, 1};
       b.header.image->deviation.resize(2);
     },
     "image: mean and deviation must have 3 entries each, got 3 and 2"},
    {"ImageDeviation", [](TestBundle &b) { b.header.image->deviation[2] = 0; },
     "image: means must be finite, deviations finite and positive"},
    {"Labels", [](TestBundle &b) { b.header.labels.resize(1); },
     "labels must be as many as the 2 elements of output 'scores', got 1"},
};

INSTANTIATE_TEST_SUITE_P(Client, ClientChecksTest, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) {
                           return info.param.name;
                         });

} // namespace
} // namespace windrow::test
