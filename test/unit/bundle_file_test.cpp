//===- bundle_file_test.cpp - Tests of reading and writing bundles --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/artifact/bundle_layout.h"
#include "runtime/artifact/bundle_reader.h"
#include "runtime/artifact/bundle_writer.h"
#include "test/support/scratch_folder.h"
#include "test/support/test_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

namespace windrow::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// One pointwise convolution between a received and a sent tensor.
TestBundle makeConvolution() {
  TestBundle bundle;
  uint32_t input = bundle.tensor({1, 2, 3, 2});
  uint32_t output = bundle.tensor({1, 2, 3, 1});
  uint32_t filter = bundle.weight({1, 1, 1, 2}, {0.5f, -1.25f});
  uint32_t bias = bundle.weight({1}, {3});
  uint32_t receive = bundle.channel(0, 1, format::Direction::Receive, input);
  uint32_t send = bundle.channel(1, 1, format::Direction::Send, output);
  bundle.transfer(receive);
  bundle.run(conv2D(input, output, filter, static_cast<int32_t>(bias)), "conv");
  bundle.transfer(send);
  return bundle;
}

class BundleFileTest : public testing::Test {
protected:
  std::string write(std::string_view name, const std::string &bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    return (folder / name).string();
  }

  std::string read(std::string_view name) {
    std::ifstream stream(folder / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  size_t fileCount() {
    return std::distance(std::filesystem::directory_iterator(folder.path), {});
  }

  Status openStatus(const std::string &bytes) {
    Expected<BundleReader> reader = BundleReader::open(write("bad", bytes));
    return reader ? Status() : reader.error();
  }

  ScratchFolder folder;
};

TEST_F(BundleFileTest, ReadsWhatWasWritten) {
  TestBundle bundle = makeConvolution();
  bundle.header.producer = "test";
  Status written = bundle.write(folder / "a.bundle");
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(fileCount(), 1u);

  Expected<BundleReader> reader = BundleReader::open(folder / "a.bundle");
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(reader->selfName(), "press-1");
  EXPECT_FALSE(reader->isClient());
  EXPECT_EQ(reader->bundle().producer()->str(), "test");
  EXPECT_EQ(reader->bundle().operators()->Get(0)->name()->str(), "conv");
  for (uint32_t i = 0; i < bundle.weights.size(); ++i) {
    std::span<const std::byte> bytes = reader->weight(i);
    ASSERT_EQ(bytes.size(), bundle.weights[i].size() * sizeof(float));
    EXPECT_EQ(std::memcmp(bytes.data(), bundle.weights[i].data(), bytes.size()),
              0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % bundleAlignment, 0u);
    EXPECT_TRUE(reader->checkWeight(i).ok());
  }
}

TEST_F(BundleFileTest, EqualInputGivesEqualBytes) {
  ASSERT_TRUE(makeConvolution().write(folder / "a").ok());
  ASSERT_TRUE(makeConvolution().write(folder / "b").ok());
  EXPECT_EQ(read("a"), read("b"));
}

TEST_F(BundleFileTest, WeightsMayComeInPieces) {
  TestBundle whole = makeConvolution();
  ASSERT_TRUE(whole.write(folder / "whole").ok());
  TestBundle pieces = makeConvolution();
  Status written = writeBundle(
      folder / "pieces", pieces.header,
      [&pieces](uint32_t index, const WeightSink &sink) {
        for (std::byte byte : std::as_bytes(std::span(pieces.weights[index])))
          WINDROW_RETURN_IF_ERROR(sink(std::span(&byte, 1)));
        return Status();
      });
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(read("whole"), read("pieces"));
}

TEST_F(BundleFileTest, FailedWriteLeavesTheOldFile) {
  std::string path = write("a.bundle", "old");
  TestBundle bundle = makeConvolution();
  auto writeWith = [&](const WeightSource &source) {
    return writeBundle(path, bundle.header, source);
  };

  Status status = writeWith([](uint32_t, const WeightSink &) {
    return Status(StatusCode::CorruptData, "no weights today");
  });
  EXPECT_EQ(status.message(), path + ": no weights today");

  status = writeWith([](uint32_t, const WeightSink &sink) {
    return sink(std::vector<std::byte>(7));
  });
  EXPECT_EQ(status.message(),
            path + ": weight 0 'w0': source must give 8 bytes, got 7");

  status = writeWith([](uint32_t, const WeightSink &sink) {
    return sink(std::vector<std::byte>(9));
  });
  EXPECT_EQ(status.message(),
            path + ": weight 0 'w0': source must give 8 bytes, got more");

  bundle.header.threads = 0;
  status = bundle.write(path);
  EXPECT_EQ(status.message(), path + ": threads must be 1 to 1024, got 0");

  EXPECT_EQ(read("a.bundle"), "old");
  EXPECT_EQ(fileCount(), 1u);
}

TEST_F(BundleFileTest, MissingFolderIsNamed) {
  Status status = makeConvolution().write(folder / "none" / "a.bundle");
  EXPECT_THAT(status.message(), HasSubstr("none/a.bundle: cannot create: "));
}

TEST_F(BundleFileTest, MissingFileIsNamed) {
  Expected<BundleReader> reader = BundleReader::open(folder / "none.bundle");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), StatusCode::NotFound);
  EXPECT_THAT(reader.error().message(), HasSubstr("none.bundle: cannot open"));
}

TEST_F(BundleFileTest, RefusesWhatIsNoBundle) {
  for (const std::string &bytes :
       {std::string(), std::string("x"), std::string(4096, 'x')}) {
    Status status = openStatus(bytes);
    EXPECT_EQ(status.code(), StatusCode::CorruptData);
    EXPECT_THAT(status.message(), EndsWith("bad: not a bundle"));
  }
}

TEST_F(BundleFileTest, RefusesAnotherVersion) {
  ASSERT_TRUE(makeConvolution().write(folder / "a").ok());
  std::string bytes = read("a");
  bytes[8] = 9;
  Status status = openStatus(bytes);
  EXPECT_EQ(status.code(), StatusCode::Incompatible);
  EXPECT_THAT(status.message(),
              HasSubstr("bundle format version must be 1, got 9"));
}

TEST_F(BundleFileTest, RefusesEveryTruncation) {
  ASSERT_TRUE(makeConvolution().write(folder / "a").ok());
  std::string bytes = read("a");
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(
        BundlePrelude::decode(std::as_bytes(std::span(bytes).first(size))))
        << size;
  EXPECT_THAT(openStatus(bytes.substr(0, bytes.size() - 1)).message(),
              HasSubstr("file size must be"));
}

TEST_F(BundleFileTest, SeesEveryFlippedBit) {
  ASSERT_TRUE(makeConvolution().write(folder / "a").ok());
  std::string bytes = read("a");
  auto decode = [&bytes] {
    return BundlePrelude::decode(std::as_bytes(std::span(bytes)));
  };
  Expected<BundlePrelude> intact = decode();
  ASSERT_TRUE(intact) << intact.error().message();
  for (size_t bit = 0; bit < (BundlePrelude::size + intact->headerBytes) * 8;
       ++bit) {
    char &byte = bytes[bit / 8];
    byte = static_cast<char>(byte ^ (1 << bit % 8));
    EXPECT_FALSE(decode()) << bit;
    byte = static_cast<char>(byte ^ (1 << bit % 8));
  }
}

TEST_F(BundleFileTest, SeesAChangedWeight) {
  ASSERT_TRUE(makeConvolution().write(folder / "a").ok());
  std::string bytes = read("a");
  bytes[alignSection(bytes.size() - 2 * bundleAlignment)] ^= 1;
  std::string path = write("changed.bundle", bytes);
  Expected<BundleReader> reader = BundleReader::open(path);
  ASSERT_TRUE(reader) << reader.error().message();
  Status status = reader->checkWeight(0);
  EXPECT_THAT(status.message(),
              StartsWith(path + ": weight 0 'w0': checksum must be "));
  EXPECT_TRUE(reader->checkWeight(1).ok());
}

} // namespace
} // namespace windrow::test
