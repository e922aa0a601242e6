//===- complete_bundle.h - A bundle with every operator ---------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One consistent bundle holds every kind of operator. Each case of the tests
// breaks one thing in it and expects the message that names it, from the writer
// and, for a file that some other program wrote, from the reader.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_UNIT_COMPLETE_BUNDLE_H
#define WINDROW_TEST_UNIT_COMPLETE_BUNDLE_H

#include "test/support/test_bundle.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

namespace windrow::test {

/// The operators of `makeCompleteBundle`, by index.
enum : uint32_t {
  Normalize,
  Convolution,
  MaxPool,
  AveragePool,
  Sum,
  Activation,
  Shift,
  Copy,
  Padded,
  Sliced,
  Turned,
  GlobalMean,
  Dense,
  Probabilities
};

/// The bundle of the first of two devices. Tensors 0 (pixels), 1 (image) and 2
/// (features) come first, then one an operator.
TestBundle makeCompleteBundle();

inline format::TensorT &tensorAt(TestBundle &bundle, uint32_t index) {
  return *bundle.header.tensors[index];
}

template <typename Table> Table &tableAt(TestBundle &bundle, uint32_t index) {
  return *static_cast<Table *>(bundle.header.operators[index]->operation.value);
}

/// A change to the bundle and the message, behind the path, that it must cause.
struct BundleChange {
  const char *name;
  std::function<void(TestBundle &)> change;
  const char *message;
};

inline void PrintTo(const BundleChange &change, std::ostream *stream) {
  *stream << change.name;
}

inline std::string
changeName(const testing::TestParamInfo<BundleChange> &info) {
  return info.param.name;
}

/// Instantiated with the changes of each file.
class BundleChecksTest : public testing::TestWithParam<BundleChange> {};

} // namespace windrow::test

#endif // WINDROW_TEST_UNIT_COMPLETE_BUNDLE_H
