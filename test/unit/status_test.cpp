//===- status_test.cpp - Tests of errors as values ------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "windrow/status.h"

#include <gtest/gtest.h>

#include <string_view>

namespace windrow {
namespace {

TEST(StatusTest, DefaultIsOk) {
  Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::Ok);
  EXPECT_EQ(status.message(), "");
  EXPECT_TRUE(status.withContext("while testing").ok());
}

TEST(StatusTest, FailureKeepsCodeMessageAndPlace) {
  const unsigned line = __LINE__ + 1;
  Status status(StatusCode::CorruptData, "magic must be 1, got 2");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::CorruptData);
  EXPECT_EQ(status.message(), "magic must be 1, got 2");
  EXPECT_EQ(status.where().line(), line);
  EXPECT_TRUE(std::string_view(status.where().file_name())
                  .ends_with("status_test.cpp"));
}

TEST(StatusTest, ContextIsPrefixedAndPlaceKept) {
  Status status(StatusCode::NotFound, "no such node");
  Status wrapped = status.withContext("plan/press-1.windrow");
  EXPECT_EQ(wrapped.code(), StatusCode::NotFound);
  EXPECT_EQ(wrapped.message(), "plan/press-1.windrow: no such node");
  EXPECT_EQ(wrapped.where().line(), status.where().line());
}

TEST(StatusTest, CodesHaveDistinctNames) {
  EXPECT_EQ(statusCodeName(StatusCode::Ok), "ok");
  EXPECT_EQ(statusCodeName(StatusCode::InvalidArgument), "invalid argument");
  EXPECT_EQ(statusCodeName(StatusCode::NotFound), "not found");
  EXPECT_EQ(statusCodeName(StatusCode::CorruptData), "corrupt data");
  EXPECT_EQ(statusCodeName(StatusCode::Incompatible), "incompatible");
  EXPECT_EQ(statusCodeName(StatusCode::DeadlineExceeded), "deadline exceeded");
  EXPECT_EQ(statusCodeName(StatusCode::Unavailable), "unavailable");
  EXPECT_EQ(statusCodeName(StatusCode::Cancelled), "cancelled");
  EXPECT_EQ(statusCodeName(StatusCode::Internal), "internal");
}

Expected<int> half(int value) {
  if (value % 2 != 0)
    return failure(Status(StatusCode::InvalidArgument, "must be even"));
  return value / 2;
}

Status requireEven(int value) {
  Expected<int> result = half(value);
  WINDROW_RETURN_IF_ERROR(result ? Status() : result.error());
  return Status();
}

TEST(StatusTest, ExpectedCarriesValueOrFailure) {
  ASSERT_TRUE(half(4).has_value());
  EXPECT_EQ(*half(4), 2);
  ASSERT_FALSE(half(3).has_value());
  EXPECT_EQ(half(3).error().message(), "must be even");
}

TEST(StatusTest, ReturnIfErrorPassesTheFailureOn) {
  EXPECT_TRUE(requireEven(2).ok());
  EXPECT_EQ(requireEven(1).code(), StatusCode::InvalidArgument);
}

} // namespace
} // namespace windrow
