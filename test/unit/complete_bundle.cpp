//===- complete_bundle.cpp - A bundle with every operator -----------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/complete_bundle.h"

namespace windrow::test {

using format::Clamp;
using format::Extent;
using format::Padding;

template <typename Table> static Table pool(uint32_t input, uint32_t output) {
  Table table;
  table.input = input;
  table.output = output;
  table.window = std::make_unique<Extent>(3, 3);
  table.padding = std::make_unique<Padding>(1, 1, 1, 1);
  table.stride = std::make_unique<Extent>(2, 2);
  table.clamp = std::make_unique<Clamp>(noClamp());
  return table;
}

TestBundle makeCompleteBundle() {
  TestBundle b(2, 0);
  uint32_t pixels = b.tensor({1, 8, 8, 3}, format::ElementType::U8);
  uint32_t image = b.tensor({1, 8, 8, 3});
  uint32_t features = b.tensor({1, 8, 8, 4});
  uint32_t receive = b.channel(10, 2, format::Direction::Receive, pixels);
  b.transfer(receive);

  format::NormalizeImageT normalize;
  normalize.input = pixels;
  normalize.output = image;
  normalize.mean = {0.5f, 0.5f, 0.5f};
  normalize.deviation = {0.2f, 0.2f, 0.2f};
  b.run(normalize, "normalize");

  uint32_t filter = b.weight({4, 3, 3, 3}, std::vector<float>(108));
  uint32_t bias = b.weight({4}, std::vector<float>(4));
  auto conv = conv2D(image, features, filter, static_cast<int32_t>(bias));
  *conv.padding = Padding(1, 1, 1, 1);
  b.run(conv, "conv");

  auto maxPool = pool<format::MaxPool2DT>(features, b.tensor({1, 4, 4, 4}));
  maxPool.dilation = std::make_unique<Extent>(1, 1);
  b.run(maxPool, "max");
  b.run(pool<format::AveragePool2DT>(features, b.tensor({1, 4, 4, 4})), "mean");

  format::BinaryT sum;
  sum.lhs = features;
  sum.rhs = features;
  sum.output = b.tensor({1, 8, 8, 4});
  sum.clamp = std::make_unique<Clamp>(noClamp());
  b.run(sum, "sum");

  format::UnaryT activation;
  activation.input = features;
  activation.output = features;
  activation.clamp = std::make_unique<Clamp>(0.0f, 6.0f);
  b.run(activation, "relu6");

  format::ScaleShiftT shift;
  shift.input = features;
  shift.output = b.tensor({1, 8, 8, 4});
  shift.scale = shift.shift = bias;
  shift.clamp = std::make_unique<Clamp>(noClamp());
  b.run(shift, "shift");

  format::CopyChannelsT copy;
  copy.input = features;
  copy.output = b.tensor({1, 8, 8, 6});
  copy.output_channel = 2;
  copy.channels = 4;
  b.run(copy, "copy");

  format::PadT padded;
  padded.input = features;
  padded.output = b.tensor({1, 9, 8, 4});
  padded.before = {0, 1, 0, 0};
  padded.after = {0, 0, 0, 0};
  b.run(padded, "pad");

  format::SliceT sliced;
  sliced.input = features;
  sliced.output = b.tensor({1, 5, 8, 4});
  sliced.offsets = {0, 3, 0, 0};
  b.run(sliced, "slice");

  format::TransposeT turned;
  turned.input = features;
  turned.output = b.tensor({1, 4, 8, 8});
  turned.permutation = {0, 3, 1, 2};
  b.run(turned, "transpose");

  format::GlobalPoolT globalMean;
  globalMean.input = features;
  globalMean.output = b.tensor({1, 1, 1, 4});
  b.run(globalMean, "gap");

  format::FullyConnectedT dense;
  dense.input = b.view(globalMean.output, 0, {1, 4});
  dense.output = b.tensor({1, 10});
  dense.filter = b.weight({10, 4}, std::vector<float>(40));
  dense.clamp = std::make_unique<Clamp>(noClamp());
  b.run(dense, "dense");

  format::SoftmaxT softmax;
  softmax.input = dense.output;
  softmax.output = b.tensor({1, 10});
  b.run(softmax, "softmax");

  b.transfer(b.channel(11, 2, format::Direction::Send, softmax.output));
  return b;
}

} // namespace windrow::test
