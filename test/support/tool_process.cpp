//===- tool_process.cpp - Runs a built tool -------------------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/support/tool_process.h"

#include "test/support/test_data.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace windrow::test {

static void require(int error, const char *what) {
  if (error != 0)
    throw std::system_error(error, std::generic_category(), what);
}

ToolProcess::ToolProcess(const std::string &name,
                         const std::vector<std::string> &arguments) {
  posix_spawn_file_actions_t actions;
  require(::posix_spawn_file_actions_init(&actions), "posix_spawn");
  int writers[2];
  for (int i = 0; i < 2; ++i) {
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno, "pipe");
    streams[i].descriptor = ends[0];
    writers[i] = ends[1];
    require(::posix_spawn_file_actions_adddup2(&actions, ends[1],
                                               STDOUT_FILENO + i),
            "posix_spawn");
  }
  std::string path = (binDir() / name).string();
  std::vector<char *> argv = {path.data()};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  int error = ::posix_spawn(&process, path.c_str(), &actions, nullptr,
                            argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  for (int writer : writers)
    ::close(writer);
  require(error, path.c_str());
}

ToolProcess::~ToolProcess() {
  if (process > 0) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  for (const Stream &stream : streams)
    if (stream.descriptor >= 0)
      ::close(stream.descriptor);
}

bool ToolProcess::readSome() {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      limit - Clock::now());
  if (left.count() <= 0)
    throw std::runtime_error(
        "the tool takes too long; it has printed: " + output() + errors());
  // Descriptors below 0 are ignored.
  pollfd polled[2] = {{streams[0].descriptor, POLLIN, 0},
                      {streams[1].descriptor, POLLIN, 0}};
  if (polled[0].fd < 0 && polled[1].fd < 0)
    return false;
  ::poll(polled, 2, static_cast<int>(left.count()));
  for (int i = 0; i < 2; ++i) {
    if (polled[i].fd < 0 || polled[i].revents == 0)
      continue;
    char buffer[4096];
    ssize_t count = ::read(polled[i].fd, buffer, sizeof buffer);
    if (count > 0) {
      streams[i].text.append(buffer, static_cast<size_t>(count));
      continue;
    }
    ::close(polled[i].fd);
    streams[i].descriptor = -1;
  }
  return true;
}

std::string ToolProcess::readLine() {
  size_t end;
  while ((end = output().find('\n', consumed)) == std::string::npos)
    if (!readSome())
      throw std::runtime_error("the tool has ended: " + errors());
  std::string line = output().substr(consumed, end - consumed);
  consumed = end + 1;
  return line;
}

void ToolProcess::awaitError(const std::string &text) {
  while (errors().find(text) == std::string::npos)
    if (!readSome())
      throw std::runtime_error("the tool has ended: " + errors());
}

void ToolProcess::sendSignal(int signal) { ::kill(process, signal); }

int ToolProcess::wait() {
  while (readSome())
    ;
  int status = 0;
  ::waitpid(process, &status, 0);
  process = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

ToolResult runTool(const std::string &name,
                   const std::vector<std::string> &arguments) {
  ToolProcess process(name, arguments);
  int status = process.wait();
  return {status, process.output(), process.errors()};
}

} // namespace windrow::test
