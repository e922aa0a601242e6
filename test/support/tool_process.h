//===- tool_process.h - Runs a built tool -----------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_TEST_SUPPORT_TOOL_PROCESS_H
#define WINDROW_TEST_SUPPORT_TOOL_PROCESS_H

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windrow::test {

/// One of the build's tools as a process of its own. It is killed, and the test
/// fails, when it outlives its limit, so that no test hangs.
class ToolProcess {
public:
  /// Starts `name`, found among the built tools, with the given arguments.
  ToolProcess(const std::string &name,
              const std::vector<std::string> &arguments);
  /// Kills the process if it is still there.
  ~ToolProcess();
  ToolProcess(const ToolProcess &) = delete;
  ToolProcess &operator=(const ToolProcess &) = delete;

  /// The next line of standard output, without its end.
  std::string readLine();

  /// Reads until standard error holds `text`.
  void awaitError(const std::string &text);

  void sendSignal(int signal);

  /// Waits for the end and returns the exit status, or minus the signal that
  /// ended the process. Reads what is left of its output.
  int wait();

  /// What came, `readLine`'s lines included.
  const std::string &output() const { return streams[0].text; }
  const std::string &errors() const { return streams[1].text; }

private:
  struct Stream {
    int descriptor = -1;
    std::string text;
  };
  using Clock = std::chrono::steady_clock;

  /// Reads what there is; false when both streams have ended.
  bool readSome();

  Stream streams[2];
  size_t consumed = 0;
  pid_t process = -1;
  const Clock::time_point limit = Clock::now() + std::chrono::seconds(60);
};

struct ToolResult {
  int status;
  std::string output, errors;
};

/// Runs a tool to its end.
ToolResult runTool(const std::string &name,
                   const std::vector<std::string> &arguments);

} // namespace windrow::test

#endif // WINDROW_TEST_SUPPORT_TOOL_PROCESS_H
