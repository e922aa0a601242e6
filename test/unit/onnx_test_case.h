//===- onnx_test_case.h - A model with inputs and outputs -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs test cases in the layout of ONNX's backend tests: a folder with
// `model.onnx` and `test_data_set_0/{input,output}_N.pb`, each an
// onnx.TensorProto.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_ONNX_TEST_CASE_H
#define WINDROW_TEST_UNIT_ONNX_TEST_CASE_H

#include "onnx/onnx_pb.h"
#include <filesystem>
#include <string>

namespace windrow::test {

struct OnnxOutcome {
  enum Kind {
    Passed,
    Refused, ///< the importer emitted one error
    Wrong,   ///< another result, or several errors, or none
  } kind = Wrong;
  /// The error, or how the result differs.
  std::string message;
};

/// Parses a message from `path`; fails the test where that does not work.
void readMessage(const std::filesystem::path &path,
                 google::protobuf::Message &message);

/// Imports `folder`/model.onnx, or `model` if that is not null, interprets it
/// on the data set's inputs, and compares every element of its results with the
/// outputs: to 1e-4 of the element, or 1e-6.
OnnxOutcome runOnnxTestCase(const std::filesystem::path &folder,
                            const onnx::ModelProto *model = nullptr);

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_ONNX_TEST_CASE_H
