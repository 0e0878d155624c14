#include "plugins/frame.hpp"

#include <gmock/gmock.h>

#include <random>

#include "plugins/exchange_frames.hpp"

namespace opi::plugins::testing {
namespace {

FrameWriter writer() { return {FrameKind::url, 7}; }

std::string bytes_of(std::uint32_t length) { return {reinterpret_cast<const char*>(&length), sizeof length}; }

// All frames of a stream that comes in pieces of `size` bytes.
std::vector<std::string> fields_of(std::string_view bytes, std::size_t size) {
  FrameStream stream;
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    auto piece = bytes.substr(at, size);
    while (const auto frame = stream.take(piece)) all.emplace_back(frame->fields);
    EXPECT_TRUE(piece.empty());
  }
  return all;
}

TEST(Frame, ComesOutAsItWentInHoweverItIsCut) {
  std::string bytes = writer().u32(1).text(std::string_view("one")).finish();
  bytes += FrameWriter(FrameKind::done, 8).u64(~std::uint64_t{0}).finish();
  for (const std::size_t size : {1u, 3u, 16u, 1000u}) {
    const auto all = fields_of(bytes, size);
    ASSERT_EQ(all.size(), 2u) << size;
    FrameReader first(all[0]);
    EXPECT_EQ(first.u32(), 1u);
    EXPECT_EQ(first.text(), "one");
    first.end();
    EXPECT_EQ(FrameReader(all[1]).u64(), ~std::uint64_t{0});
  }
  FrameStream stream;
  std::string_view left = bytes;
  const auto frame = stream.take(left);
  EXPECT_EQ(frame->kind, FrameKind::url);
  EXPECT_EQ(frame->call, 7u);
  EXPECT_EQ(left.size(), FrameLimits::head + 8) << "and not a byte of the next one";
}

TEST(Frame, ANumberIsSetAfterwards) {
  auto bytes = writer().finish();
  set_number(bytes, 99);
  FrameStream stream;
  std::string_view left = bytes;
  EXPECT_EQ(stream.take(left)->call, 99u);
}

TEST(Frame, LengthsThatNoFrameHasAreRefusedBeforeMoreIsRead) {
  const auto first = [](std::uint32_t length) {
    FrameStream stream;
    const auto bytes = bytes_of(length);
    std::string_view left = bytes;
    return stream.take(left).has_value();
  };
  EXPECT_FALSE(first(FrameLimits::head - 4)) << "the shortest, and not all of it is here";
  EXPECT_THROW(first(FrameLimits::head - 5), BrokenFrame);
  EXPECT_FALSE(first(FrameLimits::bytes - 4)) << "the longest";
  EXPECT_THROW(first(FrameLimits::bytes - 3), BrokenFrame);
  EXPECT_THROW(first(0), BrokenFrame);
  EXPECT_THROW(first(0xffffffff), BrokenFrame);
}

TEST(Frame, SaysHowManyBytesItWants) {
  FrameStream stream;
  EXPECT_EQ(stream.wanted(), 4u) << "its length";
  const auto bytes = writer().u32(1).finish();
  std::string_view left = std::string_view(bytes).substr(0, 6);
  EXPECT_FALSE(stream.take(left));
  EXPECT_EQ(stream.wanted(), bytes.size() - 6);
  left = std::string_view(bytes).substr(6);
  EXPECT_TRUE(stream.take(left));
  EXPECT_EQ(stream.wanted(), 4u) << "of the next one";
}

TEST(Frame, IsNotWrittenBeyondItsLimit) {
  const std::string most(FrameLimits::bytes - FrameLimits::head - 4, 'x');
  EXPECT_EQ(writer().text(std::string_view(most)).finish().size(), FrameLimits::bytes);
  EXPECT_THROW((void)writer().text(std::string_view(most + "x")).finish(), std::length_error);
}

TEST(Frame, FieldsAreTakenAsTheyAreOrNotAtAll) {
  EXPECT_THROW(FrameReader("abc").u32(), BrokenFrame);
  EXPECT_THROW(FrameReader("abcdefg").u64(), BrokenFrame);
  EXPECT_THROW(FrameReader(bytes_of(4) + "abc").text(), BrokenFrame);
  EXPECT_THROW(FrameReader(bytes_of(0xffffffff)).text(), BrokenFrame);
  EXPECT_THROW(FrameReader("x").end(), BrokenFrame);
  EXPECT_NO_THROW(FrameReader("").end());
}

TEST(Frame, TextsThatAreNoneStaySuchAndLongOnesAreCut) {
  const auto frame = writer().text(opi_str{nullptr, 3}, 9).text(opi_str{"abcdef", 6}, 4).finish();
  FrameReader in(std::string_view(frame).substr(FrameLimits::head));
  EXPECT_FALSE(is_sound(in.plugin_text()));
  EXPECT_EQ(view(in.plugin_text()), "abcd");
}

TEST(Frame, AVerdictThatIsNoneOrTooShortStaysSo) {
  const auto through = [](const opi_verdict* verdict, opi_verdict& got) {
    auto out = writer();
    write_verdict(out, verdict);
    const auto frame = out.finish();
    FrameReader in(std::string_view(frame).substr(FrameLimits::head));
    const bool passed = read_verdict(in, got);
    in.end();
    return passed;
  };
  opi_verdict got{}, verdict{};
  EXPECT_FALSE(through(nullptr, got));
  verdict.size = 8;
  EXPECT_TRUE(through(&verdict, got));
  EXPECT_EQ(got.size, 8u);
  verdict.size = sizeof verdict;
  verdict.kind = 99;
  EXPECT_TRUE(through(&verdict, got));
  EXPECT_EQ(got.kind, 99u);
}

// Nothing but BrokenFrame comes of any bytes, and nothing is read beyond them (the sanitizers' builds see to that).
TEST(Frame, NoiseIsSurvived) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise(random() % 200, '\0');
    for (auto& c : noise) c = static_cast<char>(random() % 4 == 0 ? random() : 0);
    FrameStream stream;
    std::string_view left = noise;
    try {
      while (const auto frame = stream.take(left)) {
        FrameReader in(frame->fields);
        opi_delivery delivery;
        opi_response response;
        opi_verdict verdict;
        std::vector<opi_kv> headers;
        if (round % 3 == 0) read(in, delivery);
        if (round % 3 == 1) read(in, response, headers);
        if (round % 3 == 2) (void)read_verdict(in, verdict);
      }
    } catch (const BrokenFrame&) {
      continue;
    }
  }
}

}  // namespace
}  // namespace opi::plugins::testing
