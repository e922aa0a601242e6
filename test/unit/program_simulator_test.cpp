//===- program_simulator_test.cpp - Executes the devices' programs in numbers
//===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Analysis/ProgramSimulator.h"
#include "test/unit/planner_networks.h"

#include <gtest/gtest.h>

using namespace windrow;
using namespace windrow::test;

namespace {

/// Two devices on links of 1 MB/s and 10 ms, where a message costs either end 1
/// ms.
class ProgramSimulator : public testing::Test {
protected:
  using Kind = ProgramStep::Kind;

  ProgramSimulator() {
    for (const char *from : {"d0", "d1", "client"})
      for (const char *to : {"d0", "d1", "client"})
        table.links.push_back({from, to, 10e-3, 1e6, 1e-3});
  }

  SimulatedRun run(const std::vector<Program> &programs) {
    return simulatePrograms(CostModel(network, cluster, &table), programs);
  }

  const size_t client = 2;
  const Network network = NetworkBuilder(8, 8, 1).conv(1, 3).finish();
  const ClusterDescription cluster = makeCluster({1.0, 1.0});
  CostTable table;
};

TEST_F(ProgramSimulator, AMessageTakesBothEndsAndTheLink) {
  SimulatedRun result =
      run({{{Kind::Receive, 0, client, 0, 5000},
            {Kind::Compute, 3e-3},
            {Kind::Send, 0, client, 1, 2000}},
           {},
           {{Kind::Send, 0, 0, 0, 5000}, {Kind::Receive, 0, 0, 1, 2000}}});
  EXPECT_NEAR(result.latency,
              (1 + 10 + 5 + 1) * 1e-3 + 3e-3 + (1 + 10 + 2 + 1) * 1e-3, 1e-12);
  EXPECT_NEAR(result.waiting[0], 16e-3, 1e-12);
  EXPECT_NEAR(result.computing[0], 3e-3, 1e-12);
}

TEST_F(ProgramSimulator, ACardSendsOneMessageAfterTheOther) {
  SimulatedRun result =
      run({{{Kind::Receive, 0, client, 0, 5000}},
           {{Kind::Receive, 0, client, 1, 5000}},
           {{Kind::Send, 0, 0, 0, 5000}, {Kind::Send, 0, 1, 1, 5000}}});
  EXPECT_NEAR(result.waiting[0], 16e-3, 1e-12);
  EXPECT_NEAR(result.waiting[1], 21e-3, 1e-12);
}

TEST_F(ProgramSimulator, ACardReceivesOneMessageAfterTheOther) {
  SimulatedRun result =
      run({{{Kind::Send, 0, client, 0, 5000}},
           {{Kind::Send, 0, client, 1, 5000}},
           {{Kind::Receive, 0, 1, 1, 5000}, {Kind::Receive, 0, 0, 0, 5000}}});
  // d0 comes first, d1's message after it.
  EXPECT_NEAR(result.waiting[client], 21e-3, 1e-12);
  EXPECT_NEAR(result.latency, 23e-3, 1e-12);
}

TEST_F(ProgramSimulator, SendsDoNotHoldUpComputing) {
  SimulatedRun result =
      run({{{Kind::Send, 0, client, 0, 50000},
            {Kind::Compute, 20e-3},
            {Kind::Send, 0, client, 1, 1000}},
           {},
           {{Kind::Receive, 0, 0, 0, 50000}, {Kind::Receive, 0, 0, 1, 1000}}});
  // The second message leaves when the first one has.
  EXPECT_NEAR(result.latency, 1e-3 + 50e-3 + 1e-3 + 10e-3 + 1e-3, 1e-12);
}

} // namespace
