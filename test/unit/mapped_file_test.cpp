//===- mapped_file_test.cpp - Tests of read-only file mappings ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace windrow {
namespace {

using testing::HasSubstr;

class MappedFileTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "windrow-mapped-XXXXXX")
            .string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path write(const std::string &name,
                              const std::string &content) {
    std::filesystem::path path = folder / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::filesystem::path folder;
};

std::string textOf(const MappedFile &file) {
  return std::string(reinterpret_cast<const char *>(file.bytes().data()),
                     file.size());
}

TEST_F(MappedFileTest, ShowsTheContent) {
  Expected<MappedFile> file = MappedFile::open(write("a", "windrow"));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(textOf(*file), "windrow");
}

TEST_F(MappedFileTest, EmptyFileIsAnEmptySpan) {
  Expected<MappedFile> file = MappedFile::open(write("empty", ""));
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->size(), 0u);
}

TEST_F(MappedFileTest, MissingFileIsNamed) {
  Expected<MappedFile> file = MappedFile::open(folder / "nothing.bundle");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), StatusCode::NotFound);
  EXPECT_THAT(file.error().message(),
              HasSubstr("nothing.bundle: cannot open: "));
}

TEST_F(MappedFileTest, FolderAndPipeAreRefused) {
  std::filesystem::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::filesystem::path &path : {folder, pipe}) {
    Expected<MappedFile> file = MappedFile::open(path);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code(), StatusCode::InvalidArgument);
    EXPECT_EQ(file.error().message(),
              path.string() + ": must be a regular file");
  }
}

TEST_F(MappedFileTest, MovingKeepsTheBytesInPlace) {
  Expected<MappedFile> file = MappedFile::open(write("a", "abc"));
  ASSERT_TRUE(file) << file.error().message();
  const std::byte *address = file->bytes().data();
  MappedFile moved = std::move(*file);
  EXPECT_EQ(moved.bytes().data(), address);
  EXPECT_EQ(file->size(), 0u);
  MappedFile assigned;
  assigned = std::move(moved);
  EXPECT_EQ(textOf(assigned), "abc");
}

size_t residentPages(std::span<const std::byte> bytes) {
  const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream maps("/proc/self/smaps");
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(bytes.data());
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    unsigned long begin, end;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      inside = begin <= wanted && wanted < end;
    unsigned long kib;
    if (inside && std::sscanf(line.c_str(), "Rss: %lu kB", &kib) == 1)
      return kib * 1024 / page;
  }
  ADD_FAILURE() << "mapping not found";
  return 0;
}

TEST_F(MappedFileTest, DroppedPagesLeaveMemoryAndReadTheSameAgain) {
  const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  std::string content(64 * page + 17, '\0');
  for (size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<char>(i * 7 + i / page);
  Expected<MappedFile> file = MappedFile::open(write("large", content));
  ASSERT_TRUE(file) << file.error().message();

  EXPECT_EQ(textOf(*file), content);
  EXPECT_EQ(residentPages(file->bytes()), 65u);
  // Half of the first and half of the last page of the range stay.
  file->dropPages(file->bytes().subspan(page / 2, 10 * page));
  EXPECT_GE(residentPages(file->bytes()), 65u - 9u);
  EXPECT_LT(residentPages(file->bytes()), 65u);
  file->dropPages(file->bytes());
  EXPECT_EQ(residentPages(file->bytes()), 0u);
  EXPECT_EQ(textOf(*file), content);
}

} // namespace
} // namespace windrow
