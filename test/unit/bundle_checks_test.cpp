//===- bundle_checks_test.cpp - Tests of a header's consistency -----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_checks.h"
#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/bundle_reader.h"
#include "runtime/base/checksum.h"
#include "test/support/scratch_folder.h"
#include "test/unit/complete_bundle.h"

#include <fstream>

namespace windrow::test {
namespace {

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

TEST(BundleChecks, AcceptsEveryKindOfOperator) {
  ScratchFolder folder;
  Status status = makeCompleteBundle().write(folder / "a.bundle");
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(BundleChecks, RefusesAnUnknownOperation) {
  TestBundle bundle = makeCompleteBundle();
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
  TestBundle bundle = makeCompleteBundle();
  GetParam().change(bundle);
  Status status = bundle.write(folder / "a.bundle");
  EXPECT_EQ(status.message(),
            (folder / "a.bundle").string() + ": " + GetParam().message);
}

TEST_P(BundleChecksTest, ReaderNamesTheViolation) {
  ScratchFolder folder;
  TestBundle bundle = makeCompleteBundle();
  // Sets what the writer sets.
  ASSERT_TRUE(bundle.write(folder / "good.bundle").ok());
  GetParam().change(bundle);
  writeUnchecked(bundle, folder / "a.bundle");
  Expected<BundleReader> reader = BundleReader::open(folder / "a.bundle");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message(),
            (folder / "a.bundle").string() + ": " + GetParam().message);
}

const BundleChange headerCases[] = {
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
     "tensor 1 't1': element type must be at most 3, got 9"},
    {"NarrowTensor",
     [](TestBundle &b) { tensorAt(b, 1).type = format::ElementType::F16; },
     "tensor 1 't1': element type must be F32 or U8, got F16"},
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

using format::InstructionKind;

const BundleChange scheduleCases[] = {
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

INSTANTIATE_TEST_SUITE_P(Header, BundleChecksTest,
                         testing::ValuesIn(headerCases), changeName);
INSTANTIATE_TEST_SUITE_P(Schedule, BundleChecksTest,
                         testing::ValuesIn(scheduleCases), changeName);

} // namespace
} // namespace windrow::test
