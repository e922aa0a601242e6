//===- status.cpp - Errors as values --------------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "windrow/status.h"

#include <cassert>

namespace windrow {

std::string_view statusCodeName(StatusCode code) {
  switch (code) {
  case StatusCode::Ok:
    return "ok";
  case StatusCode::InvalidArgument:
    return "invalid argument";
  case StatusCode::NotFound:
    return "not found";
  case StatusCode::CorruptData:
    return "corrupt data";
  case StatusCode::Incompatible:
    return "incompatible";
  case StatusCode::DeadlineExceeded:
    return "deadline exceeded";
  case StatusCode::Unavailable:
    return "unavailable";
  case StatusCode::Cancelled:
    return "cancelled";
  case StatusCode::Internal:
    return "internal";
  }
  assert(false && "unknown status code");
  return "unknown";
}

Status::Status(StatusCode code, std::string message, std::source_location where)
    : statusCode(code), text(std::move(message)), origin(where) {
  assert(code != StatusCode::Ok && "a failure needs a failure's code");
}

Status Status::withContext(std::string_view context) const {
  if (ok())
    return *this;
  std::string message;
  message.reserve(context.size() + 2 + text.size());
  message.append(context).append(": ").append(text);
  return Status(statusCode, std::move(message), origin);
}

} // namespace windrow
