//===- status.h - Errors as values ------------------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `Status` is the outcome of an operation that can fail for reasons outside the
// program: a file, a peer, a deadline, a bundle. Programmer errors assert
// instead. `Expected<T>` is a value or the non-ok `Status` that explains its
// absence.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_STATUS_H
#define WINDROW_STATUS_H

#include <source_location>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace windrow {

/// What kind of failure a `Status` reports. Callers branch on the code; people
/// read the message.
enum class StatusCode {
  Ok,
  InvalidArgument,  ///< the caller asked for something that makes no sense
  NotFound,         ///< a file, node or name does not exist
  CorruptData,      ///< bytes from outside fail a check
  Incompatible,     ///< well-formed, but of another version or another plan
  DeadlineExceeded, ///< nothing came in the time allowed
  Unavailable,      ///< a peer is gone or refuses
  Cancelled,        ///< stopped on purpose
  Internal,         ///< a library below failed in a way that should not happen
};

/// Lower-case name of `code`, such as "deadline exceeded".
std::string_view statusCodeName(StatusCode code);

/// The outcome of an operation: ok, or a code with a message and the place in
/// the source where it arose. A message is lower-case, has no full stop, names
/// the file, node or key concerned and, for a bad value, reads "must be X, got
/// Y". Copyable; safe to read from several threads once built.
class [[nodiscard]] Status {
public:
  /// Success.
  Status() = default;

  /// A failure; `code` must not be `Ok`.
  Status(StatusCode code, std::string message,
         std::source_location where = std::source_location::current());

  bool ok() const { return statusCode == StatusCode::Ok; }
  StatusCode code() const { return statusCode; }
  const std::string &message() const { return text; }
  const std::source_location &where() const { return origin; }

  /// The same failure with `context` and ": " in front of its message; ok stays
  /// ok.
  Status withContext(std::string_view context) const;

private:
  StatusCode statusCode = StatusCode::Ok;
  std::string text;
  std::source_location origin;
};

/// A `T`, or the failure that explains why there is none.
template <typename T> using Expected = tl::expected<T, Status>;

/// Wraps a failure so that a function returning `Expected<T>` can return it.
inline tl::unexpected<Status> failure(Status status) {
  return tl::unexpected<Status>(std::move(status));
}

} // namespace windrow

/// Returns from the enclosing function, which returns `Status`, when `expr` is
/// a failure.
#define WINDROW_RETURN_IF_ERROR(expr)                                          \
  do {                                                                         \
    if (::windrow::Status windrowStatus = (expr); !windrowStatus.ok())         \
      return windrowStatus;                                                    \
  } while (false)

#endif // WINDROW_STATUS_H
