#include <thread>

#include "secret_providers/api_server_lab.hpp"

namespace opi::plugins::testing {
namespace {

using secrets::ResolveStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

// What is not an answer with a Secret, and what then.
class KubernetesOutage : public ApiServerLab {};

TEST_F(KubernetesOutage, StatusesAreToldApart) {
  struct Case {
    std::string bytes;
    ResolveStatus status;
    std::string says;
    int requests = 1;
  };
  const std::vector<Case> cases{
      {http("401 Unauthorized", status_object(401, "Unauthorized")), ResolveStatus::unavailable, "(401)", 2},
      {http("403 Forbidden", status_object(403, "Forbidden")), ResolveStatus::denied,
       "verb get of the resource secrets with this name", 2},
      {http("409 Conflict", status_object(409, "Conflict")), ResolveStatus::unavailable, "status 409"},
      {http("410 Gone", status_object(410, "Expired")), ResolveStatus::unavailable, "status 410"},
      {http("429 Too Many Requests", "Too many requests\n", "text/plain", "Retry-After: 1\r\n"),
       ResolveStatus::unavailable, "pause"},
      {http("500 Internal Server Error", status_object(500, "InternalError")), ResolveStatus::unavailable,
       "status 500"},
      {http("503 Service Unavailable", "c4n4ry", "text/plain"), ResolveStatus::unavailable, "status 503"},
      {http("504 Gateway Timeout", R"({"metadata":{},"code":504})"), ResolveStatus::unavailable, "(504)"},
      {http("302 Found", "", "text/plain", "Location: https://elsewhere.example/\r\n"), ResolveStatus::unavailable,
       "redirects (302)"},
      {http("404 Not Found", "404 page not found", "text/plain"), ResolveStatus::denied, "no Secret", 2},
      {"HTTP/1.1 204 No Content\r\n\r\n", ResolveStatus::unavailable, "status 204"}};
  for (const auto& one : cases) {
    const auto found = made_of(one.bytes);
    EXPECT_EQ(found.status, one.status) << one.says << " / " << found.failure;
    EXPECT_THAT(found.failure, HasSubstr(one.says));
    EXPECT_THAT(found.failure, Not(HasSubstr("c4n4ry"))) << "what an answer says is not repeated";
    EXPECT_EQ(server_->requests(), one.requests) << one.says;
  }
}

TEST_F(KubernetesOutage, A403OnANewConnectionIsAskedForAgain) {
  serve([this](const ApiRequest& request) {
    return request.number == 1 ? ApiReply{http("403 Forbidden", status_object(403, "Forbidden"))} : usual(request);
  });
  EXPECT_EQ(values_of(ask()), "whsec_first") << "an API server that has just started";
  EXPECT_EQ(server_->connections(), 1) << "by the connection that has grown old enough meanwhile";
}

TEST_F(KubernetesOutage, WhateverDeniesATenantHoldsUpTheFirstLookOfAConnectionAndNoOther) {
  std::string status;
  serve([&](const ApiRequest& request) {
    return status == "200 OK" ? usual(request)
                              : ApiReply{http(status, status_object(std::stoi(status), status.substr(4)))};
  });
  secret_.tenant = "globex";
  auto& lab = provider();
  for (const auto* const one : {"403 Forbidden", "404 NotFound", "200 OK"}) {
    status = one;
    server_->close_all();  // as a restart does
    const int before = server_->requests();
    EXPECT_EQ(ask().status, ResolveStatus::denied) << status;
    EXPECT_EQ(server_->requests(), before + 2) << status << ": the server may have just started";
    EXPECT_EQ(ask().status, ResolveStatus::denied) << status;
    EXPECT_EQ(server_->requests(), before + 3) << status;
    for (const auto* const name : {"one", "two", "three"})
      EXPECT_EQ(lab.resolve("k8s://prod/" + std::string(name) + "/signing").status,
                status == "200 OK" ? ResolveStatus::unavailable : ResolveStatus::denied);
    EXPECT_EQ(server_->requests(), before + 6) << status << ": names that were never asked for wait no longer";
  }
}

TEST_F(KubernetesOutage, NothingIsWaitedForThatTheDeadlineHasNoTimeFor) {
  serve_always(http("403 Forbidden", status_object(403, "Forbidden")));
  provider();
  EXPECT_EQ(ask({}, milliseconds{1500}).status, ResolveStatus::denied);
  EXPECT_EQ(server_->requests(), 1);
}

TEST_F(KubernetesOutage, ATokenIsReadAgainWhenItIsRefused) {
  serve([this](const ApiRequest& request) {
    if (request.header("Authorization") == "Bearer token-2") return usual(request);
    write_file(account_ / "token", "token-2");
    return ApiReply{http("401 Unauthorized", status_object(401, "Unauthorized"))};
  });
  EXPECT_EQ(values_of(ask()), "whsec_first");
  EXPECT_EQ(server_->requests(), 3);
  EXPECT_EQ(made_of(http("401 Unauthorized", status_object(401, "Unauthorized"))).status, ResolveStatus::unavailable);
  EXPECT_EQ(server_->requests(), 2) << "once";
}

TEST_F(KubernetesOutage, ATokenIsReadAgainWhenItsFileChanges) {
  std::vector<std::string> tokens;
  serve([&](const ApiRequest& request) {
    tokens.push_back(request.header("Authorization"));
    return usual(request);
  });
  const auto first = ask();
  write_file(account_ / "token", "token-2");
  EXPECT_EQ(ask(first.version).status, ResolveStatus::not_modified);
  EXPECT_EQ(tokens.back(), "Bearer token-2");
  // While the file cannot be read, the token before is good as long as the API server says so.
  fs::remove(account_ / "token");
  EXPECT_EQ(ask(first.version).status, ResolveStatus::not_modified);
  EXPECT_EQ(tokens.back(), "Bearer token-2");
  EXPECT_THAT(lab_->log(), HasSubstr("cannot be read anew"));
}

TEST_F(KubernetesOutage, NobodyAsksDuringThePauseThatA429Demands) {
  serve([this](const ApiRequest& request) {
    return request.number == 1
               ? ApiReply{http("429 Too Many Requests", "Too many requests\n", "text/plain", "Retry-After: 1\r\n")}
               : usual(request);
  });
  EXPECT_EQ(ask().status, ResolveStatus::unavailable);
  const auto paused = ask();
  EXPECT_EQ(paused.status, ResolveStatus::unavailable);
  EXPECT_THAT(paused.failure, HasSubstr("asked for a pause (429)"));
  EXPECT_EQ(server_->requests(), 1);
  std::this_thread::sleep_for(milliseconds{1100});
  EXPECT_EQ(values_of(ask()), "whsec_first");
}

TEST_F(KubernetesOutage, ConnectionsAreKeptAndAClosedOneIsNoFailure) {
  serve();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(server_->connections(), 1);
  server_->close_all();
  EXPECT_EQ(ask().status, ResolveStatus::ok) << "closed while nobody used it";
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(KubernetesOutage, AConnectionThatEndsUnderARequestIsRepeatedOnceOnANewOne) {
  serve([this](const ApiRequest& request) {
    // What is sent on a connection that has been used is met by its end, as where the server closed at that moment.
    return request.on_connection > 2 ? ApiReply{"", true} : usual(request);
  });
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(KubernetesOutage, WhatComesUnaskedIsNoAnswerToTheNextRequest) {
  serve([this](const ApiRequest& request) {
    auto reply = usual(request);
    if (request.number == 2) reply.unasked = http("200 OK", secret_.json(true));
    return reply;
  });
  ASSERT_EQ(ask().status, ResolveStatus::ok);
  while (server_->unasked() == 0) std::this_thread::sleep_for(milliseconds{1});
  secret_.tenant = "globex";
  EXPECT_EQ(ask().status, ResolveStatus::denied) << "a late answer says that it is acme's still";
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(KubernetesOutage, AnAnswerThatEndsHalfwayIsNotRepeated) {
  serve([this](const ApiRequest& request) {
    if (request.number < 3) return usual(request);
    return ApiReply{usual(request).bytes.substr(0, 100), true};
  });
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  const auto cut = ask();
  EXPECT_EQ(cut.status, ResolveStatus::unavailable);
  EXPECT_THAT(cut.failure, HasSubstr("no whole answer"));
  EXPECT_EQ(server_->requests(), 3);
}

TEST_F(KubernetesOutage, AServerThatHangsIsWaitedForUntilTheDeadlineAndNoLonger) {
  const auto within = [&](const std::string& what, const secrets::ResolveResult& found,
                          std::chrono::steady_clock::time_point from) {
    EXPECT_EQ(found.status, ResolveStatus::unavailable) << what;
    EXPECT_THAT(found.failure, HasSubstr("in time")) << what;
    EXPECT_LT(std::chrono::steady_clock::now(), from + seconds{5}) << what;  // the deadline is at 300 ms
  };
  for (const auto& [what, reply] : std::map<std::string, ApiReply>{
           {"silent", {"", false, {}, true}},
           {"a head that never ends", {"HTTP/1.1 200 OK\r\nContent-", false, {}, true}},
           {"a body that never ends", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", false, {}, true}},
           {"byte by byte", {http("200 OK", std::string(5000, ' ')), false, milliseconds{20}, false}}}) {
    lab_.reset();
    server_.reset();
    serve([reply = reply](const ApiRequest&) { return reply; });
    provider();
    const auto from = std::chrono::steady_clock::now();
    within(what, ask({}, milliseconds{300}), from);
  }
  lab_.reset();
  server_.reset();
  serve();
  server_->mute = true;
  provider();
  const auto from = std::chrono::steady_clock::now();
  within("no handshake", ask({}, milliseconds{300}), from);
  server_->mute = false;
  EXPECT_EQ(ask().status, ResolveStatus::ok) << "afterwards";
}

TEST_F(KubernetesOutage, OnlyTheClustersOwnAuthorityIsTrustedForItsOwnName) {
  serve([this](const ApiRequest& request) { return usual(request); }, "elsewhere");
  EXPECT_THAT(ask().failure, HasSubstr("certificate is refused (IP address mismatch)"));
  EXPECT_EQ(ask().status, ResolveStatus::unavailable);
  lab_.reset();
  const Certificates others(directory_ / "other-pki");
  others.issue("apiserver", "IP:127.0.0.1");
  server_.emplace(others, "apiserver", [this](const ApiRequest& request) { return usual(request); });
  EXPECT_THAT(ask().failure, HasSubstr("certificate is refused"));
  EXPECT_EQ(server_->requests(), 0) << "no token to a stranger";
  lab_.reset();
  server_.reset();
  serve();
  server_->max_tls_version = TLS1_1_VERSION;
  EXPECT_THAT(ask().failure, HasSubstr("no TLS with the API server"));
}

TEST_F(KubernetesOutage, AServerThatCannotBeReachedIsNamedSo) {
  serve();
  provider();
  server_.reset();
  EXPECT_EQ(ask().status, ResolveStatus::unavailable);
  EXPECT_THAT(ask().failure, HasSubstr("cannot be reached"));
}

}  // namespace
}  // namespace opi::plugins::testing
