//===- ClusterDescription.cpp - The machines and their links --------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/ClusterDescription.h"

#include <algorithm>
#include <cassert>

using namespace windrow;

const LinkDescription &
ClusterDescription::linkBetween(std::string_view a, std::string_view b) const {
  auto joins = [&](const LinkException &exception) {
    return (exception.first == a && exception.second == b) ||
           (exception.first == b && exception.second == a);
  };
  auto found = std::ranges::find_if(linkExceptions, joins);
  return found == linkExceptions.end() ? defaultLink : found->link;
}

size_t ClusterDescription::fastestDevice() const {
  assert(!devices.empty() && "a cluster has devices");
  auto fastest =
      std::ranges::max_element(devices, {}, &DeviceDescription::speed);
  return fastest - devices.begin();
}
