#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/api/server_fixture.hpp"
#include "unit/memory/running_out.hpp"

namespace opi::api {
namespace {

using test::MemoryRunsOut;
using test::RawClient;
using testing::MatchesRegex;
using testing::StartsWith;

// A whole head, or nothing.
constexpr const char* whole_or_nothing = "(HTTP/1.1 (200|400|500|503) [A-Za-z ]+\r\n.*\r\n\r\n.*)?";

// Whatever step of a request finds no memory, its client is told or left, and the next one is served.
class ApiWithoutMemory : public test::WithServer {
 protected:
  // Longer than a RawClient waits: whoever is forgotten is no client that is closed for idling.
  ApiWithoutMemory() {
    server_options.gate.head_timeout = server_options.gate.keep_alive = server_options.gate.body_timeout =
        std::chrono::minutes{5};
  }
  void ask_until_memory_suffices(const std::string& head, const std::string& body) {
    expect_alive();  // what is made once is there
    for (long nth = 1;; ++nth) {
      SCOPED_TRACE("allocation " + std::to_string(nth));
      bool happened = false;
      std::string answer;
      {
        const MemoryRunsOut out{nth, MemoryRunsOut::Where::elsewhere};
        RawClient client(port());
        client.send(head);
        if (!body.empty()) client.send(body);
        answer = client.response();
        happened = MemoryRunsOut::happened();
      }
      ASSERT_THAT(answer, MatchesRegex(whole_or_nothing));
      expect_alive();
      if (HasFailure()) return;
      if (happened) continue;
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
      EXPECT_GT(nth, 10) << "nothing failed";
      return;
    }
  }
};

TEST_F(ApiWithoutMemory, ASmallRequestCostsNobodyElse) {
  ask_until_memory_suffices("GET /healthz HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(200, 'x') + "\r\n\r\n", "");
}

TEST_F(ApiWithoutMemory, ABodyThatIsAdmittedCostsNobodyElse) {
  ask_until_memory_suffices(post_head(sized(40'000)), std::string(40'000, 'x'));
}

TEST_F(ApiWithoutMemory, WhatIsRefusedCostsNobodyElse) {
  expect_alive();
  for (long nth = 1; nth < 200; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    {
      const MemoryRunsOut out{nth, MemoryRunsOut::Where::elsewhere};
      RawClient client(port());
      client.send("what is no request at all\r\n\r\n");
      ASSERT_THAT(client.rest(), MatchesRegex(whole_or_nothing));
    }
    expect_alive();
    if (HasFailure()) return;
  }
}

// What was laid on the desk is answered, and a stop waits for nothing that is lost.
TEST_F(ApiWithoutMemory, AStopComesToItsEnd) {
  for (long nth = 1; nth < 40; ++nth) {
    const MemoryRunsOut out{nth, MemoryRunsOut::Where::elsewhere};
    RawClient client(port());
    client.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    client.response();
  }
  server().stop();
}

}  // namespace
}  // namespace opi::api
