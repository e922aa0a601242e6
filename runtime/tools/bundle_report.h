//===- bundle_report.h - A bundle for people and programs -------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_BUNDLE_REPORT_H
#define WINDROW_RUNTIME_TOOLS_BUNDLE_REPORT_H

#include "runtime/artifact/bundle_reader.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace windrow {

/// Everything in the bundle's header but the weights' elements.
nlohmann::ordered_json describeBundle(const BundleReader &reader);

/// The same as text, for people.
std::string formatBundle(const BundleReader &reader);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_BUNDLE_REPORT_H
