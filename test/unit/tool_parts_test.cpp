//===- tool_parts_test.cpp - Tests of what the tools are made of ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/answer_report.h"
#include "runtime/tools/command_line.h"
#include "runtime/tools/image_file.h"
#include "runtime/tools/npy_file.h"
#include "test/support/scratch_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

//===----------------------------------------------------------------------===//
// NumPy files
//===----------------------------------------------------------------------===//

class NpyFileTest : public testing::Test {
protected:
  /// The file of an array with this header and `bytes` bytes of elements.
  std::string write(const std::string &header, size_t bytes, char version = 1) {
    std::string text("\x93NUMPY", 6);
    text += {version, '\0', static_cast<char>(header.size() & 0xff),
             static_cast<char>(header.size() >> 8)};
    if (version > 1)
      text += std::string(2, '\0');
    text += header + std::string(bytes, '\0');
    return writeFile(text);
  }

  std::string writeFile(const std::string &content) {
    std::ofstream(folder / "a.npy", std::ios::binary) << content;
    return (folder / "a.npy").string();
  }

  /// The message without the path.
  std::string errorOf(const std::string &path) {
    Expected<Tensor> tensor = readNpy(path);
    EXPECT_FALSE(tensor);
    return tensor ? "" : tensor.error().message().substr(path.size() + 2);
  }

  ScratchFolder folder;
};

TEST_F(NpyFileTest, ReadsWhatItWrites) {
  for (const Tensor &tensor :
       {Tensor{{2, 3}, {1, 2, 3, 4, 5, 6}}, Tensor{{1}, {-0.5f}}}) {
    Status written = writeNpy(folder / "b.npy", tensor);
    ASSERT_TRUE(written.ok()) << written.message();
    Expected<Tensor> read = readNpy(folder / "b.npy");
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->shape, tensor.shape);
    EXPECT_EQ(read->values, tensor.values);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}),
            1);
}

TEST_F(NpyFileTest, ReadsAllVersions) {
  for (char version : {1, 2, 3}) {
    Expected<Tensor> read = readNpy(
        write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n",
              8, version));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_THAT(read->shape, ElementsAre(2, 1));
  }
}

TEST_F(NpyFileTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(errorOf((folder / "none.npy").string()), "file cannot be read");
  EXPECT_EQ(errorOf(writeFile("")), "file must be a NumPy array");
  EXPECT_EQ(errorOf(writeFile("GIF89a and more")),
            "file must be a NumPy array");
  EXPECT_EQ(errorOf(write("", 10, 9)),
            "NumPy format version must be 1 to 3, got 9");
  EXPECT_EQ(errorOf(writeFile(std::string("\x93NUMPY\1\0\xff\xff{}    ", 16))),
            "file is cut off within its header");
  EXPECT_EQ(errorOf(write(
                "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8)),
            "elements must be '<f4' (little-endian f32), got '<f8'");
  EXPECT_EQ(errorOf(write("{'fortran_order': False, 'shape': (1,)}", 8)),
            "elements must be '<f4' (little-endian f32), got none");
  EXPECT_EQ(errorOf(write(
                "{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", 4)),
            "elements must be in C order");
  EXPECT_EQ(errorOf(write(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4)),
            "shape must be a tuple of sizes, got '(-1,)'");
  EXPECT_EQ(errorOf(write("{'descr': '<f4', 'fortran_order': False, 'shape': "
                          "(65536, 65536, 65536)}",
                          4)),
            "shape must be a tuple of sizes, got '(65536, 65536, 65536)'");
  EXPECT_EQ(errorOf(write(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 8)),
            "file must hold 12 bytes of elements, got 8");
}

TEST_F(NpyFileTest, UnwritableFileIsNamed) {
  Status status = writeNpy(folder / "none" / "a.npy", {{1}, {1}});
  EXPECT_EQ(status.message(),
            (folder / "none" / "a.npy").string() + ": file cannot be written");
}

//===----------------------------------------------------------------------===//
// Images
//===----------------------------------------------------------------------===//

TEST(ImageFile, RefusesWhatItCannotRead) {
  ScratchFolder folder;
  Expected<Image> image = readImage(folder / "none.png", 3);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().message(),
            (folder / "none.png").string() + ": file cannot be read");
  std::ofstream(folder / "text.jpg") << "not an image";
  image = readImage(folder / "text.jpg", 3);
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().message(),
              HasSubstr("text.jpg: file must be a JPEG or PNG image"));
}

//===----------------------------------------------------------------------===//
// Answers
//===----------------------------------------------------------------------===//

TEST(AnswerReport, SummarizesLatencies) {
  LatencySummary one = summarizeLatencies({3});
  EXPECT_EQ(one.min, 3);
  EXPECT_EQ(one.median, 3);
  EXPECT_EQ(one.p95, 3);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i)
    hundred.push_back(i);
  LatencySummary summary = summarizeLatencies(hundred);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.median, 50.5);
  EXPECT_EQ(summary.p95, 95);
}

TEST(AnswerReport, RanksClasses) {
  std::vector<RankedClass> ranked = rankClasses({1, 3, 3, -1}, 3);
  ASSERT_EQ(ranked.size(), 3u);
  EXPECT_EQ(ranked[0].index, 1);
  EXPECT_EQ(ranked[1].index, 2);
  EXPECT_EQ(ranked[2].index, 0);
  EXPECT_NEAR(ranked[0].probability, 0.4643, 1e-4);
  EXPECT_NEAR(ranked[2].probability, 0.0628, 1e-4);
  EXPECT_EQ(rankClasses({5}, 3).size(), 1u);
}

TEST(AnswerReport, ProbabilitiesStayWhatTheyAre) {
  std::vector<RankedClass> ranked = rankClasses({0.25f, 0.75f}, 2);
  EXPECT_EQ(ranked[0].probability, 0.75);
  EXPECT_EQ(ranked[1].probability, 0.25);
}

TEST(AnswerReport, FormatsClassesAndRanges) {
  PlanDescription plan;
  plan.labels = {"patches", "scratches"};
  plan.outputs = {{"scores", {1, 2}}};
  InputResult result{"a.png", {{{1, 2}, {0.25f, 0.75f}}}, {0.0125}};
  EXPECT_EQ(formatResult(plan, result, 2),
            "a.png: scratches 75.0 %, patches 25.0 % (12.50 ms)");
  plan.labels.clear();
  EXPECT_EQ(formatResult(plan, result, 1), "a.png: class 1 75.0 % (12.50 ms)");
  plan.outputs = {{"map", {1, 2, 2}}};
  result.outputs = {{{1, 2, 2}, {-1, 0, 2, 1}}};
  result.seconds = {0.001, 0.003, 0.002};
  EXPECT_EQ(
      formatResult(plan, result, 1),
      "a.png: map 1x2x2 in [-1, 2] (min 1.00 ms, median 2.00 ms, p95 3.00 "
      "ms)");
}

TEST(CommandLine, ParsesAddresses) {
  auto addresses = parseAddresses({"a=host:1", "b=[::1]:2"}, "--peer");
  ASSERT_TRUE(addresses);
  EXPECT_EQ((*addresses)["a"], "host:1");
  EXPECT_EQ((*addresses)["b"], "[::1]:2");
  for (const char *entry : {"a", "=host:1", "a="}) {
    auto refused = parseAddresses({entry}, "--peer");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(),
              std::string("--peer must be DEVICE=HOST:PORT, got '") + entry +
                  "'");
  }
}

TEST(CommandLine, ConvertsSeconds) {
  EXPECT_EQ(toMilliseconds(1.5).count(), 1500);
  EXPECT_EQ(toMilliseconds(1e-9).count(), 1);
}

} // namespace
} // namespace windrow::test
