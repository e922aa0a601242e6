//===- normalize_image.cpp - From pixels to numbers -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/kernel_context.h"

#include <array>
#include <vector>

namespace windrow {

namespace {

/// A pixel has 256 values, so that one table a channel holds all results,
/// computed in double precision.
class NormalizeImageKernel final : public Kernel {
public:
  NormalizeImageKernel(const KernelContext &context,
                       const format::NormalizeImage &normalize)
      : input(context.place(normalize.input())),
        output(context.place(normalize.output())),
        isRepeated(input.bytes * sizeof(float) != output.bytes) {}

  Status create(const KernelContext &context,
                const format::NormalizeImage &normalize);
  Status bind(std::byte *arena, std::byte *workspace) override;
  Status run() override;

private:
  const TensorPlace input, output;
  const bool isRepeated; // a grey image, over all channels of the output
  std::vector<std::array<float, 256>> tables;
  const uint8_t *source = nullptr;
  float *target = nullptr;
};

} // namespace

Status NormalizeImageKernel::create(const KernelContext &,
                                    const format::NormalizeImage &normalize) {
  for (uint32_t c = 0; c < normalize.mean()->size(); ++c) {
    double mean = normalize.mean()->Get(c);
    double deviation = normalize.deviation()->Get(c);
    std::array<float, 256> &table = tables.emplace_back();
    for (size_t value = 0; value < table.size(); ++value)
      table[value] = static_cast<float>((value / 255.0 - mean) / deviation);
  }
  return Status();
}

Status NormalizeImageKernel::bind(std::byte *arena, std::byte *) {
  source = input.in<const uint8_t>(arena);
  target = output.in<float>(arena);
  return Status();
}

Status NormalizeImageKernel::run() {
  const uint8_t *pixel = source, *end = source + input.bytes;
  float *result = target;
  while (pixel != end) {
    for (const std::array<float, 256> &table : tables)
      *result++ = table[isRepeated ? *pixel : *pixel++];
    pixel += isRepeated;
  }
  return Status();
}

CreatedKernel createNormalizeImage(const KernelContext &context,
                                   const format::NormalizeImage &normalize) {
  return makeKernel<NormalizeImageKernel>(context, normalize);
}

} // namespace windrow
