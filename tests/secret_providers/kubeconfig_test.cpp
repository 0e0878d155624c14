#include <thread>

#include "secret_providers/api_server_lab.hpp"

namespace opi::plugins::testing {
namespace {

using secrets::ResolveStatus;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Kubeconfig : public ApiServerLab {
 protected:
  [[nodiscard]] static fs::path file() { return directory_ / "kubeconfig"; }
  [[nodiscard]] static std::string text_of(const std::string& name) { return read_file(certificates_->file(name)); }

  // As kubectl writes it; `cluster` and `user` are what its current context's say.
  [[nodiscard]] static std::string config(const std::string& cluster, const std::string& user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: mine\ncontexts:\n- context: {cluster: old, user: old}\n  "
           "name: old\n"
           "- context:\n    cluster: here\n    user: me\n  name: mine\nclusters:\n- name: old\n  cluster: {server: "
           "'https://192.0.2.1', insecure-skip-tls-verify: true}\n- name: here\n  cluster:\n" +
           cluster + "users:\n- name: old\n  user: {exec: {command: x}}\n- name: me\n  user:\n" + user;
  }
  [[nodiscard]] std::string here(const std::string& host = "127.0.0.1", const std::string& path = "") const {
    return "    server: https://" + host + ":" + std::to_string(server_->port()) + path +
           "\n    certificate-authority: pki/ca.crt\n";
  }
  ProviderLab& outside(const std::string& text) {
    write_file(file(), text);
    return lab_.emplace(OPI_TEST_SECRETS_KUBERNETES, "kubernetes", R"({"access":")" + file().string() + "\"}");
  }
  secrets::ResolveResult ask_with(const std::string& cluster, const std::string& user) {
    outside(config(cluster, user));
    return ask();
  }
};

TEST_F(Kubeconfig, ItsCurrentContextIsUsed) {
  std::vector<ApiRequest> requests;
  serve([&](const ApiRequest& request) {
    requests.push_back(request);
    return usual(request);
  });
  EXPECT_EQ(values_of(ask_with(here(), "    token: from-the-file\n")), "whsec_first");
  EXPECT_EQ(requests.back().header("Authorization"), "Bearer from-the-file");
  write_file(directory_ / "token", "from-beside\n");
  EXPECT_EQ(values_of(ask_with(here(), "    tokenFile: token\n    token: older\n")), "whsec_first");
  EXPECT_EQ(requests.back().header("Authorization"), "Bearer from-beside");
  EXPECT_EQ(values_of(ask_with(here(), "    client-certificate: pki/client.crt\n    client-key: " +
                                           certificates_->file("client.key") + "\n")),
            "whsec_first");
  EXPECT_THAT(requests.back().peer_subject, HasSubstr("CN=client"));
  EXPECT_THAT(requests.back().header("Authorization"), IsEmpty());
}

TEST_F(Kubeconfig, DataStandsInItAsBase64) {
  serve();
  const auto server = "    server: https://127.0.0.1:" + std::to_string(server_->port()) + "\n";
  const auto authority = "    certificate-authority-data: " + base64(text_of("ca.crt")) + "\n";
  EXPECT_EQ(
      values_of(ask_with(server + authority, "    client-certificate-data: " + base64(text_of("client.crt")) +
                                                 "\n    client-key-data: " + base64(text_of("client.key")) + "\n")),
      "whsec_first");
  EXPECT_THAT(ask_with(server + "    certificate-authority-data: '***'\n", "    token: t\n").failure,
              HasSubstr("certificate-authority-data that is not base64"));
  EXPECT_THAT(ask_with(server + authority, "    client-certificate-data: " + base64(text_of("client.crt")) +
                                               "\n    client-key-data: " + base64(text_of("apiserver.key")) + "\n")
                  .failure,
              HasSubstr("not that of the client certificate"));
}

TEST_F(Kubeconfig, AServerMayBeANameAndHaveAPath) {
  std::string head;
  serve(
      [&](const ApiRequest& request) {
        head = request.head;
        return usual(request);
      },
      "named");
  EXPECT_EQ(values_of(ask_with(here("localhost", "/k8s/clusters/c-1/"), "    token: t\n")), "whsec_first");
  EXPECT_THAT(head, HasSubstr("GET /k8s/clusters/c-1/api/v1/namespaces/prod/secrets/hook HTTP/1.1"));
  EXPECT_THAT(ask_with(here("127.0.0.1"), "    token: t\n").failure, HasSubstr("IP address mismatch"));
  EXPECT_EQ(values_of(ask_with(here("127.0.0.1") + "    tls-server-name: localhost\n", "    token: t\n")),
            "whsec_first");
  EXPECT_THAT(ask_with(here("localhost") + "    tls-server-name: other.example\n", "    token: t\n").failure,
              HasSubstr("ostname mismatch"));
  EXPECT_THAT(ask_with(here("no-such-host.invalid"), "    token: t\n").failure, HasSubstr("host name"));
}

TEST_F(Kubeconfig, IsReadAgainWhenItChanges) {
  serve();
  const auto first = ask_with(here(), "    token: t\n");
  ASSERT_EQ(first.status, ResolveStatus::ok);
  FakeApiServer other(*certificates_, "apiserver", [this](const ApiRequest& request) { return usual(request); });
  write_file(file(), config("    server: https://127.0.0.1:" + std::to_string(other.port()) +
                                "\n    certificate-authority: pki/ca.crt\n",
                            "    token: t\n"));
  EXPECT_EQ(ask(first.version).status, ResolveStatus::not_modified);
  EXPECT_EQ(other.requests(), 1);
}

TEST_F(Kubeconfig, WhatWouldTrustAnybodyOrRunProgramsIsRefusedByName) {
  serve();
  const auto refused = [&](const std::string& cluster, const std::string& user, const std::string& why) {
    const auto found = ask_with(cluster, user);
    EXPECT_EQ(found.status, ResolveStatus::unavailable) << why;
    EXPECT_THAT(found.failure, HasSubstr(why));
    EXPECT_THAT(lab_->log(), HasSubstr("cannot be asked now")) << "the operator hears of it at the start";
    EXPECT_THAT(lab_->log() + found.failure, Not(HasSubstr("c4n4ry")));
  };
  refused(here() + "    insecure-skip-tls-verify: true\n", "    token: c4n4ry\n", "insecure-skip-tls-verify");
  refused(here() + "    proxy-url: http://c4n4ry@proxy\n", "    token: t\n", "proxy-url");
  refused(here(), "    exec:\n      command: c4n4ry\n", "exec");
  refused(here(), "    auth-provider:\n      name: gcp\n", "auth-provider");
  refused(here(), "    username: admin\n    password: c4n4ry\n", "username");
  refused(here(), "    token: t\n    as: admin\n", "has as,");
  refused(here(), "    x: 1\n", "neither a token nor a client certificate");
  refused("    server: https://127.0.0.1\n", "    token: c4n4ry\n", "the system's authorities are not trusted");
  refused("    server: http://127.0.0.1\n    certificate-authority: pki/ca.crt\n", "    token: t\n",
          "not an https URL");
  refused("    server: https://u:c4n4ry@127.0.0.1\n    certificate-authority: pki/ca.crt\n", "    token: t\n",
          "not an https URL");
  refused("    server: https://127.0.0.1\n    certificate-authority: kubeconfig\n", "    token: c4n4ry\n",
          "holds no certificate");
  refused(here(), "    tokenFile: nowhere\n", "cannot be opened");
  refused(here(), "    token: \"c4n4ry\\r\\nX-Other: 1\"\n", "not visible ASCII");
  EXPECT_EQ(server_->requests(), 0);
  EXPECT_EQ(ask_with(here() + "    insecure-skip-tls-verify: false\n", "    token: t\n").status, ResolveStatus::ok);
}

TEST_F(Kubeconfig, AFileThatIsNoneOrThatOthersCanWriteIsRefused) {
  serve();
  for (const auto& [text, why] : std::map<std::string, std::string>{
           {"current-context: [", "is not the YAML"},
           {"", "no current-context"},
           {"[]", "no current-context"},
           {"current-context: {a: 1}", "is not a text"},
           {"current-context: a", "no entry of contexts"},
           {"current-context: a\ncontexts:\n- {name: a, context: {cluster: b, user: c}}\n", "no entry of clusters"}}) {
    outside(text);
    EXPECT_EQ(ask().status, ResolveStatus::unavailable) << text;
    EXPECT_THAT(ask().failure, HasSubstr(why)) << text;
  }
  outside(config(here(), "    token: t\n"));
  EXPECT_EQ(ask().status, ResolveStatus::ok);
  fs::permissions(file(), fs::perms::group_write, fs::perm_options::add);
  outside(config(here(), "    token: t\n"));
  EXPECT_EQ(ask().status, ResolveStatus::ok) << "it was written anew";
  fs::permissions(file(), fs::perms::group_write, fs::perm_options::add);
  lab_.emplace(OPI_TEST_SECRETS_KUBERNETES, "kubernetes", R"({"access":")" + file().string() + "\"}");
  EXPECT_THAT(ask().failure, HasSubstr("chmod go-w"));
}

TEST(KubernetesConfiguration, IsRefusedByTheNameOfItsField) {
  const auto refusal = [](const std::string& config) {
    return ProviderLab(OPI_TEST_SECRETS_KUBERNETES, "kubernetes", config).refusal();
  };
  EXPECT_THAT(refusal("{}"), HasSubstr("/access is required"));
  EXPECT_THAT(refusal(R"({"access":"kubeconfig"})"), HasSubstr("access: is neither in_cluster nor the absolute path"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","ttl_seconds":0})"), HasSubstr("ttl_seconds"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","ttl_seconds":3601})"), HasSubstr("ttl_seconds"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","ttl_seconds":3600})"), IsEmpty());
  EXPECT_THAT(refusal(R"({"access":"in_cluster","tenant_label":""})"), HasSubstr("no tenant could use any"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","tenant_label":"a b"})"), HasSubstr("not the key of a label"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","tenant_namespaces":{"acme":["A"]}})"), HasSubstr("tenant_namespaces"));
  EXPECT_THAT(refusal(R"({"access":"in_cluster","service_account_directory":"here"})"),
              HasSubstr("service_account_directory"));
}

TEST(KubernetesConfiguration, OutsideOfAPodInClusterSaysSo) {
  const ProviderLab lab(OPI_TEST_SECRETS_KUBERNETES, "kubernetes", R"({"access":"in_cluster"})");
  EXPECT_THAT(lab.resolve("k8s://prod/hook/signing").failure, HasSubstr("the cluster's CA"));
}

// Many threads, a token that changes and a server that closes: for the sanitizers, too.
TEST_F(Kubeconfig, ManyAskAtTheSameTime) {
  serve([this](const ApiRequest& request) {
    auto reply = usual(request);
    reply.close = request.number % 7 == 0;
    return reply;
  });
  auto& lab =
      outside(config(here("localhost") + "    tls-server-name: kubernetes.default.svc\n", "    tokenFile: token\n"));
  write_file(directory_ / "token", "t");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) good += values_of(lab.resolve("k8s://prod/hook/signing")) == "whsec_first" ? 1 : 0;
    });
  for (int i = 0; i < 20; ++i) write_file(directory_ / "token", "t" + std::to_string(i));
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace opi::plugins::testing
