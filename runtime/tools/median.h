//===- median.h - The middle of some measurements ---------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_MEDIAN_H
#define WINDROW_RUNTIME_TOOLS_MEDIAN_H

#include <vector>

namespace windrow {

/// The middle of `values`, which must not be empty; the mean of the middle two
/// of an even number.
double median(std::vector<double> values);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_MEDIAN_H
