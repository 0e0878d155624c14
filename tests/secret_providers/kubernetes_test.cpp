#include <thread>

#include "secret_providers/api_server_lab.hpp"

namespace opi::plugins::testing {
namespace {

using secrets::ResolveStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Kubernetes : public ApiServerLab {};

TEST_F(Kubernetes, ReadsASecretByGetOfItsNameAlone) {
  std::vector<std::string> heads;
  serve([&](const ApiRequest& request) {
    heads.push_back(request.head);
    return usual(request);
  });
  const auto found = ask();
  ASSERT_EQ(found.status, ResolveStatus::ok) << found.failure;
  EXPECT_EQ(values_of(found), "whsec_first");
  EXPECT_EQ(found.version, secret_.uid + "/1");
  EXPECT_EQ(found.ttl, seconds{30});
  ASSERT_EQ(heads.size(), 2U);
  for (const auto& head : heads) {
    EXPECT_THAT(head, HasSubstr("GET /api/v1/namespaces/prod/secrets/hook HTTP/1.1\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nAuthorization: Bearer token-1\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("resourceVersion"))) << "a stale cache would answer";
  }
  EXPECT_EQ(server_->connections(), 1) << "one connection for both";
}

TEST_F(Kubernetes, AllKeysComeFromOneAnswer) {
  secret_.data = {{"a", base64("1")}, {"b", base64("2")}, {"c.d_e-F", base64(std::string(65536, 'x'))}};
  serve([this](const ApiRequest& request) { return ApiReply{http_chunked(secret_.json(request.is_metadata()))}; });
  EXPECT_EQ(values_of(provider().resolve("k8s://prod/hook/a", {"a", "none", "b"})), "1,(absent),2");
  EXPECT_EQ(server_->requests(), 2);
  EXPECT_EQ(values_of(lab_->resolve("k8s://prod/hook/c.d_e-F")).size(), 65536U);
}

TEST_F(Kubernetes, ALookForChangesCarriesNoData) {
  serve();
  const auto first = ask();
  EXPECT_EQ(ask(first.version).status, ResolveStatus::not_modified);
  EXPECT_EQ(server_->requests(), 3);
  secret_.version = 2;
  secret_.data["signing"] = base64("whsec_second");
  const auto second = ask(first.version);
  EXPECT_EQ(values_of(second), "whsec_second");
  secret_.uid = "ffffffff-94b1-4f0e-8f6f-1a2b3c4d5e6f";  // deleted and made anew, as it happens with the same number
  EXPECT_EQ(ask(second.version).status, ResolveStatus::ok);
}

TEST_F(Kubernetes, ASecretThatIsBeingDeletedIsServedUntilItIsGone) {
  secret_.more_metadata = R"(,"deletionTimestamp":"2026-11-30T12:00:00Z","finalizers":["example.org/keep"])";
  serve();
  EXPECT_EQ(values_of(ask()), "whsec_first");
}

TEST_F(Kubernetes, ALabelOrTheConfigurationSaysWhoseASecretIs) {
  serve();
  auto& lab = provider(R"(,"tenant_namespaces":{"initech":["prod"],"hooli":["other"]})");
  const auto of = [&](const std::string& tenant) { return lab.resolve("k8s://prod/hook/signing", {}, {}, tenant); };
  EXPECT_EQ(of("acme").status, ResolveStatus::ok) << "by its label";
  EXPECT_EQ(of("globex").status, ResolveStatus::denied);
  EXPECT_EQ(of("initech").status, ResolveStatus::denied) << "the label names another, whosever the namespace";
  EXPECT_EQ(of("hooli").status, ResolveStatus::denied);
  secret_.tenant = "";
  EXPECT_EQ(of("acme").status, ResolveStatus::denied) << "neither label nor namespace";
  EXPECT_EQ(of("initech").status, ResolveStatus::ok) << "by its namespace";
  EXPECT_EQ(of("hooli").status, ResolveStatus::denied);
}

TEST_F(Kubernetes, AForeignSecretAndNoneAreDeniedInOneWay) {
  bool exists = true;
  int with_data = 0;
  serve([&](const ApiRequest& request) {
    with_data += request.is_metadata() ? 0 : 1;
    return exists ? usual(request) : ApiReply{http("404 Not Found", status_object(404, "NotFound"))};
  });
  secret_.tenant = "globex";
  const auto foreign = ask();
  const int requests = server_->requests();
  exists = false;
  const auto none = ask();
  EXPECT_EQ(foreign.status, ResolveStatus::denied);
  EXPECT_EQ(none.status, ResolveStatus::denied);
  EXPECT_EQ(foreign.failure, none.failure);
  EXPECT_THAT(foreign.failure, HasSubstr("integrations.oneprotect.io/tenant"));
  EXPECT_EQ(server_->requests(), 2 * requests) << "the same work";
  EXPECT_EQ(with_data, 0) << "another's data is not even fetched";
  provider(R"(,"tenant_namespaces":{"acme":["prod"]})");
  EXPECT_EQ(ask().status, ResolveStatus::not_found) << "in a namespace of its own it may know";
  EXPECT_THAT(ask().failure, HasSubstr("has no Secret \"hook\""));
}

TEST_F(Kubernetes, ALabelThatChangesBetweenTheTwoLooksIsSeen) {
  serve([this](const ApiRequest& request) {
    auto seen = secret_;
    if (!request.is_metadata()) seen.tenant = "globex";
    return ApiReply{http("200 OK", seen.json(request.is_metadata()))};
  });
  EXPECT_EQ(ask().status, ResolveStatus::denied);
  EXPECT_THAT(ask().values, IsEmpty());
}

TEST_F(Kubernetes, AnotherLabelOrNoneCanBeConfigured) {
  secret_.tenant = "";
  secret_.more_metadata = R"(,"labels":{"owner":"acme"})";
  serve();
  provider(R"(,"tenant_label":"owner","ttl_seconds":7)");
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(ask().ttl, seconds{7});
  provider(R"(,"tenant_label":"","tenant_namespaces":{"globex":["prod"]})");
  EXPECT_THAT(lab_->reference_fault("k8s://prod/hook/signing", "acme"), HasSubstr("does not give this namespace"));
  EXPECT_THAT(lab_->reference_fault("k8s://prod/hook/signing", "globex"), IsEmpty());
}

TEST_F(Kubernetes, ReferencesAreJudgedByTheirNames) {
  serve();
  auto& lab = provider();
  const auto refused = [&](const std::string& reference, const char* why, const std::string& tenant = "acme") {
    EXPECT_THAT(lab.reference_fault(reference, tenant), HasSubstr(why)) << reference;
  };
  refused("k8s://Prod/hook/signing", "{namespace} is not");
  refused("k8s://a.b/hook/signing", "{namespace} is not");
  refused("k8s://" + std::string(64, 'a') + "/hook/signing", "{namespace} is not");
  refused("k8s://prod/hook_/signing", "{secret} is not");
  refused("k8s://prod/a..b/signing", "{secret} is not");
  refused("k8s://prod/hook%3Fwatch/signing", "{secret} is not");
  refused("k8s://prod/hook/a%20b", "{key} is not");
  refused("k8s://prod/hook/..data", "{key} is not");
  refused("k8s://prod/hook", "must have 3 segments");
  EXPECT_THAT(lab.reference_fault("k8s://" + std::string(63, 'a') + "/a.b-c/" + std::string(253, 'K')), IsEmpty());
  refused("k8s://prod/hook/signing", "cannot be the value of a label", std::string(64, 'a'));
  refused("k8s://prod/hook/signing", "cannot be the value of a label", "acme_");
  EXPECT_THAT(lab.reference_fault("k8s://prod/hook/signing", std::string(63, 'a')), IsEmpty());
}

TEST_F(Kubernetes, StatusesAreToldApart) {
  struct Case {
    std::string bytes;
    ResolveStatus status;
    std::string says;
    int requests = 1;
  };
  const std::vector<Case> cases{
      {http("401 Unauthorized", status_object(401, "Unauthorized")), ResolveStatus::unavailable, "(401)", 2},
      {http("403 Forbidden", status_object(403, "Forbidden")), ResolveStatus::denied,
       "verb get of the resource secrets with the name \"hook\" in namespace \"prod\"", 2},
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
      {http("404 Not Found", "404 page not found", "text/plain"), ResolveStatus::denied, "no Secret"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ResolveStatus::unavailable, "status 204"}};
  for (const auto& one : cases) {
    const auto found = made_of(one.bytes);
    EXPECT_EQ(found.status, one.status) << one.says << " / " << found.failure;
    EXPECT_THAT(found.failure, HasSubstr(one.says));
    EXPECT_THAT(found.failure, Not(HasSubstr("c4n4ry"))) << "what an answer says is not repeated";
    EXPECT_EQ(server_->requests(),
              one.says == "(401)" || one.status == ResolveStatus::denied ? server_->requests() : 1);
  }
}

TEST_F(Kubernetes, A403IsFinalOnlyTheSecondTime) {
  serve([this](const ApiRequest& request) {
    return request.number == 1 ? ApiReply{http("403 Forbidden", status_object(403, "Forbidden"))} : usual(request);
  });
  EXPECT_EQ(values_of(ask()), "whsec_first") << "an API server that has just started";
  EXPECT_EQ(made_of(http("403 Forbidden", status_object(403, "Forbidden"))).status, ResolveStatus::denied);
  EXPECT_EQ(server_->requests(), 2);
}

TEST_F(Kubernetes, ATokenIsReadAgainWhenItIsRefused) {
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

TEST_F(Kubernetes, ATokenIsReadAgainWhenItsFileChanges) {
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

TEST_F(Kubernetes, NobodyAsksDuringThePauseThatA429Demands) {
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

TEST_F(Kubernetes, ConnectionsAreKeptAndAClosedOneIsNoFailure) {
  serve();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(server_->connections(), 1);
  server_->close_all();
  EXPECT_EQ(ask().status, ResolveStatus::ok) << "closed while nobody used it";
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(Kubernetes, AConnectionThatEndsUnderARequestIsRepeatedOnceOnANewOne) {
  serve([this](const ApiRequest& request) {
    // What is sent on a connection that has been used is met by its end, as where the server closed at that moment.
    return request.on_connection > 2 ? ApiReply{"", true} : usual(request);
  });
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  EXPECT_EQ(server_->connections(), 2);
}

TEST_F(Kubernetes, WhatComesUnaskedIsNoAnswerToTheNextRequest) {
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

TEST_F(Kubernetes, AnAnswerThatEndsHalfwayIsNotRepeated) {
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

TEST_F(Kubernetes, AServerThatHangsIsWaitedForUntilTheDeadlineAndNoLonger) {
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

TEST_F(Kubernetes, OnlyTheClustersOwnAuthorityIsTrustedForItsOwnName) {
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

TEST_F(Kubernetes, AServerThatCannotBeReachedIsNamedSo) {
  serve();
  provider();
  server_.reset();
  EXPECT_EQ(ask().status, ResolveStatus::unavailable);
  EXPECT_THAT(ask().failure, HasSubstr("cannot be reached"));
}

TEST_F(Kubernetes, AMebibyteIsReadAndMoreIsRefused) {
  secret_.data["rest"] = base64(std::string(1024 * 1024 - 11, 'x'));
  serve([this](const ApiRequest& request) { return ApiReply{http_chunked(secret_.json(request.is_metadata()))}; });
  EXPECT_EQ(values_of(ask()), "whsec_first");
  secret_.data["rest"] = base64(std::string(1024 * 1024 + 2, 'x'));
  EXPECT_EQ(ask().status, ResolveStatus::invalid);
  EXPECT_THAT(ask().failure, HasSubstr("more than 1 MiB"));
  for (const auto& bytes :
       {http("200 OK", std::string(2 * 1024 * 1024 + 1, ' ')), http_chunked(std::string(2 * 1024 * 1024 + 1, ' '))}) {
    const auto found = made_of(bytes);
    EXPECT_EQ(found.status, ResolveStatus::invalid);
    EXPECT_THAT(found.failure, HasSubstr("larger than 2097152 bytes"));
  }
}

TEST_F(Kubernetes, WhatIsNoValueIsRefusedWithoutRepeatingIt) {
  serve();
  for (const auto& [data, says] :
       std::map<std::string, std::string>{{"c4n4ry!!", "not base64"},
                                          {"abc", "not base64"},
                                          {"YQ=a", "not base64"},
                                          {"YR==", "not base64"},
                                          {"====", "not base64"},
                                          {"", "is empty"},
                                          {base64(std::string(65537, 'x')), "larger than the host takes"}}) {
    secret_.data["signing"] = data;
    const auto found = ask();
    EXPECT_EQ(found.status, ResolveStatus::invalid) << data.substr(0, 20);
    EXPECT_THAT(found.failure, HasSubstr(says)) << data.substr(0, 20);
    EXPECT_THAT(found.failure, Not(HasSubstr("c4n4ry")));
  }
  secret_.data.clear();
  EXPECT_EQ(values_of(ask()), "(absent)");
}

TEST_F(Kubernetes, AnAnswerThatIsNotAboutTheSecretIsNone) {
  const auto good = secret_.json(false);
  const auto without = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    return http("200 OK", text);
  };
  for (const auto& bytes :
       {http("200 OK", "<html>sign in</html>"), http("200 OK", good, "text/html"), http("200 OK", "[]"),
        http("200 OK", good.substr(0, good.size() - 1)), without("\"Secret\"", "\"ConfigMap\""),
        without("\"hook\"", "\"other\""), without("\"prod\"", "\"dev\""), without("\"uid\":\"0f4e", "\"u\":\"0f4e"),
        without("\"resourceVersion\":\"1\"", "\"resourceVersion\":\"\""), http("200 OK", std::string(100'000, '['))}) {
    const auto found = made_of_data(bytes);
    EXPECT_EQ(found.status, ResolveStatus::unavailable) << bytes.substr(0, 200) << found.failure;
    EXPECT_THAT(found.failure, HasSubstr("answer")) << bytes.substr(0, 200);
    EXPECT_THAT(found.failure, Not(HasSubstr("whsec")));
  }
}

TEST_F(Kubernetes, HttpThatTwoCouldReadInTwoWaysIsRefused) {
  const std::string good = secret_.json(true), length = std::to_string(good.size());
  for (const auto& bytes :
       {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + good,
        "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\nContent-Length: 3\r\n\r\n" + good,
        "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n\r\n" + good,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n" + good,
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"),
        std::string("SSH-2.0-OpenSSH\r\n\r\n"), "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')}) {
    const auto found = made_of(bytes);
    EXPECT_EQ(found.status, ResolveStatus::unavailable) << bytes.substr(0, 100);
    EXPECT_THAT(found.failure, HasSubstr("no HTTP/1.1 that can be read")) << bytes.substr(0, 100);
  }
  EXPECT_EQ(made_of_data("HTTP/1.1 103 Early Hints\r\n\r\n" + http("200 OK", secret_.json(false))).status,
            ResolveStatus::ok);
}

}  // namespace
}  // namespace opi::plugins::testing
