//===- executor_test.cpp - Tests of executing bundles ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/executor/executor.h"

#include "runtime/artifact/bundle_layout.h"
#include "runtime/executor/device_loop.h"
#include "test/support/allocation_counter.h"
#include "test/support/scratch_folder.h"
#include "test/support/strip_plan.h"
#include "test/unit/processor_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#ifdef __SANITIZE_ADDRESS__
// The sanitizer ends a program that asks for too much, unless told otherwise.
extern "C" const char *__asan_default_options() {
  return "allocator_may_return_null=1";
}
#endif

namespace windrow::test {
namespace {

using testing::HasSubstr;

using std::chrono::milliseconds;
using std::chrono::seconds;

enum class TransportKind { Inproc, Tcp };

std::unique_ptr<Executor> load(const std::filesystem::path &path,
                               const ExecutorOptions &options = {}) {
  Expected<BundleReader> reader = BundleReader::open(path);
  EXPECT_TRUE(reader) << reader.error().message();
  auto executor = Executor::create(std::move(*reader), options);
  EXPECT_TRUE(executor) << executor.error().message();
  return std::move(*executor);
}

/// The participants of a feature map plan, with the devices on threads.
class Participants {
public:
  Participants(TransportKind kind, const ExecutorOptions &options = {});
  ~Participants();

  Executor &client() { return *executors[2]; }
  Transport &clientTransport() { return *transports[2]; }

  Status open() { return transports[2]->open(Clock::now() + seconds(20)); }
  void serve(size_t index) {
    threads.emplace_back([this, index] {
      serveClients(*executors[index], *transports[index], {});
    });
  }
  /// Lets a device be ready for a client and then do nothing.
  void acceptOnly(size_t index) {
    threads.emplace_back([this, index] { (void)transports[index]->accept(); });
  }

private:
  void createTcpTransports();

  ScratchFolder folder;
  std::vector<std::unique_ptr<Executor>> executors;
  std::vector<std::unique_ptr<Transport>> transports;
  std::vector<std::thread> threads;
};

Participants::Participants(TransportKind kind, const ExecutorOptions &options) {
  Status written = StripPlan(StripPlan::Kind::FeatureMap).write(folder.path);
  EXPECT_TRUE(written.ok()) << written.message();
  std::vector<TransportConfig> configs;
  for (const char *name : {"press-1", "press-2", "client"}) {
    executors.push_back(load(bundlePath(folder.path, name), options));
    configs.push_back(executors.back()->transportConfig());
  }
  if (kind == TransportKind::Tcp) {
    createTcpTransports();
    return;
  }
  auto created = createInprocTransports(std::move(configs));
  EXPECT_TRUE(created) << created.error().message();
  transports = std::move(*created);
}

void Participants::createTcpTransports() {
  std::vector<std::string> addresses(3);
  transports.resize(3);
  // A device dials those behind it, so that their ports come first.
  for (size_t i : {1, 0, 2}) {
    TcpOptions options;
    options.addressOverrides = addresses;
    if (i != 2)
      options.listenAddress = "127.0.0.1:0";
    auto created = createTcpTransport(executors[i]->transportConfig(), options);
    ASSERT_TRUE(created) << created.error().message();
    addresses[i] = (*created)->listeningAddress();
    transports[i] = std::move(*created);
  }
}

Participants::~Participants() {
  transports[2]->close(Status());
  for (auto &transport : transports)
    transport->stop();
  for (std::thread &thread : threads)
    thread.join();
}

class ExecutorTest : public testing::TestWithParam<TransportKind> {};

/// Puts the plan's input, in NHWC, where the client sends it from.
void storeInput(Executor &client) {
  std::vector<float> input = StripPlan::makeInput();
  std::span<std::byte> bytes = client.tensorData(0);
  ASSERT_EQ(bytes.size(), input.size() * sizeof(float));
  auto *values = reinterpret_cast<float *>(bytes.data());
  constexpr int64_t pixels = StripPlan::height * StripPlan::width;
  for (int64_t c = 0; c < StripPlan::channels; ++c)
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      values[pixel * StripPlan::channels + c] = input[c * pixels + pixel];
}

TEST_P(ExecutorTest, AnswersRequestAfterRequest) {
  Participants participants(GetParam());
  participants.serve(0);
  participants.serve(1);
  Status opened = participants.open();
  ASSERT_TRUE(opened.ok()) << opened.message();
  Executor &client = participants.client();
  storeInput(client);
  const format::ModelTensor &output =
      *client.reader().bundle().outputs()->Get(0);
  std::span<std::byte> bytes = client.tensorData(output.tensor());
  const std::vector<float> expected =
      StripPlan::computeMap(StripPlan::makeInput());
  for (uint32_t request = 0; request < 5; ++request) {
    std::memset(bytes.data(), 0xff, bytes.size());
    Status status = client.runRequest(participants.clientTransport(), request,
                                      /*waitForever=*/false);
    ASSERT_TRUE(status.ok()) << status.message();
    const auto *values = reinterpret_cast<const float *>(bytes.data());
    constexpr int64_t pixels = StripPlan::height * StripPlan::width;
    for (int64_t o = 0; o < StripPlan::classes; ++o)
      for (int64_t pixel = 0; pixel < pixels; ++pixel)
        ASSERT_NEAR(values[pixel * StripPlan::classes + o],
                    expected[o * pixels + pixel], 1e-5);
  }
}

TEST_P(ExecutorTest, SteadyStateAllocatesNothing) {
  ExecutorOptions options;
  options.threads = 2;
  options.timeOperators = true;
  Participants participants(GetParam(), options);
  participants.serve(0);
  participants.serve(1);
  Status opened = participants.open();
  ASSERT_TRUE(opened.ok()) << opened.message();
  uint64_t before = 0;
  for (uint32_t request = 0; request < 50; ++request) {
    if (request == 2)
      before = allocationCount();
    Status status = participants.client().runRequest(
        participants.clientTransport(), request, /*waitForever=*/false);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  EXPECT_GT(before, 0u) << "the counter counts";
  EXPECT_EQ(allocationCount() - before, 0u);
}

TEST_P(ExecutorTest, SilentDeviceIsADeadline) {
  ExecutorOptions options;
  options.requestTimeout = milliseconds(200);
  Participants participants(GetParam(), options);
  participants.serve(0);
  participants.acceptOnly(1);
  Status opened = participants.open();
  ASSERT_TRUE(opened.ok()) << opened.message();
  Clock::time_point start = Clock::now();
  Status status = participants.client().runRequest(
      participants.clientTransport(), 0, /*waitForever=*/false);
  EXPECT_LT(Clock::now() - start, seconds(10));
  EXPECT_THAT(status.message(), HasSubstr("deadline"));
}

INSTANTIATE_TEST_SUITE_P(Transports, ExecutorTest,
                         testing::Values(TransportKind::Inproc,
                                         TransportKind::Tcp),
                         [](const testing::TestParamInfo<TransportKind> &info) {
                           return info.param == TransportKind::Inproc ? "Inproc"
                                                                      : "Tcp";
                         });

/// A client whose only work is an operator that takes a while.
TestBundle makeWork() {
  TestBundle bundle(1, 1);
  uint32_t input = bundle.tensor({1, 64, 64, 64});
  uint32_t output = bundle.tensor({1, 64, 64, 64});
  uint32_t filter =
      bundle.weight({64, 3, 3, 64}, std::vector<float>(64 * 9 * 64, 0.5f));
  format::Conv2DT conv = conv2D(input, output, filter);
  *conv.padding = format::Padding(1, 1, 1, 1);
  bundle.run(conv, "conv");
  bundle.modelInput(input, {1, 64, 64, 64}, format::TensorLayout::NHWC);
  bundle.modelOutput(output, {1, 64, 64, 64}, format::TensorLayout::NHWC);
  return bundle;
}

// Elapsed time is no measure on a busy machine: processor time is.
TEST(Executor, PaceStretchesOperators) {
  ScratchFolder folder;
  TestBundle bundle = makeWork();
  ASSERT_TRUE(bundle.write(folder / "client.bundle").ok());
  ExecutorOptions options;
  options.pace = 0.1;
  options.timeOperators = true;
  std::unique_ptr<Executor> executor = load(folder / "client.bundle", options);
  TransportConfig config = executor->transportConfig();
  std::vector<TransportConfig> configs = {config, config};
  configs[0].self = 0;
  auto transports = createInprocTransports(std::move(configs));
  ASSERT_TRUE(transports) << transports.error().message();

  // Not a mean: work counts as what it takes undisturbed.
  auto work = std::chrono::nanoseconds::max();
  for (uint32_t request = 0; request < 10; ++request) {
    std::chrono::nanoseconds start = processorTime();
    ASSERT_TRUE(executor->runRequest(*transports->back(), request, false).ok());
    work = std::min(work, processorTime() - start);
  }
  ASSERT_EQ(executor->operatorTimes().size(), 1u);
  OperatorTime time = executor->operatorTimes()[0];
  EXPECT_EQ(time.runs, 10u);
  EXPECT_GT(work, std::chrono::microseconds(100))
      << "there must be work to stretch";
  EXPECT_GT(time.total, 8 * 10 * work);
}

TEST(Executor, TimesNothingUnlessAsked) {
  ScratchFolder folder;
  TestBundle bundle = makeWork();
  ASSERT_TRUE(bundle.write(folder / "client.bundle").ok());
  EXPECT_TRUE(load(folder / "client.bundle")->operatorTimes().empty());
}

TEST(Executor, HugeArenaIsAnError) {
  ScratchFolder folder;
  TestBundle bundle = makeWork();
  bundle.header.arena_bytes = uint64_t{1} << 60;
  ASSERT_TRUE(bundle.write(folder / "client.bundle").ok());
  Expected<BundleReader> reader = BundleReader::open(folder / "client.bundle");
  ASSERT_TRUE(reader) << reader.error().message();
  auto executor = Executor::create(std::move(*reader), {});
  ASSERT_FALSE(executor);
  EXPECT_EQ(
      executor.error().message(),
      (folder / "client.bundle").string() +
          ": 1152921504606846976 bytes for the arena cannot be allocated");
}

} // namespace
} // namespace windrow::test
