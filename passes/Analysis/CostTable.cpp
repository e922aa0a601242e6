//===- CostTable.cpp - What was measured on devices and links -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/CostTable.h"

#include <algorithm>

using namespace windrow;

const MeasuredDevice *CostTable::findDevice(std::string_view name) const {
  auto found = std::ranges::find(devices, name, &MeasuredDevice::name);
  return found == devices.end() ? nullptr : &*found;
}

const MeasuredLink *CostTable::findLink(std::string_view from,
                                        std::string_view to) const {
  auto find = [&](std::string_view source, std::string_view target) {
    return std::ranges::find_if(links, [&](const MeasuredLink &link) {
      return link.from == source && link.to == target;
    });
  };
  auto found = find(from, to);
  if (found == links.end())
    found = find(to, from);
  return found == links.end() ? nullptr : &*found;
}
