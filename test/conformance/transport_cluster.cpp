//===- transport_cluster.cpp - A plan's participants in one test ----------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/conformance/transport_cluster.h"

#include <cstring>
#include <fmt/format.h>
#include <fstream>

namespace windrow::test {

std::string
transportKindName(const testing::TestParamInfo<TransportKind> &transportKind) {
  return transportKind.param == TransportKind::Inproc ? "inproc" : "tcp";
}

std::vector<TransportConfig>
planConfigs(unsigned devices, const std::vector<PlannedChannel> &channels) {
  TransportConfig common;
  common.planDigest.fill(std::byte(0xd1));
  for (unsigned i = 0; i < devices; ++i)
    common.participants.push_back({fmt::format("press-{}", i + 1), ""});
  common.participants.push_back({"client", ""});

  std::vector<TransportConfig> configs;
  for (ParticipantIndex i = 0; i <= devices; ++i) {
    TransportConfig config = common;
    config.self = i;
    for (const PlannedChannel &channel : channels) {
      if (channel.from == i)
        config.channels.push_back(
            {channel.id, channel.to, ChannelDirection::Send, channel.bytes});
      if (channel.to == i)
        config.channels.push_back({channel.id, channel.from,
                                   ChannelDirection::Receive, channel.bytes});
    }
    configs.push_back(std::move(config));
  }
  return configs;
}

Cluster::Cluster(TransportKind kind, std::vector<TransportConfig> planConfigs,
                 TcpOptions tcpOptions)
    : kind(kind), configs(std::move(planConfigs)),
      options(std::move(tcpOptions)), addresses(configs.size()),
      transports(configs.size()), accepting(configs.size() - 1) {
  if (kind == TransportKind::Inproc) {
    auto created = createInprocTransports(configs);
    EXPECT_TRUE(created) << created.error().message();
    transports = std::move(*created);
    return;
  }
  // A device dials those after it, whose ports must be known by then.
  for (size_t i = configs.size() - 1; i-- > 0;)
    create(i);
  create(configs.size() - 1);
}

Cluster::~Cluster() {
  for (size_t i = 0; i < accepting.size(); ++i)
    if (accepting[i].valid()) {
      transports[i]->stop();
      (void)accepting[i].get();
    }
}

void Cluster::create(ParticipantIndex i) {
  TcpOptions own = options;
  own.addressOverrides = addresses;
  if (i + 1 < configs.size())
    own.listenAddress = addresses[i].empty() ? "127.0.0.1:0" : addresses[i];
  auto created = createTcpTransport(configs[i], own);
  ASSERT_TRUE(created) << created.error().message();
  addresses[i] = (*created)->listeningAddress();
  transports[i] = std::move(*created);
}

std::string Cluster::addressOf(ParticipantIndex i) { return addresses[i]; }

void Cluster::restart(ParticipantIndex i) {
  ASSERT_EQ(kind, TransportKind::Tcp) << "inproc endpoints do not come back";
  create(i);
}

std::unique_ptr<TcpTransport> Cluster::join(TransportConfig config) {
  TcpOptions own = options;
  own.addressOverrides = addresses;
  auto created = createTcpTransport(std::move(config), own);
  EXPECT_TRUE(created) << created.error().message();
  return std::move(*created);
}

Status Cluster::open(Deadline deadline) {
  for (size_t i = 0; i < accepting.size(); ++i)
    if (transports[i] && !accepting[i].valid())
      accepting[i] = std::async(std::launch::async, [&device = *transports[i]] {
        return device.accept();
      });
  Status status = client().open(deadline);
  if (!status.ok())
    return status;
  for (std::future<Status> &accepted : accepting)
    WINDROW_RETURN_IF_ERROR(accepted.get());
  return Status();
}

void Cluster::close() {
  client().close(Status());
  for (std::unique_ptr<Transport> &transport : transports)
    transport->close(Status());
}

uint64_t hugeFrameBytes() {
  uint64_t total = 4 << 20;
  for (const char *limits :
       {"/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem"}) {
    uint64_t least = 0, initial = 0, most = 8 << 20;
    std::ifstream(limits) >> least >> initial >> most;
    total += most;
  }
  return total;
}

std::vector<std::byte> pattern(size_t size, uint32_t seed) {
  std::vector<std::byte> bytes(size);
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (size_t i = 0; i < size; i += sizeof(state)) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t word = state ^ state >> 29;
    std::memcpy(bytes.data() + i, &word, std::min(sizeof(word), size - i));
  }
  return bytes;
}

Status send(Transport &transport, uint32_t channel, uint32_t request,
            std::span<const std::byte> source) {
  WINDROW_RETURN_IF_ERROR(transport.postSend(channel, request, source));
  return transport.waitSend(channel, patience());
}

Status receive(Transport &transport, uint32_t channel, uint32_t request,
               std::span<std::byte> destination) {
  WINDROW_RETURN_IF_ERROR(transport.postReceive(channel, request, destination));
  return transport.waitReceive(channel, patience());
}

void goRound(Cluster &cluster, uint32_t request) {
  const auto sent = pattern(100, request);
  std::vector<std::byte> landed(100);
  ASSERT_OK(send(cluster[2], 1, request, sent));
  ASSERT_OK(receive(cluster[0], 1, request, landed));
  ASSERT_OK(send(cluster[0], 2, request, landed));
  ASSERT_OK(receive(cluster[1], 2, request, landed));
  ASSERT_OK(send(cluster[1], 3, request, landed));
  ASSERT_OK(receive(cluster[2], 3, request, landed));
  EXPECT_EQ(landed, sent);
}

void expectFailure(const Status &status, StatusCode code,
                   const std::string &text) {
  EXPECT_EQ(statusCodeName(status.code()), statusCodeName(code));
  EXPECT_EQ(status.message(), text);
}

} // namespace windrow::test
