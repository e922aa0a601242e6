//===- bundle_checks_test.cpp - Tests of a header's consistency -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One consistent bundle holds every kind of operator. Each case breaks one
// thing in it and expects the message that names it, from the writer and, for a
// file that some other program wrote, from the reader.
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/bundle_reader.h"
#include "runtime/base/checksum.h"
#include "test/support/scratch_folder.h"
#include "test/support/test_bundle.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <ostream>

namespace windrow::test {
namespace {

using format::Clamp;
using format::Extent;
using format::Padding;

constexpr float infinity = std::numeric_limits<float>::infinity();

template <typename Table> Table pool(uint32_t input, uint32_t output) {
  Table table;
  table.input = input;
  table.output = output;
  table.window = std::make_unique<Extent>(3, 3);
  table.padding = std::make_unique<Padding>(1, 1, 1, 1);
  table.stride = std::make_unique<Extent>(2, 2);
  table.clamp = std::make_unique<Clamp>(noClamp());
  return table;
}

// Operators of the bundle below, by index.
enum : uint32_t {
  Normalize,
  Convolution,
  MaxPool,
  AveragePool,
  Sum,
  Activation,
  Shift,
  Copy,
  Padded,
  Sliced,
  Turned,
  GlobalMean,
  Dense,
  Probabilities
};

/// Tensors 0 (pixels), 1 (image), 2 (features), then one an operator.
TestBundle makeEverything() {
  TestBundle b(2, 0);
  uint32_t pixels = b.tensor({1, 8, 8, 3}, format::ElementType::U8);
  uint32_t image = b.tensor({1, 8, 8, 3});
  uint32_t features = b.tensor({1, 8, 8, 4});
  uint32_t receive = b.channel(10, 2, format::Direction::Receive, pixels);
  b.transfer(receive);

  format::NormalizeImageT normalize;
  normalize.input = pixels;
  normalize.output = image;
  normalize.mean = {0.5f, 0.5f, 0.5f};
  normalize.deviation = {0.2f, 0.2f, 0.2f};
  b.run(normalize, "normalize");

  uint32_t filter = b.weight({4, 3, 3, 3}, std::vector<float>(108));
  uint32_t bias = b.weight({4}, std::vector<float>(4));
  auto conv = conv2D(image, features, filter, static_cast<int32_t>(bias));
  *conv.padding = Padding(1, 1, 1, 1);
  b.run(conv, "conv");

  auto maxPool = pool<format::MaxPool2DT>(features, b.tensor({1, 4, 4, 4}));
  maxPool.dilation = std::make_unique<Extent>(1, 1);
  b.run(maxPool, "max");
  b.run(pool<format::AveragePool2DT>(features, b.tensor({1, 4, 4, 4})), "mean");

  format::BinaryT sum;
  sum.lhs = features;
  sum.rhs = features;
  sum.output = b.tensor({1, 8, 8, 4});
  sum.clamp = std::make_unique<Clamp>(noClamp());
  b.run(sum, "sum");

  format::UnaryT activation;
  activation.input = features;
  activation.output = features;
  activation.clamp = std::make_unique<Clamp>(0.0f, 6.0f);
  b.run(activation, "relu6");

  format::ScaleShiftT shift;
  shift.input = features;
  shift.output = b.tensor({1, 8, 8, 4});
  shift.scale = shift.shift = bias;
  shift.clamp = std::make_unique<Clamp>(noClamp());
  b.run(shift, "shift");

  format::CopyChannelsT copy;
  copy.input = features;
  copy.output = b.tensor({1, 8, 8, 6});
  copy.output_channel = 2;
  copy.channels = 4;
  b.run(copy, "copy");

  format::PadT padded;
  padded.input = features;
  padded.output = b.tensor({1, 9, 8, 4});
  padded.before = {0, 1, 0, 0};
  padded.after = {0, 0, 0, 0};
  b.run(padded, "pad");

  format::SliceT sliced;
  sliced.input = features;
  sliced.output = b.tensor({1, 5, 8, 4});
  sliced.offsets = {0, 3, 0, 0};
  b.run(sliced, "slice");

  format::TransposeT turned;
  turned.input = features;
  turned.output = b.tensor({1, 4, 8, 8});
  turned.permutation = {0, 3, 1, 2};
  b.run(turned, "transpose");

  format::GlobalPoolT globalMean;
  globalMean.input = features;
  globalMean.output = b.tensor({1, 1, 1, 4});
  b.run(globalMean, "gap");

  format::FullyConnectedT dense;
  dense.input = b.view(globalMean.output, 0, {1, 4});
  dense.output = b.tensor({1, 10});
  dense.filter = b.weight({10, 4}, std::vector<float>(40));
  dense.clamp = std::make_unique<Clamp>(noClamp());
  b.run(dense, "dense");

  format::SoftmaxT softmax;
  softmax.input = dense.output;
  softmax.output = b.tensor({1, 10});
  b.run(softmax, "softmax");

  b.transfer(b.channel(11, 2, format::Direction::Send, softmax.output));
  return b;
}

struct Case {
  const char *name;
  std::function<void(TestBundle &)> change;
  const char *message;
};

void PrintTo(const Case &testCase, std::ostream *stream) {
  *stream << testCase.name;
}

auto &tensorAt(TestBundle &b, uint32_t index) {
  return *b.header.tensors[index];
}

template <typename Table> Table &tableAt(TestBundle &b, uint32_t index) {
  return *static_cast<Table *>(b.header.operators[index]->operation.value);
}

/// Writes the file that a program without any checks would write.
void writeUnchecked(const TestBundle &bundle,
                    const std::filesystem::path &path) {
  flatbuffers::FlatBufferBuilder builder;
  format::FinishBundleBuffer(builder,
                             format::Bundle::Pack(builder, &bundle.header));
  std::span header =
      std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  BundlePrelude prelude;
  prelude.headerOffset = BundlePrelude::size;
  prelude.headerBytes = header.size();
  prelude.weightsOffset = alignSection(BundlePrelude::size + header.size());
  prelude.weightsBytes = bundle.header.weights_bytes;
  prelude.fileBytes = prelude.weightsOffset + prelude.weightsBytes;
  auto fields = prelude.encode();
  prelude.checksum = crc32(
      header, crc32(std::span(fields).subspan(BundlePrelude::checksummedFrom)));
  fields = prelude.encode();
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(fields.data()), fields.size());
  stream.write(reinterpret_cast<const char *>(header.data()),
               static_cast<std::streamsize>(header.size()));
  stream.close();
  std::filesystem::resize_file(path, prelude.fileBytes);
}

class BundleChecksTest : public testing::TestWithParam<Case> {};

TEST(BundleChecks, AcceptsEveryKindOfOperator) {
  ScratchFolder folder;
  Status status = makeEverything().write(folder / "a.bundle");
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(BundleChecks, RefusesAnUnknownOperation) {
  TestBundle bundle = makeEverything();
  bundle.header.format_version = bundleFormatVersion;
  bundle.header.weights[1]->offset = 448;
  bundle.header.weights[2]->offset = 512;
  bundle.header.weights_bytes = 704;
  flatbuffers::FlatBufferBuilder builder;
  format::FinishBundleBuffer(builder,
                             format::Bundle::Pack(builder, &bundle.header));
  const auto *header = format::GetBundle(builder.GetBufferPointer());
  EXPECT_EQ(checkBundle(*header, 704).message(), "");
  const void *op = header->operators()->Get(Sum);
  // The object API refuses to write what it does not know.
  static_cast<flatbuffers::Table *>(const_cast<void *>(op))
      ->SetField<uint8_t>(format::Operator::VT_OPERATION_TYPE, 77, 0);
  EXPECT_EQ(checkBundle(*header, 704).message(),
            "operator 4 'sum' (unknown): operation must be 1 to 14, got 77");
}

TEST_P(BundleChecksTest, WriterNamesTheViolation) {
  ScratchFolder folder;
  TestBundle bundle = makeEverything();
  GetParam().change(bundle);
  Status status = bundle.write(folder / "a.bundle");
  EXPECT_EQ(status.message(),
            (folder / "a.bundle").string() + ": " + GetParam().message);
}

TEST_P(BundleChecksTest, ReaderNamesTheViolation) {
  ScratchFolder folder;
  TestBundle bundle = makeEverything();
  // Sets what the writer sets.
  ASSERT_TRUE(bundle.write(folder / "good.bundle").ok());
  GetParam().change(bundle);
  writeUnchecked(bundle, folder / "a.bundle");
  Expected<BundleReader> reader = BundleReader::open(folder / "a.bundle");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message(),
            (folder / "a.bundle").string() + ": " + GetParam().message);
}

const Case headerCases[] = {
    {"Digest", [](TestBundle &b) { b.header.plan_digest.resize(5); },
     "plan_digest must have 32 bytes, got 5"},
    {"Threads", [](TestBundle &b) { b.header.threads = 5000; },
     "threads must be 1 to 1024, got 5000"},
    {"Arena", [](TestBundle &b) { b.header.arena_bytes += 1; },
     "arena_bytes must be a multiple of 64, got 9793"},
    {"Participants", [](TestBundle &b) { b.header.participants.resize(1); },
     "participants must be a device or more and the client, got 1"},
    {"ParticipantName",
     [](TestBundle &b) { b.header.participants[1]->name = "../x\n"; },
     "participant 1 '../x?': name must consist of letters, digits, '-', '_' "
     "and "
     "'.', and not begin with '.'"},
    {"ParticipantTwice",
     [](TestBundle &b) { b.header.participants[1]->name = "press-1"; },
     "participant 1 'press-1': name must be unique"},
    {"ClientName", [](TestBundle &b) { b.header.participants[2]->name = "me"; },
     "participant 2 'me': name of the last must be 'client'"},
    {"DeviceAddress",
     [](TestBundle &b) { b.header.participants[0]->address = ""; },
     "participant 0 'press-1': address must be host:port, got ''"},
    {"ClientAddress",
     [](TestBundle &b) { b.header.participants[2]->address = "here:1"; },
     "participant 2 'client': address must be empty, got 'here:1'"},
    {"Self", [](TestBundle &b) { b.header.self = 3; },
     "self must be less than 3, got 3"},
    {"ElementType",
     [](TestBundle &b) { tensorAt(b, 1).type = format::ElementType(9); },
     "tensor 1 't1': element type must be at most 1, got 9"},
    {"Rank", [](TestBundle &b) { tensorAt(b, 1).dims.clear(); },
     "tensor 1 't1': rank must be 1 to 6, got 0"},
    {"ZeroDim", [](TestBundle &b) { tensorAt(b, 1).dims[1] = 0; },
     "tensor 1 't1': dims must be 1 to 1073741824 each, got [1, 0, 8, 3]"},
    {"DimsOverflow",
     [](TestBundle &b) {
       tensorAt(b, 1).dims = {1, 1u << 30, 1u << 30, 3};
     },
     "tensor 1 't1': dims must give a size of at most 2^63 bytes, got [1, "
     "1073741824, 1073741824, 3]"},
    {"TensorAlignment", [](TestBundle &b) { tensorAt(b, 1).offset += 2; },
     "tensor 1 't1': offset must be a multiple of 4, got 258"},
    {"TensorBounds",
     [](TestBundle &b) { tensorAt(b, 1).offset = b.header.arena_bytes - 772; },
     "tensor 1 't1': 768 bytes at offset 9020 must end at least 16 bytes "
     "before "
     "the end of the arena, which has 9792"},
    {"TensorOffsetOverflow",
     [](TestBundle &b) { tensorAt(b, 1).offset = UINT64_MAX - 3; },
     "tensor 1 't1': 768 bytes at offset 18446744073709551612 must end at "
     "least "
     "16 bytes before the end of the arena, which has 9792"},
    {"ModelInputOfADevice",
     [](TestBundle &b) {
       b.modelInput(0, {1, 8, 8, 3}, format::TensorLayout::NHWC);
     },
     "inputs, outputs, image and labels must be the client's only"},
};

const Case operatorCases[] = {
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
     "operator 1 'conv' (Conv2D): kernel must be at most 0, got 4"},
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
    {"SoftmaxDims",
     [](TestBundle &b) {
       tableAt<format::SoftmaxT>(b, Probabilities).input = 2;
     },
     "operator 13 'softmax' (Softmax): output dims must be [1, 8, 8, 4], got "
     "[1, "
     "10]"},
};

using format::InstructionKind;

const Case scheduleCases[] = {
    {"ChannelTwice", [](TestBundle &b) { b.header.channels[1]->id = 10; },
     "channel 1 (id 10): id must be unique"},
    {"Peer", [](TestBundle &b) { b.header.channels[1]->peer = 3; },
     "channel 1 (id 11): peer must be less than 3, got 3"},
    {"PeerSelf", [](TestBundle &b) { b.header.channels[1]->peer = 0; },
     "channel 1 (id 11): peer must be another participant"},
    {"Direction",
     [](TestBundle &b) {
       b.header.channels[1]->direction = format::Direction(2);
     },
     "channel 1 (id 11): direction must be at most 1, got 2"},
    {"ChannelTensor", [](TestBundle &b) { b.header.channels[1]->tensor = 15; },
     "channel 1 (id 11): tensor must be less than 15, got 15"},
    {"InstructionKind",
     [](TestBundle &b) {
       b.header.instructions[0] = {InstructionKind(5), 0};
     },
     "instruction 0: kind must be at most 4, got 5"},
    {"RunIndex", [](TestBundle &b) { b.instruct(InstructionKind::Run, 14); },
     "instruction 18: index must be less than 14, got 14"},
    {"ChannelIndex",
     [](TestBundle &b) { b.instruct(InstructionKind::PostSend, 2); },
     "instruction 18: index must be less than 2, got 2"},
    {"WrongDirection",
     [](TestBundle &b) { b.instruct(InstructionKind::PostSend, 0); },
     "instruction 18: channel 0 must be one that sends"},
    {"PostedTwice",
     [](TestBundle &b) { b.instruct(InstructionKind::PostReceive, 0); },
     "instruction 18: channel 0 must be posted once"},
    {"WaitedTwice",
     [](TestBundle &b) { b.instruct(InstructionKind::WaitReceive, 0); },
     "instruction 18: channel 0 must be waited for once"},
    {"NotPosted",
     [](TestBundle &b) {
       b.header.instructions.erase(b.header.instructions.begin());
     },
     "instruction 0: channel 0 must be posted before it is waited for"},
    {"NotWaitedFor", [](TestBundle &b) { b.header.instructions.pop_back(); },
     "channel 1 (id 11) must be waited for by the instructions"},
    {"NeverUsed",
     [](TestBundle &b) { b.channel(12, 2, format::Direction::Send, 0); },
     "channel 2 (id 12) must be posted by the instructions"},
    {"ReadWhileReceived",
     [](TestBundle &b) {
       std::swap(b.header.instructions[1], b.header.instructions[2]);
     },
     "instruction 1: must not read tensor 0 while channel 0 receives it"},
    {"WrittenWhileSent",
     [](TestBundle &b) {
       uint32_t early = b.channel(12, 2, format::Direction::Send, 2);
       auto &list = b.header.instructions;
       list.emplace(list.begin() + 4, InstructionKind::PostSend, early);
       list.emplace(list.begin() + 9, InstructionKind::WaitSend, early);
     },
     "instruction 8: must not write tensor 2 while channel 2 sends it"},
    {"ReceivedTwiceAtOnce",
     [](TestBundle &b) {
       uint32_t second = b.channel(12, 2, format::Direction::Receive, 0);
       auto &list = b.header.instructions;
       list.emplace(list.begin() + 1, InstructionKind::PostReceive, second);
       list.emplace(list.begin() + 2, InstructionKind::WaitReceive, second);
     },
     "instruction 1: must not write tensor 0 while channel 0 receives it"},
};

std::string caseName(const testing::TestParamInfo<Case> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Header, BundleChecksTest,
                         testing::ValuesIn(headerCases), caseName);
INSTANTIATE_TEST_SUITE_P(Operators, BundleChecksTest,
                         testing::ValuesIn(operatorCases), caseName);
INSTANTIATE_TEST_SUITE_P(Schedule, BundleChecksTest,
                         testing::ValuesIn(scheduleCases), caseName);

} // namespace
} // namespace windrow::test
