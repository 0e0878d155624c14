#include <gmock/gmock.h>

#include <opi/kit/priority.hpp>
#include <opi/kit/ticket.hpp>

namespace opi::kit {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

struct Said {
  std::uint32_t kind = 0;
  std::string reason, ref, url, carry;
};

Said said(const sdk::Verdict& verdict) {
  Said out;
  static const opi_verdict_ops ops{
      sizeof(opi_verdict_ops), 0, [](void* impl, const opi_verdict* v) noexcept -> opi_status {
        *static_cast<Said*>(impl) = {v->kind, std::string(sdk::view(v->reason)),
                                     std::string(sdk::view(v->external_ref)), std::string(sdk::view(v->external_url)),
                                     std::string(sdk::text_view(v->carry))};
        return OPI_OK;
      }};
  verdict.give({&ops, &out});
  return out;
}

class TicketFlows : public ::testing::Test {
 protected:
  sdk::Delivery delivery(std::string_view type, std::string_view prior = {}) {
    raw_.attempt = 1;
    raw_.tenant_id = sdk::raw("acme");
    raw_.alert_id = sdk::raw("A-1");
    raw_.event_type = sdk::raw(type);
    raw_.prior_ref = sdk::raw(prior);
    return sdk::Delivery(raw_);
  }
  // The attempt after the one with this carry.
  sdk::Delivery next(const Said& before) {
    carry_ = before.carry;
    ++raw_.attempt;
    ++raw_.step;
    raw_.carry = sdk::raw_bytes(carry_);
    return sdk::Delivery(raw_);
  }
  opi_delivery raw_{};
  std::string carry_;
  TicketFlow finds_{{.can_find = true}}, strict_{{.create_unknown = false}};
};

TEST_F(TicketFlows, TakeTheActionFromTheEventType) {
  EXPECT_EQ(action_of(delivery("alert.created")), TicketAction::create);
  EXPECT_EQ(action_of(delivery("alert.escalated")), TicketAction::update);
  EXPECT_EQ(action_of(delivery("ticket.updated")), TicketAction::update);
  EXPECT_EQ(action_of(delivery("ticket.commented")), TicketAction::comment);
  EXPECT_EQ(action_of(delivery("evidence.created")), TicketAction::comment);
  EXPECT_EQ(action_of(delivery("alert.resolved")), TicketAction::close);
  EXPECT_EQ(action_of(delivery("ticket.closed")), TicketAction::close);
  EXPECT_EQ(action_of(delivery("integration.alert.raised")), TicketAction::create);
  EXPECT_EQ(action_of(delivery("integration.alert.cleared")), TicketAction::close);
  EXPECT_EQ(action_of(delivery("integration.other.cleared")), TicketAction::comment);
  EXPECT_EQ(action_of(delivery("scan.finished")), TicketAction::comment);
}

TEST_F(TicketFlows, NeverMakeASecondTicketForAKnownSubject) {
  const auto task = finds_.task(delivery("alert.created", "4711"));
  EXPECT_EQ(task.step, TicketStep::update);
  EXPECT_EQ(task.ref, "4711");
}

TEST_F(TicketFlows, FindThenCreate) {
  const auto first = delivery("alert.created");
  EXPECT_EQ(finds_.task(first).step, TicketStep::find);
  const auto nothing = said(finds_.found(first, "", ""));
  EXPECT_EQ(nothing.kind, static_cast<std::uint32_t>(OPI_V_CONTINUE));
  const auto second = next(nothing);
  EXPECT_EQ(finds_.task(second).step, TicketStep::create);
  const auto created = said(finds_.created(second, "7", "https://x.example/7"));
  EXPECT_EQ(created.kind, static_cast<std::uint32_t>(OPI_V_DELIVERED));
  EXPECT_EQ(created.ref, "7");
}

TEST_F(TicketFlows, SearchAgainWhenTheAnswerToACreateWasLost) {
  const auto first = delivery("alert.created");
  const auto nothing = said(finds_.found(first, "", ""));
  (void)next(nothing);
  ++raw_.attempt;  // the step's second attempt
  const auto again = sdk::Delivery(raw_);
  EXPECT_EQ(finds_.task(again).step, TicketStep::find);
  const auto found = said(finds_.found(again, "7", ""));
  EXPECT_EQ(found.kind, static_cast<std::uint32_t>(OPI_V_DELIVERED));
  EXPECT_EQ(found.ref, "7");
}

TEST_F(TicketFlows, StopSearchingWhileStepsAreLeft) {
  const auto nothing = said(finds_.found(delivery("alert.resolved"), "", ""));
  (void)next(nothing);
  ++raw_.attempt;
  raw_.step = 4;
  EXPECT_EQ(finds_.task(sdk::Delivery(raw_)).step, TicketStep::find);
  raw_.step = 5;
  EXPECT_EQ(finds_.task(sdk::Delivery(raw_)).step, TicketStep::create);
}

TEST_F(TicketFlows, CloseWhatTheyHadToCreateFirst) {
  const auto created = said(finds_.created(delivery("alert.resolved"), "7", "https://x.example/7"));
  EXPECT_EQ(created.kind, static_cast<std::uint32_t>(OPI_V_CONTINUE));
  const auto task = finds_.task(next(created));
  EXPECT_EQ(task.step, TicketStep::close);
  EXPECT_EQ(task.ref, "7");
  EXPECT_EQ(task.url, "https://x.example/7");
  EXPECT_EQ(said(TicketFlow::done(task)).ref, "7");
}

TEST_F(TicketFlows, CarryOnlyWhatFits) {
  const auto close = delivery("alert.resolved");
  EXPECT_EQ(finds_.task(next(said(finds_.created(close, std::string(256, 'a'), "")))).ref.size(), 256U);
  EXPECT_EQ(said(finds_.created(close, std::string(257, 'a'), "")).reason, "reference_too_long");
  EXPECT_EQ(said(finds_.found(close, std::string(257, 'a'), "")).reason, "reference_too_long");
  const auto url = "https://x.example/" + std::string(20'000, 'a');
  EXPECT_EQ(finds_.task(next(said(finds_.created(delivery("alert.resolved"), "7", url)))).url, "");
}

TEST_F(TicketFlows, LookBeforeACloseWhereThereIsAWorkflow) {
  const TicketFlow looks{{.looks = true}};
  const auto first = delivery("alert.resolved", "7");
  const auto task = looks.task(first);
  EXPECT_EQ(task.step, TicketStep::look);
  const auto close = looks.task(next(said(TicketFlow::then(first, task, TicketStep::close, "31"))));
  EXPECT_EQ(close.step, TicketStep::close);
  EXPECT_EQ(close.extra, "31");
  ++raw_.attempt;
  EXPECT_EQ(looks.task(sdk::Delivery(raw_)).step, TicketStep::look) << "the answer to the close was lost";
}

TEST_F(TicketFlows, RefuseUnknownSubjectsWhereTheyAreToldTo) {
  EXPECT_THAT(
      [&] { (void)strict_.task(delivery("alert.resolved")); },
      ThrowsMessage<sdk::Failure>("no ticket is known for A-1, and this destination creates none for alert.resolved"));
  EXPECT_EQ(strict_.task(delivery("alert.created")).step, TicketStep::create);
  const TicketFlow both{{.can_find = true, .create_unknown = false}};
  EXPECT_EQ(said(both.found(delivery("alert.updated"), "", "")).reason, "unknown_subject");
}

TEST_F(TicketFlows, RefuseACarryThatIsNotTheirs) {
  raw_.step = 1;
  EXPECT_THAT([&] { (void)finds_.task(delivery("alert.created")); },
              ThrowsMessage<sdk::Failure>(HasSubstr("carry of step 1")));
}

TEST(References, AreKeptUpToTheHostsLimits) {
  const std::string url = "https://x.example/";
  EXPECT_EQ(said(with_reference(sdk::Verdict::delivered(), std::string(256, 'a'), "")).ref.size(), 256U);
  EXPECT_EQ(said(with_reference(sdk::Verdict::delivered(), std::string(257, 'a'), "")).ref, "");
  EXPECT_EQ(said(with_reference(sdk::Verdict::delivered(), "1", url + std::string(2048 - url.size(), 'a'))).url.size(),
            2048U);
  EXPECT_EQ(said(with_reference(sdk::Verdict::delivered(), "1", url + std::string(2049 - url.size(), 'a'))).url, "");
  EXPECT_EQ(said(with_reference(sdk::Verdict::delivered(), "1", "javascript:x")).url, "");
}

TEST(SubjectKeys, AreWordsWithinTheirLimit) {
  opi_delivery raw{};
  raw.tenant_id = sdk::raw("acme");
  raw.alert_id = sdk::raw("ALR-1");
  EXPECT_EQ(subject_key(sdk::Delivery(raw), 32), "oneprotect-acme-ALR-1");
  EXPECT_EQ(subject_key(sdk::Delivery(raw), 21), "oneprotect-acme-ALR-1");
  EXPECT_EQ(subject_key(sdk::Delivery(raw), 20).size(), 27U);
  raw.ticket_id = sdk::raw("T 1");
  const auto hashed = subject_key(sdk::Delivery(raw), 32);
  EXPECT_EQ(hashed.size(), 27U);
  raw.ticket_id = sdk::raw("T^1");
  EXPECT_NE(subject_key(sdk::Delivery(raw), 32), hashed);
}

TEST(Urgencies, AreReadFromTheUsualWords) {
  EXPECT_EQ(urgency_of("Critical"), Urgency::critical);
  EXPECT_EQ(urgency_of("P2"), Urgency::high);
  EXPECT_EQ(urgency_of("moderate"), Urgency::medium);
  EXPECT_EQ(urgency_of("info"), Urgency::low);
  EXPECT_EQ(urgency_of("whatever"), std::nullopt);
  const Priorities words(
      boost::json::object{{"priorities", boost::json::object{{"high", "Sofort"}, {"otherwise", "?"}}}}, "priorities",
      {"Low", "Medium", "High", "Highest"});
  EXPECT_EQ(words.of("P2"), "Sofort");
  EXPECT_EQ(words.of("critical"), "Highest");
  EXPECT_EQ(words.of(""), "?");
}

}  // namespace
}  // namespace opi::kit
