//===- OnnxModelFile.cpp - A memory-mapped ONNX file ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/OnnxModelFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <bit>
#include <limits>

using namespace llvm;
using namespace windrow::importer;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static_assert(std::endian::native == std::endian::little,
              "ONNX files are little-endian and their weights are used as they "
              "lie in the file");

template <typename... Args>
static Error error(const char *format, Args... args) {
  return createStringError(formatv(format, args...));
}

/// Maps a regular file, named `name` in messages.
static Expected<std::unique_ptr<MemoryBuffer>> mapFile(const Twine &name) {
  fs::file_status status;
  if (std::error_code code = fs::status(name, status))
    return error("cannot be read: {0}", code.message());
  if (!fs::is_regular_file(status))
    return createStringError("is not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      name, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error("cannot be read: {0}", buffer.getError().message());
  return std::move(*buffer);
}

static ArrayRef<char> bytesOf(const MemoryBuffer &buffer) {
  return ArrayRef<char>(buffer.getBufferStart(), buffer.getBufferSize());
}

Expected<OnnxModelFile> OnnxModelFile::open(StringRef modelPath) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = mapFile(modelPath);
  if (!buffer)
    return buffer.takeError();
  OnnxModelFile file;
  file.folder = path::parent_path(modelPath).str();
  if (file.folder.empty())
    file.folder = ".";
  file.content = std::move(*buffer);

  Expected<CutModel> cut = cutTensorPayloads(bytesOf(*file.content));
  if (!cut)
    return cut.takeError();
  if (cut->message.size() > std::numeric_limits<int>::max() ||
      !file.proto.ParseFromArray(cut->message.data(), cut->message.size()))
    return createStringError("is damaged: protobuf cannot parse it");
  if (!file.proto.has_ir_version())
    return createStringError("is not an ONNX model: it states no IR version");
  if (!file.proto.has_graph())
    return createStringError("has no graph");
  file.payloads = std::move(cut->payloads);
  return file;
}

/// The elements of `list`, a repeated field, as T.
template <typename T, typename List>
static Expected<ConstantTensor>
copyElements(StringRef name, ArrayRef<int64_t> shape, const List &list) {
  if (list.size() != countElements(shape))
    return error("tensor '{0}' of shape {1} must have {2} elements, got {3}",
                 name, formatShape(shape), countElements(shape), list.size());
  SmallVector<T> elements(list.begin(), list.end());
  return ConstantTensor::get<T>(name.str(), shape, elements);
}

static Expected<SmallVector<int64_t>> readDims(const onnx::TensorProto &tensor,
                                               StringRef name) {
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  for (int64_t size : shape)
    if (size < 0)
      return error("tensor '{0}' must have no negative dimension, got {1}",
                   name, formatShape(shape));
  if (countElements(shape) < 0)
    return error("tensor '{0}' must have fewer than 2^31 elements, got {1}",
                 name, formatShape(shape));
  return shape;
}

static bool isKnownElementType(int32_t type) {
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::INT32 ||
         type == onnx::TensorProto::INT64 || type == onnx::TensorProto::BOOL ||
         type == onnx::TensorProto::DOUBLE;
}

Expected<ConstantTensor>
OnnxModelFile::readTensor(const onnx::TensorProto &tensor, StringRef name) {
  if (!isKnownElementType(tensor.data_type()))
    return error("tensor '{0}' must have elements of type float32, got {1}",
                 name, elementTypeName(tensor.data_type()));
  if (tensor.has_segment())
    return error("tensor '{0}' is stored in segments, which is not supported",
                 name);
  Expected<SmallVector<int64_t>> shape = readDims(tensor, name);
  if (!shape)
    return shape.takeError();
  auto type = static_cast<ElementType>(tensor.data_type());
  size_t size = countElements(*shape) * elementSize(type);

  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    SharedBuffer owner;
    Expected<ArrayRef<char>> bytes = readExternalData(tensor, size, owner);
    if (!bytes)
      return error("external data of tensor '{0}': {1}", name,
                   toString(bytes.takeError()));
    return ConstantTensor(name.str(), type, *shape, *bytes, std::move(owner));
  }

  if (tensor.has_raw_data()) {
    std::optional<size_t> index = decodePayloadReference(tensor.raw_data());
    if (!index || *index >= payloads.size())
      return error("tensor '{0}' is encoded inconsistently", name);
    const TensorPayload &payload = payloads[*index];
    if (payload.isFloatData && type != ElementType::Float32)
      return error("tensor '{0}' has float_data but elements of type {1}", name,
                   elementTypeName(tensor.data_type()));
    if (payload.bytes.size() != size)
      return error("tensor '{0}' of shape {1} must have {2} bytes, got {3}",
                   name, formatShape(*shape), size, payload.bytes.size());
    return ConstantTensor(name.str(), type, *shape, payload.bytes, content);
  }

  switch (type) {
  case ElementType::Float32:
    return copyElements<float>(name, *shape, tensor.float_data());
  case ElementType::Float64:
    return copyElements<double>(name, *shape, tensor.double_data());
  case ElementType::Int64:
    return copyElements<int64_t>(name, *shape, tensor.int64_data());
  case ElementType::Bool:
    return copyElements<bool>(name, *shape, tensor.int32_data());
  case ElementType::Int32:
    return copyElements<int32_t>(name, *shape, tensor.int32_data());
  }
  llvm_unreachable("unknown element type");
}

Expected<OnnxModelFile::SharedBuffer>
OnnxModelFile::mapExternalFile(StringRef location) {
  SharedBuffer &known = externalFiles[location];
  if (known)
    return known;
  if (path::is_absolute(location) ||
      is_contained(make_range(path::begin(location), path::end(location)),
                   ".."))
    return error("location '{0}' must be inside the model's folder", location);
  SmallString<256> file(folder);
  path::append(file, location);
  if (!fs::exists(file))
    return error("file '{0}' does not exist", location);

  // A symbolic link may lead out of the folder as well.
  SmallString<256> realFile, realFolder;
  if (fs::real_path(file, realFile) || fs::real_path(folder, realFolder))
    return error("file '{0}' cannot be read", location);
  path::append(realFolder, "");
  if (!realFile.starts_with(realFolder))
    return error("location '{0}' must be inside the model's folder", location);

  Expected<std::unique_ptr<MemoryBuffer>> buffer = mapFile(realFile);
  if (!buffer)
    return error("file '{0}' {1}", location, toString(buffer.takeError()));
  known = std::move(*buffer);
  return known;
}

Expected<ArrayRef<char>>
OnnxModelFile::readExternalData(const onnx::TensorProto &tensor,
                                size_t expectedSize, SharedBuffer &owner) {
  StringRef location;
  uint64_t offset = 0;
  uint64_t length = expectedSize;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    uint64_t *number = entry.key() == "offset"   ? &offset
                       : entry.key() == "length" ? &length
                                                 : nullptr;
    if (number && value.getAsInteger(10, *number))
      return error("{0} must be a number, got '{1}'", entry.key(), value);
    if (entry.key() == "location")
      location = value;
  }
  if (location.empty())
    return createStringError("location is missing");
  if (length != expectedSize)
    return error("length must be {0} bytes, got {1}", expectedSize, length);

  Expected<SharedBuffer> file = mapExternalFile(location);
  if (!file)
    return file.takeError();
  ArrayRef<char> bytes = bytesOf(**file);
  if (offset > bytes.size() || length > bytes.size() - offset)
    return error(
        "file '{0}' must have {1} bytes at byte {2}, but ends at byte {3}",
        location, length, offset, bytes.size());
  owner = *file;
  return bytes.slice(offset, length);
}
