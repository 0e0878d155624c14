#include "plugins/sandbox_session.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstring>

#include "plugins/plugin_lab.hpp"
#include "plugins/secret_intake.hpp"

namespace opi::plugins::testing {
namespace {

using ::testing::HasSubstr;

// The bytes that a plugin's process says, and what the host makes of them.
class Session : public ::testing::Test {
 protected:
  SandboxCall call(FrameKind kind) {
    SandboxCall made;
    made.kind = kind;
    made.instance = instance_;
    made.frame = FrameWriter(kind, 0).finish();
    made.done = [this](const CallEnd& end) { ends_.push_back(end); };
    return made;
  }
  static std::string done(std::uint64_t number, opi_status status = OPI_OK, std::string_view text = {}) {
    return FrameWriter(FrameKind::done, number).u32(static_cast<std::uint32_t>(status)).text(text).u64(0).finish();
  }

  std::vector<CallEnd> ends_;  // outlives the session, with which its calls end
  RecordingLogger logger_;
  HostServices services_{"test.session", "test", OPI_ABI_MINOR, logger_};
  std::map<std::uint64_t, std::string> refused_;
  SandboxSession session_{services_, refused_};
  std::shared_ptr<const SandboxInstance> instance_ = std::make_shared<SandboxInstance>(
      SandboxInstance{1, FrameWriter(FrameKind::create, 0).finish(), {"s3cr3t-of-the-endpoint"}});
};

TEST_F(Session, MakesAnInstanceOnceBeforeItsFirstCall) {
  session_.begin(call(FrameKind::render));
  EXPECT_EQ(session_.current()->kind, FrameKind::create);
  session_.begin(call(FrameKind::render));
  session_.receive(done(1) + done(2) + done(3));
  EXPECT_EQ(session_.current(), nullptr);
  EXPECT_EQ(ends_.size(), 2u);
}

TEST_F(Session, ARefusedInstanceHoldsItsCallsNowAndLater) {
  session_.begin(call(FrameKind::render));
  session_.receive(done(1, OPI_E_INVALID, "mood: no") + done(2, OPI_E_FAILED));
  session_.begin(call(FrameKind::render));
  ASSERT_EQ(ends_.size(), 2u);
  for (const auto& end : ends_) EXPECT_EQ(end.held, "mood: no");
  EXPECT_EQ(session_.current(), nullptr) << "the process is not asked again";
}

TEST_F(Session, WhatIsNotAboutTheCurrentCallBreaksIt) {
  EXPECT_THROW(session_.receive(done(1)), BrokenFrame) << "nothing was asked";
  SandboxSession other(services_, refused_);
  other.begin(call(FrameKind::render));
  EXPECT_THROW(other.receive(done(2)), BrokenFrame) << "the second comes after the first";
}

TEST_F(Session, OpsThatTheCallDoesNotHaveBreakIt) {
  session_.begin(call(FrameKind::interpret));
  session_.receive(done(1));
  EXPECT_THROW(session_.receive(FrameWriter(FrameKind::url, 2).text(std::string_view("http://x")).finish()),
               BrokenFrame);
  SandboxSession other(services_, refused_);
  other.begin(call(FrameKind::render));
  other.receive(done(1));
  EXPECT_THROW(other.receive(FrameWriter(FrameKind::verdict, 2).u32(0).finish()), BrokenFrame);
}

TEST_F(Session, ADeathCostsTheCallItIsInAndNoOther) {
  const auto another =
      std::make_shared<SandboxInstance>(SandboxInstance{2, FrameWriter(FrameKind::create, 0).finish(), {}});
  session_.begin(call(FrameKind::render));
  session_.begin(call(FrameKind::render));
  auto third = call(FrameKind::render);
  third.instance = another;
  session_.begin(std::move(third));
  session_.receive(done(1));  // the instance; the process is in the first call now
  const auto left = session_.abandon();
  ASSERT_TRUE(left.victim);
  EXPECT_EQ(left.victim->instance, instance_);
  EXPECT_EQ(left.untouched.size(), 2u);
}

TEST_F(Session, ADeathInCreateCostsTheCallThatNeedsTheInstance) {
  session_.begin(call(FrameKind::render));
  const auto left = session_.abandon();
  ASSERT_TRUE(left.victim);
  EXPECT_EQ(left.victim->kind, FrameKind::render);
}

// A process may answer everything that waits in its socket before it is killed; all of it comes in one read then.
TEST_F(Session, WhatIsAnsweredAfterMemoryRanOutIsUntouched) {
  session_.begin(call(FrameKind::render));
  session_.begin(call(FrameKind::render));
  session_.begin(call(FrameKind::interpret));
  session_.receive(done(1) + done(2, OPI_E_NOMEM, "no more") + done(3, OPI_E_NOMEM) + done(4, OPI_E_NOMEM));
  ASSERT_EQ(ends_.size(), 1u) << "the call that used the memory up is answered, and no other";
  EXPECT_EQ(ends_.front().status, OPI_E_NOMEM);
  ASSERT_TRUE(session_.last_answer());
  EXPECT_EQ(session_.phase(), Phase::render);
  const auto left = session_.abandon();
  EXPECT_FALSE(left.victim);
  EXPECT_EQ(left.untouched.size(), 2u);
}

TEST_F(Session, AnInstanceThatFoundNoMemoryIsNotRefused) {
  session_.begin(call(FrameKind::render));
  session_.receive(done(1, OPI_E_NOMEM) + done(2, OPI_E_NOT_FOUND, "no such instance"));
  EXPECT_EQ(ends_.size(), 0u);
  EXPECT_EQ(refused_.size(), 0u);
  EXPECT_EQ(session_.abandon().untouched.size(), 1u);
}

TEST_F(Session, WhatIsAnsweredAfterARefusalToStartIsUntouched) {
  auto start = call(FrameKind::start);
  start.instance = nullptr;
  session_.begin(std::move(start));
  session_.begin(call(FrameKind::render));
  session_.begin(call(FrameKind::render));
  session_.receive(done(1, OPI_E_FAILED, "not today") + done(2, OPI_E_INVALID) + done(3, OPI_E_NOT_FOUND) +
                   done(4, OPI_E_NOT_FOUND));
  EXPECT_EQ(ends_.size(), 1u) << "the start's own";
  EXPECT_EQ(refused_.size(), 0u) << "a plugin that did not start has refused no configuration";
  ASSERT_TRUE(session_.last_answer());
  EXPECT_EQ(session_.last_answer()->why, "could not start the plugin: not today");
  const auto left = session_.abandon();
  EXPECT_FALSE(left.victim);
  EXPECT_EQ(left.untouched.size(), 2u);
}

TEST_F(Session, NothingStartsThatIsNotConfined) {
  std::string fault;
  const auto start = [&] {
    auto made = call(FrameKind::start);
    made.instance = nullptr;
    made.confinement_fault = [&] { return fault; };
    return made;
  };
  const auto confined = FrameWriter(FrameKind::confined, 1).finish();
  SandboxSession silent(services_, refused_), weak(services_, refused_), fine(services_, refused_);
  for (auto* one : {&silent, &weak, &fine}) {
    one->begin(start());
    one->begin(call(FrameKind::render));
  }
  EXPECT_THROW(silent.receive(done(1)), BrokenFrame) << "it did not say so";
  const auto of_silent = silent.abandon();
  EXPECT_FALSE(of_silent.victim) << "the call behind it is untouched";
  fault = "it has no filter";
  EXPECT_THROW(weak.receive(confined + done(1)), BrokenFrame) << "it said so, and is not";
  const auto of_weak = weak.abandon();
  EXPECT_FALSE(of_weak.victim);
  EXPECT_EQ(ends_.size(), 2u) << "their starts, and no other call";
  fault = "";
  fine.receive(confined + done(1));
  EXPECT_TRUE(fine.is_started());
  EXPECT_EQ(ends_.size(), 3u);
  EXPECT_THROW(fine.receive(FrameWriter(FrameKind::confined, 2).finish()), BrokenFrame) << "it is no start";
}

TEST_F(Session, WhatIsAnsweredBeforeABreachCountsAndWhatWaitsBehindItIsUntouched) {
  for (int i = 0; i < 3; ++i) session_.begin(call(FrameKind::render));
  EXPECT_THROW(session_.receive(done(1) + done(2) + done(7) + done(3) + done(4)), BrokenFrame);
  EXPECT_EQ(ends_.size(), 1u);
  const auto left = session_.abandon();
  EXPECT_TRUE(left.victim);
  EXPECT_EQ(left.untouched.size(), 1u);
}

TEST_F(Session, ADeathBetweenTwoCallsCostsNone) {
  session_.begin(call(FrameKind::render));
  session_.receive(done(1) + done(2));
  EXPECT_EQ(session_.phase(), Phase::idle);
  EXPECT_FALSE(session_.abandon().victim);
}

TEST_F(Session, AnAnswerThatIsCutOffIsNone) {
  session_.begin(call(FrameKind::render));
  session_.begin(call(FrameKind::render));
  const auto answers = done(1) + done(2);
  session_.receive(answers.substr(0, answers.size() - 1));
  EXPECT_EQ(ends_.size(), 0u);
  const auto left = session_.abandon();
  EXPECT_TRUE(left.victim);
  EXPECT_EQ(left.untouched.size(), 1u);
}

TEST_F(Session, TakesNoMoreCallsThanItsRoom) {
  for (std::size_t i = 1; i < SandboxSession::max_calls; ++i) {
    EXPECT_TRUE(session_.has_room()) << i;
    session_.begin(call(FrameKind::render));
  }
  EXPECT_FALSE(session_.has_room()) << "with the one that makes the instance";
}

TEST_F(Session, WhatThePluginLogsIsBoundedAndKeepsWhatIsConfidential) {
  const auto message = [](std::uint64_t number, std::uint32_t fields) {
    FrameWriter log(FrameKind::log, number);
    log.u32(OPI_LOG_ERROR).text(std::string_view("about s3cr3t-of-the-endpoint")).u32(fields);
    for (std::uint32_t i = 0; i < fields; ++i) log.text(std::string_view("k")).text(std::string_view("v"));
    return log.finish();
  };
  session_.begin(call(FrameKind::render));
  for (int i = 0; i <= SandboxSession::max_messages; ++i) session_.receive(message(1, 16));
  const auto text = logger_.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), SandboxSession::max_messages);
  EXPECT_THAT(text, HasSubstr("about "));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("s3cr3t")));
  EXPECT_THROW(session_.receive(message(1, 17)), BrokenFrame);
}

// It sees what a receiver has repeated, and the log does not.
TEST_F(Session, LogsWithoutWhatIsConfidentialInTheCall) {
  auto secrets = std::make_shared<secrets::SecretSet>();
  secrets->purposes.push_back({"signing", {{std::make_shared<const secrets::Secret>("s3cr3t-value"), "1"}}, {}});
  auto made = call(FrameKind::interpret);
  made.confidential = std::make_shared<const secrets::Confidential>(secrets::Confidential{secrets, {"t0k3n-of-url"}});
  session_.begin(std::move(made));
  session_.receive(done(1));
  FrameWriter log(FrameKind::log, 2);
  log.u32(OPI_LOG_ERROR).text(std::string_view("it said s3cr3t-value, s3cr3t-v and t0k3n-of-url")).u32(0);
  session_.receive(log.finish());
  EXPECT_THAT(logger_.text(), HasSubstr("it said [redacted], [redacted] and [redacted]"));
}

TEST_F(Session, AProcessThatAsksWithoutReadingIsStopped) {
  static const opi_request_ops ops = [] {
    opi_request_ops all{};
    all.url_secret = [](void*, opi_str) -> opi_status { return OPI_OK; };
    return all;
  }();
  auto asking = call(FrameKind::render);
  asking.request = {&ops, nullptr};
  session_.begin(std::move(asking));
  session_.receive(done(1));
  const auto ask = FrameWriter(FrameKind::url_secret, 2).text(std::string_view("signing")).finish();
  EXPECT_THROW(
      for (std::size_t bytes = 0; bytes < 4 * SandboxSession::max_unread; bytes += ask.size()) session_.receive(ask);
      , BrokenFrame);
}

SandboxCall resolve_of(std::shared_ptr<const SandboxInstance> instance, SecretIntake& intake) {
  SandboxCall made;
  made.kind = FrameKind::resolve;
  made.instance = std::move(instance);
  made.frame = FrameWriter(FrameKind::resolve, 0).finish();
  made.secret = intake.out();
  return made;
}

std::string value_frame(std::uint64_t key, std::uint64_t bytes) {
  return FrameWriter(FrameKind::value, 2).u64(key).u64(bytes).finish();
}
std::string commit_frame(std::string_view version = "1") {
  return FrameWriter(FrameKind::commit, 2).text(version).u64(0).u64(0).finish();
}

TEST_F(Session, AValueIsReadStraightToItsPlace) {
  SecretIntake intake(1);
  session_.begin(resolve_of(instance_, intake));
  std::array<char, 4096> buffer{};
  EXPECT_EQ(session_.room(buffer).size(), 4u) << "a frame's length, and nothing behind it";
  session_.receive(done(1));
  const auto announced = value_frame(0, 6);
  session_.receive(std::string_view(announced).substr(0, 4));
  EXPECT_EQ(session_.room(buffer).size(), announced.size() - 4) << "the frame, and no byte of the value";
  session_.receive(std::string_view(announced).substr(4));
  const auto place = session_.room(buffer);
  ASSERT_EQ(place.size(), 6u);
  EXPECT_NE(place.data(), buffer.data());
  std::memcpy(place.data(), "hun", 3);
  session_.receive({place.data(), 3});
  const auto rest = session_.room(buffer);
  ASSERT_EQ(rest.size(), 3u);
  std::memcpy(rest.data(), "ter", 3);
  session_.receive({rest.data(), 3});
  session_.receive(commit_frame() + done(2));
  EXPECT_EQ(session_.room(buffer).size(), buffer.size()) << "where no value may come, as much as there is";
  const auto found = std::move(intake).finish(OPI_OK, {});
  ASSERT_EQ(found.status, secrets::ResolveStatus::ok);
  const auto bytes = found.values.at(0)->reveal();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "hunter");
}

TEST_F(Session, ValuesThatComeInOnePieceAreTakenToo) {
  SecretIntake intake(2);
  session_.begin(resolve_of(instance_, intake));
  session_.receive(done(1) + value_frame(1, 3) + "two" + value_frame(0, 3) + "one" + commit_frame() + done(2));
  const auto found = std::move(intake).finish(OPI_OK, {});
  ASSERT_EQ(found.status, secrets::ResolveStatus::ok);
  EXPECT_EQ(found.values.at(1)->reveal()[0], 't');
}

TEST_F(Session, AnAnswerOutOfOrderBreaksIt) {
  const auto breaks = [&](const std::string& bytes, std::uint64_t keys = 1) {
    SandboxSession session(services_, refused_);
    SecretIntake intake(keys);
    session.begin(resolve_of(instance_, intake));
    session.receive(done(1));
    try {
      session.receive(bytes);
      return false;
    } catch (const BrokenFrame&) {
      return true;
    }
  };
  const auto absent = [](std::uint64_t key) { return FrameWriter(FrameKind::absent, 2).u64(key).finish(); };
  EXPECT_FALSE(breaks(value_frame(0, 1) + "x" + commit_frame()));
  EXPECT_FALSE(breaks(value_frame(0, secrets::Secret::max_bytes)));
  EXPECT_TRUE(breaks(value_frame(1, 1))) << "a key that was not asked for";
  EXPECT_TRUE(breaks(value_frame(0, 0))) << "empty";
  EXPECT_TRUE(breaks(value_frame(0, secrets::Secret::max_bytes + 1))) << "too large";
  EXPECT_TRUE(breaks(value_frame(0, 1) + "x" + value_frame(0, 1))) << "twice";
  EXPECT_TRUE(breaks(absent(0) + absent(0)));
  EXPECT_TRUE(breaks(absent(1)));
  EXPECT_TRUE(breaks(commit_frame())) << "incomplete";
  EXPECT_TRUE(breaks(absent(0) + commit_frame() + commit_frame())) << "two ends";
  EXPECT_TRUE(breaks(absent(0) + commit_frame(""))) << "no version";
  EXPECT_TRUE(breaks(absent(0) + commit_frame(std::string(129, 'v'))));
  EXPECT_FALSE(breaks(absent(0) + commit_frame(std::string(128, 'v'))));
  session_.begin(call(FrameKind::render));
  session_.receive(done(1));
  EXPECT_THROW(session_.receive(value_frame(0, 1)), BrokenFrame) << "of what is no resolve";
  SandboxSession other(services_, refused_);
  other.begin(call(FrameKind::render));
  other.receive(done(1));
  EXPECT_THROW(other.receive(absent(0)), BrokenFrame);
}

}  // namespace
}  // namespace opi::plugins::testing
