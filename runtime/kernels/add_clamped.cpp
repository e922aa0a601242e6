//===- add_clamped.cpp - Sum and bounds in one pass -----------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/kernels/add_clamped.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/kernels/add_clamped.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace windrow::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void addVector(D d, const float *lhs, const float *rhs, float low,
                          float high, float *sum) {
  auto value = hn::Add(hn::LoadU(d, lhs), hn::LoadU(d, rhs));
  value = hn::Min(hn::Max(value, hn::Set(d, low)), hn::Set(d, high));
  hn::StoreU(value, d, sum);
}

void addClamped(const float *lhs, const float *rhs, size_t count, float low,
                float high, float *sum) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    addVector(d, lhs + i, rhs + i, low, high, sum + i);
  for (; i < count; ++i)
    addVector(hn::CappedTag<float, 1>(), lhs + i, rhs + i, low, high, sum + i);
}

} // namespace windrow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace windrow {

HWY_EXPORT(addClamped);

void addClamped(const float *lhs, const float *rhs, size_t count, float low,
                float high, float *sum) {
  HWY_DYNAMIC_DISPATCH(addClamped)(lhs, rhs, count, low, high, sum);
}

} // namespace windrow

#endif // HWY_ONCE
