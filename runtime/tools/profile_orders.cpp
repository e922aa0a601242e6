//===- profile_orders.cpp - What is asked of a profile server -------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/profile_orders.h"

#include "runtime/tools/object_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace windrow;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

static constexpr uint32_t mostOperators = 4096;
static constexpr uint32_t mostThreads = 1024;
static constexpr uint32_t mostSlices = 16;
static constexpr uint32_t longestBudgetMs = 24 * 3600 * 1000;
static constexpr uint32_t longestTimeoutMs = 60 * 1000;

Expected<std::string> windrow::readOrder(const Json &json) {
  ObjectReader reader(json, "message");
  std::string order = reader.text("order");
  const char *const known[] = {echoOrder, operatorsOrder, linkOrder,
                               continueOrder, endOrder};
  if (std::ranges::find(known, order) == std::end(known))
    reader.fail("must be an order that is known");
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  return order;
}

static uint32_t toCount(milliseconds time, uint32_t most) {
  return static_cast<uint32_t>(std::clamp<int64_t>(time.count(), 1, most));
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

Json windrow::toJson(const OperatorsOrder &order) {
  Json json{{"order", operatorsOrder},
            {"threads", order.threads},
            {"slices", order.slices},
            {"budget_ms", toCount(order.budget, longestBudgetMs)}};
  Json &operators = json["operators"] = Json::array();
  for (const ProfiledOperator &op : order.operators) {
    operators.push_back(toJson(op.shape));
    operators.back()["rows"] = op.rows;
  }
  return json;
}

Expected<OperatorsOrder> windrow::parseOperatorsOrder(const Json &json) {
  ObjectReader reader(json, "order");
  OperatorsOrder order;
  order.threads = reader.count("threads", 1, mostThreads);
  order.budget = milliseconds(reader.count("budget_ms", 1, longestBudgetMs));
  if (!reader.list("slices").empty())
    order.slices = reader.counts("slices");
  if (order.slices.size() > mostSlices)
    reader.fail(fmt::format("must have at most {} numbers of slices, got {}",
                            mostSlices, order.slices.size()));
  const Json &operators = reader.list("operators");
  if (operators.empty() || operators.size() > mostOperators)
    reader.fail(fmt::format("must have 1 to {} operators, got {}",
                            mostOperators, operators.size()));
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  for (size_t i = 0; i < operators.size(); ++i) {
    std::string what = fmt::format("operators[{}]", i);
    ObjectReader entry(operators[i], what);
    const uint32_t rows = entry.count("rows");
    if (Status status = entry.result(); !status.ok())
      return failure(status);
    Expected<ProfiledShape> shape = parseProfiledShape(operators[i]);
    if (!shape)
      return failure(shape.error().withContext(what));
    order.operators.push_back({std::move(*shape), rows});
  }
  return order;
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

Json windrow::toJson(const LinkOrder &order) {
  return {
      {"order", linkOrder},
      {"from", order.from},
      {"to", order.to},
      {"address", order.address},
      {"connect_timeout_ms", toCount(order.connectTimeout, longestTimeoutMs)}};
}

Expected<LinkOrder> windrow::parseLinkOrder(const Json &json) {
  ObjectReader reader(json, "order");
  LinkOrder order{
      reader.text("from"), reader.text("to"), reader.text("address"),
      milliseconds(reader.count("connect_timeout_ms", 1, longestTimeoutMs))};
  if (Status status = reader.result(); !status.ok())
    return failure(status);
  return order;
}
