//===- NodeAttributes.h - Attributes of an ONNX node ------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_COMPILER_IMPORTER_NODEATTRIBUTES_H
#define WINDROW_COMPILER_IMPORTER_NODEATTRIBUTES_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace windrow::importer {

/// Typed access to the attributes of one node. The first thing that is wrong,
/// an attribute of another type or one that nothing has asked for, is kept as
/// `takeError`; getters then still return usable values.
class NodeAttributes {
public:
  /// `node` must outlive this.
  explicit NodeAttributes(const onnx::NodeProto &node);

  bool has(llvm::StringRef name) const { return attributes.contains(name); }

  /// The value of attribute `name`, or the default where it is absent.
  int64_t getInt(llvm::StringRef name, int64_t defaultValue);
  float getFloat(llvm::StringRef name, float defaultValue);
  llvm::StringRef getString(llvm::StringRef name, llvm::StringRef defaultValue);
  llvm::SmallVector<int64_t> getInts(llvm::StringRef name,
                                     llvm::ArrayRef<int64_t> defaultValue);

  /// The value of attribute `name`, or nothing where it is absent.
  std::optional<llvm::SmallVector<int64_t>> findInts(llvm::StringRef name);
  std::optional<llvm::SmallVector<float>> findFloats(llvm::StringRef name);
  const onnx::TensorProto *findTensor(llvm::StringRef name);

  /// Accepts attribute `name`, which has no effect on what is imported.
  void ignore(llvm::StringRef name) { find(name); }

  /// What is wrong so far; empty if nothing is.
  const std::string &error() const { return firstError; }

  /// Finds fault with attributes that nothing has asked for.
  void checkAllUsed();

private:
  struct Entry {
    const onnx::AttributeProto *attribute = nullptr;
    bool used = false;
  };

  const onnx::AttributeProto *find(llvm::StringRef name);
  /// `find`, for an attribute that has to be of `type`.
  const onnx::AttributeProto *find(llvm::StringRef name,
                                   onnx::AttributeProto::AttributeType type);
  void setError(std::string message);

  llvm::StringMap<Entry> attributes;
  std::string firstError;
};

} // namespace windrow::importer

#endif // WINDROW_COMPILER_IMPORTER_NODEATTRIBUTES_H
