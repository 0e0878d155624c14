#include <gmock/gmock.h>

#include <opi/plugin.hpp>

#include "config.hpp"
#include "errors.hpp"
#include "mrkdwn.hpp"
#include "thread.hpp"

namespace opi::slack {
namespace {

using ::testing::HasSubstr;

std::string refusal(std::string_view config) {
  try {
    parse_config(config);
  } catch (const sdk::Failure& failure) {
    return failure.what();
  }
  return "accepted";
}

TEST(SlackConfig, HasTwoModes) {
  EXPECT_EQ(parse_config("{}").mode, Mode::incoming_webhook);
  const auto config = parse_config(R"({"mode":"chat.postMessage","channel":"C024BE91L"})");
  EXPECT_EQ(config.mode, Mode::post_message);
  EXPECT_EQ(config.channel, "C024BE91L");
  EXPECT_TRUE(config.threads);
  EXPECT_FALSE(config.broadcast_endings);
}

TEST(SlackConfig, NamesTheFieldThatIsWrong) {
  EXPECT_THAT(refusal(R"({"mode":"chat.postMessage"})"), HasSubstr("channel: is required"));
  EXPECT_THAT(refusal(R"({"mode":"chat.postMessage","channel":"#security"})"), HasSubstr("channel: is not the id"));
  EXPECT_THAT(refusal(R"({"channel":"C024BE91L"})"), HasSubstr("channel: is for mode"));
  EXPECT_THAT(refusal(R"({"threads":true})"), HasSubstr("threads: is for mode"));
  EXPECT_THAT(refusal(R"({"mode":"rtm"})"), HasSubstr("mode: "));
}

TEST(SlackChannel, HasTheFormOfAnId) {
  for (const auto* const id : {"C024BE91L", "D024BE91L", "G024BE91L", "C0123456789ABCDEFGHIJ"})
    EXPECT_TRUE(is_channel_id(id)) << id;
  for (const auto* const id : {"", "C024BE91", "C0123456789ABCDEFGHIJK", "c024be91l", "X024BE91L", "C024-E91L"})
    EXPECT_FALSE(is_channel_id(id)) << id;
}

TEST(SlackThread, IsKeptAsItsChannelAndTimestamp) {
  const auto thread = Thread::of("C024BE91L", "1503435956.000247");
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->ref(), "C024BE91L/1503435956.000247");
  const auto again = Thread::parse(thread->ref());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->channel, "C024BE91L");
  EXPECT_EQ(again->ts, "1503435956.000247");
}

TEST(SlackThread, IsNoneInAnyOtherForm) {
  for (const auto* const ref :
       {"", "C024BE91L", "C024BE91L/", "/1.2", "C024BE91L/1503435956", "C024BE91L/.1", "C024BE91L/1.", "C024BE91L/1.2x",
        "C024BE91L/1.2/3", "JIRA-1", "C024BE91L/11111111111111111.1111111111111111"})
    EXPECT_FALSE(Thread::parse(ref)) << ref;
}

TEST(SlackText, CannotMentionOrLink) {
  EXPECT_EQ(mrkdwn("<!channel> <@U024BE7LH> <https://evil.example|bank> & co", 200),
            "&lt;!channel&gt; &lt;@U024BE7LH&gt; &lt;https://evil.example|bank&gt; &amp; co");
  EXPECT_EQ(mrkdwn("a\nb", 10), "a\nb");
  EXPECT_EQ(mrkdwn_line("a\nb", 10), "a b");
  EXPECT_EQ(plain_line("<a>\nb", 10), "<a> b");
}

TEST(SlackText, KeepsItsLimits) {
  EXPECT_EQ(mrkdwn(std::string(3000, 'x'), 3000), std::string(3000, 'x'));
  EXPECT_THAT(mrkdwn(std::string(3001, 'x'), 3000), HasSubstr(" of 3,001 characters)"));
}

TEST(SlackErrors, AreKnownOrNot) {
  EXPECT_TRUE(is_known_error("channel_not_found"));
  EXPECT_FALSE(is_known_error(""));
  EXPECT_FALSE(is_known_error("channel_not_found "));
  EXPECT_TRUE(refuses_thread("thread_not_found"));
  EXPECT_FALSE(refuses_thread("channel_not_found"));
}

}  // namespace
}  // namespace opi::slack
