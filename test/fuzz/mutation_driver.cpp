//===- mutation_driver.cpp - Feeds mutated files to a fuzz target ---------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A main function for targets in libFuzzer's form, which GCC has no engine for:
// mutates the files of a corpus, without coverage, always the same way for the
// same seed.
//
//   target CORPUS_FOLDER [RUNS [SEED]]
//
// Every input is written to ./NAME.input first, so that the one that crashes is
// left behind. `target FILE` runs one input as it is.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Bytes readFile(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

static void writeFile(const fs::path &path, const Bytes &bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

namespace {

class Mutator {
public:
  Mutator(std::vector<Bytes> corpus, uint64_t seed)
      : corpus(std::move(corpus)), random(seed) {}

  /// A file of the corpus with one to four changes.
  Bytes next() {
    Bytes bytes = corpus[below(corpus.size())];
    for (size_t changes = 1 + below(4); changes > 0; --changes)
      change(bytes);
    return bytes;
  }

private:
  /// A number from 0 to `limit` - 1; 0 if `limit` is 0.
  size_t below(size_t limit) { return limit ? random() % limit : 0; }

  void change(Bytes &bytes) {
    if (bytes.empty())
      return;
    size_t position = below(bytes.size());
    size_t length = std::min(bytes.size() - position, 1 + below(16));
    auto begin = bytes.begin() + position;
    switch (below(7)) {
    case 0:
      *begin ^= 1 << below(8);
      break;
    case 1: {
      static constexpr uint8_t edges[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};
      *begin = edges[below(std::size(edges))];
      break;
    }
    case 2:
      std::generate_n(begin, length, [&] { return random(); });
      break;
    case 3:
      bytes.erase(begin, begin + length);
      break;
    case 4: {
      Bytes copy(begin, begin + length);
      bytes.insert(bytes.begin() + below(bytes.size()), copy.begin(),
                   copy.end());
      break;
    }
    case 5: {
      const Bytes &other = corpus[below(corpus.size())];
      size_t from = below(other.size());
      size_t count = std::min(length, other.size() - from);
      std::copy_n(other.begin() + from, count, begin);
      break;
    }
    case 6:
      if (below(4) == 0)
        bytes.resize(position);
      break;
    }
  }

  std::vector<Bytes> corpus;
  std::mt19937_64 random;
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: " << argv[0] << " CORPUS_FOLDER [RUNS [SEED]]\n";
    return 1;
  }
  if (fs::is_regular_file(argv[1])) {
    Bytes bytes = readFile(argv[1]);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    return 0;
  }
  uint64_t runs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
  uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;

  // In order of name, so that the seed says everything.
  std::set<fs::path> files;
  for (const auto &entry : fs::directory_iterator(argv[1]))
    if (entry.is_regular_file())
      files.insert(entry.path());
  std::vector<Bytes> corpus;
  for (const fs::path &file : files)
    corpus.push_back(readFile(file));
  if (corpus.empty()) {
    std::cerr << "error: " << argv[1] << " must hold a file\n";
    return 1;
  }

  fs::path input = fs::path(argv[0]).filename().string() + ".input";
  std::cout << corpus.size() << " files, " << runs << " runs, seed " << seed
            << ", input in " << fs::absolute(input) << std::endl;
  Mutator mutator(std::move(corpus), seed);
  for (uint64_t run = 0; run < runs; ++run) {
    Bytes bytes = mutator.next();
    writeFile(input, bytes);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  fs::remove(input);
  return 0;
}
