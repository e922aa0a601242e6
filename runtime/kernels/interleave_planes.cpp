//===- interleave_planes.cpp - From planes to pixels ----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/interleave_planes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/interleave_planes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace windrow::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void interleaveThreePlanes(const float *planes, size_t pixels, float *image) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= pixels; i += lanes)
    hn::StoreInterleaved3(
        hn::LoadU(d, planes + i), hn::LoadU(d, planes + pixels + i),
        hn::LoadU(d, planes + 2 * pixels + i), d, image + 3 * i);
  for (; i < pixels; ++i)
    for (size_t channel = 0; channel < 3; ++channel)
      image[3 * i + channel] = planes[channel * pixels + i];
}

} // namespace windrow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace windrow {

HWY_EXPORT(interleaveThreePlanes);

void interleaveThreePlanes(const float *planes, size_t pixels, float *image) {
  HWY_DYNAMIC_DISPATCH(interleaveThreePlanes)(planes, pixels, image);
}

} // namespace windrow

#endif // HWY_ONCE
