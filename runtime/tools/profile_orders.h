//===- profile_orders.h - What is asked of a profile server -----*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An order is an object with the key "order". What is in it comes from the
// network: every number has bounds.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_RUNTIME_TOOLS_PROFILE_ORDERS_H
#define WINDROW_RUNTIME_TOOLS_PROFILE_ORDERS_H

#include "runtime/tools/operator_profiler.h"
#include "runtime/tools/profile_link.h"

namespace windrow {

/// Which order `json` is.
Expected<std::string> readOrder(const nlohmann::ordered_json &json);

/// The result is the device's costs, as in a cost table, without its name.
struct OperatorsOrder {
  std::vector<ProfiledOperator> operators;
  uint32_t threads = 1;
  std::vector<uint32_t> slices;
  std::chrono::milliseconds budget{};
};

nlohmann::ordered_json toJson(const OperatorsOrder &order);
Expected<OperatorsOrder>
parseOperatorsOrder(const nlohmann::ordered_json &json);

/// The result is "links": both directions, as in a cost table.
struct LinkOrder {
  std::string from;    ///< the name of who gets the order
  std::string to;      ///< of who is measured with
  std::string address; ///< where that one serves
  std::chrono::milliseconds connectTimeout{};
};

nlohmann::ordered_json toJson(const LinkOrder &order);
Expected<LinkOrder> parseLinkOrder(const nlohmann::ordered_json &json);

} // namespace windrow

#endif // WINDROW_RUNTIME_TOOLS_PROFILE_ORDERS_H
