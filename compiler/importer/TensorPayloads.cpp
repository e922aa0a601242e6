//===- TensorPayloads.cpp - Cut tensor bytes out of a model ---------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/importer/TensorPayloads.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace windrow::importer;

namespace {

enum class WireType : unsigned {
  Varint = 0,
  Fixed64 = 1,
  Bytes = 2,
  Fixed32 = 5
};

/// The messages on the way to a tensor of the main graph.
enum class Message { Model, Graph, Node, Attribute, Tensor };

constexpr uint64_t tensorFloatData = 4;
constexpr uint64_t tensorRawData = 9;

/// The fields of onnx.ModelProto, up to IR version 11.
constexpr uint64_t modelFields[] = {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26};

/// What the field `number` of `message` holds, where that may contain a tensor.
std::optional<Message> nestedMessage(Message message, uint64_t number) {
  switch (message) {
  case Message::Model:
    return number == 7 ? std::optional(Message::Graph) : std::nullopt;
  case Message::Graph:
    if (number == 1)
      return Message::Node;
    return number == 5 ? std::optional(Message::Tensor) : std::nullopt;
  case Message::Node:
    return number == 5 ? std::optional(Message::Attribute) : std::nullopt;
  case Message::Attribute:
    return number == 5 ? std::optional(Message::Tensor) : std::nullopt;
  case Message::Tensor:
    return std::nullopt;
  }
  llvm_unreachable("unknown message");
}

struct Field {
  uint64_t number = 0;
  WireType type = WireType::Varint;
  /// Tag, length and value.
  ArrayRef<char> encoding;
  /// The value of a `Bytes` field.
  ArrayRef<char> content;
};

enum class ReadResult { Ok, Malformed, EndsEarly };

/// Takes the field that `rest` begins with off it.
ReadResult readField(ArrayRef<char> &rest, Field &field) {
  const auto *begin = reinterpret_cast<const uint8_t *>(rest.begin());
  const auto *end = reinterpret_cast<const uint8_t *>(rest.end());
  const uint8_t *cursor = begin;
  const char *error = nullptr;
  auto readVarint = [&] {
    unsigned size = 0;
    uint64_t value = decodeULEB128(cursor, &size, end, &error);
    cursor += size;
    return value;
  };
  auto varintFailure = [&] {
    return cursor == end ? ReadResult::EndsEarly : ReadResult::Malformed;
  };

  uint64_t tag = readVarint();
  if (error)
    return varintFailure();
  field.number = tag >> 3;
  field.type = static_cast<WireType>(tag & 7);
  uint64_t size = 0;
  switch (field.type) {
  case WireType::Varint:
    readVarint();
    if (error)
      return varintFailure();
    break;
  case WireType::Fixed64:
    size = 8;
    break;
  case WireType::Fixed32:
    size = 4;
    break;
  case WireType::Bytes:
    size = readVarint();
    if (error)
      return varintFailure();
    break;
  default:
    return ReadResult::Malformed;
  }
  if (field.number == 0)
    return ReadResult::Malformed;
  if (size > static_cast<uint64_t>(end - cursor))
    return ReadResult::EndsEarly;
  size_t header = cursor - begin;
  field.content = rest.slice(header, size);
  field.encoding = rest.take_front(header + size);
  rest = rest.drop_front(header + size);
  return ReadResult::Ok;
}

class PayloadCutter {
public:
  explicit PayloadCutter(CutModel &result) : result(result) {}

  /// Appends `content`, an encoded `message` below the model, to `out`.
  bool rewrite(Message message, ArrayRef<char> content, std::string &out) {
    if (message == Message::Tensor)
      return rewriteTensor(content, out);
    Field field;
    while (!content.empty())
      if (readField(content, field) != ReadResult::Ok ||
          !rewriteField(message, field, out))
        return false;
    return true;
  }

  bool rewriteField(Message message, const Field &field, std::string &out) {
    std::optional<Message> nested = nestedMessage(message, field.number);
    if (!nested || field.type != WireType::Bytes) {
      out.append(field.encoding.begin(), field.encoding.end());
      return true;
    }
    std::string content;
    if (!rewrite(*nested, field.content, content))
      return false;
    appendBytesField(field.number, content, out);
    return true;
  }

private:
  bool rewriteTensor(ArrayRef<char> content, std::string &out) {
    SmallVector<Field> fields;
    unsigned floatRuns = 0;
    while (!content.empty()) {
      Field &field = fields.emplace_back();
      if (readField(content, field) != ReadResult::Ok)
        return false;
      floatRuns += field.number == tensorFloatData;
    }
    for (const Field &field : fields) {
      bool isFloatData = field.number == tensorFloatData && floatRuns == 1;
      if (field.type == WireType::Bytes &&
          (isFloatData || field.number == tensorRawData))
        appendPayload({field.content, isFloatData}, out);
      else
        out.append(field.encoding.begin(), field.encoding.end());
    }
    return true;
  }

  void appendPayload(TensorPayload payload, std::string &out) {
    char reference[sizeof(uint64_t)];
    support::endian::write64le(reference, result.payloads.size());
    result.payloads.push_back(payload);
    appendBytesField(tensorRawData, StringRef(reference, sizeof(reference)),
                     out);
  }

  static void appendBytesField(uint64_t number, StringRef content,
                               std::string &out) {
    raw_string_ostream stream(out);
    encodeULEB128(number << 3 | static_cast<unsigned>(WireType::Bytes), stream);
    encodeULEB128(content.size(), stream);
    stream << content;
  }

  CutModel &result;
};

} // namespace

Expected<CutModel> windrow::importer::cutTensorPayloads(ArrayRef<char> model) {
  if (model.empty())
    return createStringError("is empty");
  CutModel result;
  PayloadCutter cutter(result);
  ArrayRef<char> rest = model;
  while (!rest.empty()) {
    Field field;
    size_t offset = rest.begin() - model.begin();
    ReadResult read = readField(rest, field);
    bool isKnown = is_contained(modelFields, field.number);
    if (read == ReadResult::EndsEarly && (isKnown || offset > 0))
      return createStringError(
          formatv("is truncated: the field at byte {0} does not end within the "
                  "file's {1} bytes",
                  offset, model.size()));
    if (read != ReadResult::Ok || !isKnown)
      return createStringError("is not an ONNX model");
    if (!cutter.rewriteField(Message::Model, field, result.message))
      return createStringError(formatv(
          "is damaged: the graph at byte {0} is not well-formed", offset));
  }
  return result;
}

std::optional<size_t>
windrow::importer::decodePayloadReference(StringRef rawData) {
  if (rawData.size() != sizeof(uint64_t))
    return std::nullopt;
  return support::endian::read64le(rawData.data());
}
