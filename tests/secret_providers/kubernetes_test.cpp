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
  std::string status = "200 OK";
  int with_data = 0;
  serve([&](const ApiRequest& request) {
    with_data += request.is_metadata() ? 0 : 1;
    return status == "200 OK" ? usual(request)
                              : ApiReply{http(status, status_object(std::stoi(status), status.substr(4)))};
  });
  secret_.tenant = "globex";
  const auto foreign = ask();
  status = "404 NotFound";
  const auto none = ask();
  status = "403 Forbidden";
  const auto forbidden = ask();
  for (const auto& one : {foreign, none, forbidden}) {
    EXPECT_EQ(one.status, ResolveStatus::denied);
    EXPECT_EQ(one.failure, foreign.failure);
  }
  EXPECT_THAT(foreign.failure, HasSubstr("integrations.oneprotect.io/tenant"));
  EXPECT_THAT(foreign.failure, HasSubstr("verb get of the resource secrets"));
  EXPECT_EQ(with_data, 0) << "another's data is not even fetched";
  for (const auto* const reason : {"reason=its label does not name the tenant", "reason=it is not there (404)",
                                   "reason=no role allows this daemon the verb get of it (403)"})
    EXPECT_THAT(lab_->log(), HasSubstr(reason)) << "for whoever runs the daemon";
  const auto told = lab_->log();
  EXPECT_EQ(ask().status, ResolveStatus::denied);
  EXPECT_EQ(lab_->log(), told) << "not each time";
  provider(R"(,"tenant_namespaces":{"acme":["prod"]})");
  EXPECT_THAT(ask().failure, HasSubstr("refuses (403)")) << "in a namespace of its own it may know";
  status = "404 NotFound";
  EXPECT_EQ(ask().status, ResolveStatus::not_found);
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

TEST_F(Kubernetes, AKeyWhoseDataIsNoValueFailsAlone) {
  serve();
  secret_.data["other"] = base64("o");
  auto& lab = provider();
  for (const auto& [data, says] : std::map<std::string, std::string>{
           {"abc", "the key's data is not base64"},
           {"", "the key's data is empty"},
           {base64(std::string(65537, 'x')), "the value is empty or larger than the host takes"}}) {
    secret_.data["bad"] = data;
    EXPECT_EQ(lab.inquire("k8s://prod/hook/bad", {"bad", "signing", "other"}),
              "signing other = whsec_first,o; bad: " + says);
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
