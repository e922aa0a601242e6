//===- tcp_frame_test.cpp - Tests of the wire format of TCP frames --------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/checksum.h"
#include "runtime/transport/tcp/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windrow::tcp {
namespace {

using testing::StartsWith;

const FrameHeader someData{FrameKind::Data, 0x1122334455667788,
                           0x0102030405060708, 0xa1b2c3d4, 0x0badcafe};

std::byte byteAt(const HeaderImage &image, size_t i) { return image[i]; }

// The layout is a contract between machines: see frame.h.
TEST(TcpFrameTest, HeaderLayout) {
  const HeaderImage image = encodeHeader(someData);
  const unsigned char expected[32] = {
      'W',  'N',  'D',  'R',  1,    0,    8,    0,    0x88, 0x77, 0x66,
      0x55, 0x44, 0x33, 0x22, 0x11, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03,
      0x02, 0x01, 0xd4, 0xc3, 0xb2, 0xa1, 0xfe, 0xca, 0xad, 0x0b};
  for (size_t i = 0; i < sizeof(expected); ++i)
    EXPECT_EQ(byteAt(image, i), std::byte(expected[i])) << "byte " << i;
  uint32_t checksum = 0;
  for (size_t i = 0; i < 4; ++i)
    checksum |= std::to_integer<uint32_t>(image[32 + i]) << 8 * i;
  EXPECT_EQ(checksum, crc32(std::span(image).first(32)));
}

TEST(TcpFrameTest, HeaderRoundTrip) {
  const auto header = decodeHeader(encodeHeader(someData));
  ASSERT_TRUE(header) << header.error().message();
  EXPECT_EQ(header->kind, someData.kind);
  EXPECT_EQ(header->epoch, someData.epoch);
  EXPECT_EQ(header->bytes, someData.bytes);
  EXPECT_EQ(header->channel, someData.channel);
  EXPECT_EQ(header->request, someData.request);
}

TEST(TcpFrameTest, EveryFlippedBitOfAHeaderIsSeen) {
  for (size_t bit = 0; bit < headerBytes * 8; ++bit) {
    HeaderImage image = encodeHeader(someData);
    image[bit / 8] ^= std::byte(1 << bit % 8);
    const auto header = decodeHeader(image);
    ASSERT_FALSE(header) << "bit " << bit;
    EXPECT_THAT(header.error().message(),
                StartsWith(bit < 32   ? "frame magic must be 0x52444e57, got 0x"
                           : bit < 48 ? "protocol version must be 1, got "
                                      : "header checksum must be 0x"));
    EXPECT_EQ(header.error().code(), bit >= 32 && bit < 48
                                         ? StatusCode::Incompatible
                                         : StatusCode::CorruptData);
  }
}

TEST(TcpFrameTest, KindsAndControlSizesAreChecked) {
  auto errorOf = [](uint16_t kind, uint64_t bytes) {
    const auto header =
        decodeHeader(encodeHeader({static_cast<FrameKind>(kind), 0, bytes}));
    return header ? "" : header.error().message();
  };
  EXPECT_EQ(errorOf(0, 0), "frame kind must be 1 to 8, got 0");
  EXPECT_EQ(errorOf(9, 0), "frame kind must be 1 to 8, got 9");
  EXPECT_EQ(errorOf(1, 36), "");
  EXPECT_EQ(errorOf(1, 35),
            "payload of frame kind 1 must be 36 to 36 bytes, got 35");
  for (uint16_t withoutPayload : {2, 3, 5, 7}) {
    EXPECT_EQ(errorOf(withoutPayload, 0), "");
    EXPECT_NE(errorOf(withoutPayload, 1), "");
  }
  for (uint16_t withText : {4, 6}) {
    EXPECT_EQ(errorOf(withText, 1024), "");
    EXPECT_NE(errorOf(withText, 1025), "");
  }
}

TEST(TcpFrameTest, HelloRoundTrip) {
  Hello hello{0x01020304, {}};
  for (size_t i = 0; i < hello.planDigest.size(); ++i)
    hello.planDigest[i] = std::byte(i);
  const auto image = encodeHello(hello);
  EXPECT_EQ(image[0], std::byte(4));
  EXPECT_EQ(image[4], std::byte(0));
  EXPECT_EQ(image[35], std::byte(31));
  const Hello decoded = decodeHello(image);
  EXPECT_EQ(decoded.participant, hello.participant);
  EXPECT_EQ(decoded.planDigest, hello.planDigest);
}

TEST(TcpFrameTest, TrailerIsLittleEndian) {
  const TrailerImage image = encodeTrailer(0xa1b2c3d4);
  EXPECT_EQ(image[0], std::byte(0xd4));
  EXPECT_EQ(image[3], std::byte(0xa1));
  EXPECT_EQ(decodeTrailer(image), 0xa1b2c3d4);
}

} // namespace
} // namespace windrow::tcp
