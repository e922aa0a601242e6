//===- strip_plan.h - A plan for two devices, made by hand ------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_STRIP_PLAN_H
#define WINDROW_TEST_SUPPORT_STRIP_PLAN_H

#include "test/support/test_bundle.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace windrow::test {

/// A 3x3 convolution with padding over six rows of five pixels, from three to
/// four channels. press-1 computes the upper three rows, press-2 the lower
/// ones; they exchange one halo row.
class StripPlan {
public:
  enum class Kind {
    FeatureMap, ///< tensors in, the convolution's output out, both NCHW
    Classifier, ///< images in; the channels' means are the scores of 4 labels
  };

  /// Plans with different digests refuse each other.
  explicit StripPlan(Kind kind, uint8_t digest = 7);

  /// Writes the three bundles into `folder`, which must exist.
  Status write(const std::filesystem::path &folder);

  TestBundle &device(uint32_t index) { return bundles[index]; }
  TestBundle &client() { return bundles[2]; }

  static constexpr int64_t height = 6, width = 5, channels = 3, classes = 4;

  /// An input of the feature map, in NCHW, and what the plan must answer.
  static std::vector<float> makeInput();
  static std::vector<float> computeMap(const std::vector<float> &input);

  /// Pixels of an image and the scores that the classifier must answer.
  static std::vector<uint8_t> makePixels();
  static std::vector<float> computeScores(const std::vector<uint8_t> &pixels);

private:
  void buildDevice(uint32_t self);
  void buildClient();
  void endWithMap(TestBundle &bundle, uint32_t map);
  void endWithScores(TestBundle &bundle, uint32_t map);

  const Kind kind;
  std::vector<TestBundle> bundles;
};

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_STRIP_PLAN_H
