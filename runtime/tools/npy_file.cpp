//===- npy_file.cpp - NumPy array files -----------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/npy_file.h"

#include "runtime/tools/file_output.h"

#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>

using namespace windrow;

static constexpr std::string_view magic = "\x93NUMPY";

static Status npyError(const std::filesystem::path &path,
                       std::string_view message) {
  return Status(StatusCode::CorruptData,
                fmt::format("{}: {}", path.string(), message));
}

static std::string_view trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\n");
  size_t end = text.find_last_not_of(" \t\n");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, end - begin + 1);
}

/// The value of `key` in the header's dictionary, up to the comma or bracket
/// that ends it; empty where there is none.
static std::string_view findValue(std::string_view header,
                                  std::string_view key) {
  size_t position = header.find(fmt::format("'{}'", key));
  if (position == std::string_view::npos)
    return {};
  size_t colon = header.find(':', position);
  if (colon == std::string_view::npos)
    return {};
  std::string_view value = trim(header.substr(colon + 1));
  if (value.starts_with('('))
    return value.substr(0, value.find(')') + 1);
  return trim(value.substr(0, value.find_first_of(",}")));
}

/// Parses "(1, 3, 200, 200)" or "(6,)". False where it is neither, or where the
/// elements would be too many to count.
static bool parseShape(std::string_view text, std::vector<int64_t> &shape) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')')
    return false;
  text = text.substr(1, text.size() - 2);
  int64_t elements = 1;
  while (!trim(text).empty()) {
    size_t comma = text.find(',');
    std::string_view part = trim(text.substr(0, comma));
    int64_t size = 0;
    auto [end, error] =
        std::from_chars(part.data(), part.data() + part.size(), size);
    if (error != std::errc() || end != part.data() + part.size() || size < 0)
      return false;
    if (size > 0 && elements > std::numeric_limits<int32_t>::max() / size)
      return false;
    elements *= size;
    shape.push_back(size);
    text = comma == std::string_view::npos ? std::string_view()
                                           : text.substr(comma + 1);
  }
  return true;
}

namespace {
struct NpyHeader {
  std::string text;
  size_t dataOffset = 0;
};
} // namespace

static Expected<NpyHeader> findHeader(const std::filesystem::path &path,
                                      std::string_view file) {
  if (!file.starts_with(magic) || file.size() < 12)
    return failure(npyError(path, "file must be a NumPy array"));
  auto byte = [&](size_t index) {
    return static_cast<size_t>(static_cast<unsigned char>(file[index]));
  };
  size_t version = byte(6);
  if (version < 1 || version > 3)
    return failure(npyError(
        path,
        fmt::format("NumPy format version must be 1 to 3, got {}", version)));
  size_t lengthBytes = version == 1 ? 2 : 4;
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  size_t start = 8 + lengthBytes;
  if (length > file.size() - start)
    return failure(npyError(path, "file is cut off within its header"));
  return NpyHeader{std::string(file.substr(start, length)), start + length};
}

Expected<Tensor> windrow::readNpy(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    return failure(
        Status(StatusCode::NotFound,
               fmt::format("{}: file cannot be read", path.string())));
  std::string file{std::istreambuf_iterator<char>(stream), {}};
  Expected<NpyHeader> header = findHeader(path, file);
  if (!header)
    return failure(header.error());
  std::string_view type = findValue(header->text, "descr");
  if (type != "'<f4'")
    return failure(npyError(
        path, fmt::format("elements must be '<f4' (little-endian f32), got {}",
                          type.empty() ? "none" : type)));
  if (findValue(header->text, "fortran_order") != "False")
    return failure(npyError(path, "elements must be in C order"));
  Tensor tensor;
  std::string_view shape = findValue(header->text, "shape");
  if (!parseShape(shape, tensor.shape))
    return failure(npyError(
        path, fmt::format("shape must be a tuple of sizes, got '{}'", shape)));
  size_t elements = 1;
  for (int64_t size : tensor.shape)
    elements *= size;
  size_t bytes = file.size() - header->dataOffset;
  if (bytes != elements * sizeof(float))
    return failure(npyError(
        path, fmt::format("file must hold {} bytes of elements, got {}",
                          elements * sizeof(float), bytes)));
  tensor.values.resize(elements);
  file.copy(reinterpret_cast<char *>(tensor.values.data()), bytes,
            header->dataOffset);
  return tensor;
}

Status windrow::writeNpy(const std::filesystem::path &path,
                         const Tensor &tensor) {
  std::string shape;
  for (int64_t size : tensor.shape)
    shape += fmt::format("{}, ", size);
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape);
  // The elements begin at a multiple of 64 bytes.
  constexpr size_t prelude = 10;
  header.resize((prelude + header.size() + 1 + 63) / 64 * 64 - prelude - 1,
                ' ');
  header += '\n';

  std::string start(magic);
  start += {'\x01', '\0', static_cast<char>(header.size() & 0xff),
            static_cast<char>(header.size() >> 8)};
  return writeFile(path, {start,
                          header,
                          {reinterpret_cast<const char *>(tensor.values.data()),
                           tensor.values.size() * sizeof(float)}});
}
