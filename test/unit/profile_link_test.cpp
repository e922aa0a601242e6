//===- profile_link_test.cpp - Tests of what profiles are made with -------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/link_profiler.h"
#include "runtime/tools/profile_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <future>
#include <nlohmann/json.hpp>

namespace windrow::test {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::Lt;

/// A device and a client within this process, in an epoch.
class ProfileLinkTest : public testing::Test {
protected:
  ProfileLinkTest() {
    auto created = createInprocTransports(
        {profileConfig(0, "press-1", ""), profileConfig(1, "press-1", "")});
    EXPECT_TRUE(created) << created.error().message();
    transports = std::move(*created);
    std::future<Status> accepted =
        std::async(std::launch::async, [&] { return transports[0]->accept(); });
    Status opened =
        transports[1]->open(Clock::now() + std::chrono::seconds(20));
    EXPECT_TRUE(opened.ok()) << opened.message();
    EXPECT_TRUE(accepted.get().ok());
    device.emplace(*transports[0], 0, "client");
    client.emplace(*transports[1], 1, "press-1");
  }

  /// Sends `text` as it is, in one piece whose header says `count` and `more`.
  void sendPiece(const std::string &text, uint32_t count, uint32_t more) {
    const TransportConfig config = profileConfig(1, "", "");
    const ChannelSpec &channel = *std::ranges::find(
        config.channels, ChannelDirection::Send, &ChannelSpec::direction);
    std::vector<std::byte> piece(channel.bytes);
    std::memcpy(piece.data(), &count, 4);
    std::memcpy(piece.data() + 4, &more, 4);
    std::memcpy(piece.data() + 8, text.data(), text.size());
    ASSERT_TRUE(transports[1]->postSend(channel.id, sent++, piece).ok());
    ASSERT_TRUE(
        transports[1]
            ->waitSend(channel.id, Clock::now() + std::chrono::seconds(20))
            .ok());
  }

  std::string receiveFailure(size_t most = 1000) {
    Expected<Json> json = device->receive(most);
    EXPECT_FALSE(json);
    return json ? "" : json.error().message();
  }

  std::vector<std::unique_ptr<Transport>> transports;
  std::optional<ProfileLink> device, client;
  uint32_t sent = 0;
};

TEST_F(ProfileLinkTest, TextOfAnyLengthArrives) {
  for (size_t length : {0, 1, 16372, 16373, 100000}) {
    Json json{{"text", std::string(length, 'x')}};
    std::future<Status> sending =
        std::async(std::launch::async, [&] { return client->send(json); });
    Expected<Json> received = device->receive(200000);
    EXPECT_TRUE(sending.get().ok());
    ASSERT_TRUE(received) << received.error().message();
    EXPECT_EQ(*received, json);
  }
}

TEST_F(ProfileLinkTest, RefusesMoreTextThanAllowed) {
  std::future<Status> sending = std::async(std::launch::async, [&] {
    return client->send({{"text", std::string(40000, 'x')}});
  });
  EXPECT_EQ(receiveFailure(20000),
            "client: text must be at most 20000 bytes, got more");
  transports[0]->close(Status());
  (void)sending.get();
}

TEST_F(ProfileLinkTest, RefusesWhatIsNoObject) {
  sendPiece("{\"a\": ", 6, 0);
  EXPECT_EQ(receiveFailure(), "client: text must be an object of JSON");
  sendPiece("[1]", 3, 0);
  EXPECT_EQ(receiveFailure(), "client: text must be an object of JSON");
}

TEST_F(ProfileLinkTest, RefusesDeepNesting) {
  std::string text =
      "{\"a\": " + std::string(9000, '[') + std::string(5000, ']');
  sendPiece(text, static_cast<uint32_t>(text.size()), 0);
  EXPECT_EQ(receiveFailure(20000),
            "client: text must be at most 16 levels deep, got more");
}

TEST_F(ProfileLinkTest, RefusesPiecesThatLie) {
  sendPiece("{}", 17000, 0);
  EXPECT_EQ(receiveFailure(), "client: piece of text must be of 16376 bytes or "
                              "the last, got 17000");
  sendPiece("{}", 2, 1);
  EXPECT_EQ(receiveFailure(),
            "client: piece of text must be of 16376 bytes or the last, got 2");
}

TEST_F(ProfileLinkTest, MeasuresALink) {
  std::future<Status> served = std::async(std::launch::async, [&]() -> Status {
    while (true) {
      Expected<Json> order = device->receive(maxOrderBytes);
      if (!order)
        return order.error();
      WINDROW_RETURN_IF_ERROR(answerProbes(*device, *order));
    }
  });
  int series = 0;
  Expected<std::vector<LinkCosts>> links = measureLink(*client, "press-9", [&] {
    ++series;
    return Status();
  });
  transports[1]->close(Status());
  EXPECT_EQ(served.get().code(), StatusCode::Cancelled);
  ASSERT_TRUE(links) << links.error().message();
  EXPECT_GT(series, 5);
  ASSERT_EQ(links->size(), 2u);
  EXPECT_EQ(links->at(0).from, "press-9");
  EXPECT_EQ(links->at(0).to, "press-1");
  EXPECT_EQ(links->at(1).from, "press-1");
  EXPECT_EQ(links->at(1).to, "press-9");
  for (const LinkCosts &link : *links) {
    // Within a process: a copy of memory and two threads that wake each other.
    EXPECT_THAT(link.bandwidthMbit, AllOf(Gt(100), Lt(1e7)));
    EXPECT_THAT(link.messageMicroseconds, AllOf(Gt(0), Lt(1e5)));
    EXPECT_THAT(link.latencyMicroseconds, AllOf(testing::Ge(0), Lt(1e5)));
    EXPECT_THAT(link.afterIdleMicroseconds, testing::Optional(testing::Ge(0)));
  }
}

TEST_F(ProfileLinkTest, AFailureEndsTheMeasurement) {
  std::future<Status> served = std::async(std::launch::async, [&]() -> Status {
    Expected<Json> order = device->receive(maxOrderBytes);
    return order ? answerProbes(*device, *order) : order.error();
  });
  Expected<std::vector<LinkCosts>> links = measureLink(*client, "press-9", [] {
    return Status(StatusCode::Cancelled, "enough");
  });
  EXPECT_TRUE(served.get().ok());
  ASSERT_FALSE(links);
  EXPECT_EQ(links.error().message(), "enough");
}

TEST_F(ProfileLinkTest, ProbesHaveLimits) {
  auto answer = [&](const char *order) {
    Status status = answerProbes(*device, Json::parse(order));
    EXPECT_FALSE(status.ok());
    return status.message();
  };
  EXPECT_EQ(answer(R"({"send": 0, "rounds": 1})"),
            "order.receive must be a whole number from 0 to 3, got none");
  EXPECT_EQ(answer(R"({"receive": 0, "send": 4, "rounds": 1})"),
            "order.send must be a whole number from 0 to 3, got 4");
  EXPECT_EQ(answer(R"({"receive": 0, "send": 0, "rounds": 1001})"),
            "order.rounds must be a whole number from 0 to 1000, got 1001");
}

//===----------------------------------------------------------------------===//
// Orders
//===----------------------------------------------------------------------===//

OperatorsOrder makeOperatorsOrder() {
  ProfiledOperator dense;
  dense.shape.kind = "fully_connected";
  dense.shape.input = {12};
  dense.shape.output = {10};
  ProfiledOperator conv;
  conv.shape.kind = "conv_2d";
  conv.shape.kernel = "direct";
  conv.shape.window = {3, 3};
  conv.shape.input = {8, 4};
  conv.shape.output = {8, 6};
  conv.rows = 8;
  OperatorsOrder order;
  order.operators = {conv, dense};
  order.threads = 3;
  order.slices = {2};
  order.budget = std::chrono::milliseconds(1500);
  return order;
}

TEST(ProfileOrders, SurviveTheNetwork) {
  const OperatorsOrder order = makeOperatorsOrder();
  Json json = toJson(order);
  EXPECT_EQ(readOrder(json), operatorsOrder);
  Expected<OperatorsOrder> parsed = parseOperatorsOrder(json);
  ASSERT_TRUE(parsed) << parsed.error().message();
  ASSERT_EQ(parsed->operators.size(), 2u);
  EXPECT_EQ(parsed->operators[0].shape, order.operators[0].shape);
  EXPECT_EQ(parsed->operators[0].rows, 8u);
  EXPECT_EQ(toJson(*parsed), json);

  json = toJson(LinkOrder{"press-1", "press-2", "10.0.0.8:7801",
                          std::chrono::milliseconds(700)});
  EXPECT_EQ(readOrder(json), linkOrder);
  Expected<LinkOrder> link = parseLinkOrder(json);
  ASSERT_TRUE(link) << link.error().message();
  EXPECT_EQ(toJson(*link), json);
}

TEST(ProfileOrders, HaveLimits) {
  EXPECT_EQ(readOrder({{"order", "format the disk"}}).error().message(),
            "message must be an order that is known");
  const Json good = toJson(makeOperatorsOrder());
  auto messageWith = [&](const char *key, const Json &value) {
    Json json = good;
    json[key] = value;
    Expected<OperatorsOrder> order = parseOperatorsOrder(json);
    EXPECT_FALSE(order);
    return order ? "" : order.error().message();
  };
  EXPECT_EQ(messageWith("threads", 0),
            "order.threads must be a whole number from 1 to 1024, got 0");
  EXPECT_EQ(
      messageWith("budget_ms", -1),
      "order.budget_ms must be a whole number from 1 to 86400000, got -1");
  EXPECT_EQ(messageWith("slices", std::vector<unsigned>(17, 2)),
            "order must have at most 16 numbers of slices, got 17");
  EXPECT_EQ(messageWith("operators", Json::array()),
            "order must have 1 to 4096 operators, got 0");
  EXPECT_EQ(messageWith("operators", std::vector<int>(4097, 1)),
            "order must have 1 to 4096 operators, got 4097");
  EXPECT_EQ(messageWith("operators", {{{"kind", "softmax"}}}),
            "operators[0].rows must be a whole number from 1, got none");
  EXPECT_EQ(messageWith("operators", {{{"kind", "softmax"}, {"rows", 1u}}}),
            "operators[0]: operator.input must be a list of whole numbers from "
            "1, got none");

  Json link = toJson(LinkOrder{"press-1", "press-2", "10.0.0.8:7801",
                               std::chrono::milliseconds(700)});
  link["connect_timeout_ms"] = 60001;
  EXPECT_EQ(parseLinkOrder(link).error().message(),
            "order.connect_timeout_ms must be a whole number from 1 to 60000, "
            "got 60001");
}

} // namespace
} // namespace windrow::test
